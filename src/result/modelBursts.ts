/** Schemas of what the document says about micro-bursts. Import types only, unless you validate. */
import * as z from 'zod';
import { LARGEST_BURSTS } from '../metrics/burstFigures.js';
import { count, figure, HistogramSummarySchema } from './modelFigures.js';

const BurstWindowSchema = z.object({
  window_ns: z.number().positive().describe('Length w of the window (t - w, t], t being any arrival.'),
  peak_octets: count.describe('UDP payload.'),
  peak_datagrams: count.describe('Not by need in the position with most octets.'),
  peak_bit_per_second: z.number().nonnegative().describe('peak_octets x 8 over window_ns.'),
  at_ns: figure.describe('End of the first position with most octets, from run.start.'),
  excess_ns: z
    .number()
    .nonnegative()
    .describe('0: exact. Else the peaks are at least the true ones, and at most those of a window longer by so much.'),
});

const BurstSchema = z.object({
  start_ns: z.number().describe('First arrival, from run.start.'),
  duration_ns: z.number().nonnegative().describe('From the first arrival to the last.'),
  octets: count.describe('UDP payload.'),
  datagrams: count,
});

const QueueSchema = z.object({
  drain_bit_per_second: z.number().positive(),
  drain_layer: z.enum(['payload', 'ip', 'ethernet', 'wire']).describe('Where its octets are counted.'),
  max_octets: z.number().nonnegative().describe('Largest backlog, at that layer.'),
  max_ns: z.number().nonnegative().describe('The time in which the backlog leaves.'),
  at_ns: figure.describe('The arrival that made it so long, from run.start.'),
  delay_ns: HistogramSummarySchema.describe('How long each arrival would have taken to leave, itself included.'),
});

export const BurstsSchema = z
  .object({
    windows: z.array(BurstWindowSchema),
    largest: z
      .array(BurstSchema)
      .max(LARGEST_BURSTS)
      .describe('Positions of the window of 1 ms that do not overlap, largest first.'),
    queue: QueueSchema.nullable().describe(
      'What would have waited for a link of that rate; null: --drain was not given.',
    ),
    stamps: z
      .enum(['own', 'shared', 'read'])
      .describe(
        'Of the arrivals: each has its own; some have that of their super-packet; of some it is the time of reading. In the latter cases windows shorter than the time between two reads cannot be trusted.',
      ),
    clamped_datagrams: count.describe('Stamped earlier than one before them: they count at the stamp of that one.'),
  })
  .meta({ id: 'bursts' });
export type Bursts = z.infer<typeof BurstsSchema>;
