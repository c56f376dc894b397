/** The figures that are asked for first, large. */
import { formatCount, formatDuration, formatRate, formatRatio } from '../../core/format.js';
import type {
  Aggregate,
  Arbitration,
  Capacity,
  Receiver,
  RunResult,
  Sender,
  StreamMetrics,
} from '../../result/model.js';
import { formatNamed } from '../figure.js';
import { markup, NOTHING, type Markup } from './markup.js';

/** Of as many sizes the capacity stands large. */
const MOST_SEARCHES = 6;

interface KeyFigure {
  readonly name: string;
  readonly value: string;
  readonly below?: string;
  readonly isBad?: boolean;
}

export function keyFigures(result: RunResult): Markup {
  const list = figuresOf(result);
  if (list.length === 0) return NOTHING;
  return markup`<dl class="tiles">
    ${list.map(
      ({ name, value, below, isBad }) =>
        markup`<div${isBad === true && markup` class="bad"`}>
          <dt>${name}</dt>
          <dd>${value}${below !== undefined && markup`<small>${below}</small>`}</dd>
        </div>`,
    )}
  </dl>`;
}

function figuresOf(result: RunResult): KeyFigure[] {
  if (result.zap !== null) return [];
  if (result.capacity !== null) return ofSearches(result.capacity);
  if (result.arbitration !== null) return [...ofLegs(result.arbitration), ...times(result.aggregate)];
  if (result.aggregate !== null && hasArrivals(result)) {
    return [...arrivals(result.aggregate), ...remaining(result), ...times(result.aggregate)];
  }
  return result.sender === null ? [] : [...ofSender(result.sender), ...ofReceivers(result.receivers)];
}

/** Of a transport stream in a file nothing arrived. */
function hasArrivals({ streams }: RunResult): boolean {
  return streams.some(({ group, format }) => group !== '' || format === 'others');
}

function unitsOf(metrics: StreamMetrics): 'messages' | 'packets' {
  return metrics.messages_expected !== null && metrics.packets_expected === null ? 'messages' : 'packets';
}

function arrivals({ metrics, streams }: Aggregate): KeyFigure[] {
  const unit = unitsOf(metrics);
  const lost = metrics[`${unit}_lost`];
  return [
    { name: streams === 1 ? 'stream' : 'streams', value: formatCount(streams) },
    {
      name: unit === 'packets' ? 'received' : 'messages received',
      value: formatCount(metrics[`${unit}_received`]),
      below: `of ${formatCount(metrics[`${unit}_expected`])} expected`,
    },
    { name: 'lost', value: formatCount(lost), below: formatRatio(metrics.loss_ratio), isBad: (lost ?? 0) > 0 },
    { name: 'rate', value: formatRate(metrics.rate_bit_per_second), below: 'UDP payload' },
  ];
}

/** After repair, where one stream had some. */
function remaining({ streams }: RunResult): KeyFigure[] {
  const repaired = streams.filter(({ role, after }) => role === 'media' && after !== null);
  if (repaired.length !== 1) return [];
  const { metrics } = repaired[0]!.after!;
  const lost = metrics[`${unitsOf(metrics)}_lost`];
  return [
    {
      name: 'lost after repair',
      value: formatCount(lost),
      below: formatRatio(metrics.loss_ratio),
      isBad: (lost ?? 0) > 0,
    },
  ];
}

function times(aggregate: Aggregate | null): KeyFigure[] {
  if (aggregate === null) return [];
  const delay = aggregate.histograms.one_way_delay_ns;
  const list: KeyFigure[] = [];
  if (delay !== null && delay.count > 0) {
    list.push({
      name: 'one-way delay p50',
      value: formatDuration(delay.p50),
      below: `p99 ${formatDuration(delay.p99)}`,
    });
  }
  const { jitter_ns: jitter, jitter_max_ns: most } = aggregate.metrics;
  if (jitter !== null)
    list.push({ name: 'jitter', value: formatDuration(jitter), below: `highest ${formatDuration(most)}` });
  return list;
}

function ofLegs({ legs, unit, packets_expected, both_lost, remaining_lost }: Arbitration): KeyFigure[] {
  return [
    { name: `${unit ?? 'number'}s expected`, value: formatCount(packets_expected) },
    ...legs.map(({ leg, packets_lost, loss_ratio }) => ({
      name: `lost on leg ${leg}`,
      value: formatCount(packets_lost),
      below: formatNamed('loss_ratio', loss_ratio),
    })),
    { name: 'lost on both', value: formatCount(both_lost) },
    { name: 'lost after repair', value: formatCount(remaining_lost), isBad: remaining_lost > 0 },
  ];
}

function ofSearches({ searches }: Capacity): KeyFigure[] {
  return searches.slice(0, MOST_SEARCHES).map(({ size_octets: size, rate_bit_per_second: rate }) => ({
    name: `with ${formatCount(size)} octets`,
    value: formatRate(rate),
    below: 'Ethernet frames',
    isBad: rate === 0,
  }));
}

function ofSender(sender: Sender): KeyFigure[] {
  const error = sender.departure_error_ns;
  return [
    { name: 'sent', value: formatCount(sender.sent), below: `of ${formatCount(sender.scheduled)} scheduled` },
    { name: 'not sent', value: formatCount(sender.not_sent), isBad: (sender.not_sent ?? 0) > 0 },
    { name: 'rate', value: formatRate(sender.rate_bit_per_second), below: 'UDP payload' },
    ...(error === null
      ? []
      : [{ name: 'departure error p50', value: formatDuration(error.p50), below: `p99 ${formatDuration(error.p99)}` }]),
  ];
}

/** The receiver that lost most. */
function ofReceivers(receivers: readonly Receiver[]): KeyFigure[] {
  if (receivers.length === 0) return [];
  const ratios = receivers.flatMap(({ name, result }) => {
    const ratio = result?.aggregate?.metrics.loss_ratio ?? null;
    return ratio === null ? [] : [{ name, ratio }];
  });
  const list: KeyFigure[] = [{ name: 'receivers', value: formatCount(receivers.length) }];
  if (ratios.length === 0) return list;
  const worst = ratios.reduce((most, one) => (one.ratio > most.ratio ? one : most));
  const isBad = worst.ratio > 0;
  return [
    ...list,
    {
      name: 'highest loss ratio',
      value: formatRatio(worst.ratio),
      below: isBad ? worst.name : 'at all of them',
      isBad,
    },
  ];
}
