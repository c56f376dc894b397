/** Schemas of the comparison of two captures. Import types only, unless you validate. */
import * as z from 'zod';
import { count, decimal, figure, HistogramSummarySchema, instant, nullableCount } from './modelStream.js';

const tapCounts = {
  packets_received: count.describe('Distinct datagrams; of a format without numbers all.'),
  packets_duplicated: count.describe('Further copies.'),
  packets_outside: count.describe(
    'Numbers before the first or behind the last that the other capture covers: not compared.',
  ),
};

export const TapSchema = z.object({
  capture: z.string().describe('File name, or standard input.'),
  format: z.enum(['pcap', 'pcapng']),
  start: instant.nullable().describe('First datagram.'),
  end: instant.nullable().describe('Last datagram.'),
  datagrams: count.describe('UDP datagrams read.'),
  missed: nullableCount.describe('Frames that the capture itself says it missed; null: not told.'),
  fault: z.string().nullable().describe('Why reading ended before the file did.'),
  ...tapCounts,
});
export type TapFile = z.infer<typeof TapSchema>;

const joined = {
  packets_matched: nullableCount.describe('Seen in both captures.'),
  packets_lost: nullableCount.describe('In the first capture, not in the second although it covers their numbers.'),
  loss_ratio: figure.describe('packets_lost of packets_matched + packets_lost. [RFC 7680]'),
  packets_only_second: nullableCount.describe(
    'In the second capture, not in the first although it covers their numbers.',
  ),
  packets_reordered: nullableCount.describe(
    'Matched ones that came to the second tap behind one that the first tap saw after them. [RFC 4737 section 3.3]',
  ),
  reordered_ratio: figure.describe('packets_reordered of packets_matched.'),
  delay_ns: HistogramSummarySchema.nullable().describe(
    'Time at the second tap minus time at the first: contains the offset between both clocks.',
  ),
  delay_above_min_ns: HistogramSummarySchema.nullable().describe(
    'delay_ns minus the smallest of its stream: needs no synchronised clocks. [RFC 5481 section 4.2]',
  ),
};

export const TapStreamSchema = z.object({
  format: z.string(),
  group: z.string(),
  port: count,
  flow: z.string().nullable(),
  sender_run: z.string().nullable(),
  not_compared: z.string().nullable().describe('Why its datagrams could not be compared; null: they were.'),
  first: z.object(tapCounts),
  second: z.object(tapCounts),
  ...joined,
  loss_map: z
    .array(z.object({ first: decimal.describe('First lost sequence number.'), count }))
    .max(1024)
    .nullable(),
  loss_map_truncated: z.boolean().describe('There were more than 1024 ranges.'),
});
export type TapStream = z.infer<typeof TapStreamSchema>;

export const TapsSchema = z
  .object({
    first: TapSchema,
    second: TapSchema,
    ...joined,
    streams: z.array(TapStreamSchema).describe('At most as many as there may be in detail, worst first.'),
    streams_total: count,
    streams_compared: count,
    streams_only_first: count.describe('Numbered streams that the second capture has nothing of.'),
    streams_only_second: count.describe('Numbered streams that the first capture has nothing of.'),
    packets_uncounted: count.describe('Datagrams that found no room in memory and are in no figure.'),
  })
  .describe('Two captures joined by sequence number; figures of the whole are sums over the streams compared.');
export type Taps = z.infer<typeof TapsSchema>;
