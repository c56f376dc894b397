import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Whether a person's terminal is attached to any of the standard streams. */
export function ttyAttached(): boolean {
  return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
}

/**
 * What is to be done before the process ends: Node puts back the modes of its terminals then, and aborts where one is gone
 * (`ResetStdio` in its node.cc). Such a one is replaced by nothing.
 */
export function terminalsLeaver(): () => void {
  const terminals = process.platform === 'win32' ? [] : [0, 1, 2].filter((descriptor) => isatty(descriptor));
  return () => {
    for (const descriptor of terminals) {
      if (isatty(descriptor)) continue;
      closeSync(descriptor);
      // The lowest that is free: the same.
      openSync('/dev/null', 'r+');
    }
  };
}

/** Colours for a stream: on terminals, unless NO_COLOR (no-color.org) or TERM=dumb says otherwise. */
export function wantsColor(stream: { readonly isTTY?: boolean }): boolean {
  return stream.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}

/** Lines of a stream may be drawn anew: on terminals that say what they are, before which somebody sits. */
export function canRedraw(stream: { readonly isTTY?: boolean }): boolean {
  const { TERM, CI = '' } = process.env;
  const isKnown = TERM !== 'dumb' && (TERM !== undefined || process.platform === 'win32');
  return stream.isTTY === true && isKnown && (CI === '' || CI === 'false');
}

/** Block characters would not be shown: on Linux' own console, or where the locale names another character set than UTF-8. */
export function wantsAscii(): boolean {
  const { TERM, LC_ALL, LC_CTYPE, LANG } = process.env;
  const charset = /\.([^@]+)/u.exec(LC_ALL || LC_CTYPE || LANG || '')?.[1];
  return TERM === 'linux' || (charset !== undefined && !/^utf-?8$/iu.test(charset));
}
