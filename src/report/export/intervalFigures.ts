/** What of an interval's rows is exported: units, by the names that the rows have. */
import type { IntervalRow, SenderIntervalRow, TransportIntervalRow } from '../../result/interval.js';
import { baseOf, fieldName, type ExportUnit } from './exportedFigure.js';

type Identity = 'stream' | 'name' | 'group' | 'port' | 'flow';
/** Every figure of a row: one that is added has to be added here. */
type Units<Row> = Readonly<Record<Exclude<keyof Row, Identity>, ExportUnit>>;

export const INTERVAL_UNITS = {
  packets_received: 'packets',
  packets_expected: 'packets',
  packets_lost: 'packets',
  packets_duplicated: 'packets',
  packets_reordered: 'packets',
  packets_late: 'packets',
  packets_pending: 'packets',
  never_sent: 'none',
  loss_network: 'none',
  loss_socket_buffer: 'none',
  loss_application: 'none',
  loss_ratio: 'ratio',
  octets_received: 'octets',
  rate_bit_per_second: 'bit/s',
  jitter_ns: 'ns',
  one_way_delay_min_ns: 'ns',
  one_way_delay_p50_ns: 'ns',
  one_way_delay_p99_ns: 'ns',
  one_way_delay_max_ns: 'ns',
} as const satisfies Units<IntervalRow>;

export const SENDER_INTERVAL_UNITS = {
  scheduled: 'packets',
  sent: 'packets',
  not_sent: 'packets',
  octets_sent: 'octets',
  rate_bit_per_second: 'bit/s',
  departure_error_p50_ns: 'ns',
  departure_error_p99_ns: 'ns',
  departure_error_max_ns: 'ns',
} as const satisfies Units<SenderIntervalRow>;

/** One second of the media delivery index: what was lost in it is a count. */
export const MDI_UNITS = {
  delay_factor_ns: 'ns',
  media_loss_rate: 'packets',
} as const satisfies Partial<Record<keyof TransportIntervalRow['mdi'][number], ExportUnit>>;

/** The name that a figure of a row has where all are in base units. */
export function intervalField(key: string, unit: ExportUnit): string {
  return fieldName({ base: baseOf(key, unit), unit });
}
