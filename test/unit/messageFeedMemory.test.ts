import { describe, expect, it } from 'vitest';
import { SendBatch } from '../../src/core/batch.js';
import { MessageFeed } from '../../src/feed/messageFeed.js';
import { type MessageSource, SourceStatus } from '../../src/feed/messageSource.js';
import { PayloadSlots } from '../../src/feed/payloadSlots.js';
import type { FeedPlan } from '../../src/profile/plan.js';
import { MessageStore } from '../../src/repair/messageStore.js';
import { storeOf } from '../../src/runtime/recoveryServers.js';
import { sequencedFeed, type SplitFeeds } from '../../src/runtime/sequencedFeed.js';
import { isFeedStamp } from '../../src/wire/feedStamp.js';
import { moldCount, moldSequence, moldUdp64Framing } from '../../src/wire/moldudp64.js';

const MS = 1e6;
const FIRST = 2 ** 33 - 3;

/** Message `n` is due at `n` ms and has `n % 5` octets of `n`. */
class Counted implements MessageSource {
  octets = 0;
  readonly dueNs = new Float64Array(1);
  #n = 0;
  readonly #end: number;

  constructor(end: number) {
    this.#end = end;
  }

  look(): SourceStatus {
    if (this.#n === this.#end) return SourceStatus.Ended;
    this.octets = this.#n % 5;
    this.dueNs[0] = this.#n * MS;
    return SourceStatus.Ready;
  }

  take(view: DataView, at: number): void {
    for (let i = 0; i < this.octets; i++) view.setUint8(at + i, this.#n);
    this.#n++;
  }
}

function feed(memory: MessageStore, stampNs = Infinity): MessageFeed {
  return new MessageFeed({
    source: new Counted(40),
    framing: moldUdp64Framing,
    session: [1, 2, 3],
    firstSequence: { high: 1, low: 2 ** 32 - 3 },
    mtuOctets: 200,
    mostMessages: 3,
    flushAfterNs: 0,
    heartbeatNs: 5 * MS,
    stampNs,
    stampsDeparture: false,
    unpaced: false,
    count: null,
    durationNs: null,
    startMonoNs: 0,
    unixAtMonoZero: { high: 0, low: 0 },
    destination: 0,
    memory,
  });
}

function remembered(memory: MessageStore, n: number): number[] {
  const at = memory.offsetOf(n);
  return Array.from({ length: memory.lengthOf(n) }, (_, i) => memory.view.getUint8(at + i));
}

describe('a feed with a memory', () => {
  it('keeps each message under the number that it has on the wire', () => {
    const memory = new MessageStore(64, 65_535, FIRST);
    const source = feed(memory, 7 * MS);
    const batch = new SendBatch(256, 1 << 16);
    batch.bytes.fill(0xa5);
    source.fill(batch, 200 * MS);
    let stamps = 0;
    let told = 0;
    for (let slot = 0; slot < batch.count; slot++) {
      const at = batch.offset[slot]!;
      const count = moldCount(batch.view, at);
      if (count === 0 || count === 0xffff) continue;
      let block = at + 20;
      for (let i = 0; i < count; i++) {
        const octets = batch.view.getUint16(block);
        const number = moldSequence(batch.view, at) + i;
        expect(remembered(memory, number)).toEqual([...batch.bytes.subarray(block + 2, block + 2 + octets)]);
        if (isFeedStamp(batch.view, block + 2, octets)) stamps++;
        block += 2 + octets;
        told++;
      }
    }
    expect([told - stamps, stamps > 0]).toEqual([40, true]);
    expect([memory.oldest, memory.next]).toEqual([FIRST, FIRST + told]);
  });

  it('keeps what was skipped, too: it has got its numbers', () => {
    const memory = new MessageStore(64, 65_535, FIRST);
    const source = feed(memory);
    const batch = new SendBatch(256, 1 << 16);
    expect(source.skip(20 * MS)).toBeGreaterThan(5);
    const skipped = memory.next - FIRST;
    expect(skipped).toBe(20);
    source.fill(batch, 200 * MS);
    expect(moldSequence(batch.view, batch.offset[0]!)).toBe(FIRST + skipped);
    expect(memory.next).toBe(FIRST + 40);
    for (let n = 0; n < 40; n++) expect(remembered(memory, FIRST + n)).toEqual(new Array<number>(n % 5).fill(n));
  });
});

describe('a feed whose messages may be asked for again', () => {
  const plan: FeedPlan = {
    scheme: 'mold',
    input: { kind: 'synthetic', symbols: 20 },
    arrivals: { kind: 'constant' },
    messagesPerSecond: 1000,
    speed: 1,
    loop: false,
    session: 'PLANNED',
    firstSequence: 1n,
    payloadOctets: 1472,
    meanOctets: 100,
    mostMessages: 8,
    flushAfterNs: 0,
    heartbeatNs: Infinity,
    stampNs: 5 * MS,
    messageTimeZone: null,
    hasLegs: false,
    recovery: null,
    seed: 1,
  };
  const paced = {
    count: null,
    durationNs: 20 * MS,
    startMonoNs: 0,
    unixAtMonoZero: { high: 0, low: 0 },
    destination: 0,
    flowBase: 0,
    payloadSlots: new PayloadSlots(),
  };

  it.each([
    { isRemembered: false, session: 'PLANNED' },
    { isRemembered: true, session: 'KNOWN' },
  ])('is the same when it leaves as in its memory: $isRemembered', ({ isRemembered, session }) => {
    const remembered = isRemembered
      ? { memory: storeOf(1 << 18, 1), session: moldUdp64Framing.sessionWords('KNOWN')! }
      : null;
    const { origin } = sequencedFeed(plan, null, paced, 0, new Map(), remembered);
    const batch = new SendBatch(256, 1 << 16);
    origin.fill(batch, 100 * MS);
    expect(batch.count).toBeGreaterThan(20);
    // Nothing is written at departure into what may be asked for.
    expect(batch.stampAt.subarray(0, batch.count).some((at) => at > 0)).toBe(!isRemembered);
    const at = batch.offset[0]!;
    const words = [batch.view.getUint32(at), batch.view.getUint32(at + 4), batch.view.getUint16(at + 8)] as const;
    expect(moldUdp64Framing.sessionName(words)).toBe(session);
    if (remembered !== null) expect(remembered.memory.next).toBeGreaterThan(20);
  });

  it('shares one memory between both lines: each message once', () => {
    const memory = storeOf(1 << 18, 1);
    const remembered = { memory, session: moldUdp64Framing.sessionWords('KNOWN')! };
    const splits: SplitFeeds = new Map();
    const lines = [0, 1].map((leg) =>
      sequencedFeed({ ...plan, hasLegs: true }, null, { ...paced, flowBase: leg }, 0, splits, remembered),
    );
    const batch = new SendBatch(256, 1 << 16);
    for (const { feed: line } of lines) line.fill(batch, 100 * MS);
    const all = lines[0]!.origin;
    expect(lines[1]!.origin).toBe(all);
    const stamps = memory.next - 1 - all.messages;
    expect([all.messages > 15, stamps >= 3 && stamps <= 5]).toEqual([true, true]);
  });
});
