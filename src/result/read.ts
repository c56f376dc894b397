import { McastError } from '../core/errors.js';
import { METRICS, METRIC_IDS } from '../metrics/catalog.js';
import type { RunResult } from './model.js';
import { RESULT_SCHEMA } from './version.js';

/** Most problems that an error message lists. */
const PROBLEMS = 3;

/**
 * The results in a text: one RunResult, an array of them, or the lines that `--json` printed, of which
 * the last `result` or `partial` line of each run counts. `source` names the text in errors. Loads the validator
 * only when called. Throws ERR_FILE_FORMAT.
 */
export async function readResults(text: string, source: string): Promise<RunResult[]> {
  const documents = documentsIn(text, source);
  const { RunResultSchema } = await import('./model.js');
  const results: RunResult[] = [];
  for (const [i, document] of documents.entries()) {
    checkSchema(document, source);
    complete(document);
    const checked = RunResultSchema.safeParse(document);
    if (!checked.success) {
      const { issues } = checked.error;
      const listed = issues.slice(0, PROBLEMS).map(problemText);
      const more = issues.length > PROBLEMS ? `; and ${issues.length - PROBLEMS} more` : '';
      const where = documents.length > 1 ? ` (document ${i + 1})` : '';
      throw broken(source, `is not a valid result${where}: ${listed.join('; ')}${more}`);
    }
    // The document as it was, not as validated: fields of a newer writer are kept.
    results.push(document as unknown as RunResult);
  }
  return results;
}

type Loose = Record<string, unknown>;

function broken(source: string, what: string): McastError {
  return new McastError('ERR_FILE_FORMAT', `${source} ${what}`);
}

function isObject(value: unknown): value is Loose {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function documentsIn(text: string, source: string): Loose[] {
  const trimmed = text.replace(/^\uFEFF/u, '').trim();
  if (trimmed === '') throw broken(source, 'is empty');
  let whole: unknown;
  try {
    whole = JSON.parse(trimmed);
  } catch (error) {
    if (!trimmed.includes('\n')) throw broken(source, `is not JSON: ${(error as Error).message}`);
    return fromLines(trimmed.split('\n'), source);
  }
  const items = Array.isArray(whole) ? whole : [whole];
  if (items.length === 0) throw broken(source, 'is an empty array');
  return items.map((item) => unwrap(item, source));
}

/** Lines of `--json` that carry a result: the last one, and one so far. */
function carriesResult(item: Loose): item is Loose & { result: Loose } {
  return (item['type'] === 'result' || item['type'] === 'partial') && isObject(item['result']);
}

/** The document in a line of `--json`, or the document itself. */
function unwrap(item: unknown, source: string): Loose {
  if (!isObject(item)) throw broken(source, 'holds no result: an object was expected');
  if (carriesResult(item)) return item.result;
  if (typeof item['type'] === 'string' && !('schema' in item)) throw unfinished(source, [item['type']]);
  return item;
}

function unfinished(source: string, kinds: readonly string[]): McastError {
  const found = [...new Set(kinds)].join(', ');
  return broken(source, `holds no result, only lines of type ${found}: the run did not get to its end`);
}

function fromLines(lines: readonly string[], source: string): Loose[] {
  const results = new Map<string, Loose>();
  const kinds: string[] = [];
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    let item: unknown;
    try {
      item = JSON.parse(line);
    } catch {
      // A run that was killed leaves half a line; what stands before it counts.
      if (i === lines.length - 1 && kinds.length > 0) continue;
      throw broken(source, `is neither JSON nor one JSON object per line: line ${i + 1} is not JSON`);
    }
    if (!isObject(item)) throw broken(source, `line ${i + 1} is no JSON object`);
    if (typeof item['schema'] === 'string') results.set(`line ${i}`, item);
    else if (carriesResult(item)) {
      results.set(typeof item['run_id'] === 'string' ? item['run_id'] : `line ${i}`, item.result);
    } else if (typeof item['type'] === 'string') kinds.push(item['type']);
    else throw broken(source, `line ${i + 1} is neither a result nor a line of --json`);
  }
  if (results.size === 0) throw unfinished(source, kinds);
  return [...results.values()];
}

