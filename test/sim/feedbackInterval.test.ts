import { describe, expect, it } from 'vitest';
import { RtcpInterval, RtcpStep, type RtcpGroup } from '../../src/control/rtcpInterval.js';
import { Random } from '../../src/core/random.js';

const REPORT_OCTETS = 200;
const SECOND = 1e9;

interface Reporting {
  /** When each report left. */
  readonly atNs: readonly number[];
  readonly byReceiver: readonly number[];
}

/**
 * Receivers that answer by unicast do not hear each other: how many they are is told by the sender, whom all of them
 * reach, with what it sends to the group (as RFC 5760 has it).
 */
function simulate(receivers: number, rtcpBitPerSecond: number, toldAtFirst: number, untilNs: number): Reporting {
  const minimumNs = SECOND;
  const tellNs = 0.1 * SECOND;
  let told = toldAtFirst;
  const heard = new Set<number>();
  const timers = Array.from({ length: receivers }, (_, i) => {
    return new RtcpInterval({ rtcpBitPerSecond, minimumNs, firstOctets: REPORT_OCTETS }, new Random(i + 1), 0);
  });
  const atNs: number[] = [];
  const byReceiver = timers.map(() => 0);
  for (let nowNs = 0; nowNs <= untilNs; nowNs += 1e6) {
    if (nowNs % tellNs === 0) told = Math.max(toldAtFirst, heard.size);
    const group: RtcpGroup = { members: told + 1, senders: 1, weSent: false };
    for (const [i, timer] of timers.entries()) {
      if (timer.dueMonoNs > nowNs || timer.step(nowNs, group) === RtcpStep.Wait) continue;
      timer.sent(nowNs, REPORT_OCTETS, group);
      atNs.push(nowNs);
      byReceiver[i]!++;
      heard.add(i);
    }
  }
  return { atNs, byReceiver };
}

function mostWithin(atNs: readonly number[], spanNs: number, fromNs: number): number {
  let most = 0;
  for (let i = 0, from = 0; i < atNs.length; i++) {
    while (atNs[i]! - atNs[from]! >= spanNs) from++;
    if (atNs[from]! >= fromNs) most = Math.max(most, i - from + 1);
  }
  return most;
}

describe("the interval rule of RTCP, for a sender's receivers that answer by unicast", () => {
  it('lets a few report once in the minimum', () => {
    const { byReceiver } = simulate(3, 500_000, 0, 60 * SECOND);
    for (const reports of byReceiver) expect(reports).toBeGreaterThan(45);
    for (const reports of byReceiver) expect(reports).toBeLessThan(90);
  });

  it.each([
    [50, 0],
    [1000, 0],
    [1000, 1000],
  ])('keeps %d within their bandwidth, and hears every one; %d of them foretold', (receivers, foretold) => {
    const rtcpBitPerSecond = 500_000;
    const { atNs, byReceiver } = simulate(receivers, rtcpBitPerSecond, foretold, 60 * SECOND);
    expect(byReceiver.filter((reports) => reports === 0)).toEqual([]);
    // Receivers have three quarters (section 6.2); randomly spread, no second has much more.
    const perSecond = (0.75 * rtcpBitPerSecond) / (8 * REPORT_OCTETS);
    const steady = atNs.filter((ns) => ns > 10 * SECOND).length / 50;
    expect(steady).toBeLessThan(1.05 * Math.min(perSecond, 1.25 * receivers));
    expect(mostWithin(atNs, SECOND, 10 * SECOND)).toBeLessThan(1.6 * perSecond);
    // All of them begin at once, and then are spread by reconsideration (section 6.3.1).
    expect(mostWithin(atNs, SECOND, 0)).toBeLessThan(3 * perSecond);
  });
});
