/** What a step of a capacity search puts on the path. */
import { describe, expect, it } from 'vitest';
import { FeedbackTable } from '../../src/control/feedbackTable.js';
import type { RateSearch, RateSearchResult, RateStep } from '../../src/control/rateSearch.js';
import type { StepObservation } from '../../src/control/rateJudgement.js';
import { SendOutcome } from '../../src/core/batch.js';
import { octetsAtLayer } from '../../src/core/layers.js';
import { SocketCounter } from '../../src/io/datagram.js';
import { MemoryIo, type MemoryOptions } from '../../src/io/memory.js';
import { CapacityAgent, type CapacityTotals } from '../../src/runtime/capacityAgent.js';
import { loopbackSink } from './zapFixture.js';

const SIZE_OCTETS = 1316;
/** Around the data of a step. */
const MARKERS = 8;
const END = { kind: 'result' } as RateSearchResult;

interface Sent {
  /** Datagrams that left, markers included, and those of them with data. */
  readonly all: number;
  readonly data: number;
  readonly calls: number;
  readonly totals: CapacityTotals;
  /** `null`: the step was not judged. */
  readonly told: StepObservation | null;
}

/**
 * Sends one step, held up in its middle. A receiver reports that so many of its datagrams are missing, and that the last
 * ones took a millisecond.
 */
function sendStep(
  step: Pick<RateStep, 'rateBitPerSecond' | 'durationNs'>,
  {
    host,
    segments = 1,
    heldUpNs = 0,
    missing = 0,
  }: { host?: MemoryOptions['host']; segments?: number; heldUpNs?: number; missing?: number } = {},
): Sent {
  const io = new MemoryIo(host === undefined ? {} : { host });
  const sink = io.openSink(loopbackSink('239.9.9.9', 5001));
  const totals: CapacityTotals = {
    scheduled: 0,
    notSent: 0,
    noBuffers: 0,
    tooLate: 0,
    failed: 0,
    octets: 0,
    disturbed: 0,
  };
  let told: StepObservation | null = null;
  let isOver = false;
  const search: RateSearch = {
    next: () => (isOver ? END : { kind: 'step', index: 0, waitNs: 0, settleNs: 0, purpose: 'hold', ...step }),
    report: (observation) => (told = observation),
    disregard: () => (isOver = true),
  };
  const sending = {
    io,
    sink,
    runId: 7,
    tos: 0,
    ttl: 1,
    family: 4,
    segmentsFor: () => segments,
    announcesSuperPackets: false,
    maxLateNs: 10e6,
    seed: 1,
    backlogOctets: () => null,
  } as const;
  const table = new FeedbackTable();
  const receiver = table.admit(1, '10.0.0.2', 9, 'rx', 0)!;
  const agent = new CapacityAgent(sending, search, table, SIZE_OCTETS, 0, totals, () => {});
  let calls = 0;
  const send = sink.send.bind(sink);
  sink.send = (...args) => {
    calls++;
    return send(...args);
  };
  let isHeldUp = heldUpNs === 0;
  while (!agent.finished) {
    if (!isHeldUp && io.clock.monoNs() > step.durationNs / 2) {
      isHeldUp = true;
      io.clock.advance(heldUpNs);
    }
    const nowNs = io.clock.monoNs();
    const received = Math.max(0, sink.counters[SocketCounter.Datagrams]! - MARKERS - missing);
    receiver.flows.set(0, { flow: 0, received, lossSocketBuffer: 0, lossApplication: 0, lastDelayNs: 1e6 });
    receiver.reports = 1;
    receiver.heardNs = nowNs;
    isOver = nowNs > step.durationNs + 1e9;
    if (agent.doWork(nowNs) === 0) io.wait(agent.nextDueNs(), 0);
  }
  return { all: sink.counters[SocketCounter.Datagrams]!, data: totals.scheduled, calls, totals, told };
}

