/**
 * A line-up: many endpoints with names in one text. CSV with a header line, M3U, a session description
 * (SDP), or one endpoint a line. Pure: the text comes from elsewhere. All problems are reported at once,
 * with their lines.
 */
import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import { readSdpLineup } from './sdpLineup.js';

/** One endpoint of a line-up, its text not read yet. */
export interface LineupEntry {
  readonly endpoint: string;
  readonly name: string | null;
  /** The column `rate`: as the endpoint's own parameter, so that only one of the two may be there. */
  readonly rate: string | null;
  /** The column `input`: likewise; a receiver passes it over. */
  readonly input: string | null;
  /** The column `leg_b`: the endpoint of the same stream's second leg, not read yet. */
  readonly legB: string | null;
  /** `channels.csv:3`. */
  readonly where: string;
}

const COLUMNS = ['name', 'endpoint', 'leg_b', 'rate', 'input'] as const;

/**
 * Reads the text of a line-up; `source` names it in messages. What is wrong is appended to `found` as one
 * ERR_LINEUP, which is thrown where nobody collects.
 */
export function parseLineup(text: string, source: string, found?: McastError[]): LineupEntry[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const first = lines.find((line) => line.trim() !== '') ?? '';
  const problems: string[] = [];
  const entries = first.trimStart().startsWith('#EXTM3U')
    ? readM3u(lines, source)
    : first.trim() === 'v=0'
      ? readSdpLineup(text, source, problems)
      : isCsvHeader(first)
        ? readCsv(lines, source, problems)
        : readList(lines, source, problems);
  if (entries.length === 0 && problems.length === 0) problems.push(`${source}: it holds no endpoint`);
  findTwins(entries, problems);
  if (problems.length === 0) return entries;
  const error = new McastError('ERR_LINEUP', problems.join('\n'));
  if (found === undefined) throw error;
  found.push(error);
  return entries;
}

function isCsvHeader(line: string): boolean {
  if (line.includes('://')) return false;
  const names = line.split(/[,;\t]/).map((name) => name.trim().toLowerCase());
  return names.includes('endpoint') || (names.length > 1 && names.some((name) => COLUMNS.includes(name as never)));
}

/** `#EXTINF:<seconds> [attributes],<name>` names the next endpoint; other `#` lines are comments. */
function readM3u(lines: readonly string[], source: string): LineupEntry[] {
  const entries: LineupEntry[] = [];
  let name: string | null = null;
  for (const [i, raw] of lines.entries()) {
    const line = raw.trim();
    const info = /^#EXTINF:(.*)$/.exec(line);
    if (info !== null) name = nameOfInfo(info[1]!);
    if (line === '' || line.startsWith('#')) continue;
    entries.push({ endpoint: line, name, rate: null, input: null, legB: null, where: `${source}:${i + 1}` });
    name = null;
  }
  return entries;
}

/** What follows the first comma outside quotes: attributes may hold commas. */
function nameOfInfo(info: string): string | null {
  let quoted = false;
  for (let i = 0; i < info.length; i++) {
    if (info[i] === '"') quoted = !quoted;
    else if (info[i] === ',' && !quoted) return info.slice(i + 1).trim() || null;
  }
  return null;
}

/** One endpoint a line; `#` begins a comment line. */
function readList(lines: readonly string[], source: string, problems: string[]): LineupEntry[] {
  const entries: LineupEntry[] = [];
  for (const [i, raw] of lines.entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const where = `${source}:${i + 1}`;
    if (/\s/.test(line)) {
      problems.push(`${where}: one endpoint a line, without blanks; names need a CSV with the header name,endpoint`);
      continue;
    }
    entries.push({ endpoint: line, name: null, rate: null, input: null, legB: null, where });
  }
  return entries;
}

function readCsv(lines: readonly string[], source: string, problems: string[]): LineupEntry[] {
  const start = lines.findIndex((line) => line.trim() !== '');
  const header = lines[start]!;
  const separator = [',', ';', '\t'].find((candidate) => header.includes(candidate)) ?? ',';
  const names = (splitRecord(header, separator) ?? []).map((name) => name.toLowerCase());
  for (const [i, name] of names.entries()) {
    if (!COLUMNS.includes(name as never)) {
      problems.push(
        `${source}:${start + 1}: unknown column "${name}"${didYouMean(name, COLUMNS)} (${COLUMNS.join(',')})`,
      );
    } else if (names.indexOf(name) !== i) problems.push(`${source}:${start + 1}: the column ${name} is there twice`);
  }
  if (!names.includes('endpoint')) problems.push(`${source}:${start + 1}: the header has no column endpoint`);
  const entries: LineupEntry[] = [];
  for (let i = start + 1; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const entry = readRecord(line, separator, names, `${source}:${i + 1}`, problems);
    if (entry !== null) entries.push(entry);
  }
  return entries;
}

function readRecord(
  line: string,
  separator: string,
  names: readonly string[],
  where: string,
  problems: string[],
): LineupEntry | null {
  const cells = splitRecord(line, separator);
  if (cells === null) {
    problems.push(`${where}: a quote is not closed, or text follows a closed one`);
    return null;
  }
  if (cells.length > names.length) {
    problems.push(
      `${where}: ${cells.length} cells under ${names.length} columns; quote a cell that holds "${separator}"`,
    );
    return null;
  }
  const cell = (name: (typeof COLUMNS)[number]): string | null => cells[names.indexOf(name)] || null;
  const endpoint = cell('endpoint');
  if (endpoint === null) {
    if (names.includes('endpoint')) problems.push(`${where}: the endpoint is missing`);
    return null;
  }
  return { endpoint, name: cell('name'), rate: cell('rate'), input: cell('input'), legB: cell('leg_b'), where };
}

/** Cells of one record, RFC 4180 section 2, blanks around them dropped; `null`: quotes do not match. */
function splitRecord(line: string, separator: string): string[] | null {
  const cells: string[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === ' ') at++;
    let cell = '';
    if (line[at] === '"') {
      for (at++; ; at++) {
        if (at >= line.length) return null;
        if (line[at] !== '"') cell += line[at];
        else if (line[at + 1] === '"') cell += line[at++];
        else break;
      }
      at++;
      while (line[at] === ' ') at++;
      if (at < line.length && line[at] !== separator) return null;
    } else {
      let end = line.indexOf(separator, at);
      if (end < 0) end = line.length;
      cell = line.slice(at, end).trim();
      at = end;
    }
    cells.push(cell);
    if (at >= line.length) return cells;
    at++;
  }
}

/** Streams are told apart by name: the same one twice would mix their figures. */
function findTwins(entries: readonly LineupEntry[], problems: string[]): void {
  const seen = new Map<string, string>();
  for (const { name, where } of entries) {
    if (name === null) continue;
    const before = seen.get(name);
    if (before !== undefined) problems.push(`${where}: the name "${name}" is taken, at ${before}`);
    else seen.set(name, where);
  }
}
