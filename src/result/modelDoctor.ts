/** Schema of what `mcast doctor` found. Import types only, unless you validate. */
import * as z from 'zod';
import { instant, nullableCount } from './modelFigures.js';
import { DOCTOR_SCHEMA } from './version.js';

export const FindingSchema = z.object({
  id: z.string().describe('What was looked at; docs/doctor.md has each.'),
  severity: z
    .enum(['broken', 'warning', 'note', 'ok'])
    .describe('broken: multicast does not work so; warning: it may not, or not everywhere; note: good to know; ok.'),
  interface: z.string().nullable().describe('null: it holds for the host.'),
  family: z.union([z.literal(4), z.literal(6)]).nullable(),
  text: z.string().describe('One line.'),
  evidence: z
    .array(z.object({ from: z.string().describe('A file, a system call, a program.'), value: z.string() }))
    .describe('What was read, and its value.'),
  remedy: z
    .string()
    .nullable()
    .describe('What would change it. It is never done. null: nothing is to be done, or known.'),
});
export type Finding = z.infer<typeof FindingSchema>;
export type Severity = Finding['severity'];

export const NotCheckedSchema = z.object({
  id: z.string(),
  interface: z.string().nullable(),
  family: z.union([z.literal(4), z.literal(6)]).nullable(),
  reason: z.string(),
  wants_root: z.boolean().describe('It could be found out with the privileges of root.'),
});
export type NotChecked = z.infer<typeof NotCheckedSchema>;

export const DoctorReportSchema = z.object({
  schema: z.literal(DOCTOR_SCHEMA),
  complete: z.boolean().describe('false: it was cut short.'),
  verdict: z.enum(['broken', 'warning', 'ok']).describe('The worst of the findings; notes do not count.'),
  host: z.string(),
  system: z.string().describe('Kernel name and release.'),
  start: instant,
  end: instant,
  places: z
    .array(
      z.object({
        interface: z.string(),
        family: z.union([z.literal(4), z.literal(6)]),
        reason: z.string().describe('Why this interface.'),
        groups: z.array(z.string()).describe('With source and port; at most 64.'),
        groups_total: z.number().int(),
      }),
    )
    .describe('What was looked at: each interface, once per IP version.'),
  listened_ns: nullableCount.describe('How long queriers and members were listened for.'),
  is_root: z.boolean(),
  findings: z.array(FindingSchema).describe('Worst first.'),
  not_checked: z.array(NotCheckedSchema),
});
export type DoctorReport = z.infer<typeof DoctorReportSchema>;
