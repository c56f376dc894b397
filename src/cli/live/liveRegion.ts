/**
 * Lines below all other output of a terminal that are drawn again and again, as the octets that do it (ECMA-48, and the
 * private modes of DEC's VT220 for the cursor and for wrapping). What is said meanwhile goes above them and scrolls away
 * like any other text. Between two drawings the cursor stands at their beginning: wherever a terminal of another size
 * puts it, all that is to be drawn anew lies behind it.
 */

const HIDE_CURSOR = '\u001B[?25l';
const SHOW_CURSOR = '\u001B[?25h';
/** Characters of a width that this program and the terminal do not agree on are cut at its edge. */
const NO_WRAP = '\u001B[?7l';
const WRAP = '\u001B[?7h';
const ERASE_LINE = '\u001B[2K';
/** Not from the first column of a screen on: terminals that keep what is erased whole would keep it. */
const ERASE_BELOW = `${ERASE_LINE}\u001B[C\u001B[J\r`;
const DOWN = '\u001B[B';
const NEXT_LINE = '\r\n';

export class LiveRegion {
  /** As they stand there; empty: nothing does. */
  #lines: readonly string[] = [];

  get isShown(): boolean {
    return this.#lines.length > 0;
  }

  /**
   * What makes the terminal show `text`, whole lines, and below it `lines`. Lines that are there already are not written
   * again, unless the text or `anew` moves them. Empty: nothing changes.
   */
  draw(lines: readonly string[], text = '', anew = false): string {
    if (lines.length === 0) return this.clear(text);
    const moved = anew || text !== '' || !this.isShown;
    const before = moved ? [] : this.#lines;
    if (before.length === lines.length && lines.every((line, i) => line === before[i])) return '';
    const steps = lines.map((line, i) => {
      if (line === before[i]) return '';
      return i < before.length ? ERASE_LINE + line : line;
    });
    // Rows that exist are gone to, further ones are made, which scrolls at the end of the screen.
    let octets = steps[0]!;
    for (let i = 1; i < steps.length; i++) octets += (i < before.length ? `\r${DOWN}` : NEXT_LINE) + steps[i]!;
    let last = lines.length - 1;
    for (; last < before.length - 1; last++) octets += `\r${DOWN}${ERASE_LINE}`;
    const start = this.isShown ? (moved ? ERASE_BELOW : '') : HIDE_CURSOR;
    this.#lines = lines;
    return start + text + NO_WRAP + octets + WRAP + up(last);
  }

  /** What takes them away; `text` stands where they did. */
  clear(text = ''): string {
    if (!this.isShown) return text;
    this.#lines = [];
    return ERASE_BELOW + text + SHOW_CURSOR;
  }
}

function up(rows: number): string {
  return rows === 0 ? '\r' : `\r\u001B[${rows}A`;
}
