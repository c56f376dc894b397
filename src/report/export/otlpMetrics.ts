/**
 * A result as OpenTelemetry metrics: ExportMetricsServiceRequest (opentelemetry-proto 1.x, metrics/v1) in OTLP's JSON
 * encoding, where 64-bit numbers are strings and enums are numbers. Counts are cumulative since the run began.
 */
import { unixNsOf } from '../../core/time.js';
import type { RunResult } from '../../result/model.js';
import { exportBuckets, sumOf } from './exportBuckets.js';
import { exportedFamilies } from './exportedFamily.js';
import { instrumentName, UNIT_RULES } from './exportedFigure.js';
import { exportedValue, flatFamilies, type FlatFamily, type Point } from './flatFamily.js';
import type { Labels } from './exportLabels.js';
import { runAttributes } from './runInfo.js';

/** AGGREGATION_TEMPORALITY_CUMULATIVE. */
const CUMULATIVE = 2;

/** The request in parts. `given`: resource attributes of the operator's environment, which hold against ours. */
export function* otlpMetrics(result: RunResult, given: Labels = []): Generator<string> {
  const { run, tool } = result;
  const writer = new Writer(unixNsOf(run.start), unixNsOf(run.end));
  const resource = { attributes: attributes([...new Map([...runAttributes(result), ...given])]) };
  const scope = { name: tool.name, version: tool.version };
  yield `{"resourceMetrics":[{"resource":${JSON.stringify(resource)},"scopeMetrics":[{"scope":${JSON.stringify(scope)},"metrics":[`;
  let before = '';
  for (const family of exportedFamilies(result)) {
    for (const flat of flatFamilies(family)) {
      yield before + writer.metric(flat);
      before = ',';
    }
  }
  yield ']}]}]}';
}

class Writer {
  readonly #times: string;
  readonly #span: string;
  /** As JSON: hundreds of points have the same. */
  readonly #attributes = new WeakMap<Labels, string>();

  constructor(startNs: bigint, endNs: bigint) {
    this.#times = `"timeUnixNano":"${endNs}"`;
    this.#span = `"startTimeUnixNano":"${startNs}",${this.#times}`;
  }

  metric(family: FlatFamily): string {
    const head = JSON.stringify({
      name: instrumentName(family),
      description: family.help,
      unit: UNIT_RULES[family.unit].ucum,
    }).slice(0, -1);
    return `${head},${this.#data(family)}}`;
  }

  #data(family: FlatFamily): string {
    if (family.type === 'histogram') {
      return `"histogram":{"aggregationTemporality":${CUMULATIVE},"dataPoints":[${this.#histogramPoints(family)}]}`;
    }
    if (family.type === 'gauge') return `"gauge":{"dataPoints":[${family.points.map((one) => this.#gaugePoint(one))}]}`;
    const points = family.points.map((one) => this.#counterPoint(one, UNIT_RULES[family.unit].divisor === 1));
    return `"sum":{"aggregationTemporality":${CUMULATIVE},"isMonotonic":true,"dataPoints":[${points}]}`;
  }

  #gaugePoint({ labels, value }: Point): string {
    return `{"attributes":${this.#attributesOf(labels)},${this.#times},"asDouble":${value}}`;
  }

  /** `isCount`: whole numbers, and not seconds that add up. */
  #counterPoint({ labels, value }: Point, isCount: boolean): string {
    const number = isCount && Number.isSafeInteger(value) ? `"asInt":"${value}"` : `"asDouble":${value}`;
    return `{"attributes":${this.#attributesOf(labels)},${this.#span},${number}}`;
  }

  #histogramPoints({ histograms, signed, unit }: Extract<FlatFamily, { type: 'histogram' }>): string {
    return histograms
      .map(({ labels, summary }) => {
        const { bounds, upTo } = exportBuckets(summary, signed);
        const counts = upTo.map((count, i) => `"${count - (upTo[i - 1] ?? 0)}"`);
        const limits = bounds.map((bound) => exportedValue(bound, unit));
        const { count, min, max } = summary;
        let point = `{"attributes":${this.#attributesOf(labels)},${this.#span},"count":"${count}"`;
        // A sum of what may be negative does not only grow: the protocol wants it left out.
        if (!signed) point += `,"sum":${exportedValue(sumOf(summary), unit)}`;
        if (min !== null) point += `,"min":${exportedValue(min, unit)}`;
        if (max !== null) point += `,"max":${exportedValue(max, unit)}`;
        return `${point},"bucketCounts":[${counts}],"explicitBounds":[${limits}]}`;
      })
      .join(',');
  }

  #attributesOf(labels: Labels): string {
    let text = this.#attributes.get(labels);
    if (text === undefined) this.#attributes.set(labels, (text = JSON.stringify(attributes(labels))));
    return text;
  }
}

function attributes(labels: Labels): { readonly key: string; readonly value: { readonly stringValue: string } }[] {
  return labels.map(([key, stringValue]) => ({ key, value: { stringValue } }));
}
