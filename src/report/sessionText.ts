/** Announced sessions as text: a line or two when one is heard, and all of them at the end. */
import { formatTimeOfDay, UTC } from '../core/format.js';
import type { ListedEndpoint, ListedSession, SessionList, SessionState } from '../result/sessionList.js';
import { fold } from './fold.js';
import { TIME_COLUMNS } from './intervalLine.js';
import { plainText } from './plainText.js';
import { styleOf, type TextOptions } from './style.js';

/** Longer names take the room that they need. */
const NAME_COLUMNS = 32;

/** What happened to a session, then what can be joined, an endpoint a line. `time`: RFC 3339. */
export function sessionLines(
  state: SessionState,
  session: ListedSession,
  time: string,
  options: TextOptions = {},
): string {
  const style = styleOf(options.color ?? false);
  const indent = ' '.repeat(TIME_COLUMNS + 1);
  const head = `${formatTimeOfDay(time, options.offsetAt ?? UTC).padEnd(TIME_COLUMNS)} `;
  const { source, information } = session;
  const name = plainText(session.name);
  if (state === 'deleted') return style.dim(fold(`${head}${name}: its announcer has deleted it`, indent));
  if (state === 'expired') return style.dim(fold(`${head}${name}: not announced any more`, indent));
  const what = `${name}${state === 'changed' ? ' has changed' : ''}, from ${source}`;
  return [
    fold(`${head}${what}${information === null ? '' : `: ${plainText(information)}`}`, indent),
    ...joinable(session).map((line) => `${indent}${line}`),
  ].join('\n');
}

/** All that were known at the end. Endpoints stand last, because they are long and pasted. */
export function sessionTable({ sessions }: SessionList, options: TextOptions = {}): string {
  const style = styleOf(options.color ?? false);
  const rows = sessions.map(
    (session) => [plainText(session.name), session.source, String(session.times_heard)] as const,
  );
  const heads = ['session', 'from', 'heard'] as const;
  const widths = heads.map((head, column) => {
    const longest = Math.max(head.length, ...rows.map((row) => row[column]!.length));
    return column === 0 ? Math.min(NAME_COLUMNS, longest) : longest;
  });
  const cells = (row: readonly string[]): string => row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ');
  const lines = [style.bold(`${cells(heads)}  endpoint`)];
  for (const [i, session] of sessions.entries()) {
    const [first, ...further] = joinable(session);
    lines.push(`${cells(rows[i]!)}  ${first}`, ...further.map((line) => `${cells(['', '', ''])}  ${line}`));
  }
  return lines.join('\n');
}

/** Why nothing was heard, likeliest first. */
export function silenceLine(interfaces: readonly string[], isLoopback: boolean, unreadable: number): string {
  const where = interfaces.join(', ');
  if (unreadable > 0)
    return `no session was heard on ${where}: ${unreadable} packets came that announce none that can be read`;
  return isLoopback
    ? `no session was heard on ${where}: nothing on this host announces there, and from elsewhere nothing comes (another --iface)`
    : `no session was heard on ${where}: nobody announces, or a switch that snoops IGMP without a querier keeps it back, or it is another interface (--iface)`;
}

function joinable({ endpoints }: ListedSession): string[] {
  if (endpoints.length === 0) return ['nothing in it can be joined'];
  return endpoints.map(({ endpoint, name }: ListedEndpoint) =>
    name === null ? endpoint : `${endpoint}  ${plainText(name)}`,
  );
}
