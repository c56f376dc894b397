/** Schema of streams beyond the detail limit. Import it only to validate. */
import * as z from 'zod';
import { streamsIn, type BriefStreams } from './briefStreams.js';
import { count, StreamSchema } from './modelStream.js';

const column = z
  .union([
    z.object({ each: z.array(z.unknown()).describe('One value per stream, in their order.') }),
    z.object({ all: z.unknown().describe('What all of them have.') }),
  ])
  .meta({ id: 'brief_column' });

export const BriefStreamsSchema = z
  .object({
    count: count.min(1),
    columns: z
      .record(z.string().regex(/^(?:metrics\.)?[a-z][a-z0-9_]*$/u), column)
      .describe(
        'By field of a stream; metrics as metrics.packets_lost and so on. Fields that such streams lack have none.',
      ),
  })
  .superRefine((brief, { addIssue }) => {
    const problem = problemOf(brief as BriefStreams);
    if (problem !== null) addIssue({ code: 'custom', ...problem });
  }) as unknown as z.ZodType<BriefStreams>;

/** What keeps columns from being streams; `null`: nothing does. */
function problemOf(brief: BriefStreams): { readonly path: PropertyKey[]; readonly message: string } | null {
  for (const [key, one] of Object.entries(brief.columns)) {
    const path = ['columns', key];
    if (!('all' in one) && !('each' in one && Array.isArray(one.each))) return { path, message: 'has no values' };
    if ('each' in one && one.each.length !== brief.count) {
      return { path, message: `has ${one.each.length} values for ${brief.count} streams` };
    }
    // It also bounds what the columns may be read as.
    if (key === 'id' && 'all' in one && brief.count > 1) return { path, message: 'is the same for all' };
  }
  if (brief.columns['id'] === undefined) return { path: ['columns', 'id'], message: 'is missing' };
  for (const [row, stream] of streamsIn(brief).entries()) {
    const issue = StreamSchema.safeParse(stream).error?.issues[0];
    if (issue !== undefined) return { path: [row, ...issue.path], message: issue.message };
  }
  return null;
}
