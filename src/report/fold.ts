/** Columns of a line for people: a terminal's usual width. */
export const WIDTH = 80;

/** Broken between words where a line would be longer than {@link WIDTH}; further lines begin with `indent`. */
export function fold(text: string, indent = '  '): string {
  const [first = '', ...words] = text.trimStart().split(' ');
  const lines: string[] = [];
  let current = ' '.repeat(text.length - text.trimStart().length) + first;
  for (const word of words) {
    if (shownLength(current) + 1 + shownLength(word) > WIDTH && current.trim() !== '') {
      lines.push(current.trimEnd());
      current = indent + word;
    } else {
      current += ` ${word}`;
    }
  }
  lines.push(current);
  return lines.join('\n');
}

/** Colours take no room. */
export function shownLength(text: string): number {
  // oxlint-disable-next-line no-control-regex -- ECMA-48 SGR begins with one
  return text.replaceAll(/\u001B\[\d+m/gu, '').length;
}
