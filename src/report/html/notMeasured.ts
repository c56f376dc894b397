/** What of a stream could not be measured, or only in part, and why: each reason once. */
import { HISTOGRAM_IDS, HISTOGRAMS, METRIC_IDS, METRICS } from '../../metrics/catalog.js';
import type { Stream } from '../../result/model.js';
import { markup, NOTHING, type Markup } from './markup.js';

const LABELS: Readonly<Record<string, string>> = Object.fromEntries([
  ...METRIC_IDS.map((id) => [id, METRICS[id].label]),
  ...HISTOGRAM_IDS.map((id) => [id, HISTOGRAMS[id].label]),
  ['delay_uncertainty_ns', 'how far one-way delay may be off'],
  ['bursts', 'micro-bursts'],
]);

export function notMeasured(stream: Stream): Markup {
  const { not_measured: reasons } = stream;
  const told = new Map<string, string[]>();
  const ids = new Set<string>([...METRIC_IDS, ...HISTOGRAM_IDS, ...Object.keys(reasons)]);
  for (const id of ids) {
    const isMissing = valueOf(id, stream) === null;
    const reason = reasons[id];
    if (!isMissing && reason === undefined) continue;
    const why = isMissing ? `not measurable: ${reason ?? whyNot(id, stream)}` : `in part: ${reason}`;
    const labels = told.get(why);
    if (labels === undefined) told.set(why, [LABELS[id] ?? id]);
    else labels.push(LABELS[id] ?? id);
  }
  if (told.size === 0) return NOTHING;
  return markup`<details class="missing">
    <summary>Not measurable here, and why</summary>
    <dl>
      ${[...told].map(
        ([why, labels]) =>
          markup`<div>
            <dt>${labels.join(', ')}</dt>
            <dd>${why}</dd>
          </div>`,
      )}
    </dl>
  </details>`;
}

/** What an id of `not_measured` stands for: a metric, a histogram, or a path from the stream. */
function valueOf(id: string, stream: Stream): unknown {
  const { metrics, histograms } = stream;
  if (id in METRICS) return (metrics as Readonly<Record<string, unknown>>)[id];
  if (id in HISTOGRAMS) return (histograms as Readonly<Record<string, unknown>> | null)?.[id] ?? null;
  let value: unknown = stream;
  for (const part of id.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return null;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return value;
}

/** Where the document gives no reason, what the stream is does. */
function whyNot(id: string, { unit, metrics, histograms, role }: Stream): string {
  if (id === 'departure_error_ns') return 'it is a figure of senders';
  if (id in HISTOGRAMS) {
    const isBeyond = histograms === null && role === 'media' && (metrics.packets_received ?? 0) > 0;
    return isBeyond ? 'the stream is beyond those in detail (--detail)' : 'no value was recorded';
  }
  if (id.startsWith('messages_')) return 'the format does not number messages';
  if (unit === 'none') return 'the format does not number its datagrams';
  if (id.startsWith('reorder_extent_') && metrics.packets_reordered === 0) return 'nothing was reordered';
  if (id.startsWith('loss_period_') && metrics.loss_periods === 0) return 'nothing was lost';
  if (id.startsWith('loss_distance_')) return 'fewer than two were lost';
  return 'it was not measured';
}
