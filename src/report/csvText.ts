/** Rows of comma-separated values (RFC 4180), for spreadsheets and data frames. */

export type CsvValue = string | number | boolean | null;

/** With its heading; numbers are those of the document, not rounded, and `null` is an empty field. Lines end as RFC 4180 has it. */
export function csvText(head: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return [head, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

/** Spreadsheets take a text that begins like this for a formula: an apostrophe before it says that it is none. */
const FORMULA = /^[=+\-@\t\r]/u;

function field(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
