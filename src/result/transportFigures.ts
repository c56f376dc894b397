/** Figures of a transport stream that limits name: `streams[].mdi` and `streams[].tr101290`. */
import { TRANSPORT_INDICATORS } from '../metrics/transportIndicators.js';

export interface MdiFigure {
  readonly id: string;
  readonly unit: 'ns' | 'packets/s' | 'bit/s' | 's' | 'intervals';
  readonly definition: string;
  readonly reference: string;
}

const DF = 'RFC 4445 section 3.1';
const MLR = 'RFC 4445 section 3.2';

/** `streams[].mdi`, in the order in which they are written. */
export const MDI_FIGURES = [
  {
    id: 'delay_factor_ns',
    unit: 'ns',
    definition:
      'DF of the last interval of 1 s: largest less smallest level of a buffer that arrivals fill and the media rate drains, as time at the media rate.',
    reference: DF,
  },
  { id: 'delay_factor_max_ns', unit: 'ns', definition: 'Largest DF of an interval.', reference: DF },
  {
    id: 'delay_factor_mean_ns',
    unit: 'ns',
    definition: 'Mean DF of the intervals in which something arrived and the media rate was known.',
    reference: DF,
  },
  {
    id: 'media_loss_rate',
    unit: 'packets/s',
    definition: 'MLR of the last interval: lost transport stream packets per second.',
    reference: MLR,
  },
  { id: 'media_loss_rate_max', unit: 'packets/s', definition: 'Largest MLR of an interval.', reference: MLR },
  { id: 'media_loss_rate_mean', unit: 'packets/s', definition: 'Mean MLR of all intervals.', reference: MLR },
  {
    id: 'media_rate_bit_per_second',
    unit: 'bit/s',
    definition: 'Media rate that the last DF was computed with: given, or by the PCRs.',
    reference: DF,
  },
  { id: 'intervals', unit: 'intervals', definition: 'Whole intervals of 1 s.', reference: DF },
  {
    id: 'errored_seconds',
    unit: 's',
    definition: 'Intervals with an indicator of priority 1 or 2, or a loss.',
    reference: 'mcastkit',
  },
] as const satisfies readonly MdiFigure[];
export type MdiFigureId = (typeof MDI_FIGURES)[number]['id'];

export const PRIORITIES = [1, 2, 3] as const;

/** What a limit may name below each section. */
export const NAMED_FIGURES: Readonly<Record<'mdi' | 'tr101290', readonly string[]>> = {
  mdi: MDI_FIGURES.map(({ id }) => id),
  tr101290: [...PRIORITIES.map((priority) => `p${priority}`), ...TRANSPORT_INDICATORS.map(({ id }) => id)],
};
