/** Schemas of a search for the capacity of a path. Import types only, unless you validate. */
import * as z from 'zod';
import { count, figure } from './modelFigures.js';

const ReceiverSchema = z.object({
  receiver: z.string().describe('Name, address and SSRC.'),
  obstacle: z
    .enum(['sender', 'network', 'queue', 'socket_buffer', 'application', 'silent'])
    .nullable()
    .describe('Why it did not get the rate; null: it did.'),
  loss_ratio: z.number(),
  delivered_ratio: z.number().describe('Of what was to be sent, the share that arrived as fast as it was sent.'),
});

const TrialSchema = z.object({
  purpose: z.enum(['search', 'confirm', 'fast', 'overload', 'drain', 'hold']),
  at_ns: z.number().describe('From the beginning of the search.'),
  duration_ns: z.number(),
  rate_bit_per_second: z.number(),
  delivered_bit_per_second: z.number().describe('To the receiver on which it depends.'),
  passed: z.boolean(),
  obstacle: ReceiverSchema.shape.obstacle,
  not_sent_ratio: z.number(),
  failed: z.array(ReceiverSchema).max(16).describe('Who did not get it, worst first.'),
});

const PointsSchema = z.object({
  at_ns: z.array(z.number()),
  rate_bit_per_second: z.array(z.number()),
  delivered_bit_per_second: z.array(z.number()),
});

export const CapacitySearchSchema = z.object({
  size_octets: count.describe('UDP payload.'),
  rate_bit_per_second: z
    .number()
    .describe(
      'The highest that held, of Ethernet frames without FCS; 0: none did. Where none had when the time was up: what the lowest that failed delivered.',
    ),
  rate_payload_bit_per_second: z.number(),
  rate_ip_bit_per_second: z.number(),
  rate_wire_bit_per_second: z.number(),
  rate_packets_per_second: z.number(),
  failing_bit_per_second: figure.describe('The lowest that did not hold; null: none failed. The limit lies between.'),
  delivered_bit_per_second: figure.describe('What came of the highest that held. [RFC 9097 section 6]'),
  confirmed: z.boolean().describe('As many trials speak for both as were to.'),
  stop: z
    .enum(['resolution', 'highest', 'lowest', 'time', 'no_reports', 'stopped'])
    .describe('Why it ended: both are neighbours, the highest allowed holds, the lowest does not, time is over, ...'),
  obstacle: ReceiverSchema.shape.obstacle.describe(
    'What keeps the rate from being higher; null: nothing that was seen.',
  ),
  limiting: z.array(ReceiverSchema).max(16).describe('Who did not get the lowest rates that failed.'),
  missing: z.array(ReceiverSchema).describe('Receivers beyond the quorum that did not get the rate.'),
  elapsed_ns: z.number(),
  trials: z.array(TrialSchema),
  points: PointsSchema.describe('Each step, for a plot; at most 4096.'),
});
export type CapacitySearch = z.infer<typeof CapacitySearchSchema>;

export const CapacitySchema = z
  .object({
    method: z.enum(['continuous', 'binary']).describe('In the manner of RFC 9097, or of RFC 2544 section 26.1.'),
    max_loss_ratio: z.number(),
    receivers: z.array(z.string()),
    quorum: count.describe('So many receivers must get the rate.'),
    highest_bit_per_second: z.number().describe('Not more than this was tried.'),
    searches: z.array(CapacitySearchSchema).describe('One for each size.'),
  })
  .describe('The highest rate that receivers get.');
export type Capacity = z.infer<typeof CapacitySchema>;
