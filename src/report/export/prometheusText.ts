/** A result for Prometheus to read: OpenMetrics 1.0, and Prometheus' own text format 0.0.4. */
import type { RunResult } from '../../result/model.js';
import { exportBuckets, sumOf } from './exportBuckets.js';
import { exportedFamilies } from './exportedFamily.js';
import { familyName, UNIT_RULES, type ExportUnit } from './exportedFigure.js';
import { exportedValue, flatFamilies, type FlatFamily } from './flatFamily.js';
import { canonicalNumber } from './exportedNumber.js';
import type { Labels } from './exportLabels.js';
import { runInfo } from './runInfo.js';

export type ExpositionFormat = 'openmetrics' | 'text';

/** `Content-Type` of each. */
export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  text: 'text/plain; version=0.0.4; charset=utf-8',
};

/** The exposition, in parts of at most some hundred lines. */
export function* prometheusText(result: RunResult, format: ExpositionFormat): Generator<string> {
  const writer = new Writer(format);
  yield writer.info(result);
  for (const family of exportedFamilies(result)) {
    for (const flat of flatFamilies(family)) yield* writer.family(flat);
  }
  if (format === 'openmetrics') yield '# EOF\n';
}

class Writer {
  readonly #format: ExpositionFormat;
  /** All histograms have the same few. */
  readonly #bounds = new Map<readonly number[], readonly string[]>();
  /** Without their braces. */
  readonly #texts = new WeakMap<Labels, string>();

  constructor(format: ExpositionFormat) {
    this.#format = format;
  }

  info(result: RunResult): string {
    const isOpen = this.#format === 'openmetrics';
    const name = 'mcast_run';
    const head = this.#head(
      isOpen ? name : `${name}_info`,
      isOpen ? 'info' : 'gauge',
      null,
      'What is measured, and where.',
    );
    return `${head}${name}_info{${this.#labels(runInfo(result))}} 1\n`;
  }

  *family(family: FlatFamily): Generator<string> {
    const { type, unit, help } = family;
    const name = familyName(family);
    if (type === 'histogram') {
      yield* this.#histograms(name, family);
      return;
    }
    const sampleName = type === 'counter' ? `${name}_total` : name;
    // OpenMetrics names the family, the older format the sample.
    let text = this.#head(this.#format === 'openmetrics' ? name : sampleName, type, UNIT_RULES[unit].suffix, help);
    for (const { labels, value } of family.points) text += `${sampleName}${this.#braced(labels)} ${value}\n`;
    yield text;
  }

  *#histograms(name: string, family: Extract<FlatFamily, { type: 'histogram' }>): Generator<string> {
    const { unit, signed, help } = family;
    yield this.#head(name, 'histogram', UNIT_RULES[unit].suffix, help);
    for (const { labels, summary } of family.histograms) {
      const { bounds, upTo } = exportBuckets(summary, signed);
      const before = this.#labels(labels);
      const start = `${name}_bucket{${before}${before === '' ? '' : ','}le="`;
      const ends = this.#boundTexts(bounds, unit);
      let text = '';
      for (const [i, count] of upTo.entries()) text += `${start}${ends[i]}"} ${count}\n`;
      // A sum that may fall is no counter: OpenMetrics 1.0 forbids it, and the count with it.
      if (!signed || this.#format === 'text') {
        text += `${name}_sum${this.#braced(labels)} ${exportedValue(sumOf(summary), unit)}\n`;
        text += `${name}_count${this.#braced(labels)} ${summary.count}\n`;
      }
      yield text;
    }
  }

  #boundTexts(bounds: readonly number[], unit: ExportUnit): readonly string[] {
    let texts = this.#bounds.get(bounds);
    if (texts === undefined) {
      texts = [...bounds.map((bound) => canonicalNumber(exportedValue(bound, unit))), '+Inf'];
      this.#bounds.set(bounds, texts);
    }
    return texts;
  }

  #head(name: string, type: string, unit: string | null, help: string): string {
    const isOpen = this.#format === 'openmetrics';
    const unitLine = isOpen && unit !== null ? `# UNIT ${name} ${unit}\n` : '';
    return `# HELP ${name} ${isOpen ? escaped(help) : escapedHelp(help)}\n# TYPE ${name} ${type}\n${unitLine}`;
  }

  #braced(labels: Labels): string {
    const text = this.#labels(labels);
    return text === '' ? '' : `{${text}}`;
  }

  #labels(labels: Labels): string {
    let text = this.#texts.get(labels);
    if (text === undefined) {
      text = '';
      for (const [name, value] of labels) text += `${text === '' ? '' : ','}${name}="${escaped(value)}"`;
      this.#texts.set(labels, text);
    }
    return text;
  }
}

/** Most texts have nothing to escape. */
const TO_ESCAPE = /[\\\n"]/u;

function escapedHelp(text: string): string {
  if (!TO_ESCAPE.test(text)) return text;
  return text.replaceAll('\\', String.raw`\\`).replaceAll('\n', String.raw`\n`);
}

function escaped(text: string): string {
  return TO_ESCAPE.test(text) ? escapedHelp(text).replaceAll('"', String.raw`\"`) : text;
}
