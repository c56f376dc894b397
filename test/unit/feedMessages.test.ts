import { describe, expect, it, vi } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import type { ReceivePlan } from '../../src/profile/plan.js';
import { FeedMessages, type FeedMessage } from '../../src/runtime/feedMessages.js';
import { MessageOutput } from '../../src/runtime/messageOutput.js';
import { FEED_STAMP_OCTETS, putFeedStamp } from '../../src/wire/feedStamp.js';
import { type FeedFraming, FrameField } from '../../src/wire/framing.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { toHex } from '../vectors/hex.js';
import { type FeedDatagram, feedOctets, short } from './feedDatagrams.js';

type Scheme = ReceivePlan['streams'][number]['scheme'];

/** A plan of one endpoint per scheme, each with two legs. */
function planOf(...schemes: readonly Scheme[]): ReceivePlan {
  const both = schemes.flatMap((scheme) => [scheme, scheme]);
  return {
    streams: both.map((scheme, i) => ({ scheme, endpoint: `endpoint ${i}` })),
    places: both.map((_, i) => ({ role: 'media', leg: i % 2, position: i - (i % 2), hasLegs: true })),
    mediaOutputs: [],
  } as unknown as ReceivePlan;
}

function opened(...schemes: readonly Scheme[]) {
  const messages = new FeedMessages(planOf(...schemes));
  const outputs = messages.queues.map((queue) => new MessageOutput(queue));
  const put = (framing: FeedFraming, feed: FeedDatagram, lost = 0, output = outputs[0]!): void => {
    const octets = feedOctets({ framing, ...feed });
    const frame = new Uint32Array(FrameField.Count);
    framing.read(new DataView(octets.buffer), 0, octets.length, frame);
    output.putFeed(framing, frame, octets, framing.headerOctets, octets.length, lost);
  };
  return { messages, outputs, put };
}

async function all(messages: FeedMessages): Promise<FeedMessage[]> {
  const read: FeedMessage[] = [];
  for await (const message of messages.read()) read.push(message);
  return read;
}

function told({ session, number, missing, type, octets }: FeedMessage): unknown[] {
  return [session, number, missing, type, toHex(octets)];
}