/** What waits in a send buffer of so many datagrams behind which so many leave in a second; else it is full. */
function sendBuffer(datagrams: number, perSecond: number): MemoryOptions['host'] {
  let left = 0;
  let sinceNs = 0;
  return (_ordinal, nowNs) => {
    left = Math.max(0, left - ((nowNs - sinceNs) * perSecond) / 1e9);
    sinceNs = nowNs;
    if (left + 1 > datagrams) return SendOutcome.Pending;
    left++;
    return SendOutcome.Sent;
  };
}

describe('a step', () => {
  const frameBits = 8 * octetsAtLayer(SIZE_OCTETS, 4, 'ethernet');

  it.each([
    [20_000_000, 100e6],
    [20_000_000, 1e9],
    [400_000_000, 100e6],
  ])('of %i bit/s loads the path with that over %i ns, its eight markers included', (rateBitPerSecond, durationNs) => {
    const { all, data } = sendStep({ rateBitPerSecond, durationNs });
    expect(all - data).toBe(MARKERS);
    expect(Math.abs(all - (rateBitPerSecond * durationNs) / 1e9 / frameBits)).toBeLessThanOrEqual(1);
  });

  it('of a rate that its markers would take has data for half of it', () => {
    const { data } = sendStep({ rateBitPerSecond: 800_000, durationNs: 100e6 });
    expect(Math.abs(data - 40_000 / frameBits)).toBeLessThanOrEqual(1);
  });

  it('with offload leaves in bursts of at most a quarter of a millisecond', () => {
    const step = { rateBitPerSecond: 400_000_000, durationNs: 100e6 };
    const [one, bursts] = [sendStep(step), sendStep(step, { segments: 49 })];
    expect(bursts.all).toBe(one.all);
    expect(one.calls).toBeGreaterThan(0.99 * one.all);
    expect(bursts.calls).toBeGreaterThan(360);
    expect(bursts.calls).toBeLessThan(400);
  });

  it('whose send buffer stays full is judged, what waited before it included', () => {
    const { totals, told } = sendStep({ rateBitPerSecond: 400e6, durationNs: 1e9 }, { host: sendBuffer(90, 30_000) });
    expect(totals.disturbed).toBe(0);
    // 30,000 of 36,820 a second leave, and 10 ms of them wait.
    expect(told!.notSent / totals.scheduled).toBeGreaterThan(0.16);
    expect(told!.notSent / totals.scheduled).toBeLessThan(0.19);
    expect(told!.senderDelayRiseNs).toBeGreaterThan(8e6);
    expect(told!.receivers).toMatchObject([{ delayRiseNs: 0 }]);
  });

  it('that this host held up is not judged', () => {
    const { totals, told } = sendStep({ rateBitPerSecond: 400e6, durationNs: 1e9 }, { heldUpNs: 30e6 });
    expect(totals.notSent).toBeGreaterThan(0);
    expect([totals.disturbed, told]).toEqual([1, null]);
  });

  it('that this host held up is judged all the same where trying again would take too long', () => {
    const { totals, told } = sendStep({ rateBitPerSecond: 20e6, durationNs: 11e9 }, { heldUpNs: 30e6, missing: 3 });
    expect(totals.disturbed).toBe(0);
    expect(told!.sent - told!.receivers[0]!.received).toBe(3);
  });

  it('is excused for as much as was due while this host was held up, and for no more', () => {
    const step = { rateBitPerSecond: 400e6, durationNs: 1e9 };
    // 184 are due in 5 ms, which all leave behind it.
    const excused = sendStep(step, { heldUpNs: 5e6, missing: 150 });
    expect([excused.totals.notSent, excused.totals.disturbed, excused.told]).toEqual([0, 1, null]);
    for (const how of [{ heldUpNs: 5e6, missing: 220 }, { missing: 150 }, { heldUpNs: 5e6 }]) {
      const { totals, told } = sendStep(step, how);
      expect([totals.disturbed, told!.sent - told!.receivers[0]!.received]).toEqual([0, how.missing ?? 0]);
    }
  });
});
