import { SendBatch } from '../core/batch.js';
import { ProbeFeed } from '../feed/probeFeed.js';
import { Pacer } from '../pacing/pacer.js';
import { keep } from './kept.js';
import { sendNowhere } from './sendNowhere.js';
import { SenderStats, SentCounter } from './senderStats.js';

const SLOTS = 512;
/** Like a run's: beyond 2^31, since code compiled for small integers would be thrown away by the first real time. */
const BEGAN_NS = 3e9;
const PACKETS_PER_SECOND = 4e6;
/** Of that rate, in datagrams of one call: many, and one by one. */
const QUANTUM_NS = { many: 100_000, one: 0 } as const;

/**
 * Runs the sending path over datagrams that go nowhere, so that it is compiled before the first one that goes
 * somewhere: cold, the first milliseconds of a schedule would be late.
 */
export function warmUp(): void {
  // Short ones first: what happens once per stream is known, too, when the long one is compiled.
  for (const isCounted of [true, false, true]) send(500, QUANTUM_NS.many, isCounted);
  send(10_000, QUANTUM_NS.many);
}

/** The same for a rate that leaves no time to compile. */
export function warmUpFast(): void {
  send(20_000, QUANTUM_NS.one);
  send(100_000, QUANTUM_NS.many);
}

/** `isCounted`: ends by `--count`, else by `--duration`, as most do. */
function send(datagrams: number, quantumNs: number, isCounted = false): void {
  const batch = new SendBatch(SLOTS, SLOTS * 64);
  const stats = [new SenderStats()];
  const counter = new SentCounter(new Uint16Array(1), stats);
  const pacer = new Pacer({ quantumNs, spinNs: 0, maxLateNs: 1e9, mostPerCall: SLOTS, unpaced: false });
  const feed = new ProbeFeed({
    packetsPerSecond: PACKETS_PER_SECOND,
    pattern: { kind: 'cbr' },
    count: isCounted ? datagrams : null,
    durationNs: isCounted ? null : (datagrams * 1e9) / PACKETS_PER_SECOND,
    startMonoNs: BEGAN_NS,
    seed: 0,
    sizeOctets: 64,
    destination: 0,
    flows: 1,
    runId: 0xffff_ffff,
    tos: 0,
    ttl: 1,
    sendTime: 'departure',
    unixAtMonoZero: { high: 0, low: 0 },
    superPackets: false,
  });
  keep(batch, stats, counter, pacer, feed);
  sendNowhere(feed, batch, pacer, counter, BEGAN_NS);
}
