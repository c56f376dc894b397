/** Whether a person's terminal is attached to any of the standard streams. */
export function ttyAttached(): boolean {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
}

/** Colours for a stream: on terminals, unless NO_COLOR (no-color.org) or TERM=dumb says otherwise. */
export function wantsColor(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}
