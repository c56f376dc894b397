/** Several datagrams in one frame of a capture, as offload makes them. */
import { describe, expect, it } from 'vitest';
import { SlotFlag } from '../../src/core/batch.js';
import { viewOf } from '../../src/core/bytes.js';
import { Random } from '../../src/core/random.js';
import { openCaptureOctets } from '../../src/io/captureFile.js';
import { FRAMINGS } from '../../src/wire/framings.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { PROBE_HEADER_OCTETS, probeConstantCheck, putProbe } from '../../src/wire/probe.js';
import { SuperPacket } from '../../src/wire/superPacket.js';
import { captureOf } from '../replayCapture.js';
import { feedOctets } from './feedDatagrams.js';

/** Octets of each of the datagrams that are found in one, whose octets do not begin with it; 0: none are. */
function found(...parts: readonly Uint8Array[]): number {
  const bytes = Uint8Array.from([0xff, 0xff, 0xff, ...parts.flatMap((part) => [...part]), 0xff]);
  return new SuperPacket().segmentOctets(viewOf(bytes), 3, bytes.length - 4);
}

function probe(flow: number, number: number, octets: number): Uint8Array {
  const bytes = new Uint8Array(octets).fill(0x4d);
  putProbe(viewOf(bytes), 0, probeConstantCheck(0, 0, 1, 7, flow), 0, 0, 1, 7, flow, 0, number, number + 1, 0);
  return bytes;
}

function rtp(sequence: number, octets: number, ssrc = 0x0102_0304): Uint8Array {
  const bytes = new Uint8Array(octets).fill(0x47);
  const view = viewOf(bytes);
  view.setUint16(0, 0x8021);
  view.setUint16(2, sequence);
  view.setUint32(8, ssrc);
  return bytes;
}

/** So many messages of `octets`, none of which looks like a header. */
function messages(count: number, octets: number): Uint8Array[] {
  return Array.from({ length: count }, () => new Uint8Array(octets).fill(0x41));
}

function mold(number: number, session = 'ONE'): Uint8Array {
  return feedOctets({ number, session, messages: messages(2, 9) });
}

function mdp(number: number): Uint8Array {
  return feedOctets({ framing: mdp3Framing, number, messages: messages(20, 36) });
}

async function* octetsOf(file: Uint8Array): AsyncGenerator<Uint8Array> {
  yield file;
}

