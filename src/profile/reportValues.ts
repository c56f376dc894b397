/** What `--report`, `--html` and `--max-regression` take. All throw McastError ERR_USAGE. */
import { didYouMean } from '../core/nearest.js';
import type { RegressionLimit } from '../result/compareResults.js';
import { REPORT_FORMATS, type ReportFormat } from '../result/reportFormats.js';
import { parseText, usage } from './optionValues.js';

/** A file that a result is written to; `-` is standard output. */
export interface ReportTarget {
  readonly path: string;
  readonly format: ReportFormat;
}

/** The longest first: `x.series.csv` is no `csv`. */
const BY_LENGTH = REPORT_FORMATS.toSorted((a, b) => b.length - a.length);

/** A path whose extension says the format, or `<format>:<path>` for one that has none, as `md:-`. */
export function parseReportTarget(text: string): ReportTarget {
  const path = parseText(text);
  const named = BY_LENGTH.find((format) => path.startsWith(`${format}:`) && path.length > format.length + 1);
  if (named !== undefined) return { path: path.slice(named.length + 1), format: named };
  const format = BY_LENGTH.find((extension) => path.toLowerCase().endsWith(`.${extension}`));
  if (format !== undefined) return { path, format };
  const formats = REPORT_FORMATS.join(', ');
  if (path === '-') throw usage(`"-" has no extension that says the format: write <format>:-, as html:- (${formats})`);
  const extension = /\.([^./]+)$/.exec(path)?.[1];
  if (extension === undefined) throw usage(`"${path}" has no extension that says the format: ${formats}`);
  if (extension === 'ndjson' || extension === 'jsonl') throw usage(`lines of JSON are --json=${path}`);
  throw usage(
    `"${path}": .${extension} is no format of reports (${formats})${didYouMean(extension, REPORT_FORMATS, '.')}`,
  );
}

/** `<share>` for every figure, or `<figure>=<share>`; more than 100 % is possible. */
export function parseRegression(text: string): RegressionLimit {
  const equals = text.lastIndexOf('=');
  const name = equals < 0 ? null : text.slice(0, equals).trim();
  const share = text.slice(equals + 1).trim();
  const match = /^(\d+\.?\d*|\.\d+)(%?)$/.exec(share);
  if (match === null || name === '') {
    throw usage(`"${text}" is no share by which a figure may become worse: write 5%, or <figure>=5%`);
  }
  const value = Number(match[1]);
  if (match[2] === '%') return { name, ratio: value / 100 };
  // As with ratios everywhere: 5 for 5 % is a mistake.
  if (value > 1) throw usage(`"${text}": write ${share}% for ${share} %`);
  return { name, ratio: value };
}
