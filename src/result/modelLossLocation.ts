/** Where datagrams were lost, seen from all receivers of a sender. */
import * as z from 'zod';
import { count, decimal } from './modelFigures.js';

const NumbersSchema = z.object({
  lost: count.describe('For certain.'),
  unsure: count.describe("More that look so, where a receiver's loss map was cut or its cause is mixed."),
});
const RangeSchema = z.object({
  flow: z.string().describe('Group, port and flow.'),
  from: decimal,
  to: decimal.describe('The number behind the last.'),
});

export const LossLocationSchema = z
  .object({
    receivers: count.describe('Whose results were looked at; of fewer than two nothing can be told.'),
    complete: z.boolean().describe('No loss map was cut and no cause is mixed: nothing is unsure.'),
    common: NumbersSchema.describe('By every receiver that was there: at or near the sender.'),
    common_ranges: z.array(RangeSchema).max(64),
    branches: z
      .array(
        NumbersSchema.extend({
          receivers: z.array(z.string()).describe('Their names.'),
          ranges: z.array(RangeSchema).max(16),
        }),
      )
      .max(16)
      .describe('By some receivers, and not by others: in a branch that they share. Most numbers first.'),
    other_branches: NumbersSchema.describe('Of branches beyond 16.'),
    single: z
      .array(NumbersSchema.extend({ receiver: z.string() }))
      .describe('By one receiver alone: on its own link or host.'),
    alone: NumbersSchema.describe('When no other receiver was there: nobody can say where.'),
    hosts: z
      .array(z.object({ receiver: z.string(), socket_buffer: count, application: count, mixed: count }))
      .describe('What reached a host and was dropped there.'),
  })
  .meta({ id: 'loss_location', description: 'Where datagrams were lost; what was never sent is not among them.' });
export type LossLocationReport = z.infer<typeof LossLocationSchema>;
