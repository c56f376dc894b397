import { MembershipCycle, type CycleOptions, type CycleTimes } from '../control/membershipCycle.js';
import { ReceiveBatch } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';
import { formatRealtime, realToMonoNs, type Nanos } from '../core/time.js';
import { formatDurationNs } from '../core/units.js';
import type { Io } from '../io/datagram.js';
import type { GroupTap, GroupTapSpec } from '../io/groupTap.js';
import type { NetworkInterface } from '../io/interfaces.js';
import { readInterfaceMembership } from '../io/linux/membership.js';
import { withoutZone } from '../io/resolveInterface.js';
import { MembershipCounts } from '../metrics/membershipCounts.js';
import type { BenchPlan } from '../profile/benchPlan.js';
import { benchRow, buildDelays } from '../result/buildBench.js';
import type { Bench, RunResult } from '../result/model.js';
import { BenchSession } from './benchSession.js';
import type { RunControl } from './control.js';
import { CycleAgent, type BackgroundCount } from './cycleAgent.js';
import type { Judge, RunMessage } from './messages.js';
import { membershipsOf } from './receiverResult.js';
import type { OpenSource } from './receiverSetup.js';

const MESSAGES = 64;
const ON_LOOPBACK = 'on loopback there is nothing between sender and receiver that could stop a group';
const NO_ROOM = 'the packet socket had no room for all packets: leaves of such cycles are left out';
const BLIND =
  'the packet socket did not see what the joined socket got (a sender on this host, a tunnel, extension headers)';

export type OpenTap = (io: Io, spec: GroupTapSpec) => GroupTap | string;

/** Where the group is joined. */
export interface BenchPlace {
  readonly via: NetworkInterface;
  /** Why this interface. */
  readonly reason: string;
}

/** Cycles without, and those beside background load. */
interface Half {
  readonly counts: MembershipCounts;
  readonly background: BackgroundCount & { activeNs: Nanos };
}

/** Joins a group and leaves it, over and over. Closes all that it opened, whatever ends it. */
export async function benchDelays(
  io: Io,
  plan: BenchPlan,
  place: BenchPlace,
  judge: Judge,
  control: RunControl,
  post: (message: RunMessage) => void,
  openTap: OpenTap,
): Promise<RunResult> {
  const [stream] = plan.streams;
  const { family, port } = stream!;
  const group = withoutZone(stream!.group, place.via);
  const spec = { family, group, port, sources: stream!.sources, interfaceIndex: place.via.index };
  const { loopback, name } = place.via;
  if (loopback && plan.test === 'leave') {
    throw new McastError('ERR_USAGE', ON_LOOPBACK, { hint: 'Give --iface, of an interface behind a switch.' });
  }
  if (!loopback && readInterfaceMembership(family, group, place.via.index).joined) {
    const message = `another program on this host is a member of ${group} on ${name}: that hides joins and leaves from the network`;
    throw new McastError('ERR_SAFETY', message, { hint: 'End it first.' });
  }
  const tap = loopback ? ON_LOOPBACK : openTap(io, spec);
  try {
    const bench = new DelayBench(io, plan, place, judge, control, post, tap);
    await bench.cycles(false);
    if (plan.background.length > 0) await bench.cycles(true);
    return bench.result();
  } finally {
    if (typeof tap !== 'string') tap.close();
  }
}

class DelayBench {
  readonly #session: BenchSession;
  readonly #plan: BenchPlan;
  readonly #place: BenchPlace;
  readonly #tap: GroupTap | null;
  readonly #options: CycleOptions;
  readonly #batch = new ReceiveBatch(MESSAGES);
  readonly #plain = freshHalf();
  readonly #loaded = freshHalf();
  #whyNot: string | null;
  #silentSinceNs: Nanos = NaN;

