/** Schemas of the benchmarks that measure streams: forwarding, mixed classes. Import types only, unless you validate. */
import * as z from 'zod';
import { count, figure, HistogramSummarySchema, nullableCount } from './modelFigures.js';

const counts = {
  packets_expected: nullableCount.describe('null: the format numbers nothing.'),
  packets_received: count,
  packets_lost: nullableCount,
  loss_ratio: figure.describe('Of what was expected.'),
  rate_bit_per_second: figure.describe('Of UDP payload, as received.'),
};
const delays = {
  one_way_delay_ns: HistogramSummarySchema.nullable().describe('As uncertain as that of the streams.'),
  pdv_ns: HistogramSummarySchema.nullable().describe(
    "Above each stream's smallest delay, which needs no clock in common.",
  ),
};

const GroupSchema = z.object({
  group: z.string(),
  port: count,
  streams: count.describe('0: nothing came.'),
  ...counts,
});
export type BenchGroup = z.infer<typeof GroupSchema>;

const SpreadSchema = z
  .object({ min: z.number(), p50: z.number(), p90: z.number(), p99: z.number(), max: z.number() })
  .describe('Over the groups of which something came.');
export type BenchSpread = z.infer<typeof SpreadSchema>;

export const ForwardingSchema = z
  .object({
    groups: count.describe('That were joined.'),
    silent: count.describe('Of these: nothing came.'),
    lossy: count.describe('Of these: something was lost.'),
    ...counts,
    ...delays,
    group_loss_ratio: SpreadSchema.nullable(),
    group_rate_bit_per_second: SpreadSchema.nullable(),
    worst: z.array(GroupSchema).max(1024).describe('Silent groups first, then those that lost most.'),
  })
  .describe('All groups together, and each. [RFC 2432 section 3.2.2, RFC 3918 section 4.2]');
export type BenchForwarding = z.infer<typeof ForwardingSchema>;

const ClassSchema = z.object({
  name: z.string().describe('Of the DSCP: af41, or the number.'),
  dscp: count,
  from: z.enum(['sent', 'received']).describe('Which mark tells the class: the one that was sent, where it is known.'),
  streams: count,
  ...counts,
  loss_network: figure,
  loss_socket_buffer: figure,
  jitter_ns: figure.describe('Of the stream that has most.'),
  ...delays,
  dscp_received: z.record(z.string(), count).nullable().describe('Datagrams by their DSCP; null: not told.'),
  remarked: nullableCount.describe('Datagrams that came with another DSCP than that of the class.'),
});
export type BenchClass = z.infer<typeof ClassSchema>;

export const ClassesSchema = z
  .object({
    classes_total: count,
    classes: z.array(ClassSchema).max(64).describe('In the order of their DSCP, the highest first.'),
  })
  .describe('Streams by traffic class. [RFC 2432 sections 3.1.1 and 3.2.1, RFC 3918 section 4.1]');
export type BenchClasses = z.infer<typeof ClassesSchema>;
