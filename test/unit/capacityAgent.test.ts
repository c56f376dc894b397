/** What a step of a capacity search puts on the path. */
import { describe, expect, it } from 'vitest';
import { FeedbackTable } from '../../src/control/feedbackTable.js';
import type { RateSearch, RateSearchResult, RateStep } from '../../src/control/rateSearch.js';
import { octetsAtLayer } from '../../src/core/layers.js';
import { SocketCounter } from '../../src/io/datagram.js';
import { MemoryIo } from '../../src/io/memory.js';
import { CapacityAgent, type CapacityTotals } from '../../src/runtime/capacityAgent.js';
import { loopbackSink } from './zapFixture.js';

const SIZE_OCTETS = 1316;
const END = { kind: 'result' } as RateSearchResult;

/** Sends one step; the datagrams that left, markers included, and those of them with data. */
function sendStep(step: Pick<RateStep, 'rateBitPerSecond' | 'durationNs'>): { all: number; data: number } {
  const io = new MemoryIo();
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
  let isReported = false;
  const search: RateSearch = {
    next: () => (isReported ? END : { kind: 'step', index: 0, waitNs: 0, settleNs: 0, purpose: 'hold', ...step }),
    report: () => (isReported = true),
  };
  const sending = {
    io,
    sink,
    runId: 7,
    tos: 0,
    ttl: 1,
    family: 4,
    segments: 1,
    maxLateNs: 10e6,
    seed: 1,
    backlogOctets: () => null,
  } as const;
  const agent = new CapacityAgent(sending, search, new FeedbackTable(), SIZE_OCTETS, 0, totals, () => {});
  while (!agent.finished) {
    if (agent.doWork(io.clock.monoNs()) === 0) io.wait(agent.nextDueNs(), 0);
  }
  return { all: sink.counters[SocketCounter.Datagrams]!, data: totals.scheduled };
}

describe('a step', () => {
  const frameBits = 8 * octetsAtLayer(SIZE_OCTETS, 4, 'ethernet');

  it.each([
    [20_000_000, 100e6],
    [20_000_000, 1e9],
    [400_000_000, 100e6],
  ])('of %i bit/s loads the path with that over %i ns, its eight markers included', (rateBitPerSecond, durationNs) => {
    const { all, data } = sendStep({ rateBitPerSecond, durationNs });
    expect(all - data).toBe(8);
    expect(Math.abs(all - (rateBitPerSecond * durationNs) / 1e9 / frameBits)).toBeLessThanOrEqual(1);
  });

  it('of a rate that its markers would take has data for half of it', () => {
    const { data } = sendStep({ rateBitPerSecond: 800_000, durationNs: 100e6 });
    expect(Math.abs(data - 40_000 / frameBits)).toBeLessThanOrEqual(1);
  });
});
