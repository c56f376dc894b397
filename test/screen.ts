/**
 * A terminal's screen, as far as this program may use one: what it is told to do otherwise is an error. Sequences are those
 * of ECMA-48; DECTCEM and DECAWM are of DEC's VT220.
 */
import { displayWidth } from '../src/report/displayWidth.js';

/** A cell is a character with its marks; the second cell of a wide one is empty. */
type Row = string[];

const BLANK = ' ';

export interface ScreenOptions {
  /** Lines are wrapped anew where a screen becomes narrower, as most terminals do, or cut, as xterm does. */
  readonly rewraps?: boolean;
}

export class Screen {
  columns: number;
  #rows: Row[];
  #x = 0;
  #y = 0;
  /** The last column was written: the next character goes to the next line. */
  #isFull = false;
  #wraps = true;
  isCursorShown = true;
  /** What scrolled away, oldest first. */
  readonly scrollback: string[] = [];
  /** Octets that are no whole sequence yet. */
  #rest = '';
  readonly #rewraps: boolean;
  /** Graphic renditions (SGR) other than none. */
  styled = 0;

  constructor(columns: number, rows: number, options: ScreenOptions = {}) {
    this.columns = columns;
    this.#rows = Array.from({ length: rows }, () => blankRow(columns));
    this.#rewraps = options.rewraps ?? false;
  }

  get rows(): number {
    return this.#rows.length;
  }

  /** Its cursor is shown and long lines are wrapped, as shells want it. */
  get isAsFound(): boolean {
    return this.isCursorShown && this.#wraps;
  }

  /** Lines from the top, without blanks at their ends. */
  get lines(): string[] {
    return this.#rows.map(textOf);
  }

  /** All of it, without the blank lines at its end. */
  get text(): string {
    return this.lines.join('\n').trimEnd();
  }

  /** With what scrolled away. */
  get wholeText(): string {
    return [...this.scrollback, ...this.lines].join('\n').trimEnd();
  }

  write(octets: string): void {
    let text = this.#rest + octets;
    this.#rest = '';
    while (text !== '') {
      // oxlint-disable-next-line no-control-regex -- what terminals are steered by
      const sequence = /^\u001B(?:\[([?\d;]*)([A-Za-z])|$|\[[?\d;]*$)/u.exec(text);
      if (sequence !== null) {
        if (sequence[2] === undefined) {
          this.#rest = text;
          return;
        }
        this.#obey(sequence[1]!, sequence[2]);
        text = text.slice(sequence[0].length);
        continue;
      }
      const character = String.fromCodePoint(text.codePointAt(0)!);
      this.#put(character);
      text = text.slice(character.length);
    }
  }

  resize(columns: number, rows: number): void {
    while (this.rows > rows) {
      // What lies below the cursor goes first.
      if (this.#y < this.rows - 1) this.#rows.pop();
      else this.#scroll();
    }
    while (this.rows < rows) this.#rows.push(blankRow(this.columns));
    if (columns < this.columns && this.#rewraps) this.#rewrap(columns);
    for (const row of this.#rows) {
      row.length = Math.min(row.length, columns);
      while (row.length < columns) row.push(BLANK);
    }
    this.columns = columns;
    this.#x = Math.min(this.#x, columns - 1);
    this.#isFull = false;
  }

  /** What becomes of long lines pushes out what is at the top, where the cursor may be. */
  #rewrap(columns: number): void {
    const rewrapped: Row[] = [];
    let cursor = 0;
    for (const [y, row] of this.#rows.entries()) {
      if (y === this.#y) cursor = rewrapped.length;
      const used = textOf(row).length;
      for (let at = 0; at === 0 || at < used; at += columns) rewrapped.push(row.slice(at, at + columns));
    }
    while (rewrapped.length > this.rows) {
      const isBlankBelow = textOf(rewrapped.at(-1)!) === '' && rewrapped.length - 1 > cursor;
      if (isBlankBelow) rewrapped.pop();
      else {
        this.scrollback.push(textOf(rewrapped.shift()!));
        cursor--;
      }
    }
    this.#rows = rewrapped;
    this.#y = Math.max(0, cursor);
  }

  #obey(parameters: string, kind: string): void {
    const number = parameters === '' ? null : Number(parameters);
    switch (kind + (parameters.startsWith('?') ? parameters : '')) {
      case 'A':
        this.#y = Math.max(0, this.#y - (number ?? 1));
        break;
      case 'B':
        this.#y = Math.min(this.rows - 1, this.#y + (number ?? 1));
        break;
      case 'C':
        this.#x = Math.min(this.columns - 1, this.#x + (number ?? 1));
        break;
      case 'J':
        if (number !== null) throw new Error(`ED ${parameters}`);
        // tmux keeps what is erased whole.
        if (this.#x === 0 && this.#y === 0) this.scrollback.push(...this.lines);
        this.#rows[this.#y]!.fill(BLANK, this.#x);
        for (const row of this.#rows.slice(this.#y + 1)) row.fill(BLANK);
        break;
      case 'K':
        if (number === 2) this.#rows[this.#y]!.fill(BLANK);
        else if (number === null) this.#rows[this.#y]!.fill(BLANK, this.#x);
        else throw new Error(`EL ${parameters}`);
        break;
      case 'm':
        if (!/^(?:1|2|22|31|32|33|39)$/u.test(parameters)) throw new Error(`SGR ${parameters}`);
        this.styled++;
        return;
      case 'h?25':
      case 'l?25':
        this.isCursorShown = kind === 'h';
        return;
      case 'h?7':
      case 'l?7':
        this.#wraps = kind === 'h';
        return;
      default:
        throw new Error(`a sequence that is not to be sent: ESC [ ${parameters}${kind}`);
    }
    this.#isFull = false;
  }

  #put(character: string): void {
    if (character === '\r') {
      this.#x = 0;
      this.#isFull = false;
    } else if (character === '\n') {
      this.#lineFeed();
    } else if (character < ' ' || (character >= '\u007F' && character < '\u00A0')) {
      throw new Error(`a control that is not to be sent: U+${character.codePointAt(0)!.toString(16)}`);
    } else {
      this.#print(character);
    }
  }

  #print(character: string): void {
    const width = displayWidth(character);
    if (width === 0) {
      const row = this.#rows[this.#y]!;
      const at = this.#isFull ? this.#x : this.#x - 1;
      if (at >= 0) row[at] += character;
      return;
    }
    const isBeyond = this.#isFull || this.#x + width > this.columns;
    if (isBeyond && this.#wraps) {
      this.#x = 0;
      this.#lineFeed();
    } else if (isBeyond) {
      this.#x = this.columns - width;
    }
    const row = this.#rows[this.#y]!;
    row[this.#x] = character;
    if (width === 2) row[this.#x + 1] = '';
    this.#isFull = this.#x + width >= this.columns;
    this.#x = Math.min(this.columns - 1, this.#x + width);
  }

  #lineFeed(): void {
    this.#isFull = false;
    if (this.#y === this.rows - 1) {
      this.#scroll();
      this.#rows.push(blankRow(this.columns));
      this.#y++;
    } else {
      this.#y++;
    }
  }

  #scroll(): void {
    this.scrollback.push(textOf(this.#rows.shift()!));
    this.#y = Math.max(0, this.#y - 1);
  }
}

function blankRow(columns: number): Row {
  return Array.from({ length: columns }, () => BLANK);
}

function textOf(row: Row): string {
  return row.join('').trimEnd();
}
