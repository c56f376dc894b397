import { TRANSPORT_INDICATORS } from '../metrics/transportIndicators.js';
import type { IntervalRow, SenderIntervalRow, TransportIntervalRow } from './interval.js';
import { PRIORITIES } from './transportFigures.js';

interface Figure<Of extends string, Row> {
  readonly of: Of;
  readonly value: (row: Row) => number | null;
  /** Its value depends on how long the interval is: of a part of one it says nothing. */
  readonly wantsWhole: boolean;
  /** In an interval in which nothing came. */
  readonly idle: 0 | null;
}

/** A figure that is told of every interval. */
export type IntervalFigure =
  | Figure<'stream', IntervalRow>
  | Figure<'transport', TransportIntervalRow>
  /** Of each second of the media delivery index. */
  | Figure<'second', TransportIntervalRow['mdi'][number]>
  | Figure<'sender', SenderIntervalRow>;

const COUNTS = [
  'packets_received',
  'packets_expected',
  'packets_lost',
  'packets_duplicated',
  'packets_reordered',
  'packets_late',
  'packets_pending',
  'never_sent',
  'loss_network',
  'loss_socket_buffer',
  'loss_application',
  'octets_received',
] as const satisfies readonly (keyof IntervalRow)[];
const SENDER_COUNTS = [
  'scheduled',
  'sent',
  'not_sent',
  'octets_sent',
] as const satisfies readonly (keyof SenderIntervalRow)[];

const stream = (value: (row: IntervalRow) => number | null, wantsWhole = false, idle: 0 | null = null) =>
  ({ of: 'stream', value, wantsWhole, idle }) as const;
const sender = (value: (row: SenderIntervalRow) => number | null, wantsWhole = false) =>
  ({ of: 'sender', value, wantsWhole, idle: null }) as const;
const second = (value: (row: TransportIntervalRow['mdi'][number]) => number | null) =>
  ({ of: 'second', value, wantsWhole: false, idle: null }) as const;

function indicators(ids: readonly string[]): IntervalFigure {
  const value = ({ tr101290 }: TransportIntervalRow): number => ids.reduce((sum, id) => sum + (tr101290[id] ?? 0), 0);
  return { of: 'transport', value, wantsWhole: false, idle: null };
}

/** By the name that a limit has for it, which is that of the whole run's figure. */
export const INTERVAL_FIGURES: ReadonlyMap<string, IntervalFigure> = new Map<string, IntervalFigure>([
  ...COUNTS.map((name) => [name, stream((row) => row[name], false, 0)] as const),
  ['loss_ratio', stream((row) => row.loss_ratio, true)],
  ['rate_bit_per_second', stream((row) => row.rate_bit_per_second, true, 0)],
  ['jitter_ns', stream((row) => row.jitter_ns)],
  ['one_way_delay_ns.min', stream((row) => row.one_way_delay_min_ns)],
  ['one_way_delay_ns.p50', stream((row) => row.one_way_delay_p50_ns)],
  ['one_way_delay_ns.p99', stream((row) => row.one_way_delay_p99_ns)],
  ['one_way_delay_ns.max', stream((row) => row.one_way_delay_max_ns)],
  ['mdi.delay_factor_ns', second((row) => row.delay_factor_ns)],
  ['mdi.media_loss_rate', second((row) => row.media_loss_rate)],
  ...PRIORITIES.map((priority) => {
    const ids = TRANSPORT_INDICATORS.filter((one) => one.priority === priority).map(({ id }) => id);
    return [`tr101290.p${priority}`, indicators(ids)] as const;
  }),
  ...TRANSPORT_INDICATORS.map(({ id }) => [`tr101290.${id}`, indicators([id])] as const),
  ...SENDER_COUNTS.map((name) => [`sender.${name}`, sender((row) => row[name])] as const),
  ['sender.rate_bit_per_second', sender((row) => row.rate_bit_per_second, true)],
  ['sender.departure_error_ns.p50', sender((row) => row.departure_error_p50_ns)],
  ['sender.departure_error_ns.p99', sender((row) => row.departure_error_p99_ns)],
  ['sender.departure_error_ns.max', sender((row) => row.departure_error_max_ns)],
]);
