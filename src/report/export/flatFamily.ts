/** Families as formats have them that know counters, gauges and histograms. */
import { unixNsOf } from '../../core/time.js';
import { PERCENTILE_IDS } from '../../metrics/catalog.js';
import type { HistogramSummary } from '../../result/model.js';
import type { ExportedFamily, Sample } from './exportedFamily.js';
import { UNIT_RULES, type ExportedFigure, type ExportUnit } from './exportedFigure.js';
import type { Labels } from './exportLabels.js';

export interface Point {
  readonly labels: Labels;
  /** In the exported unit. */
  readonly value: number;
}

interface Flat {
  readonly subject: string;
  readonly base: string;
  readonly unit: ExportUnit;
  readonly help: string;
}

/** `samples` of a histogram are in the document's unit: buckets count in it. */
export type FlatFamily = Flat &
  (
    | { readonly type: 'counter' | 'gauge'; readonly points: readonly Point[] }
    | {
        readonly type: 'histogram';
        readonly signed: boolean;
        readonly histograms: readonly { readonly labels: Labels; readonly summary: HistogramSummary }[];
      }
  );

/** A value of the document in the exported unit. */
export function exportedValue(value: number | boolean | string, unit: ExportUnit): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return Number(unixNsOf(value)) / 1e9;
  return value / UNIT_RULES[unit].divisor;
}

/** Several of a distribution: its buckets, and what the document says beside them. */
export function flatFamilies({ figure, samples }: ExportedFamily): readonly FlatFamily[] {
  const { subject, base, unit, help, kind } = figure;
  const flat = { subject, base, unit, help };
  if (kind === 'state') return [{ ...flat, type: 'gauge', points: samples.flatMap((one) => statePoints(one, figure)) }];
  if (kind !== 'distribution' && kind !== 'shifting') {
    const points = samples.map(({ labels, value }) => ({ labels, value: exportedValue(value as number, unit) }));
    return [{ ...flat, type: kind, points }];
  }
  const histograms = samples.map(({ labels, value }) => ({ labels, summary: value as HistogramSummary }));
  const gauge = (name: 'min' | 'mean' | 'max', word: string): FlatFamily => ({
    ...flat,
    base: `${base}_${name}`,
    help: `${word} of the run so far. ${help}`,
    type: 'gauge',
    points: histograms.flatMap(({ labels, summary: { [name]: value } }) =>
      value === null ? [] : [{ labels, value: exportedValue(value, unit) }],
    ),
  });
  const extremes = [gauge('min', 'Smallest'), gauge('mean', 'Mean'), gauge('max', 'Largest')];
  const percentiles: FlatFamily = {
    ...flat,
    base: `${base}_percentile`,
    help: `Percentiles of the run so far. ${help}`,
    type: 'gauge',
    points: histograms.flatMap(({ labels, summary }) =>
      PERCENTILE_IDS.flatMap((id) => {
        const value = summary[id];
        return value === null
          ? []
          : [{ labels: [...labels, ['percentile', id] as const], value: exportedValue(value, unit) }];
      }),
    ),
  };
  if (kind === 'shifting') return [...extremes, percentiles];
  return [{ ...flat, type: 'histogram', signed: figure.signed, histograms }, ...extremes, percentiles];
}

function statePoints({ labels, value }: Sample, { states }: ExportedFigure): Point[] {
  return states.map((state) => ({ labels: [...labels, ['state', state]], value: state === value ? 1 : 0 }));
}
