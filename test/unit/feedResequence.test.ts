import { describe, expect, it } from 'vitest';
import { FeedResequence } from '../../src/feed/feedResequence.js';
import { FrameField } from '../../src/wire/framing.js';
import { FRAMINGS } from '../../src/wire/framings.js';
import { moldUdp64Framing, putMoldHeader } from '../../src/wire/moldudp64.js';
import { viewOf } from '../../src/core/bytes.js';
import { feedOctets } from './feedDatagrams.js';

const MESSAGE = Uint8Array.of(0x41, 1, 2, 3);
/** MDP 3.0 is told by a send time that may be one. */
const SENT_NS = 1_700_000_000_000_000_000n;

/** What is left of a datagram somewhere in a slab, in pass `pass`. */
function written(resequence: FeedResequence, datagram: Uint8Array, flow: number, pass: number): Uint8Array {
  const slab = new Uint8Array(datagram.length + 16).fill(0xa5);
  slab.set(datagram, 7);
  resequence.write(slab, viewOf(slab), 7, datagram.length, flow, pass);
  expect([...slab.subarray(0, 7), ...slab.subarray(7 + datagram.length)].every((octet) => octet === 0xa5)).toBe(true);
  return slab.slice(7, 7 + datagram.length);
}

describe.each(FRAMINGS.map((framing) => [framing.format, framing] as const))('a looped capture of %s', (_, framing) => {
  it('goes on with its numbers, and is as captured else', () => {
    const resequence = new FeedResequence(2);
    const datagrams = [10, 11, 12].map((number) =>
      feedOctets({ framing, number, messages: [MESSAGE], sentNs: SENT_NS }),
    );
    for (const one of datagrams) expect(written(resequence, one, 1, 0)).toEqual(one);
    for (const [pass, first] of [
      [1, 13],
      [2, 16],
    ] as const) {
      for (const [i, one] of datagrams.entries()) {
        const expected = feedOctets({ framing, number: first + i, messages: [MESSAGE], sentNs: SENT_NS });
        const got = written(resequence, one, 1, pass);
        const frame = new Uint32Array(FrameField.Count);
        expect(framing.read(viewOf(got), 0, got.length, frame)).toBe(0);
        expect(frame[FrameField.SequenceLow]).toBe(first + i);
        expect(got).toEqual(expected);
      }
    }
  });
});

describe('a looped capture', () => {
  it('counts each flow by itself, over 32 bits too', () => {
    const framing = FRAMINGS.find(({ format }) => format === 'xdp')!;
    const resequence = new FeedResequence(2);
    const last = feedOctets({ framing, number: 0xffff_ffff, messages: [MESSAGE] });
    const other = feedOctets({ framing, number: 5, messages: [MESSAGE, MESSAGE] });
    written(resequence, last, 0, 0);
    written(resequence, other, 1, 0);
    expect(written(resequence, last, 0, 1)).toEqual(feedOctets({ framing, number: 0, messages: [MESSAGE] }));
    expect(written(resequence, other, 1, 1)).toEqual(feedOctets({ framing, number: 7, messages: [MESSAGE, MESSAGE] }));
  });

  it('has no end of its session', () => {
    const end = new Uint8Array(20);
    const [session0, session1, session2] = moldUdp64Framing.sessionWords('SESS')!;
    putMoldHeader(viewOf(end), 0, session0, session1, session2, 9, 0xffff);
    const heartbeat = end.slice();
    putMoldHeader(viewOf(heartbeat), 0, session0, session1, session2, 9, 0);
    expect(written(new FeedResequence(1), end, 0, 0)).toEqual(heartbeat);
  });

  it('of another format stays as it is', () => {
    const resequence = new FeedResequence(1);
    const other = Uint8Array.from({ length: 64 }, (_, i) => (i * 37) & 0xff);
    for (const pass of [0, 1, 2]) expect(written(resequence, other, 0, pass)).toEqual(other);
  });
});
