/** Columns of a line for people: a terminal's usual width. */
export const WIDTH = 80;

/** A number as it stands before its unit, or what it counts. */
const NUMBER = /^[-(]?\d+(?:[.,]\d+)*$/u;
const UNIT = /^[A-Za-z%]/u;

/**
 * Broken between words, but for a number and its unit, where a line would be longer than {@link WIDTH}; further lines begin
 * with `indent`.
 */
export function fold(text: string, indent = '  '): string {
  const words = text.trimStart();
  const before = text.slice(0, text.length - words.length);
  const [first = '', ...more] = broken(words, WIDTH - before.length, WIDTH - indent.length);
  return [before + first, ...more.map((part) => indent + part)].join('\n');
}

/** The same in parts: the first of at most `first` columns, the others of `columns`. */
export function broken(text: string, first: number, columns = first): string[] {
  const [head = '', ...words] = text.split(' ');
  const parts: string[] = [];
  let current = head;
  for (let i = 0; i < words.length; i++) {
    let word = words[i]!;
    if (NUMBER.test(word) && UNIT.test(words[i + 1] ?? '')) word += ` ${words[++i]!}`;
    const room = parts.length === 0 ? first : columns;
    if (shownLength(current) + 1 + shownLength(word) > room && current.trim() !== '') {
      parts.push(current.trimEnd());
      current = word;
    } else {
      current += ` ${word}`;
    }
  }
  return [...parts, current];
}

/** Colours take no room. */
export function shownLength(text: string): number {
  // oxlint-disable-next-line no-control-regex -- ECMA-48 SGR begins with one
  return text.replaceAll(/\u001B\[\d+m/gu, '').length;
}