function checkSchema(document: Loose, source: string): void {
  const { schema } = document;
  if (schema === RESULT_SCHEMA) return;
  if (typeof schema !== 'string') throw broken(source, `is JSON, but no result: "schema" should be "${RESULT_SCHEMA}"`);
  const other = schema.startsWith('mcastkit.result/') ? 'of another version of mcastkit' : 'not of mcastkit';
  throw broken(source, `is ${other}: its schema is "${schema}", this program reads "${RESULT_SCHEMA}"`);
}

/** Fields that streams did not have from the first. */
const ADDED_TO_STREAMS = [
  'bursts',
  'delay_correction',
  'numbers',
  'transport',
  'fec',
  'recovery',
  'rtp',
  'rtcp',
] as const;

/** An older writer did not know every field: what it lacks was not measured. */
function complete(document: Loose): void {
  document['taps'] ??= null;
  document['capacity'] ??= null;
  document['bench'] ??= null;
  document['zap'] ??= null;
  document['outputs'] ??= [];
  document['links'] ??= [];
  document['streams_brief'] ??= null;
  for (const socket of objectsIn(document['sockets'])) {
    socket['demanded'] ??= null;
    socket['instead'] ??= null;
  }
  // Whether that was a fault was not told.
  for (const output of objectsIn(document['outputs'])) output['failed'] ??= false;
  if (isObject(document['health'])) document['health']['malformed'] ??= null;
  if (isObject(document['clock'])) document['clock']['offsets'] ??= [];
  if (isObject(document['evidence'])) {
    document['evidence']['processors'] ??= null;
    document['evidence']['threads'] ??= [];
    for (const thread of objectsIn(document['evidence']['threads'])) thread['realtime'] ??= false;
  }
  if (isObject(document['sender'])) {
    document['sender']['inputs'] ??= [];
    for (const input of objectsIn(document['sender']['inputs'])) input['messages'] ??= null;
    document['sender']['recovery'] ??= null;
    if (isObject(document['sender']['recovery'])) document['sender']['recovery']['not_kept'] ??= 0;
    document['sender']['feedback'] ??= null;
    document['sender']['loss_location'] ??= null;
  }
  if (isObject(document['streams_brief'])) completeBrief(document['streams_brief']);
  const streams = objectsIn(document['streams']);
  for (const stream of streams) {
    for (const key of ADDED_TO_STREAMS) stream[key] ??= null;
  }
  for (const carrier of [...streams, ...streams.map((stream) => stream['after']), document['aggregate']]) {
    if (!isObject(carrier) || !isObject(carrier['metrics'])) continue;
    for (const id of METRIC_IDS) if (!METRICS[id].fixed) carrier['metrics'][id] ??= null;
  }
  if (isObject(document['aggregate'])) document['aggregate']['bursts'] ??= null;
  if (isObject(document['arbitration'])) completeArbitration(document['arbitration']);
  for (const receiver of objectsIn(document['receivers'])) {
    receiver['report'] ??= null;
    if (isObject(receiver['result'])) complete(receiver['result']);
  }
}

/** Streams in columns are younger than any of those fields: a writer may lack metrics alone. */
function completeBrief({ columns }: Loose): void {
  if (!isObject(columns)) return;
  for (const id of METRIC_IDS) if (!METRICS[id].fixed) columns[`metrics.${id}`] ??= { all: null };
}

function completeArbitration(arbitration: Loose): void {
  arbitration['streams'] ??= [];
  for (const key of ['packets_expected', 'packets_pending', 'skews_dropped', 'streams_total'])
    arbitration[key] ??= null;
  for (const leg of objectsIn(arbitration['legs'])) {
    for (const key of ['loss_ratio', 'packets_duplicated', 'packets_late']) leg[key] ??= null;
  }
}

function objectsIn(list: unknown): Loose[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function problemText({ path, message }: { readonly path: readonly PropertyKey[]; readonly message: string }): string {
  return message.endsWith('received undefined') ? `${pathText(path)} is missing` : `${pathText(path)}: ${message}`;
}

/** `streams[0].metrics.packets_lost`. */
function pathText(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${String(part)}`;
  return text === '' ? 'the document' : text;
}
