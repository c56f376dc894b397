/** Colours of a text for a terminal (ECMA-48 SGR); all do nothing without colour. */
export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly bad: (text: string) => string;
}

function sgr(on: number, off: number): (text: string) => string {
  return (text) => `\u001B[${on}m${text}\u001B[${off}m`;
}

function plain(text: string): string {
  return text;
}

const COLOURED: Style = { bold: sgr(1, 22), dim: sgr(2, 22), good: sgr(32, 39), warn: sgr(33, 39), bad: sgr(31, 39) };
const PLAIN: Style = { bold: plain, dim: plain, good: plain, warn: plain, bad: plain };

/** Whether colours are wanted is the caller's to know (terminal, NO_COLOR). */
export function styleOf(color: boolean): Style {
  return color ? COLOURED : PLAIN;
}

/** Controls but line feed and tab, and what turns the direction of text; of the styles above their beginning is kept. */
const STEERING =
  // oxlint-disable-next-line no-control-regex -- replacing control characters is the purpose
  /\u001B(?!\[(?:1|2|22|31|32|33|39)m)|[\u0000-\u0008\u000B-\u001A\u001C-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/gu;

/** A text that steers a terminal by nothing but styles, and without colour by nothing: names in it may be anybody's. */
export function onlyStyled(text: string, color: boolean): string {
  const safe = text.replaceAll(STEERING, '\uFFFD');
  return color ? safe : safe.replaceAll('\u001B', '\uFFFD');
}

export interface TextOptions {
  readonly color?: boolean;
  /** Minutes that local time is ahead of UTC; UTC when left out. */
  readonly offsetAt?: (unixMs: number) => number;
  /** Most streams and limits that are shown; 20 when left out. */
  readonly most?: number;
}
