/**
 * Results, intervals and events in InfluxDB's line protocol: `measurement,tag=value field=1,other=2i 1790000000000000000`.
 * Counts are integers there (`i`), all else is floating point, so that a field never changes its type.
 */
import { unixNsOf } from '../../core/time.js';
import { PERCENTILE_IDS } from '../../metrics/catalog.js';
import type { IntervalRow, SenderIntervalRow, TransportIntervalRow } from '../../result/interval.js';
import type { IntervalOthers } from '../../result/intervalOthers.js';
import type { EventRecord, HistogramSummary, RunResult } from '../../result/model.js';
import { exportedFamilies, type SampleValue } from './exportedFamily.js';
import { fieldName, isWhole, measurementName, type ExportedFigure, type ExportUnit } from './exportedFigure.js';
import { exportedValue } from './flatFamily.js';
import { harmless, labelsOf, type Labels } from './exportLabels.js';
import { INTERVAL_UNITS, intervalField, MDI_UNITS, SENDER_INTERVAL_UNITS } from './intervalFigures.js';

/**
 * What was measured since the run began: a line for each stream and other thing that has figures. Of what is longer
 * than `mostOctets` further lines with the same tags and time, which InfluxDB takes for one.
 */
export function* influxResult(result: RunResult, runTags: Labels, mostOctets = Infinity): Generator<string> {
  const timeNs = unixNsOf(result.run.end);
  const lines = new Map<string, string[]>();
  const heads = new Map<string, WeakMap<Labels, string[]>>();
  for (const { figure, samples } of exportedFamilies(result)) {
    const measurement = measurementName(figure);
    let known = heads.get(measurement);
    if (known === undefined) heads.set(measurement, (known = new WeakMap()));
    for (const { labels, value } of samples) {
      let fields = known.get(labels);
      if (fields === undefined) {
        const head = headOf(measurement, runTags, labels);
        fields = lines.get(head) ?? [];
        lines.set(head, fields);
        known.set(labels, fields);
      }
      fields.push(...fieldsOf(figure, value));
    }
    // Nothing to tell yet, but a place to pause.
    yield '';
  }
  for (const [head, fields] of lines) {
    // Heads may have characters of several octets; fields have none.
    const room = mostOctets - 4 * head.length - String(timeNs).length - 3;
    let line = '';
    for (const field of fields) {
      if (line !== '' && line.length + 1 + field.length > room) {
        yield `${head} ${line} ${timeNs}\n`;
        line = '';
      }
      line += line === '' ? field : `,${field}`;
    }
    if (line !== '') yield `${head} ${line} ${timeNs}\n`;
  }
}

function fieldsOf(figure: ExportedFigure, value: SampleValue): string[] {
  const { unit, base, kind } = figure;
  const name = fieldKey(fieldName(figure));
  if (kind === 'state') return [`${name}=${quoted(value as string)}`];
  if (typeof value === 'boolean') return [`${name}=${value}`];
  if (typeof value === 'object') return distributionFields(base, unit, value);
  const number = exportedValue(value, unit);
  return [isWhole({ kind, unit }) ? integer(name, number) : `${name}=${number}`];
}

function distributionFields(base: string, unit: ExportUnit, summary: HistogramSummary): string[] {
  const fields = [integer(fieldKey(`${base}_count`), summary.count)];
  for (const id of ['min', 'mean', 'max', ...PERCENTILE_IDS] as const) {
    const value = summary[id];
    if (value === null) continue;
    fields.push(`${fieldKey(fieldName({ base: `${base}_${id}`, unit }))}=${exportedValue(value, unit)}`);
  }
  return fields;
}

function integer(name: string, value: number): string {
  return `${name}=${value}${Number.isSafeInteger(value) ? 'i' : ''}`;
}

export interface InfluxInterval {
  /** End of the interval, RFC 3339, and from the beginning of the run. */
  readonly time: string;
  readonly endNs: number;
  readonly rows: readonly IntervalRow[];
  /** Streams without a row; `null`: none. */
  readonly others: IntervalOthers | null;
  readonly senderRows: readonly SenderIntervalRow[];
  readonly transportRows: readonly TransportIntervalRow[];
}

