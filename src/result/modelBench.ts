/** Schemas of multicast benchmarks. Import types only, unless you validate. */
import * as z from 'zod';
import { GroupsSchema } from './modelBenchGroups.js';
import { ClassesSchema, ForwardingSchema } from './modelBenchStreams.js';
import { count, figure, HistogramSummarySchema } from './modelFigures.js';

const delays = (what: string, end: string) => ({
  timeouts: count.describe(`${end} within dwell_ns.`),
  delay_ns: HistogramSummarySchema.nullable().describe(`From the call that ${what}.`),
  report_ns: HistogramSummarySchema.nullable().describe(
    `From that call to the first report of this host that leaves it; null: it was not seen.`,
  ),
  network_ns: HistogramSummarySchema.nullable().describe(`From that report.`),
});

const membership = {
  attempts: count.describe('Cycles that were run.'),
  spacing_ns: figure.describe('From one datagram to the next, on average: delays are no finer.'),
  join: z
    .object({
      ...delays('joins to the first datagram', 'Nothing came'),
      unpruned: count.describe('The group came before it was joined; of these no delay is counted.'),
    })
    .describe('Group join delay. [RFC 2432 section 3.4.1, RFC 3918 section 6.1]'),
  leave: z
    .object({
      ...delays('leaves to the last datagram', 'It did not end'),
      why_not: z.string().nullable().describe('Why there are no figures; null: there are.'),
    })
    .describe('Group leave delay. [RFC 2432 section 3.4.2, RFC 3918 section 6.2]'),
};

const MembershipSchema = z.object(membership);
export type BenchMembership = z.infer<typeof MembershipSchema>;

const LoadedSchema = z.object({
  ...membership,
  endpoints: z.array(z.string()),
  datagrams: count.describe('Of the background that arrived meanwhile.'),
  octets: count.describe('Of UDP payload.'),
  rate_bit_per_second: z.number().describe('Of UDP payload.'),
});

const DelaysSchema = z
  .object({
    cycles: count.describe('How often the group was to be joined and left.'),
    dwell_ns: z.number().describe('How long a first or a last datagram was waited for at most.'),
    settle_ns: z.number().describe('So long without a datagram, and the group had ended.'),
    clock: z.string().describe('Clock of all times, and who stamped the datagrams.'),
    ...membership,
    loaded: LoadedSchema.nullable().describe(
      'The same beside background load; null: none was given. [RFC 2432 section 3.6.3]',
    ),
  })
  .describe('A group joined and left over and over.');
export type BenchDelays = z.infer<typeof DelaysSchema>;

export const BenchSchema = z
  .object({
    test: z.enum(['join', 'leave', 'groups', 'forwarding', 'classes']),
    delays: DelaysSchema.nullable().describe('join, leave.'),
    groups: GroupsSchema.nullable().describe('groups.'),
    forwarding: ForwardingSchema.nullable().describe('forwarding.'),
    classes: ClassesSchema.nullable().describe('classes.'),
  })
  .describe('Benchmarks of what forwards multicast, in the terms of RFC 2432 and RFC 3918.');
export type Bench = z.infer<typeof BenchSchema>;
