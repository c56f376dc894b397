/** Middle value; of an even number the lower of the two in the middle. */
export function median(values) {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
}

/** Smallest value that at least `fraction` of all do not exceed. */
export function percentile(values, fraction) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)];
}

/** Rows of texts as aligned columns, the first to the left, the others to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]))).join('  '),
    )
    .join('\n');
}

/** `--name=value` and `--name` of the command line over defaults; the default's type decides. */
export function options(defaults) {
  const chosen = { ...defaults };
  for (const argument of process.argv.slice(2)) {
    const [, name, value] = /^--([\w-]+)(?:=(.*))?$/u.exec(argument) ?? [];
    if (name === undefined || !(name in defaults)) {
      console.error(`unknown: ${argument}; known: ${Object.keys(defaults).map((key) => `--${key}`)}`);
      process.exit(2);
    }
    chosen[name] = typeof defaults[name] === 'number' ? Number(value) : (value ?? true);
  }
  return chosen;
}

/** Thousands apart, no fraction; `-` for what was not measured. */
export function count(value) {
  if (Number.isNaN(value)) return '-';
  return Math.round(value).toLocaleString('en');
}