  constructor(
    io: Io,
    plan: BenchPlan,
    place: BenchPlace,
    judge: Judge,
    control: RunControl,
    post: (message: RunMessage) => void,
    tap: GroupTap | string,
  ) {
    this.#plan = plan;
    this.#place = place;
    this.#tap = typeof tap === 'string' ? null : tap;
    this.#whyNot = typeof tap === 'string' ? tap : null;
    const { dwellNs, settleNs } = plan;
    const pauseNs = place.via.loopback ? 0 : dwellNs;
    this.#options = { dwellNs, settleNs, pauseNs, seesLeft: this.#tap !== null };
    this.#session = new BenchSession(io, plan, judge, control, post, () => this.#bench());
    for (const note of this.#tap?.notes ?? []) this.#session.tally.notes.add(note);
    this.#session.tellReady(this.#lines(), [place.via]);
  }

  async cycles(isLoaded: boolean): Promise<void> {
    const session = this.#session;
    if (session.isStopped) return;
    const { background, cycles } = this.#plan;
    const half = isLoaded ? this.#loaded : this.#plain;
    const beside = isLoaded ? await session.open(background) : [];
    const beganNs = session.io.clock.monoNs();
    try {
      if (isLoaded) session.post({ type: 'said', text: `the same beside ${endpointsOf(background).join(' ')}` });
      for (let cycle = 1; cycle <= cycles && !session.isStopped; cycle++)
        await this.#cycle(cycle, isLoaded, half, beside);
    } finally {
      half.background.activeNs = session.io.clock.monoNs() - beganNs;
      for (const { source } of beside) session.tally.close(source);
    }
  }

  result(): RunResult {
    const session = this.#session;
    return session.result(!session.isStopped);
  }

  async #cycle(number: number, isLoaded: boolean, half: Half, beside: readonly OpenSource[]): Promise<void> {
    const session = this.#session;
    const { clock } = session.io;
    const cycle = new MembershipCycle(this.#options, clock.monoNs(), this.#silentSinceNs);
    const background = beside.map(({ source }) => source);
    let open: readonly OpenSource[] = [];
    const wait = async (): Promise<boolean> => {
      const sources = open.map(({ source }) => source);
      const agent = new CycleAgent(clock, cycle, sources, this.#tap, background, half.background, this.#batch);
      await session.run(agent);
      session.unstamped += agent.unstamped;
      return !agent.wasStopped;
    };
    try {
      if (!(await wait())) return;
      open = await session.open(this.#plan.streams);
      // The first join counts, where a group takes several sockets.
      const joinRealNs = Math.min(...open.map(({ source }) => source.joinRealNs));
      cycle.joined(joinRealNs + realToMonoNs(clock));
      if (!(await wait())) return;
      if (session.memberships.length === 0) session.memberships = membershipsOf(session.io, open);
      cycle.left(clock.monoNs());
      for (const { source } of open) source.leave();
      if (!(await wait())) return;
      const times = this.#complete(cycle.times(clock.monoNs()));
      this.#silentSinceNs = cycle.silentSinceNs;
      this.#record(half, times);
      const time = formatRealtime(clock.epoch, joinRealNs);
      session.post({ type: 'bench', time, row: benchRow(number, isLoaded, times) });
    } finally {
      for (const { source } of open) session.tally.close(source);
    }
  }

  /** Without what was not seen for want of room. */
  #complete(times: CycleTimes): CycleTimes {
    if (this.#tap === null || (this.#tap.dropped() ?? 0) === 0) return times;
    this.#session.tally.notes.add(NO_ROOM);
    return { ...times, leaveNs: NaN };
  }

  #record(half: Half, times: CycleTimes): void {
    if (times.isBlind) this.#whyNot ??= BLIND;
    half.counts.record(times);
  }

  #bench(): Bench {
    const { test, background } = this.#plan;
    const session = this.#session;
    const whyNot = this.#whyNot;
    const { timeSource } = session.tally;
    // What has not come yet would be stamped by the kernel where the implementation can.
    const isStamped = timeSource === null ? session.io.capabilities.kernelTime : timeSource !== 'user';
    const clock = `CLOCK_MONOTONIC, datagrams ${isStamped ? `stamped by the ${timeSource ?? 'kernel'}` : 'when they were read'}`;
    const load = { endpoints: endpointsOf(background), ...this.#loaded.background };
    return {
      test,
      groups: null,
      forwarding: null,
      classes: null,
      delays: buildDelays(
        this.#plan,
        clock,
        { counts: this.#plain.counts, whyNot },
        background.length === 0 ? null : { counts: this.#loaded.counts, whyNot, background: load },
      ),
    };
  }

  #lines(): string[] {
    const { streams, cycles, dwellNs } = this.#plan;
    const { group, port } = streams[0]!;
    const { via, reason } = this.#place;
    const lines = [
      `${cycles} times joined and left: ${formatHostPort(group, port)} on ${via.name} (${reason}), at most ${formatDurationNs(dwellNs)} each way`,
    ];
    if (this.#whyNot !== null) lines.push(`leave delays cannot be measured: ${this.#whyNot}`);
    return lines;
  }
}

function freshHalf(): Half {
  return { counts: new MembershipCounts(), background: { datagrams: 0, octets: 0, activeNs: 0 } };
}

function endpointsOf(streams: BenchPlan['streams']): string[] {
  return [...new Set(streams.map(({ endpoint }) => endpoint))];
}
