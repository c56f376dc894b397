/** A lane whose feed demands more than can be done: it returns to its loop, which looks whether it is to stop. */
import { expect, it } from 'vitest';
import { SendBatch, SendOutcome } from '../../src/core/batch.js';
import { ManualClock } from '../../src/core/time.js';
import { MessageFeed } from '../../src/feed/messageFeed.js';
import type { DatagramSink } from '../../src/io/datagram.js';
import { Pacer } from '../../src/pacing/pacer.js';
import { readCommandLine } from '../../src/cli/program.js';
import { planSend } from '../../src/profile/makePlan.js';
import { planContext } from '../../src/runtime/planContext.js';
import { SenderLane } from '../../src/runtime/senderLane.js';
import { SenderStats, SentCounter } from '../../src/runtime/senderStats.js';
import { warmUpSentFeeds } from '../../src/runtime/warmSequencedFeeds.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { messages, StubSource } from './messageStub.js';

const LATE_NS = 5e9;

/** Ends when it is told, as what is made up does. */
class EndingSource extends StubSource {
  end(): void {
    this.next = Infinity;
  }
}

/** Far behind: 5 s after all of it was due. */
function lateLane() {
  const clock = new ManualClock();
  clock.advance(LATE_NS);
  const feed = new MessageFeed({
    source: new EndingSource(messages(10_000, 3, 1000)),
    framing: moldUdp64Framing,
    session: [0, 0, 0],
    firstSequence: { high: 0, low: 1 },
    mtuOctets: 100,
    mostMessages: 1,
    flushAfterNs: 0,
    heartbeatNs: Infinity,
    stampNs: Infinity,
    stampsDeparture: true,
    unpaced: false,
    count: null,
    durationNs: null,
    startMonoNs: 0,
    unixAtMonoZero: { high: 0, low: 0 },
    destination: 0,
  });
  let sent = 0;
  const sink: DatagramSink = {
    counters: new Float64Array(8),
    sourcePort: 1,
    notes: [],
    send(batch, from, to) {
      batch.outcome.fill(SendOutcome.Sent, from, to);
      sent += to - from;
      return to;
    },
    drainErrors: () => 0,
    close: () => {},
  };
  const lane = new SenderLane({
    feed,
    batch: new SendBatch(64, 6400),
    pacer: new Pacer({ quantumNs: 0, spinNs: 0, maxLateNs: 1e9, mostPerCall: 64, unpaced: false }),
    sink,
    clock,
    counter: new SentCounter(new Uint16Array(1), [new SenderStats()]),
    segments: 1,
    maxLateNs: 1e9,
  });
  return { lane, feed, clock, sent: () => sent };
}

/** Turns of the loop until it has finished. */
function turns({ lane, clock }: ReturnType<typeof lateLane>): number {
  for (let turn = 1; ; turn++) {
    lane.doWork(clock.monoNs());
    if (lane.finished) return turn;
    clock.advance(Math.max(1, lane.nextDueNs() - clock.monoNs()));
  }
}

it('gives up a long schedule in many turns, each of them due at once', () => {
  const late = lateLane();
  late.lane.doWork(LATE_NS);
  expect(late.feed.scheduled).toBe(256);
  expect(late.lane.nextDueNs()).toBe(LATE_NS);
  expect(turns(late)).toBeGreaterThan(10_000 / 256 - 1);
  // The end of the session.
  expect([late.feed.notSent, late.sent()]).toEqual([10_000, 5]);
});

it('is stopped between two of them', () => {
  const late = lateLane();
  late.lane.doWork(LATE_NS);
  late.lane.stop(LATE_NS);
  expect(turns(late)).toBeLessThan(10);
  expect([late.feed.notSent, late.sent()]).toEqual([256, 5]);
});

it('is compiled as quickly however often its heartbeats and stamps are sent', async () => {
  const { given, operands } = await readCommandLine(['send', 'mold://239.1.1.1:26400']);
  const { feed } = planSend(operands, given, planContext([])).plan.streams[0]!;
  // A heartbeat each ns would be more than a hundred million datagrams.
  warmUpSentFeeds({ ...feed!, heartbeatNs: 1, stampNs: 1 });
});