describe('messages of a feed for a program', () => {
  it('have their numbers over 2^32, octets of their own, and what is missing before them', async () => {
    const { messages, outputs, put } = opened('mold');
    put(moldUdp64Framing, { number: 2n ** 32n - 1n, messages: short(2) });
    put(moldUdp64Framing, { number: 2n ** 32n + 4n, messages: [Uint8Array.of(0x41, 0xff), new Uint8Array(0)] }, 3);
    outputs[0]!.close();
    const read = await all(messages);
    expect(read.map(told)).toEqual([
      ['SESSION1', 2n ** 32n - 1n, 0, 0x41, '41'],
      ['SESSION1', 2n ** 32n, 0, 0x42, '42'],
      ['SESSION1', 2n ** 32n + 4n, 3, 0x41, '41ff'],
      ['SESSION1', 2n ** 32n + 5n, 0, -1, ''],
    ]);
    expect(read[0]!.endpoint).toBe('endpoint 0');
    expect([outputs[0]!.datagrams, outputs[0]!.octets, outputs[0]!.dropped]).toEqual([2, 12, 0]);
  });

  it("have numbers of 32 bits, those of MDP the packet's, and no heartbeats", async () => {
    const { messages, outputs, put } = opened('xdp', 'mdp');
    put(xdpFraming, { number: 2 ** 32 - 1, messages: short(2) });
    put(xdpFraming, { number: 5, messages: [] });
    put(mdp3Framing, { number: 7, messages: short(2) }, 0, outputs[1]);
    put(mdp3Framing, { number: 8, messages: [] }, 0, outputs[1]);
    put(mdp3Framing, { number: 9, messages: [new Uint8Array(0), Uint8Array.of(0x50)] }, 4, outputs[1]);
    for (const output of outputs) output.close();
    const read = await all(messages);
    expect(read.map(told)).toEqual([
      ['', 2n ** 32n - 1n, 0, 0x41, '41'],
      ['', 0n, 0, 0x42, '42'],
      ['', 7n, 0, 0x41, '41'],
      ['', 7n, 0, 0x42, '42'],
      ['', 9n, 4, 0x50, '50'],
    ]);
    expect(read.map(({ endpoint }) => endpoint)).toEqual([
      ...new Array(2).fill('endpoint 0'),
      ...new Array(3).fill('endpoint 2'),
    ]);
  });

  it('leave out stamps of our own, and what was missing before one is told with what follows', async () => {
    const { messages, outputs, put } = opened('mold');
    const stamp = new Uint8Array(FEED_STAMP_OCTETS);
    putFeedStamp(new DataView(stamp.buffer), 0, 1, 2, false);
    put(moldUdp64Framing, { number: 3, messages: [stamp] }, 2);
    put(moldUdp64Framing, { number: 4, messages: short(1) });
    put(moldUdp64Framing, { number: 5, messages: [stamp, ...short(1)] });
    outputs[0]!.close();
    expect((await all(messages)).map(({ number, missing }) => [number, missing])).toEqual([
      [4n, 2],
      [5n, 0],
      [6n, 0],
    ]);
  });

  it('are dropped whole and counted when nobody takes them, and go on over the end of the ring', async () => {
    const { messages, outputs, put } = opened('mold');
    const big = [new Uint8Array(60_000).fill(7)];
    const [output] = outputs;
    let number = 0;
    while (output!.dropped === 0) put(moldUdp64Framing, { number: ++number, messages: big }, number === 100 ? 5 : 0);
    const fit = number - 1;
    const reader = messages.read();
    for (let i = 1; i <= 10; i++) expect((await reader.next()).value!.number).toBe(BigInt(i));
    // What was said to be missing before something that found no room is still missing.
    put(moldUdp64Framing, { number: 900, messages: big }, 6);
    for (let i = 0; i < 30; i++) put(moldUdp64Framing, { number: 1000 + i, messages: big });
    output!.close();
    const rest: FeedMessage[] = [];
    for await (const message of reader) rest.push(message);
    expect(rest.every(({ octets }) => octets.length === 60_000 && octets.every((octet) => octet === 7))).toBe(true);
    expect(rest[0]!.number).toBe(11n);
    expect(rest[99 - 10]).toMatchObject({ number: 100n, missing: 5 });
    expect(rest[fit - 10]).toMatchObject({ number: 900n, missing: 6 });
    expect(output!.datagrams + output!.dropped).toBe(fit + 32);
    expect(rest.length + 10).toBe(output!.datagrams);
  });

  it('of what is no feed, or fits no record, are none', () => {
    const { outputs, put } = opened('mold');
    outputs[0]!.put();
    put(moldUdp64Framing, { messages: [new Uint8Array(65_501)] });
    expect([outputs[0]!.datagrams, outputs[0]!.dropped]).toEqual([0, 2]);
    expect(() => new FeedMessages(planOf('rtp', null))).toThrow(/none of the endpoints is a feed/);
  });

  it('wait for what comes, and end when the run does, beside its other outputs', async () => {
    const { messages, put } = opened('mold');
    const stopped: string[] = [];
    const full = { why: 'full', failed: true, atUnixMs: 0, written: null };
    const others = {
      queues: [{ position: 0, name: 'save x', ring: ByteRing.allocate(64, 64) }],
      failures: () => new Map([['save x', full]]),
      onFailure: (listener: (name: string, failure: typeof full) => void) => listener('save x', full),
      links: () => [],
      finished: Promise.resolve(),
      stop: async () => void stopped.push('others'),
    };
    const sinks = messages.beside(others);
    expect(sinks.queues.map(({ name }) => name)).toEqual(['save x', 'messages']);
    expect([sinks.failures().get('save x'), sinks.links()]).toEqual([full, []]);
    const told = vi.fn();
    sinks.onFailure(told);
    expect(told).toHaveBeenCalledExactlyOnceWith('save x', full);
    const reader = messages.read();
    const waiting = reader.next();
    put(moldUdp64Framing, { number: 1 });
    expect((await waiting).value!.number).toBe(1n);
    const last = reader.next();
    await sinks.stop();
    expect(await last).toEqual({ value: undefined, done: true });
    expect(stopped).toEqual(['others']);
    const alone = opened('mold').messages.beside(null);
    await alone.finished;
    await alone.stop();
    expect([alone.failures().size, alone.links()]).toEqual([0, []]);
  });
});
