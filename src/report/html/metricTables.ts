/** All metrics of a stream in groups. */
import { dscpName } from '../../core/dscp.js';
import { formatCount } from '../../core/format.js';
import { METRICS, type MetricId } from '../../metrics/catalog.js';
import type { Stream, StreamMetrics } from '../../result/model.js';
import { formatUnit } from '../figure.js';
import { orNone } from './cell.js';
import { markup, type Markup } from './markup.js';

/** Every metric of the catalogue stands in one of them. */
export const METRIC_GROUPS: Readonly<Record<string, readonly MetricId[]>> = {
  'What came': [
    'packets_received',
    'packets_expected',
    'messages_received',
    'messages_expected',
    'octets_received',
    'markers_received',
    'active_ns',
    'rate_bit_per_second',
    'rate_ip_bit_per_second',
    'rate_ethernet_bit_per_second',
    'rate_packets_per_second',
  ],
  Loss: [
    'packets_lost',
    'messages_lost',
    'loss_ratio',
    'loss_network',
    'loss_socket_buffer',
    'loss_application',
    'never_sent',
    'packets_late',
    'packets_pending',
    'loss_periods',
    'loss_period_min',
    'loss_period_mean',
    'loss_period_max',
    'loss_distance_min',
    'loss_distance_mean',
    'loss_distance_max',
  ],
  'Copies and order': [
    'packets_duplicated',
    'messages_duplicated',
    'duplication_ratio',
    'packets_reordered',
    'messages_reordered',
    'reordered_ratio',
    'reorder_extent_mean',
    'reorder_extent_max',
  ],
  'Time and path': [
    'jitter_ns',
    'jitter_max_ns',
    'first_packet_after_join_ns',
    'dscp_received',
    'dscp_sent',
    'ecn_ce_received',
    'ttl_min',
    'ttl_max',
    'ttl_sent',
    'hops_min',
    'hops_max',
    'shared_time_datagrams',
    'user_time_datagrams',
  ],
};

/** Metrics of which any count is bad news. */
const BAD: ReadonlySet<MetricId> = new Set(['packets_lost', 'messages_lost', 'loss_ratio', 'packets_late']);

export interface Measured {
  readonly metrics: StreamMetrics;
  readonly not_measured: Readonly<Record<string, string>>;
  /** What remained after repair. */
  readonly after?: Stream['after'];
}

/** Those with a value; in a column of their own those after repair, of what repair changes. */
export function metricTables({ metrics, after = null }: Measured): Markup {
  return markup`<div class="groups${after !== null && ' pairs'}">${Object.entries(METRIC_GROUPS).map(([title, ids]) => {
    const left = after !== null && ids.some((id) => after.metrics[id] !== null) ? after.metrics : null;
    const known = ids.filter((id) => metrics[id] !== null || (left !== null && left[id] !== null));
    return known.length > 0 && groupTable(title, known, metrics, left);
  })}</div>`;
}

function groupTable(
  title: string,
  ids: readonly MetricId[],
  metrics: StreamMetrics,
  left: StreamMetrics | null,
): Markup {
  return markup`<table>
    <caption>${title}</caption>
    ${left !== null && markup`<thead><tr><td></td><th scope="col">arrived</th><th scope="col">after repair</th></tr></thead>`}
    <tbody>${ids.map(
      (id) => markup`<tr>
        <th scope="row"><a href="#d-${id}">${METRICS[id].label}</a></th>
        ${metricCell(id, metrics)}${left !== null && metricCell(id, left)}
      </tr>`,
    )}</tbody>
  </table>`;
}

function metricCell(id: MetricId, metrics: StreamMetrics): Markup {
  const isBad = BAD.has(id) && Number(metrics[id]) > 0;
  const look = id === 'dscp_received' ? 'long' : isBad ? 'bad' : null;
  return markup`<td${look !== null && markup` class="${look}"`}>${orNone(metricText(id, metrics))}</td>`;
}

/** A metric as the page shows it. */
export function metricText(id: MetricId, metrics: StreamMetrics): string {
  if (id === 'dscp_received') return dscpText(metrics.dscp_received);
  return formatUnit(metrics[id], METRICS[id].unit);
}

function dscpText(received: StreamMetrics['dscp_received']): string {
  if (received === null) return formatUnit(null, 'dscp');
  return Object.entries(received)
    .map(([dscp, count]) => `${dscpName(Number(dscp))} ${formatCount(count)}`)
    .join(', ');
}