describe('datagrams one behind the other are found', () => {
  it.each(FRAMINGS.map((framing) => [framing.format, framing] as const))('of %s', (_name, framing) => {
    const step = framing.unit === 'message' ? 3 : 1;
    const at = (i: number, count = 3) => feedOctets({ framing, number: 5 + i * step, messages: messages(count, 36) });
    const octets = at(0).length;
    expect(found(at(0))).toBe(0);
    expect(found(at(0), at(1))).toBe(octets);
    expect(found(...Array.from({ length: 128 }, (_, i) => at(i)))).toBe(octets);
    expect(found(at(0), at(1), at(2, 1))).toBe(octets);
    // Not the last one is shorter, not the next number, more than there can be.
    expect(found(at(0), at(1, 1), at(2))).toBe(0);
    expect(found(at(0), at(2))).toBe(0);
    expect(found(...Array.from({ length: 129 }, (_, i) => at(i)))).toBe(0);
  });

  it('of MoldUDP64, across 2^32, heartbeats too, of one session alone', () => {
    const [before, behind] = [mold(2 ** 32 - 2), mold(2 ** 32)];
    expect(found(before, behind)).toBe(before.length);
    expect(found(mold(1), mold(3, 'TWO'))).toBe(0);
    const beat = feedOctets({ number: 9, messages: [] });
    expect(found(beat, beat, beat)).toBe(beat.length);
  });

  it('of MDP, whose second header may read like a message', () => {
    // The number is the length of what it stands before.
    const octets = mdp(1).length;
    const both = Uint8Array.from([...mdp(octets - 1), ...mdp(octets)]);
    const frame = new Uint32Array(20);
    expect(mdp3Framing.read(viewOf(both), 0, both.length, frame)).toBe(0);
    expect(found(both)).toBe(octets);
  });

  it('of probes, of several flows too', () => {
    expect(found(probe(1, 0, 64))).toBe(0);
    expect(found(probe(1, 0, 64), probe(2, 8, 64), probe(1, 1, 60))).toBe(64);
    expect(found(probe(1, 0, 1316), probe(1, 1, 1316))).toBe(1316);
    expect(found(probe(1, 0, PROBE_HEADER_OCTETS), probe(1, 1, PROBE_HEADER_OCTETS))).toBe(PROBE_HEADER_OCTETS);
    expect(found(probe(1, 0, 64), probe(1, 1, 64).fill(9, 20, 24))).toBe(0);
  });

  it('of RTP beyond a frame of Ethernet', () => {
    expect(found(rtp(7, 1328))).toBe(0);
    expect(found(rtp(0xffff, 1328), rtp(0, 1328), rtp(1, 940))).toBe(1328);
    expect(found(rtp(1, 1328), rtp(3, 1328))).toBe(0);
    expect(found(rtp(1, 1328), rtp(2, 1328, 9))).toBe(0);
    // A jumbo frame.
    expect(found(rtp(1, 8972))).toBe(0);
  });

  it('nowhere else', () => {
    const random = new Random(3);
    for (let i = 0; i < 2000; i++) {
      const octets = Uint8Array.from({ length: random.below(3000) }, () => random.below(256));
      if (i % 4 === 0 && octets.length > 12) octets[0] = 0x80;
      if (i % 4 === 1) octets.set(feedOctets({ messages: [] }).subarray(0, octets.length));
      if (i % 4 === 2) octets.set(probe(1, 1, 52).subarray(0, octets.length));
      expect(found(octets)).toBe(0);
    }
  });
});

describe('a capture of them', () => {
  const first = feedOctets({ number: 1, messages: messages(2, 30) });
  const second = feedOctets({ number: 3, messages: messages(1, 30) });
  const both = { group: '239.1.2.3', port: 5000, payload: Uint8Array.from([...first, ...second]) };
  const alone = { ...both, payload: feedOctets({ number: 4, messages: messages(1, 5) }) };

  it('has every one, and one time for those of a frame', async () => {
    const file = await openCaptureOctets(
      'x',
      octetsOf(
        captureOf([
          { ...both, timeNs: 0 },
          { ...alone, timeNs: 9 },
        ]),
      ),
    );
    const slots: (readonly number[])[] = [];
    for await (const { count, bytes, offset, length, timeRealNs, flags } of file) {
      for (let i = 0; i < count; i++) slots.push([length[i]!, bytes[offset[i]! + 17]!, timeRealNs[i]!, flags[i]!]);
    }
    const { TimeKernel, TimeShared } = SlotFlag;
    expect(slots).toEqual([
      [first.length, 1, 0, TimeKernel],
      [second.length, 3, 0, TimeKernel | TimeShared],
      [alone.payload.length, 4, 9, TimeKernel],
    ]);
    expect(file.counts).toMatchObject({ frames: 2, datagrams: 3, superPackets: 1 });
  });

  it('that was cut says nothing of the rest', async () => {
    const cut = captureOf([{ ...both, timeNs: 0 }], { snapOctets: 100 });
    const file = await openCaptureOctets('x', octetsOf(cut));
    expect(file.counts).toMatchObject({ frames: 1, datagrams: 1, superPackets: 0, truncated: 1 });
  });

  it('is read whole, however many there are', async () => {
    const payload = Uint8Array.from(
      Array.from({ length: 100 }, (_, i) => [...feedOctets({ framing: moldUdp64Framing, number: i + 1 })]).flat(),
    );
    const many = captureOf(Array.from({ length: 60 }, (_, i) => ({ ...both, payload, timeNs: i })));
    const file = await openCaptureOctets('x', octetsOf(many));
    let datagrams = 0;
    for await (const { count } of file) datagrams += count;
    expect([datagrams, file.counts.datagrams, file.counts.superPackets]).toEqual([6000, 6000, 60]);
  });
});