/**
 * What came in one interval: a line for each stream, one for those without a row, and one for each second of the media
 * delivery index of a stream.
 */
export function* influxInterval(interval: InfluxInterval, runTags: Labels): Generator<string> {
  const timeNs = unixNsOf(interval.time);
  for (const row of interval.rows) yield* rowLine('mcast_interval', row, INTERVAL_UNITS, runTags, timeNs);
  const { others } = interval;
  if (others !== null) {
    // Of a name of its own: sums over streams stay sums over streams.
    const fields = `${integer('streams', others.streams)},${figuresIn(others, INTERVAL_UNITS)}`;
    yield `${headOf('mcast_interval_others', runTags, [])} ${fields} ${timeNs}\n`;
  }
  for (const row of interval.senderRows)
    yield* rowLine('mcast_sender_interval', row, SENDER_INTERVAL_UNITS, runTags, timeNs);
  for (const { stream, mdi, tr101290 } of interval.transportRows) {
    const row = interval.rows.find((one) => one.stream === stream);
    const labels = row === undefined ? labelsOf({ stream }) : identityOf(row);
    for (const second of mdi) {
      const fields = figuresIn(second, MDI_UNITS);
      const endNs = timeNs - BigInt(Math.round(interval.endNs - second.end_ns));
      if (fields !== '') yield `${headOf('mcast_mdi_second', runTags, labels)} ${fields} ${endNs}\n`;
    }
    const raised = Object.entries(tr101290).map(([id, count]) => integer(fieldKey(id), count));
    if (raised.length > 0)
      yield `${headOf('mcast_tr101290_interval', runTags, labels)} ${raised.join(',')} ${timeNs}\n`;
  }
}

function identityOf(row: IntervalRow | SenderIntervalRow): Labels {
  const { stream, name, group, port } = row;
  return labelsOf({ stream, name, group, port, flow: 'flow' in row ? row.flow : null });
}

function* rowLine(
  measurement: string,
  row: IntervalRow | SenderIntervalRow,
  units: Readonly<Record<string, ExportUnit>>,
  runTags: Labels,
  timeNs: bigint,
): Generator<string> {
  const fields = figuresIn(row, units);
  if (fields !== '') yield `${headOf(measurement, runTags, identityOf(row))} ${fields} ${timeNs}\n`;
}

/** Integers where the unit is no quotient: these are counts. */
function figuresIn(row: object, units: Readonly<Record<string, ExportUnit>>): string {
  const fields: string[] = [];
  for (const [key, unit] of Object.entries(units)) {
    const value = (row as Readonly<Record<string, number | null>>)[key];
    if (value === null || value === undefined) continue;
    const name = fieldKey(intervalField(key, unit));
    const isCount = unit === 'packets' || unit === 'none' || unit === 'octets';
    fields.push(isCount ? integer(name, value) : `${name}=${exportedValue(value, unit)}`);
  }
  return fields.join(',');
}

/** An event: annotations of a dashboard are made of these. */
export function influxEvent({ event, time, stream, text }: EventRecord, runTags: Labels): string {
  const head = headOf('mcast_event', runTags, labelsOf({ event, stream }));
  return `${head} text=${quoted(harmless(text))} ${unixNsOf(time)}\n`;
}

/** Tags in the order of their names, which InfluxDB advises; of two of one name the figure's own. */
function headOf(measurement: string, runTags: Labels, labels: Labels): string {
  let head = measurement.replaceAll(/[, ]/gu, String.raw`\$&`);
  const tags = new Map([...runTags, ...labels]);
  for (const name of [...tags.keys()].toSorted()) head += `,${fieldKey(name)}=${tagValue(tags.get(name)!)}`;
  return head;
}

/** Keys of tags and fields, and values of tags, have the same special characters. */
function fieldKey(text: string): string {
  return text.replaceAll(/[,= ]/gu, String.raw`\$&`);
}

/** A backslash at the end would escape what follows the value, and there is no way to write one there. */
function tagValue(text: string): string {
  return fieldKey(text).replace(/\\+$/u, (end) => '/'.repeat(end.length));
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/gu, String.raw`\$&`)}"`;
}
