import { describe, expect, it } from 'vitest';
import {
  RTCP_BANDWIDTH_SHARE,
  RTCP_MINIMUM_NS,
  RtcpInterval,
  RtcpStep,
  deterministicIntervalNs,
  randomisedIntervalNs,
  reducedMinimumNs,
} from '../../src/control/rtcpInterval.js';
import type { RtcpGroup } from '../../src/control/rtcpInterval.js';
import { Random } from '../../src/core/random.js';
import { expire, join, leave, receive, shrink } from '../oracle/rtcpTimer.js';

const RECEIVER: RtcpGroup = { members: 1, senders: 0, weSent: false };
const OPTIONS = { rtcpBitPerSecond: 8000, minimumNs: RTCP_MINIMUM_NS, firstOctets: 100 };

/** Numbers that are handed out in turn instead of random ones. */
function fixed(...units: readonly number[]): Random {
  const random = new Random(1);
  let i = 0;
  random.unit = () => units[i++ % units.length]!;
  return random;
}

describe('the deterministic interval', () => {
  // 8000 bit/s are 1000 octets/s.
  it.each([
    ['alone: the minimum', { members: 1, senders: 0, weSent: false }, 5e9],
    ['a receiver of many: three quarters, among receivers', { members: 1001, senders: 1, weSent: false }, 133.333e9],
    ['a sender of few: a quarter, among senders', { members: 1000, senders: 100, weSent: true }, 40e9],
    ['senders are just a quarter', { members: 1000, senders: 250, weSent: true }, 100e9],
    ['more senders: all share alike', { members: 1000, senders: 251, weSent: true }, 100e9],
    ['and receivers too', { members: 1000, senders: 251, weSent: false }, 100e9],
    ['who sent is not counted yet', { members: 8, senders: 0, weSent: true }, 5e9],
  ])('%s', (_what, group, ns) => {
    const interval = deterministicIntervalNs(group, 8000, 100, 5e9);
    expect(Math.abs(interval - ns) / ns).toBeLessThan(1e-5);
  });

  it('is never where there is no bandwidth', () => {
    expect(deterministicIntervalNs(RECEIVER, 0, 100, 5e9)).toBe(Infinity);
    expect(deterministicIntervalNs({ ...RECEIVER, weSent: true }, 0, 100, 5e9)).toBe(Infinity);
    const timer = new RtcpInterval({ ...OPTIONS, rtcpBitPerSecond: 0 }, new Random(1), 0);
    expect(timer.dueMonoNs).toBe(Infinity);
    expect(timer.step(1e18, { ...RECEIVER, members: 5 })).toBe(RtcpStep.Wait);
    timer.sent(0, 100, { ...RECEIVER, members: 5 });
    expect(timer.step(1e18, RECEIVER)).toBe(RtcpStep.Wait);
    expect(timer.dueMonoNs).toBe(Infinity);
  });

  it('is spread from half to one and a half, and compensated', () => {
    expect(randomisedIntervalNs(5e9, 0)).toBe(2_052_070_335);
    expect(randomisedIntervalNs(5e9, 0.5)).toBe(4_104_140_670);
    expect(randomisedIntervalNs(5e9, 1)).toBe(6_156_211_005);
  });

  it('has a minimum that falls with the bandwidth of the session', () => {
    expect(reducedMinimumNs(8_000)).toBe(RTCP_MINIMUM_NS);
    expect(reducedMinimumNs(72_000)).toBe(RTCP_MINIMUM_NS);
    expect(reducedMinimumNs(720_000)).toBe(500_000_000);
    expect(reducedMinimumNs(36_000_000)).toBe(10_000_000);
    expect(RTCP_BANDWIDTH_SHARE).toBe(0.05);
  });
});

