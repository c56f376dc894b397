/** How each figure was obtained: what it is, which clause defines it, which clock it comes from. */
import { BURST_FIGURES } from '../../metrics/burstFigures.js';
import {
  HISTOGRAM_IDS,
  HISTOGRAMS,
  METRIC_IDS,
  METRICS,
  type HistogramId,
  type MetricId,
} from '../../metrics/catalog.js';
import { TRANSPORT_INDICATORS } from '../../metrics/transportIndicators.js';
import type { RunResult } from '../../result/model.js';
import { MDI_FIGURES } from '../../result/transportFigures.js';
import { markup, type Markup } from './markup.js';

const MONOTONIC = 'receive stamps, moved to the monotonic clock';
const BOTH_ENDS = 'realtime of both hosts: contains their offset';
const BOTH_ENDS_DIFFERENCES = 'realtime of both hosts: a constant offset cancels out';

/** As docs/time.md has it; what counts has no clock. */
const CLOCKS: Readonly<Partial<Record<MetricId | HistogramId, string>>> = {
  rate_bit_per_second: MONOTONIC,
  rate_ip_bit_per_second: MONOTONIC,
  rate_ethernet_bit_per_second: MONOTONIC,
  rate_packets_per_second: MONOTONIC,
  active_ns: MONOTONIC,
  jitter_ns: `${MONOTONIC}, and the carried send time`,
  jitter_max_ns: `${MONOTONIC}, and the carried send time`,
  first_packet_after_join_ns: 'realtime of this host',
  packets_lost: `the reorder window: ${MONOTONIC}`,
  one_way_delay_ns: BOTH_ENDS,
  pdv_ns: BOTH_ENDS_DIFFERENCES,
  ipdv_ns: BOTH_ENDS_DIFFERENCES,
  interarrival_ns: MONOTONIC,
  wakeup_delay_ns: 'realtime of this host, within one call',
  departure_error_ns: 'monotonic clock of the sender',
};

const RULES =
  'Percentiles are within 0.8 %; minimum, mean and maximum are exact. A percentile is the smallest recorded value that so many of all do not exceed. A dash is what could not be measured, never zero.';

interface Definition {
  /** Anchor, without the prefix. */
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  readonly definition: string;
  readonly reference: string;
  readonly clock: string;
}

/** Of what the results hold, and no more. */
export function definitions(results: readonly RunResult[]): Markup {
  const all = results.flatMap((result) => [result, ...result.receivers.flatMap((one) => one.result ?? [])]);
  const streams = all.flatMap((result) => result.streams);
  const hasTransport = streams.some(({ transport }) => transport !== null);
  const rows: Definition[] = [];
  if (streams.length > 0) rows.push(...METRIC_IDS.map((id) => described(METRICS[id], CLOCKS[id])));
  rows.push(...HISTOGRAM_IDS.map((id) => described(HISTOGRAMS[id], CLOCKS[id])));
  if (streams.some(({ bursts }) => bursts !== null)) {
    rows.push(
      ...BURST_FIGURES.map((one) => ({
        ...one,
        id: `burst-${one.id.replaceAll(/[<>]/gu, '')}`,
        name: `burst ${one.id}`,
        clock: MONOTONIC,
      })),
    );
  }
  if (streams.some(({ mdi }) => mdi !== null)) {
    rows.push(...MDI_FIGURES.map((one) => ({ ...one, id: `mdi-${one.id}`, name: `MDI ${one.id}`, clock: MONOTONIC })));
  }
  if (hasTransport) {
    rows.push(
      ...TRANSPORT_INDICATORS.map(({ id, name, clause, definition }) => ({
        id,
        name,
        unit: 'errors',
        definition,
        reference: `ETSI TR 101 290 section ${clause}`,
        clock: '',
      })),
    );
  }
  return markup`<p class="note">${RULES}</p>
    <div class="scroll">
      <table class="definitions">
        <thead>
          <tr>
            <th scope="col" class="t">figure</th>
            <th scope="col" class="t">unit</th>
            <th scope="col" class="t">what it is</th>
            <th scope="col" class="t">defined in</th>
            <th scope="col" class="t">clock</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              markup`<tr id="d-${row.id}">
                <th scope="row" class="t long">${row.name}</th>
                <td class="t">${row.unit}</td>
                <td class="t long">${row.definition}</td>
                <td class="t long">${row.reference}</td>
                <td class="t long">${row.clock}</td>
              </tr> `,
          )}
        </tbody>
      </table>
    </div>`;
}

function described(
  { id, label, unit, definition, reference }: (typeof METRICS)[MetricId],
  clock: string | undefined,
): Definition {
  return { id, name: label, unit, definition, reference, clock: clock ?? '' };
}
