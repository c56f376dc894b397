/** A field of several streams: what all of them have, or one value per stream, in their order. */
export type BriefColumn = { all: unknown } | { each: unknown[] };

/** What the values of a column are made from, or the JSON that they came as. Values of a column never change. */
const sources = new WeakMap<BriefColumn, (() => unknown[]) | string>();

/** A column whose values are made when somebody looks at them: ten thousand texts that few ever read. */
export function columnFrom(source: (() => unknown[]) | string): BriefColumn {
  let known: unknown[] | null = null;
  const column = {
    get each() {
      return (known ??= typeof source === 'string' ? (JSON.parse(source) as unknown[]) : source());
    },
  };
  sources.set(column, source);
  return column;
}

/** The values of a column as JSON. They are not kept. */
export function eachJson(column: Extract<BriefColumn, { each: unknown[] }>): string {
  const source = sources.get(column);
  if (typeof source === 'string') return source;
  return JSON.stringify(source === undefined ? column.each : source());
}
