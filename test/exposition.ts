/**
 * A strict reader of expositions, written against the formats' own texts and nothing of ours: Prometheus' text format
 * 0.0.4 and OpenMetrics 1.0. Whatever these forbid is an error.
 */
export interface Sample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly unit: string | null;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export type Format = 'openmetrics' | 'text';

const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  info: ['_info'],
  histogram: ['_bucket', '_sum', '_count'],
};

export function parseExposition(text: string, format: Format): ReadonlyMap<string, Family> {
  const isOpen = format === 'openmetrics';
  if (isOpen && !text.endsWith('\n# EOF\n')) throw new Error('OpenMetrics ends with "# EOF"');
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const lines = text.slice(0, -1).split('\n');
  if (isOpen) lines.pop();
  const families = new Map<string, { -readonly [Key in keyof Family]: Family[Key] } & { samples: Sample[] }>();
  let family: (Family & { samples: Sample[] }) | null = null;
  for (const line of lines) {
    if (line.startsWith('#')) {
      const [, word, name, rest = ''] =
        /^# (HELP|TYPE|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)$/su.exec(line) ?? fail(line);
      if (word === 'HELP') {
        // Families are whole: one that has ended does not come again.
        if (families.has(name!)) fail(`a second time: ${line}`);
        family = { name: name!, type: '', unit: null, help: unescaped(rest, isOpen), samples: [] };
        families.set(name!, family);
        continue;
      }
      if (family === null || family.name !== name || family.samples.length > 0) fail(line);
      if (word === 'TYPE') Object.assign(family!, { type: rest });
      else {
        if (!isOpen || !name!.endsWith(`_${rest}`)) fail(line);
        Object.assign(family!, { unit: rest });
      }
      continue;
    }
    if (family === null) fail(line);
    const sample = parseSample(line);
    checkName(sample.name, family!, isOpen);
    family!.samples.push(sample);
  }
  for (const one of families.values()) checkFamily(one, isOpen);
  return families;
}

function parseSample(line: string): Sample {
  const [, name, body, value] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/su.exec(line) ?? fail(line);
  const labels = new Map<string, string>();
  let rest = body ?? '';
  while (rest !== '') {
    const [whole, label, text] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,(?=[a-zA-Z_])|$)/u.exec(rest) ?? fail(line);
    if (labels.has(label!) || label!.startsWith('__')) fail(line);
    labels.set(label!, unescaped(text!, true));
    rest = rest.slice(whole!.length);
  }
  const number = value === '+Inf' ? Infinity : Number(value);
  if (Number.isNaN(number)) fail(line);
  return { name: name!, labels, value: number };
}

/** In help of the older format a quote is a quote. */
function unescaped(text: string, quotes: boolean): string {
  return text.replaceAll(quotes ? /\\([\\n"])/gu : /\\([\\n])/gu, (_, sign: string) => (sign === 'n' ? '\n' : sign));
}

function checkName(name: string, { name: family, type }: Family, isOpen: boolean): void {
  const base = !isOpen && (type === 'counter' || type === 'info') ? [''] : (SUFFIXES[type] ?? fail(`type ${type}`));
  if (!base.some((suffix) => name === family + suffix)) fail(`${name} is no sample of ${family}`);
}

function checkFamily(family: Family, isOpen: boolean): void {
  const { type, samples, name } = family;
  const seen = new Set<string>();
  for (const sample of samples) {
    const key = `${sample.name}${JSON.stringify([...sample.labels].toSorted())}`;
    if (seen.has(key)) fail(`twice: ${key}`);
    seen.add(key);
    if (type === 'counter' && !(sample.value >= 0)) fail(`a counter below zero: ${key}`);
    if (type !== 'histogram' && sample.labels.has('le')) fail(`le outside of a histogram: ${key}`);
    if (type !== 'summary' && sample.labels.has('quantile')) fail(`quantile outside of a summary: ${key}`);
  }
  if (type === 'counter' && !isOpen && !name.endsWith('_total')) fail(`${name} is a counter without _total`);
  if (type === 'histogram') for (const buckets of histogramsOf(family).values()) checkHistogram(name, buckets, isOpen);
}

export interface ReadHistogram {
  readonly labels: ReadonlyMap<string, string>;
  readonly buckets: readonly (readonly [le: number, count: number])[];
  readonly les: readonly string[];
  readonly sum: number | null;
  readonly count: number | null;
}

/** By labels but `le`. */
export function histogramsOf({ name, samples }: Family): ReadonlyMap<string, ReadHistogram> {
  const made = new Map<
    string,
    {
      labels: Map<string, string>;
      buckets: [number, number][];
      les: string[];
      sum: number | null;
      count: number | null;
    }
  >();
  for (const sample of samples) {
    const labels = new Map(sample.labels);
    const le = labels.get('le');
    labels.delete('le');
    const key = JSON.stringify([...labels].toSorted());
    const one = made.get(key) ?? { labels, buckets: [], les: [], sum: null, count: null };
    made.set(key, one);
    if (sample.name === `${name}_bucket`) {
      if (le === undefined) fail(`${key} has no le`);
      one.les.push(le!);
      one.buckets.push([le === '+Inf' ? Infinity : Number(le), sample.value]);
    } else if (sample.name === `${name}_sum`) one.sum = sample.value;
    else one.count = sample.value;
  }
  return made;
}

function checkHistogram(name: string, { buckets, sum, count, les }: ReadHistogram, isOpen: boolean): void {
  const bounds = buckets.map(([le]) => le);
  const counts = buckets.map(([, of]) => of);
  if (bounds.at(-1) !== Infinity) fail(`${name} has no bucket +Inf`);
  if (bounds.some((le, i) => i > 0 && le <= bounds[i - 1]!)) fail(`${name}: bounds are not in order`);
  if (counts.some((of, i) => i > 0 && of < counts[i - 1]!)) fail(`${name}: counts fall`);
  if (count !== null && count !== counts.at(-1)) fail(`${name}: count and +Inf differ`);
  if ((sum === null) !== (count === null)) fail(`${name}: sum and count go together`);
  if (!isOpen) return;
  // OpenMetrics 1.0: "If a negative threshold bucket is used, then the Histogram MetricPoint MUST NOT contain a sum value".
  if (bounds[0]! < 0 && sum !== null) fail(`${name}: a sum beside a negative bound`);
  // Canonical values: whole numbers have a decimal, an exponent two digits.
  for (const le of les) if (le !== '+Inf' && !/^-?\d+(?:\.\d+)?(?:e[+-]\d{2,})?$/u.test(le)) fail(`le="${le}"`);
  if (les.some((le) => /^-?\d+$/u.test(le))) fail('a whole number without its decimal');
}

function fail(text: string): never {
  throw new Error(`exposition: ${text}`);
}
