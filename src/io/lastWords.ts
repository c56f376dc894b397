const MOST_LINES = 20;
const MOST_CHARACTERS = 4096;
/** What a one-line message takes of them. */
const SHOWN_LINES = 3;
const SHOWN_CHARACTERS = 400;

/** Says nothing that the lines before it do not. */
const EMPTY_WORDS = /^(Conversion failed!|Last message repeated \d+ times|Exiting\.*)$/;

/** The last lines that a program wrote for people: at most 20 of them, and 4 Ki characters. */
export class LastWords {
  readonly #lines: string[] = [];
  #characters = 0;
  #unfinished = '';

  /** Takes the next piece of the program's output, which may begin and end within a line. */
  add(text: string): void {
    const parts = (this.#unfinished + text).split(/[\r\n]+/);
    // A line without an end is not to grow for ever; its end is what counts.
    this.#unfinished = parts.pop()!.slice(-MOST_CHARACTERS);
    for (const part of parts) this.#push(part);
  }

  /** The lines, oldest first, one that has no end yet included. */
  lines(): string[] {
    const last = readable(this.#unfinished);
    return last === '' ? [...this.#lines] : [...this.#lines, last];
  }

  /** The last of them for a message of one line; empty: the program said nothing. */
  line(): string {
    const said = this.lines().filter((line) => !EMPTY_WORDS.test(line));
    const text = [...new Set(said.slice(-SHOWN_LINES))].join('; ');
    return text.length <= SHOWN_CHARACTERS ? text : `...${text.slice(3 - SHOWN_CHARACTERS)}`;
  }

  #push(part: string): void {
    const line = readable(part);
    if (line === '') return;
    this.#lines.push(line);
    this.#characters += line.length;
    while (this.#lines.length > MOST_LINES || this.#characters > MOST_CHARACTERS) {
      this.#characters -= this.#lines.shift()!.length;
    }
  }
}

/** Without colours, control characters and the addresses that ffmpeg puts behind a component's name. */
function readable(line: string): string {
  return (
    line
      // oxlint-disable-next-line no-control-regex
      .replace(/\u001b\[[0-9;]*[A-Za-z]/g, '')
      // oxlint-disable-next-line no-control-regex
      .replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ')
      .replace(/^(\[[^\]@]+?) @ (?:0x)?[0-9a-f]+\]/, '$1]')
      .trim()
      .slice(-MOST_CHARACTERS)
  );
}
