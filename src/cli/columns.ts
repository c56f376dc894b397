/** Columns of help and lists: a term, and words about it beside or below it. */
export const COLUMNS = 80;
export const LEFT = 30;

/** Lines of at most {@link COLUMNS}: `text` from column {@link LEFT} on, below `start` where that is longer. */
export function inColumns(start: string, text: string): string[] {
  const lines: string[] = [];
  let current = start.length < LEFT ? start.padEnd(LEFT) : '';
  if (current === '') {
    lines.push(start);
    current = ' '.repeat(LEFT);
  }
  for (const word of text.split(' ')) {
    if (current.length > LEFT && current.length + 1 + word.length > COLUMNS) {
      lines.push(current);
      current = ' '.repeat(LEFT);
    }
    current += current.length === LEFT ? word : ` ${word}`;
  }
  lines.push(current);
  return lines;
}
