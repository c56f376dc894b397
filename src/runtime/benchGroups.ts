import { ReceiveBatch } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';
import { realToMonoNs, type Nanos } from '../core/time.js';
import { formatDurationNs } from '../core/units.js';
import type { Io } from '../io/datagram.js';
import type { GroupTap } from '../io/groupTap.js';
import { withoutZone } from '../io/resolveInterface.js';
import { Histogram } from '../metrics/histogram.js';
import type { BenchPlan } from '../profile/benchPlan.js';
import type { StreamAddress } from '../profile/plan.js';
import { summarise } from '../result/histogramSummary.js';
import type { Bench, BenchGroups, RunResult } from '../result/model.js';
import type { BenchPlace, OpenTap } from './benchDelays.js';
import { BenchSession } from './benchSession.js';
import type { RunControl } from './control.js';
import { GroupArrivals, GroupsAgent } from './groupsAgent.js';
import type { Judge, RunMessage } from './messages.js';
import { membershipsOf } from './receiverResult.js';
import type { OpenSource } from './receiverSetup.js';

const MESSAGES = 64;
const MOST_NAMED = 16;

type Failed = NonNullable<BenchGroups['failed']>;

/** Joins group after group until one does not come, and says why. Closes all that it opened, whatever ends it. */
export async function benchGroups(
  io: Io,
  plan: BenchPlan,
  place: BenchPlace,
  judge: Judge,
  control: RunControl,
  post: (message: RunMessage) => void,
  openTap: OpenTap,
): Promise<RunResult> {
  const bench = new GroupsBench(io, plan, place, judge, control, post, openTap);
  try {
    await bench.run();
    bench.close();
    return bench.result();
  } finally {
    bench.close();
  }
}

class GroupsBench {
  readonly #session: BenchSession;
  readonly #plan: BenchPlan;
  readonly #place: BenchPlace;
  readonly #openTap: OpenTap;
  readonly #arrivals = new GroupArrivals();
  readonly #batch = new ReceiveBatch(MESSAGES);
  readonly #joins = new Histogram();
  /** Of each group that is joined, in their order. */
  readonly #open: (readonly OpenSource[])[] = [];
  /** Sees the last group while it is not joined: what comes of it then comes unasked. */
  #lastTap: GroupTap | null = null;
  #seesFloods = false;
  #floodedAt: number | null = null;
  #capacity = 0;
  #failed: Failed | null = null;
  #silent: readonly string[] = [];

  constructor(
    io: Io,
    plan: BenchPlan,
    place: BenchPlace,
    judge: Judge,
    control: RunControl,
    post: (message: RunMessage) => void,
    openTap: OpenTap,
  ) {
    this.#plan = plan;
    this.#place = place;
    this.#openTap = openTap;
    this.#session = new BenchSession(io, plan, judge, control, post, () => this.#bench());
  }

