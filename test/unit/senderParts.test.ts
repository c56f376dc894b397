/** What the threads of one sender share: when they begin, what they have sent, that they are over. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/core/time.js';
import type { Io } from '../../src/io/datagram.js';
import { Command, RunControl } from '../../src/runtime/control.js';
import { beginTogether, OtherParts, SenderParts, type SharedStart } from '../../src/runtime/senderParts.js';

const FIRST: SharedStart = { startMonoNs: 5e9, startRealNs: 5.25e9, firstNs: 5.5e9 };

/** A clock that was opened so much later, on one host. */
function laterClock(byNs: number): ManualClock {
  const clock = new ManualClock(1_700_000_000_000_000_000n + BigInt(byNs));
  Object.assign(clock.epoch, { monotonicNs: BigInt(byNs) });
  return clock;
}

function partsOf(of: number): SenderParts[] {
  const memory = SenderParts.allocate(of);
  return Array.from({ length: of }, (_, index) => new SenderParts(memory, index, of));
}

/** Waits take no time but what `meanwhile` does. */
function ioOf(clock: ManualClock, meanwhile: () => void = () => {}): Io {
  const wait = (untilNs: number): number => {
    clock.advance(untilNs - clock.monoNs());
    meanwhile();
    return 0;
  };
  return { clock, wait } as unknown as Io;
}

const never = (): never => {
  throw new Error('nobody asked this one');
};

describe('the threads of a sender', () => {
  it('begin at one instant, each by its own epoch', async () => {
    const [one, two] = partsOf(2) as [SenderParts, SenderParts];
    const clock = new ManualClock();
    const waits: number[] = [];
    const io = ioOf(clock, () => {
      waits.push(clock.monoNs());
      if (waits.length === 3) two.arrive();
    });
    const start = await beginTogether(io, one, true, new RunControl(), () => FIRST);
    expect(start).toEqual(FIRST);
    // It has waited for the other.
    expect(waits).toEqual([1e6, 2e6, 3e6]);
    const later = await beginTogether(ioOf(laterClock(2e9)), two, false, new RunControl(), never);
    expect(later).toEqual({ startMonoNs: 3e9, startRealNs: 3.25e9, firstNs: 3.5e9 });
  });

  it('wait for the first one to say when', async () => {
    const [one, two] = partsOf(2) as [SenderParts, SenderParts];
    const clock = new ManualClock();
    let waits = 0;
    const io = ioOf(clock, () => {
      if (++waits === 4) one.begin(clock, FIRST);
    });
    expect(await beginTogether(io, two, false, new RunControl(), never)).toEqual(FIRST);
    expect(waits).toBe(4);
  });

  it('wait no longer when they are stopped, nor for one that is gone', async () => {
    const stopped = new RunControl();
    stopped.give(Command.Stop);
    for (const isFirst of [true, false]) {
      const [one] = partsOf(2);
      expect(await beginTogether(ioOf(new ManualClock()), one!, isFirst, stopped, () => FIRST)).toEqual(FIRST);
    }
    const [one, two, three] = partsOf(3) as [SenderParts, SenderParts, SenderParts];
    two.arrive();
    expect(one.areThere).toBe(false);
    three.end();
    expect(await beginTogether(ioOf(new ManualClock()), one, true, new RunControl(), () => FIRST)).toEqual(FIRST);
  });

  it('know what the others have sent, and what was refused there', () => {
    const [one, two, three] = partsOf(3) as [SenderParts, SenderParts, SenderParts];
    one.tell({ scheduled: 1, notSent: 2, octets: 3 }, { noBuffers: 4, wouldBlock: 5 });
    two.tell({ scheduled: 10, notSent: 20, octets: 30 }, { noBuffers: 40, wouldBlock: 50 });
    three.tell({ scheduled: 100, notSent: 200, octets: 300 }, { noBuffers: 400, wouldBlock: 500 });
    expect(one.othersTotals()).toEqual({ scheduled: 110, notSent: 220, octets: 330 });
    expect(two.othersRefused()).toEqual({ noBuffers: 404, wouldBlock: 505 });
  });

  it('are over for the first one when all others are', () => {
    const [one, two, three] = partsOf(3) as [SenderParts, SenderParts, SenderParts];
    const others = new OtherParts(one);
    others.doWork(0);
    two.end();
    others.doWork(5e6);
    expect([others.finished, others.nextDueNs()]).toEqual([false, 10e6]);
    three.end();
    others.doWork(9e6);
    expect(others.finished).toBe(false);
    others.doWork(10e6);
    expect(others.finished).toBe(true);
  });
});
