/**
 * A strict reader of InfluxDB's line protocol, written against its published syntax: `measurement[,tag=value...]
 * field=value[,field=value...] timestamp`. What is special is escaped by a backslash; anything else is an error.
 */
export interface InfluxPoint {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  /** bigint: an integer field. */
  readonly fields: Readonly<Record<string, number | bigint | string | boolean>>;
  readonly timeNs: bigint;
}

export function readInflux(text: string): InfluxPoint[] {
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  return text.slice(0, -1).split('\n').map(readLine);
}

function readLine(line: string): InfluxPoint {
  const cursor = new Cursor(line);
  const measurement = cursor.word(', ');
  const tags: Record<string, string> = {};
  let last = '';
  while (cursor.takes(',')) {
    const key = cursor.word('=');
    cursor.expect('=');
    const value = cursor.word(', ');
    if (key === '' || value === '' || key in tags) cursor.fail('tag');
    if (key < last) cursor.fail('tags are not in the order of their names');
    last = key;
    tags[key] = value;
  }
  cursor.expect(' ');
  const fields: Record<string, number | bigint | string | boolean> = {};
  do {
    const key = cursor.word('=');
    cursor.expect('=');
    if (key === '' || key in fields) cursor.fail('field');
    fields[key] = cursor.value();
  } while (cursor.takes(','));
  cursor.expect(' ');
  const time = cursor.rest();
  if (!/^\d{19}$/u.test(time)) cursor.fail('no time of ns');
  if (measurement === '' || measurement.startsWith('#')) cursor.fail('measurement');
  return { measurement, tags, fields, timeNs: BigInt(time) };
}

class Cursor {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  /** Up to an unescaped one of `ends`. */
  word(ends: string): string {
    let word = '';
    for (; this.#at < this.#line.length; this.#at++) {
      const sign = this.#line[this.#at]!;
      const next = this.#line[this.#at + 1] ?? '';
      if (sign === '\\' && ', ='.includes(next) && next !== '') {
        word += next;
        this.#at++;
      } else if (ends.includes(sign)) return word;
      else if (', ='.includes(sign)) this.fail('not escaped');
      else word += sign;
    }
    return word;
  }

  value(): number | bigint | string | boolean {
    if (this.#line[this.#at] === '"') return this.#string();
    const [text] = /^[^, ]*/u.exec(this.#line.slice(this.#at))!;
    this.#at += text.length;
    if (text === 'true' || text === 'false') return text === 'true';
    if (/^-?\d+i$/u.test(text)) return BigInt(text.slice(0, -1));
    if (!/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/u.test(text)) this.fail(`value ${text}`);
    return Number(text);
  }

  #string(): string {
    let text = '';
    for (this.#at++; this.#at < this.#line.length; this.#at++) {
      const sign = this.#line[this.#at]!;
      if (sign === '"') {
        this.#at++;
        return text;
      }
      if (sign === '\\') text += this.#line[++this.#at];
      else text += sign;
    }
    return this.fail('a text without an end');
  }

  takes(sign: string): boolean {
    if (this.#line[this.#at] !== sign) return false;
    this.#at++;
    return true;
  }

  expect(sign: string): void {
    if (!this.takes(sign)) this.fail(`no "${sign}"`);
  }

  rest(): string {
    return this.#line.slice(this.#at);
  }

  fail(why: string): never {
    throw new Error(`line protocol: ${why} at ${this.#at} of ${this.#line}`);
  }
}
