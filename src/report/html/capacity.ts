/** The highest rate that receivers get, and how it was found. */
import { formatCount, formatDuration, formatRate, formatRatio } from '../../core/format.js';
import type { Capacity, CapacitySearch } from '../../result/model.js';
import { CAPACITY_STOPS, OBSTACLES } from '../textCapacity.js';
import { badIf, foreign, orNone } from './cell.js';
import { chart } from './chart.js';
import { facts } from './facts.js';
import { markup, NOTHING, type Markup } from './markup.js';
import { linePath } from './paths.js';
import { spanScale, straightScale } from './scale.js';
import { table } from './table.js';

/** Columns of a drawing: steps are as long as they were. */
const COLUMNS = 480;

type Trial = CapacitySearch['trials'][number];
type Short = CapacitySearch['limiting'][number];

export function capacity(of: Capacity): Markup {
  return markup`${facts([
    { name: 'method', value: of.method === 'binary' ? 'by trials (RFC 2544)' : 'continuous (RFC 9097)' },
    { name: 'loss at most', value: formatRatio(of.max_loss_ratio) },
    { name: 'receivers that must get it', value: `${formatCount(of.quorum)} of ${formatCount(of.receivers.length)}` },
    { name: 'tried at most', value: formatRate(of.highest_bit_per_second) },
  ])}${of.searches.length === 0 && markup`<p class="bad">Nothing was found.</p>`}${of.searches.map(search)}`;
}

function search(of: CapacitySearch): Markup {
  const { rate_bit_per_second: rate, obstacle } = of;
  return markup`<h3>${formatCount(of.size_octets)} octets of UDP payload <small>${CAPACITY_STOPS[of.stop]}</small></h3>
    ${facts([
      { name: 'highest rate that held, Ethernet', value: badIf(rate === 0, formatRate(rate)) },
      { name: 'of UDP payload', value: formatRate(of.rate_payload_bit_per_second) },
      { name: 'of IP', value: formatRate(of.rate_ip_bit_per_second) },
      { name: 'on the wire', value: formatRate(of.rate_wire_bit_per_second) },
      { name: 'datagrams', value: `${formatCount(of.rate_packets_per_second)}/s` },
      { name: 'lowest that did not hold', value: orNone(formatRate(of.failing_bit_per_second)) },
      { name: 'delivered of the highest', value: orNone(formatRate(of.delivered_bit_per_second)) },
      { name: 'confirmed', value: of.confirmed ? 'yes' : 'no' },
      { name: 'limited by', value: obstacle === null ? 'nothing that was seen' : OBSTACLES[obstacle] },
      { name: 'took', value: formatDuration(of.elapsed_ns) },
    ])}${drawing(of)}${short(of.limiting, 'Who did not get the lowest rates that failed')}
    ${short(of.missing, 'Receivers beyond the quorum that did not get the rate')}${trials(of.trials)}`;
}

/** What was sent, and what came, step by step: each until the next one began. */
function drawing({ points }: CapacitySearch): Markup {
  const count = points.at_ns.length;
  if (count < 2) return NOTHING;
  const from = points.at_ns[0]!;
  const to = points.at_ns.at(-1)!;
  const steps = stepsInForce(points.at_ns, from, to);
  const drawn = (values: readonly number[]): number[] => steps.map((step) => values[step]!);
  const [sent, delivered] = [drawn(points.rate_bit_per_second), drawn(points.delivered_bit_per_second)];
  const rates = straightScale(0, Math.max(...points.rate_bit_per_second), formatRate);
  return markup`<div class="charts">${chart({
    title: 'Rate of each step',
    summary: `${formatCount(count)} steps from ${formatDuration(from)} to ${formatDuration(to)}`,
    keys: [
      { look: 'line c-rate', label: 'sent' },
      { look: 'line c-delay', label: 'delivered' },
    ],
    columns: COLUMNS,
    layers: [
      { path: linePath(sent, rates.at), look: 'line c-rate' },
      { path: linePath(delivered, rates.at), look: 'line c-delay' },
    ],
    levels: rates.ticks,
    ticks: spanScale(from, to, formatDuration).ticks,
  })}</div>`;
}

/** Of each column the step that was being sent; `atNs`: when each began, ascending. */
function stepsInForce(atNs: readonly number[], fromNs: number, toNs: number): number[] {
  let step = 0;
  return Array.from({ length: COLUMNS }, (_, column) => {
    const ns = fromNs + (column * (toNs - fromNs)) / (COLUMNS - 1);
    while (step + 1 < atNs.length && atNs[step + 1]! <= ns) step++;
    return step;
  });
}

function short(list: readonly Short[], caption: string): Markup {
  if (list.length === 0) return NOTHING;
  return table<Short>(
    list,
    [
      { head: 'receiver', cell: ({ receiver }) => foreign(receiver), text: 'long' },
      { head: 'delivered', cell: ({ delivered_ratio: ratio }) => formatRatio(ratio) },
      { head: 'loss ratio', cell: ({ loss_ratio: ratio }) => formatRatio(ratio) },
      { head: 'because of', cell: ({ obstacle }) => obstacle?.replace('_', ' ') ?? '', text: 'short' },
    ],
    { caption },
  );
}

function trials(list: readonly Trial[]): Markup {
  if (list.length === 0) return NOTHING;
  return markup`<details><summary>Trials</summary>${table<Trial>(
    list,
    [
      { head: 'at', cell: ({ at_ns: ns }) => formatDuration(ns) },
      { head: 'to', cell: ({ purpose }) => purpose, text: 'short' },
      { head: 'lasted', cell: ({ duration_ns: ns }) => formatDuration(ns) },
      { head: 'rate', cell: ({ rate_bit_per_second: rate }) => formatRate(rate) },
      { head: 'delivered', cell: ({ delivered_bit_per_second: rate }) => formatRate(rate) },
      { head: 'not sent', cell: ({ not_sent_ratio: ratio }) => formatRatio(ratio) },
      { head: 'held', cell: ({ passed }) => (passed ? 'yes' : 'no'), text: 'short' },
      { head: 'because of', cell: ({ obstacle }) => obstacle?.replace('_', ' ') ?? '', text: 'short' },
    ],
    { tone: ({ passed }) => (passed ? null : 'dim') },
  )}</details>`;
}
