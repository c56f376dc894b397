/** Schemas of channel changes. Import types only, unless you validate. */
import * as z from 'zod';
import { count, HistogramSummarySchema } from './modelFigures.js';

const step = (what: string): z.ZodNullable<typeof HistogramSummarySchema> =>
  HistogramSummarySchema.nullable().describe(`${what} From the join; null: none came.`);

const changes = {
  attempts: count.describe('Changes to it.'),
  failures: count.describe('Of these, nothing came within dwell_ns.'),
  incomplete: count.describe('A transport stream came, but no random access point within dwell_ns.'),
  first_packet_ns: step('First datagram.'),
  first_pat_ns: step('First PAT.'),
  first_pmt_ns: step('First PMT of the first program.'),
  first_random_access_ns: step('First random access point of a video stream.'),
};

export const ZapChannelSchema = z.object({
  endpoint: z.string().describe('That it comes from, in canonical form.'),
  name: z.string().nullable().describe('From a line-up.'),
  group: z.string(),
  port: count,
  ...changes,
});
export type ZapChannel = z.infer<typeof ZapChannelSchema>;

export const ZapSchema = z
  .object({
    cycles: count.describe('How often each channel was to be joined.'),
    dwell_ns: z.number().describe('How long a channel was watched at most.'),
    shuffled: z.boolean().describe('In random order (--seed); false: in turn.'),
    ...changes,
    channels: z.array(ZapChannelSchema),
  })
  .describe('Channels left and joined one after the other; the figures of the whole are over all of them.');
export type Zap = z.infer<typeof ZapSchema>;