describe('the transmission timer', () => {
  it('begins with half of the minimum, for the first report only', () => {
    const timer = new RtcpInterval(OPTIONS, fixed(0.5), 1000);
    expect(timer.dueMonoNs).toBe(1000 + 2_052_070_335);
    expect(timer.step(timer.dueMonoNs - 1, RECEIVER)).toBe(RtcpStep.Wait);
    const due = timer.dueMonoNs;
    expect(timer.step(due, RECEIVER)).toBe(RtcpStep.SendReport);
    timer.sent(due, 100, RECEIVER);
    // Appendix A.7 redraws before it forgets that the report was the first.
    expect(timer.dueMonoNs).toBe(due + 2_052_070_335);
    timer.sent(timer.dueMonoNs, 100, RECEIVER);
    expect(timer.dueMonoNs).toBe(due + 2_052_070_335 + 4_104_140_670);
    expect(timer.senderTimeoutNs).toBe(2 * 4_104_140_670);
  });

  it('reconsiders forward when the group has grown', () => {
    const timer = new RtcpInterval(OPTIONS, fixed(0.5), 0);
    const due = timer.dueMonoNs;
    const grown: RtcpGroup = { members: 100, senders: 0, weSent: false };
    expect(timer.step(due, grown)).toBe(RtcpStep.Wait);
    // 100 members x 100 octets at 750 octets/s, compensated.
    expect(timer.dueMonoNs).toBe(10_944_375_121);
    // As much as was reckoned with: this time it is due.
    expect(timer.step(timer.dueMonoNs, grown)).toBe(RtcpStep.SendReport);
  });

  it('reconsiders backward when the group has shrunk, both ends of the interval', () => {
    const timer = new RtcpInterval(OPTIONS, fixed(0.5), 0);
    const many: RtcpGroup = { members: 1000, senders: 0, weSent: false };
    timer.sent(0, 100, many);
    const due = timer.dueMonoNs;
    const now = 1e9;
    expect(timer.step(now, { ...many, members: 100 })).toBe(RtcpStep.Wait);
    expect(timer.dueMonoNs).toBe(Math.round(now + (due - now) / 10));
    // The last report counts as sent 0.1 s before now, no longer 1 s before: the draw at the due time starts there.
    const next = timer.dueMonoNs;
    expect(timer.step(next, { ...many, members: 101 })).toBe(RtcpStep.Wait);
    expect(timer.dueMonoNs).toBe(900_000_000 + 11_053_818_872);
    // A group that grows changes nothing before the timer expires.
    expect(timer.step(now, { ...many, members: 5000 })).toBe(RtcpStep.Wait);
    expect(timer.dueMonoNs).toBe(900_000_000 + 11_053_818_872);
  });

  it('averages sizes with a weight of 1/16', () => {
    const timer = new RtcpInterval(OPTIONS, fixed(0.5), 0);
    timer.received(260, false);
    expect(timer.averageOctets).toBe(110);
    timer.sent(0, 270, RECEIVER);
    expect(timer.averageOctets).toBe(120);
  });

  it('keeps members for five intervals of a receiver, with the full minimum', () => {
    const timer = new RtcpInterval({ ...OPTIONS, minimumNs: 1e9 }, fixed(0.5), 0);
    expect(timer.memberTimeoutNs({ members: 2, senders: 1, weSent: true })).toBe(25e9);
    expect(timer.memberTimeoutNs({ members: 760, senders: 10, weSent: true })).toBe(500e9);
  });

  it('leaves a small group at once, a large one in its turn', () => {
    const timer = new RtcpInterval(OPTIONS, fixed(0.5), 0);
    expect(timer.leave(0, 80, 50)).toBe(true);
    expect(timer.leave(7e9, 80, 51)).toBe(false);
    expect(timer.averageOctets).toBe(80);
    expect(timer.dueMonoNs).toBe(7e9 + 2_052_070_335);
    // Everybody leaves: only their BYEs count now, not the members.
    timer.received(500, false);
    expect(timer.averageOctets).toBe(80);
    for (let i = 0; i < 99; i++) timer.received(80, true);
    expect(timer.step(timer.dueMonoNs, { members: 1, senders: 1, weSent: true })).toBe(RtcpStep.Wait);
    // 100 leavers x 80 octets at 750 octets/s, compensated.
    expect(timer.dueMonoNs).toBe(7e9 + 8_755_500_097);
    expect(timer.step(timer.dueMonoNs, RECEIVER)).toBe(RtcpStep.SendBye);
  });

  it('does as the text of section 6.3 does', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const own = new Random(seed);
      const theirs = new Random(seed);
      const events = new Random(seed, 1);
      const minimumNs = seed % 2 === 0 ? RTCP_MINIMUM_NS : 360e6;
      const timer = new RtcpInterval({ rtcpBitPerSecond: 40_000, minimumNs, firstOctets: 120 }, own, 0);
      const oracle = join(0, 5000, 120, minimumNs / 1e9, () => theirs.unit());
      let group: RtcpGroup = RECEIVER;
      let now = 0;
      let sentReports = 0;
      const byes = 300;
      for (let i = 0; i < 400; i++) {
        const isLeaving = oracle.leaving;
        if (i === byes) {
          if (group.members <= 50) break;
          expect(timer.leave(now, 90, group.members)).toBe(false);
          leave(oracle, now / 1e9, 90);
        } else if (events.below(3) === 0) {
          now = timer.dueMonoNs;
          const octets = 60 + events.below(400);
          const step = timer.step(now, group);
          const isDue = expire(oracle, now / 1e9, octets);
          expect(step).toBe(isDue ? (isLeaving ? RtcpStep.SendBye : RtcpStep.SendReport) : RtcpStep.Wait);
          if (step === RtcpStep.SendBye) break;
          if (isDue) {
            timer.sent(now, octets, group);
            sentReports++;
          }
        } else {
          now += events.unit() * (timer.dueMonoNs - now);
          const octets = 60 + events.below(1400);
          const hasBye = events.below(2) === 0;
          timer.received(octets, hasBye);
          receive(oracle, octets, hasBye);
          if (!isLeaving) {
            const members = Math.max(1, group.members + events.below(40) - 15);
            const senders = Math.min(members, events.below(30));
            group = { members, senders, weSent: senders > 0 && events.below(2) === 0 };
            oracle.senders = senders;
            oracle.we_sent = group.weSent;
            shrink(oracle, now / 1e9, members);
          }
          expect(timer.step(now, group)).toBe(RtcpStep.Wait);
        }
        expect(Math.abs(timer.dueMonoNs - oracle.tn * 1e9)).toBeLessThan(1000);
        expect(Math.abs(timer.averageOctets - oracle.avg_rtcp_size)).toBeLessThan(1e-6);
      }
      expect(sentReports).toBeGreaterThan(10);
    }
  });
});
