/** Schemas of the benchmarks of many groups. Import types only, unless you validate. */
import * as z from 'zod';
import { count, HistogramSummarySchema, nullableCount } from './modelFigures.js';

const FailedSchema = z.object({
  group: z.string(),
  number: count.describe('From 1.'),
  obstacle: z
    .enum(['host_limit', 'host_filter', 'network_limit', 'absent'])
    .describe(
      'This host refused to join; it got datagrams and dropped them; they come when another group is left; they come at no time.',
    ),
  reason: z.string(),
  membership: z.string().nullable().describe('What the kernel said of its membership; null: it did not join.'),
  seen_on_interface: z.boolean().nullable().describe('By a packet socket; null: none was allowed.'),
  came_after_leave: z
    .boolean()
    .nullable()
    .describe('It came when the first group had been left and it was joined again; null: not tried.'),
});

export const GroupsSchema = z
  .object({
    groups: count.describe('That were to be joined.'),
    dwell_ns: z.number().describe('How long each was waited for at most.'),
    capacity: count.describe(
      'Joined, one after the other, and delivered. [RFC 2432 section 3.5.1, RFC 3918 section 7.1]',
    ),
    failed: FailedSchema.nullable().describe('The first that was not; null: all were.'),
    silent: count.describe('Of these, with all of them joined, nothing came any more within dwell_ns.'),
    silent_groups: z.array(z.string()).max(16),
    flooded_at: nullableCount.describe('So many were joined when the last one came unasked; null: it did not.'),
    sees_floods: z.boolean().describe('That would have been seen.'),
    join_ns: HistogramSummarySchema.nullable().describe('From the join of each to its first datagram.'),
  })
  .describe('Groups joined one after the other until one does not come.');
export type BenchGroups = z.infer<typeof GroupsSchema>;