  async run(): Promise<void> {
    const { streams, settleNs, dwellNs } = this.#plan;
    const { port, group } = streams[0]!;
    const session = this.#session;
    const { via, reason } = this.#place;
    const most = `at most ${formatDurationNs(dwellNs)} each`;
    const where = `${formatHostPort(group, port)} on ${via.name} (${reason})`;
    session.tellReady([`up to ${streams.length} groups from ${where}, ${most}`], [via]);
    if (!via.loopback && streams.length > 1) this.#lastTap = this.#tapOf(streams.at(-1)!);
    this.#seesFloods = this.#lastTap !== null;
    if (this.#lastTap !== null && !(await this.#watch(() => this.#floodedAt !== null, settleNs))) return;
    for (const [slot, stream] of streams.entries()) {
      const isLast = slot === streams.length - 1;
      if (isLast) this.#closeTap();
      this.#failed = await this.#join(slot, stream);
      if (session.isStopped || this.#failed !== null) break;
      this.#capacity = slot + 1;
    }
    this.#closeTap();
    if (session.isStopped) return;
    session.memberships = membershipsOf(session.io, this.#open.flat());
    await this.#hearAll();
    if (this.#failed?.obstacle === 'absent' && this.#capacity > 0 && !session.isStopped) await this.#tryAgain();
  }

  result(): RunResult {
    return this.#session.result(!this.#session.isStopped);
  }

  close(): void {
    this.#closeTap();
    for (const slot of this.#open.keys()) this.#leave(slot);
  }

  /** Why it did not come; `null`: it did, or the run was stopped. */
  async #join(slot: number, stream: StreamAddress): Promise<Failed | null> {
    const session = this.#session;
    const { clock } = session.io;
    const refused = await this.#openGroup(slot, stream);
    const failed = { group: stream.group, number: slot + 1, seen_on_interface: null, came_after_leave: null };
    if (refused !== null) {
      return { ...failed, obstacle: 'host_limit', reason: refused, membership: null };
    }
    const tap = slot < this.#plan.streams.length - 1 ? this.#lastTap : null;
    if (!(await this.#watch(() => this.#arrivals.counts[slot]! > 0, this.#plan.dwellNs, tap))) return null;
    if (this.#arrivals.counts[slot]! > 0) {
      const [first] = this.#open[slot]!;
      this.#joins.record(Math.max(0, this.#arrivals.firstNs[slot]! - (first!.source.joinRealNs + realToMonoNs(clock))));
      return null;
    }
    // It has been waited for since the join; what a packet socket sees now is what the socket should have got.
    const seen = await this.#isSeen(stream);
    const { evidence, mode } = this.#open[slot]![0]!.source.membership();
    const membership = mode === null ? evidence : `${mode} (${evidence})`;
    const nothing = `joined, and nothing came within ${formatDurationNs(this.#plan.dwellNs)}`;
    if (seen === true) {
      const reason = `${nothing}, though the interface has it: a packet filter or the reverse path filter of this host`;
      return { ...failed, obstacle: 'host_filter', reason, membership, seen_on_interface: seen };
    }
    const reason = `${nothing}: it is not sent, or not brought here`;
    return { ...failed, obstacle: 'absent', reason, membership, seen_on_interface: seen };
  }

  /** Whether the group is on the interface all the same; `null`: nobody may look. */
  async #isSeen(stream: StreamAddress): Promise<boolean | null> {
    const tap = this.#tapOf(stream);
    if (tap === null) return null;
    try {
      const agent = this.#agent(() => agent.seen > 0, this.#plan.dwellNs, tap);
      await this.#session.run(agent);
      return agent.seen > 0;
    } finally {
      tap.close();
    }
  }

  /** With all of them joined each has to come. */
  async #hearAll(): Promise<void> {
    const { counts } = this.#arrivals;
    const isHeard = (): boolean => counts.slice(0, this.#capacity).every((count) => count > 0);
    this.#arrivals.reset();
    if (this.#capacity === 0 || !(await this.#watch(isHeard, this.#plan.dwellNs))) return;
    this.#silent = this.#plan.streams
      .slice(0, this.#capacity)
      .flatMap(({ group }, slot) => (counts[slot] === 0 ? [group] : []));
  }

  /** The group that did not come is joined once more in place of the first one: does it come then, there is no room for both. */
  async #tryAgain(): Promise<void> {
    const failed = this.#failed!;
    const slot = failed.number - 1;
    const { dwellNs, streams } = this.#plan;
    this.#session.post({
      type: 'said',
      text: `${failed.group} did not come: once more, in place of ${streams[0]!.group}`,
    });
    this.#leave(slot);
    this.#leave(0);
    // As long as it takes the network to forget the first one.
    if (!(await this.#watch(() => false, dwellNs))) return;
    if ((await this.#openGroup(slot, streams[slot]!)) !== null) return;
    if (!(await this.#watch(() => this.#arrivals.counts[slot]! > 0, dwellNs))) return;
    const came = this.#arrivals.counts[slot]! > 0;
    const reason = `joined, and nothing came, but it did when ${streams[0]!.group} had been left: a switch or router has no room for more`;
    this.#failed = {
      ...failed,
      came_after_leave: came,
      ...(came ? { obstacle: 'network_limit', reason } : {}),
    };
  }

  /** Joins; in words why this host did not. */
  async #openGroup(slot: number, stream: StreamAddress): Promise<string | null> {
    try {
      const open = await this.#session.open([stream]);
      this.#open[slot] = open;
      for (const { source } of open) this.#arrivals.add(source, slot);
      return null;
    } catch (error) {
      if (!(error instanceof McastError)) throw error;
      return `${error.message}. ${error.hint}`.trim();
    }
  }

  #leave(slot: number): void {
    for (const { source } of this.#open[slot] ?? []) {
      this.#arrivals.remove(source);
      this.#session.tally.close(source);
    }
    this.#open[slot] = [];
  }

  /** Reads until it is over or the time is; false: the run was stopped. */
  async #watch(isOver: () => boolean, forNs: Nanos, tap = this.#lastTap): Promise<boolean> {
    const agent = this.#agent(
      () => {
        if (tap !== null && agent.seen > 0) this.#floodedAt ??= this.#capacity;
        return isOver();
      },
      forNs,
      tap,
    );
    await this.#session.run(agent);
    this.#session.unstamped += agent.unstamped;
    return !agent.wasStopped;
  }

  #agent(isOver: () => boolean, forNs: Nanos, tap: GroupTap | null): GroupsAgent {
    const { io } = this.#session;
    return new GroupsAgent(io, this.#arrivals, this.#batch, tap, isOver, io.clock.monoNs() + forNs);
  }

  #tapOf({ family, group, port, sources }: StreamAddress): GroupTap | null {
    const { via } = this.#place;
    const spec = { family, group: withoutZone(group, via), port, sources, interfaceIndex: via.index };
    const tap = this.#openTap(this.#session.io, spec);
    return typeof tap === 'string' ? null : tap;
  }

  #closeTap(): void {
    this.#lastTap?.close();
    this.#lastTap = null;
  }

  #bench(): Bench {
    const { test, streams, dwellNs } = this.#plan;
    return {
      test,
      delays: null,
      forwarding: null,
      classes: null,
      groups: {
        groups: streams.length,
        dwell_ns: dwellNs,
        capacity: this.#capacity,
        failed: this.#failed,
        silent: this.#silent.length,
        silent_groups: this.#silent.slice(0, MOST_NAMED),
        flooded_at: this.#floodedAt,
        sees_floods: this.#seesFloods,
        join_ns: this.#joins.count === 0 ? null : summarise(this.#joins),
      },
    };
  }
}
