import { randomBytes } from 'node:crypto';
import { formatDurationNs } from '../../core/units.js';
import { formatRealtime } from '../../core/time.js';
import { SapHearing } from '../../control/sapDirectory.js';
import { openIo } from '../../io/open.js';
import { planOutput } from '../../profile/makePlan.js';
import type { GivenOptions } from '../../profile/readOptions.js';
import { SESSION_LIST_SCHEMA, type SessionList } from '../../result/sessionList.js';
import { listedSession } from '../../runtime/listedSession.js';
import { SAP_LISTEN_NS, SapListener } from '../../runtime/sapListener.js';
import type { CliContext } from '../context.js';
import { CUT_SHORT_STATUS, Lifecycle } from '../lifecycle.js';
import { SessionPresenter } from '../sessionPresenter.js';

/** `mcast list`: which sessions are announced here, and how they are joined. */
export async function run(given: GivenOptions, _operands: readonly string[], context: CliContext): Promise<number> {
  const { values } = given;
  const output = planOutput(given);
  const durationNs = values.duration ?? SAP_LISTEN_NS;
  const io = await openIo('auto');
  try {
    const { clock } = io;
    const families = values.ipv6 === true ? ([4, 6] as const) : ([4] as const);
    using listener = await SapListener.open(io, { interfaces: [values.iface ?? null], families });
    const { interfaces, groups, loopback, notes } = listener;
    using presenter = new SessionPresenter(output, randomBytes(4).toString('hex'), clock);
    const now = (): string => formatRealtime(clock.epoch, clock.realNs());
    const start = now();
    const namesInterface = values.iface !== undefined;
    const list = (complete: boolean): SessionList => ({
      schema: SESSION_LIST_SCHEMA,
      complete,
      start,
      end: now(),
      interfaces,
      groups,
      sessions: listener.sessions.map((session) => listedSession(session, clock, namesInterface)),
      packets: packetCounts(listener.directory.counts),
      notes,
    });
    let failure: unknown = null;
    // An output file that fails in the middle of a signal ends it like one that fails elsewhere.
    const guarded = (act: () => void) => (): void => {
      try {
        act();
      } catch (error) {
        failure ??= error;
        listener.stop();
      }
    };
    using lifecycle = new Lifecycle({
      stop: () => listener.stop(),
      snapshot: guarded(() => presenter.partial(list(false))),
      reopen: guarded(() => presenter.reopen()),
      abort: context.abort,
    });
    presenter.start({ io: io.name, interfaces, loopback });
    presenter.say(`listening on ${interfaces.join(', ')} for ${formatDurationNs(durationNs)}: ${groups.join(' ')}`);
    for (const note of notes) presenter.say(`warning: ${note}`);
    let heard = false;
    await listener.listen(durationNs, ({ state, session }) => {
      heard = true;
      presenter.show(state, listedSession(session, clock, namesInterface));
    });
    if (failure !== null) throw failure;
    presenter.finish(list(lifecycle.cause === null), loopback);
    if (lifecycle.cause !== null) return CUT_SHORT_STATUS[lifecycle.cause];
    return heard ? 0 : 3;
  } finally {
    io.close();
  }
}

/** By what they meant, in the result's style. */
function packetCounts(counts: readonly number[]): Record<string, number> {
  const names = Object.entries(SapHearing).map(([name, hearing]) => [snakeCase(name), counts[hearing]!] as const);
  return Object.fromEntries(names);
}

function snakeCase(name: string): string {
  return name.replaceAll(/(?!^)[A-Z]/g, '_$&').toLowerCase();
}
