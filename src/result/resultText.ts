/**
 * Results as JSON. Those of ten thousand streams are megabytes, are made by one thread and written by another, and few of
 * their readers look at more than what all streams have in common: what is long crosses as text, is read when somebody
 * looks at it, and is written as it came.
 */
import { type BriefColumn, columnFrom, eachJson } from './briefColumn.js';
import type { BriefStreams } from './briefStreams.js';
import type { RunResult, Stream } from './model.js';

/** A result on its way from one thread to another: plain data, its streams and columns of values as JSON. */
export interface PackedResult {
  /** Without them. */
  readonly rest: RunResult;
  readonly streams: readonly string[];
  /** A text is the `each` of its column. */
  readonly columns: Readonly<Record<string, BriefColumn | string>>;
}

/** What streams came as. They never change once they were told. */
const texts = new WeakMap<Stream, string>();

export function packResult(result: RunResult): PackedResult {
  const { streams, streams_brief: brief } = result;
  const columns: Record<string, BriefColumn | string> = {};
  for (const [key, column] of Object.entries(brief?.columns ?? {})) {
    columns[key] = 'each' in column ? eachJson(column) : column;
  }
  return {
    rest: { ...result, streams: [], streams_brief: brief === null ? null : { ...brief, columns: {} } },
    streams: streams.map((stream) => JSON.stringify(stream)),
    columns,
  };
}

export function unpackResult({ rest, streams, columns }: PackedResult): RunResult {
  return {
    ...rest,
    streams: streams.map(streamFrom),
    streams_brief: rest.streams_brief === null ? null : { ...rest.streams_brief, columns: columnsFrom(columns) },
  };
}

/** A stream that came as text. */
export function streamFrom(json: string): Stream {
  const stream = JSON.parse(json) as Stream;
  texts.set(stream, json);
  return stream;
}

function columnsFrom(columns: PackedResult['columns']): BriefStreams['columns'] {
  const read: BriefStreams['columns'] = {};
  for (const [key, column] of Object.entries(columns)) {
    read[key] = typeof column === 'string' ? columnFrom(column) : column;
  }
  return read;
}

/** The same as `JSON.stringify(result)`. */
export function resultJson(result: RunResult): string {
  const { streams, streams_brief: brief } = result;
  const known: Record<string, string> = { streams: `[${joined(streams.map(streamJson))}]` };
  if (brief !== null) known['streams_brief'] = objectJson(brief, { columns: columnsJson(brief) });
  return objectJson(result, known);
}

function streamJson(stream: Stream): string {
  return texts.get(stream) ?? JSON.stringify(stream);
}

function columnsJson({ columns }: BriefStreams): string {
  const known: Record<string, string> = {};
  for (const [key, column] of Object.entries(columns)) {
    if ('each' in column) known[key] = `{"each":${eachJson(column)}}`;
  }
  return objectJson(columns, known);
}

/** `known`: fields whose JSON is there. */
function objectJson(object: object, known: Readonly<Record<string, string>>): string {
  const fields: string[] = [];
  for (const [key, value] of Object.entries(object)) {
    if (value !== undefined) fields.push(`${JSON.stringify(key)}:${known[key] ?? JSON.stringify(value)}`);
  }
  return `{${joined(fields)}}`;
}

/** As `join(',')`, which would copy all of it: megabytes, for each object that they lie in. */
function joined(parts: readonly string[]): string {
  let text = '';
  for (const part of parts) text += text === '' ? part : `,${part}`;
  return text;
}
