/** Operands `sap://<name>`: heard before the plan is made, which then reads their descriptions like line-ups. */
import { printable } from '../core/printable.js';
import { sapOperand } from '../profile/operands.js';
import type { GivenOptions } from '../profile/readOptions.js';
import type { PlanContext } from '../profile/targets.js';

/**
 * The context with the descriptions of all sessions among `operands`; unchanged without any. Listens at most for
 * `--wait`, by default two announcements. Throws ERR_ENDPOINT.
 */
export async function withAnnouncedSessions(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
): Promise<PlanContext> {
  const asked = operands.flatMap((operand) => sapOperand(operand) ?? []);
  if (asked.length === 0) return context;
  const { SAP_LISTEN_NS, resolveSapNames } = await import('../runtime/sapListener.js');
  const { values } = given;
  const say = sayer(given);
  const names = [...new Set(asked.map(({ name }) => name))];
  say(`listening for the announcement of ${names.map((name) => `"${name}"`).join(', ')}`);
  const sessions = await resolveSapNames(
    names,
    {
      io: values.io ?? 'auto',
      interfaces: [...new Set(asked.map(({ iface }) => iface ?? values.iface ?? null))],
      families: values.ipv6 === true ? [4, 6] : [4],
    },
    values.wait ?? SAP_LISTEN_NS,
  );
  for (const { entry } of sessions) say(`"${entry.name}" is announced by ${entry.originatingSource}`);
  const texts = new Map(names.map((name, i) => [name, sessions[i]!.entry.sdp]));
  const readSession = (name: string): string | null => texts.get(name) ?? null;
  return { ...context, files: { ...context.files, readSession } };
}

/** Prints a line for people where the run will print its own. */
function sayer({ values }: GivenOptions): (line: string) => void {
  if (values.quiet === true) return () => {};
  const isTaken = values.json === '-' || values.capture === '-' || values.report?.some(({ path }) => path === '-');
  const stream = isTaken === true ? process.stderr : process.stdout;
  return (line) => void stream.write(`${printable(line)}\n`);
}
