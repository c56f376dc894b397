/** Cycles of joining and leaving, told what a network would bring them. */
import { describe, expect, it } from 'vitest';
import { MembershipCycle, type CycleOptions, type CycleTimes } from '../../src/control/membershipCycle.js';

const MS = 1e6;
const OPTIONS: CycleOptions = {
  dwellNs: 5000 * MS,
  settleNs: 500 * MS,
  pauseNs: 5000 * MS,
  seesLeft: true,
};

interface Network {
  readonly joinDelayNs?: number;
  readonly leaveDelayNs?: number;
  readonly spacingNs?: number;
  readonly reportNs?: number;
  /** It comes whoever has joined. */
  readonly floods?: boolean;
  readonly isSilent?: boolean;
  readonly options?: Partial<CycleOptions>;
  /** The packet socket sees nothing. */
  readonly isBlind?: boolean;
  readonly silentSinceNs?: number;
}

interface Played {
  readonly times: CycleTimes;
  readonly joinedNs: number;
  readonly leftNs: number;
  readonly endNs: number;
}

/** One cycle that begins at 0; what comes does so at multiples of the spacing and a quarter. */
function play(network: Network = {}): Played {
  const { joinDelayNs = 20 * MS, leaveDelayNs = 200 * MS, spacingNs = 10 * MS, reportNs = 8 * MS } = network;
  const options = { ...OPTIONS, ...network.options };
  const cycle = new MembershipCycle(options, 0, network.silentSinceNs ?? NaN);
  let [joinedNs, leftNs, nowNs] = [NaN, NaN, 0];
  let next = 0.25 * spacingNs;
  for (;;) {
    nowNs = Math.min(cycle.dueNs(), next);
    if (nowNs === next) {
      const isMember = nowNs >= joinedNs && !(nowNs >= leftNs);
      const isForwarded = nowNs >= joinedNs + joinDelayNs && !(nowNs > leftNs + leaveDelayNs);
      const comes = network.isSilent !== true && (network.floods === true || isForwarded);
      if (comes && isMember) cycle.onReceived(nowNs);
      if (comes && options.seesLeft && network.isBlind !== true) cycle.onSeen(nowNs);
      next += spacingNs;
    }
    const step = cycle.step(nowNs);
    if (step === 'join') {
      joinedNs = nowNs;
      cycle.joined(nowNs);
      if (options.seesLeft) cycle.onReport(nowNs + reportNs);
      cycle.onReport(nowNs + 400 * MS);
    } else if (step === 'leave') {
      leftNs = nowNs;
      cycle.left(nowNs);
      if (options.seesLeft) cycle.onReport(nowNs + reportNs);
    } else if (step === 'end') return { times: cycle.times(nowNs), joinedNs, leftNs, endNs: nowNs };
  }
}

/** The first moment at or behind `ns`, or with -1 the last one before it, at which a datagram is due. */
function datagram(ns: number, side: 1 | -1, spacingNs = 10 * MS): number {
  const at = (ns - 0.25 * spacingNs) / spacingNs;
  return ((side > 0 ? Math.ceil(at) : Math.floor(at)) + 0.25) * spacingNs;
}

describe('a cycle', () => {
  it('times the first datagram behind its join and the last one behind its leave', () => {
    const { times, joinedNs, leftNs, endNs } = play();
    expect(joinedNs).toBe(500 * MS);
    expect(times.joinNs).toBe(datagram(joinedNs + 20 * MS, 1) - joinedNs);
    expect(times.leaveNs).toBe(datagram(leftNs + 200 * MS, -1) - leftNs);
    expect(endNs).toBe(leftNs + times.leaveNs + 500 * MS);
    expect([times.joinReportNs, times.leaveReportNs]).toEqual([8 * MS, 8 * MS]);
    expect(times).toMatchObject({ wasThere: false, stayed: false, isBlind: false });
    expect(times.spacingNs).toBeCloseTo(10 * MS);
  });

  it('begins at once where the silence before it is known', () => {
    expect(play({ silentSinceNs: -500 * MS }).joinedNs).toBe(0);
    expect(play({ silentSinceNs: -100 * MS }).joinedNs).toBe(400 * MS);
  });

  it('is joined until it knows the spacing, and waits for a slow stream', () => {
    const fast = play();
    expect(fast.leftNs - fast.joinedNs - fast.times.joinNs).toBe(100 * MS);
    const slow = play({ spacingNs: 400 * MS, leaveDelayNs: 1000 * MS, options: { dwellNs: 20_000 * MS } });
    expect(slow.leftNs - slow.joinedNs - slow.times.joinNs).toBe(7 * 400 * MS);
    expect(slow.endNs).toBe(slow.leftNs + slow.times.leaveNs + 4 * 400 * MS);
    expect(slow.times.stayed).toBe(false);
  });

  it('gives up where nothing comes', () => {
    const { times, joinedNs, leftNs, endNs } = play({ isSilent: true });
    expect(times.joinNs).toBeNaN();
    expect(times.leaveNs).toBeNaN();
    expect(times.stayed).toBe(false);
    expect([leftNs - joinedNs, endNs - leftNs]).toEqual([5000 * MS, 500 * MS]);
  });

  it('tells a group that comes unasked', () => {
    const { times, joinedNs, leftNs, endNs } = play({ floods: true });
    expect(joinedNs).toBe(5000 * MS);
    expect(times).toMatchObject({ wasThere: true, stayed: true });
    expect(times.leaveNs).toBeNaN();
    expect(endNs).toBe(leftNs + 5500 * MS);
  });

  it('is not deceived by what came before it and ended', () => {
    const cycle = new MembershipCycle(OPTIONS, 0, NaN);
    cycle.onSeen(10 * MS);
    expect(cycle.dueNs()).toBe(510 * MS);
    expect(cycle.step(509 * MS)).toBeNull();
    expect(cycle.step(510 * MS)).toBe('join');
    cycle.joined(510 * MS);
    expect(cycle.times(510 * MS).wasThere).toBe(false);
  });

  it('knows no leave where none can be seen, and pauses instead', () => {
    const { times, joinedNs, leftNs, endNs } = play({ options: { seesLeft: false } });
    expect(joinedNs).toBe(0);
    expect(times.leaveNs).toBeNaN();
    expect(times).toMatchObject({ stayed: false, isBlind: false });
    expect(endNs - leftNs).toBe(5000 * MS);
  });

  it('says that it is blind where the socket gets what is not seen', () => {
    const { times } = play({ isBlind: true });
    expect(times.isBlind).toBe(true);
    expect(times.leaveNs).toBeNaN();
  });

  it('has a leave of 0 where nothing came any more', () => {
    expect(play({ leaveDelayNs: 0 }).times.leaveNs).toBe(0);
  });
});
