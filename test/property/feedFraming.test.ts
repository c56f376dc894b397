import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { FRAMINGS } from '../../src/wire/framings.js';
import { FrameField, FrameKind } from '../../src/wire/framing.js';
import type { FeedFraming } from '../../src/wire/framing.js';
import { WireStatus } from '../../src/wire/status.js';
import { guardedView } from '../fuzz/guard.js';

const AT = 9;
const STATUSES: readonly number[] = Object.values(WireStatus);
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
/** ns of which seconds are below 2^32, as all of these formats can say. */
const unixNs = fc.bigInt({ min: 0n, max: 2n ** 32n * 1_000_000_000n - 1n });
const message = fc.uint8Array({ minLength: 1, maxLength: 40 });

interface Written {
  /** A datagram at {@link AT}, in octets that were used before. */
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly frame: Uint32Array;
}

/** As a sender packs them: each header, then what it announces. */
function written(framing: FeedFraming, frame: Uint32Array, messages: readonly Uint8Array[]): Written {
  const isData = frame[FrameField.Kind] === FrameKind.Data;
  const blocks = messages.reduce((octets, one) => octets + framing.blockHeaderOctets + one.length, 0);
  const length = isData ? framing.headerOctets + blocks : framing.heartbeatOctets;
  const bytes = new Uint8Array(length + 2 * AT).fill(0xa5);
  const view = new DataView(bytes.buffer);
  framing.writeHeader(view, AT, length, frame);
  let next = AT + framing.headerOctets;
  for (const one of isData ? messages : []) {
    framing.writeBlockHeader(view, next, one.length, one[0]!);
    bytes.set(one, next + framing.blockHeaderOctets);
    next += framing.blockHeaderOctets + one.length;
  }
  return { bytes, length, frame };
}

function frameFor(framing: FeedFraming, kind: number, sequence: bigint, sentNs: bigint, messages: number): Uint32Array {
  const frame = new Uint32Array(FrameField.Count);
  const isData = kind === FrameKind.Data;
  frame[FrameField.Kind] = kind;
  frame[FrameField.SequenceHigh] = framing.sequenceBits === 64 ? Number(sequence >> 32n) : 0;
  frame[FrameField.SequenceLow] = Number(sequence & 0xffff_ffffn);
  frame[FrameField.Span] = framing.unit === 'packet' ? 1 : isData ? messages : 0;
  frame[FrameField.Messages] = isData ? messages : 0;
  frame[FrameField.BlocksAt] = framing.headerOctets;
  frame.set(framing.sessionWords(framing.format === 'moldudp64' ? 'S7' : '')!, FrameField.Session0);
  if (framing.carriesSendTime) {
    frame[FrameField.SentHigh] = Number(sentNs >> 32n);
    frame[FrameField.SentLow] = Number(sentNs & 0xffff_ffffn);
  }
  return frame;
}

for (const framing of FRAMINGS) {
  describe(framing.format, () => {
    it('reads back what it wrote', () => {
      // Short of 2^53 by as many messages as there may be.
      const sequence = fc.bigInt({ min: 0n, max: 2n ** 53n - 21n });
      const kind = fc.constantFrom(FrameKind.Data, FrameKind.Heartbeat);
      fc.assert(
        fc.property(
          kind,
          sequence,
          unixNs,
          fc.array(message, { minLength: 1, maxLength: 20 }),
          (what, first, sentNs, messages) => {
            const frame = frameFor(framing, what, first, sentNs, messages.length);
            const { bytes, length } = written(framing, frame, messages);
            const view = guardedView(bytes, AT, length);
            const found = new Uint32Array(FrameField.Count).fill(0xa5a5_a5a5);
            expect(framing.read(view, AT, length, found)).toBe(WireStatus.Ok);
            expect(found).toEqual(frame);
            if (what !== FrameKind.Data) expect(framing.heartbeatSpan).toBe(found[FrameField.Span]);
            let block = AT + found[FrameField.BlocksAt]!;
            for (const one of what === FrameKind.Data ? messages : []) {
              expect(framing.blockType(view, block)).toBe(one[0]);
              expect(framing.blockOctets(view, block)).toBe(framing.blockHeaderOctets + one.length);
              const from = block + framing.blockHeaderOctets;
              expect(bytes.subarray(from, from + one.length)).toEqual(one);
              block += framing.blockOctets(view, block);
            }
            expect(bytes.subarray(0, AT)).toEqual(new Uint8Array(AT).fill(0xa5));
            expect(bytes.subarray(AT + length)).toEqual(new Uint8Array(AT).fill(0xa5));
          },
        ),
      );
    });

    it('takes no datagram that is cut or lengthened', () => {
      fc.assert(
        fc.property(unixNs, fc.array(message, { minLength: 1, maxLength: 5 }), fc.nat(), (sentNs, messages, cut) => {
          const frame = frameFor(framing, FrameKind.Data, 7n, sentNs, messages.length);
          const { bytes, length } = written(framing, frame, messages);
          const shorter = cut % length;
          // A count or size in the header tells; else the cut is within a message.
          const isWithin = framing.unit === 'message' || !endsOfBlocks(framing, messages).includes(shorter);
          if (isWithin)
            expect(framing.read(guardedView(bytes, AT, shorter), AT, shorter, frame)).not.toBe(WireStatus.Ok);
          expect(framing.read(new DataView(bytes.buffer), AT, length + 1, frame)).not.toBe(WireStatus.Ok);
        }),
      );
    });

    it('takes whatever comes as a status, reads nothing outside of it, and blocks add up', () => {
      const random = new Random(11);
      const valid = [FrameKind.Data, FrameKind.Heartbeat, FrameKind.End].map((kind) => {
        const frame = frameFor(framing, kind, 5n, 1_767_225_600_123_456_789n, 2);
        const { bytes, length } = written(framing, frame, [Uint8Array.of(1, 2, 3), Uint8Array.of(65)]);
        return bytes.slice(AT, AT + length);
      });
      let taken = 0;
      for (let i = 0; i < 6000; i++) {
        const from = valid[i % valid.length]!;
        const octets = new Uint8Array(i % 4 === 0 ? random.below(60) : from.length);
        if (i % 2 === 0) for (let at = 0; at < octets.length; at++) octets[at] = random.uint32();
        else octets.set(from.subarray(0, octets.length));
        if (i % 2 === 1 && octets.length > 0) octets[random.below(octets.length)] = random.uint32();
        const bytes = new Uint8Array(octets.length + 2 * AT).fill(0x41);
        bytes.set(octets, AT);
        const view = guardedView(bytes, AT, octets.length);
        const frame = new Uint32Array(FrameField.Count);
        const status = framing.read(view, AT, octets.length, frame);
        expect(STATUSES).toContain(status);
        if (status !== WireStatus.Ok) continue;
        taken++;
        let block = frame[FrameField.BlocksAt]!;
        for (let n = 0; n < frame[FrameField.Messages]!; n++) {
          expect(framing.blockType(view, AT + block)).toBeLessThan(65_536);
          block += framing.blockOctets(view, AT + block);
        }
        // A heartbeat of MDP 3.0 is a message that is none.
        if (frame[FrameField.Kind] === FrameKind.Data) expect(block).toBe(octets.length);
        else expect([framing.headerOctets, framing.heartbeatOctets]).toContain(octets.length);
      }
      expect(taken).toBeGreaterThan(300);
    });
  });
}

/** Lengths at which a packet without a count may end. */
function endsOfBlocks(framing: FeedFraming, messages: readonly Uint8Array[]): number[] {
  const ends = [framing.headerOctets];
  for (const one of messages) ends.push(ends.at(-1)! + framing.blockHeaderOctets + one.length);
  return ends;
}

describe('xdp', () => {
  it('carries seconds and nanoseconds of the time', () => {
    const xdp = FRAMINGS.find(({ scheme }) => scheme === 'xdp')!;
    const edges = [0n, 999_999_999n, 1_000_000_000n, 65_536_000_000_000n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n];
    const ns = fc.oneof(unixNs, fc.constantFrom(...edges, 2n ** 32n * 1_000_000_000n - 1n));
    fc.assert(
      fc.property(ns, u32, (sentNs, sequence) => {
        const frame = frameFor(xdp, FrameKind.Heartbeat, BigInt(sequence), sentNs, 0);
        const { bytes } = written(xdp, frame, []);
        const view = new DataView(bytes.buffer);
        expect(BigInt(view.getUint32(AT + 8, true))).toBe(sentNs / 1_000_000_000n);
        expect(BigInt(view.getUint32(AT + 12, true))).toBe(sentNs % 1_000_000_000n);
      }),
      { numRuns: 2000 },
    );
  });

  it('begins anew in 2106', () => {
    const xdp = FRAMINGS.find(({ scheme }) => scheme === 'xdp')!;
    for (const sentNs of [2n ** 32n * 1_000_000_000n + 7n, 2n ** 64n - 1n]) {
      const { bytes } = written(xdp, frameFor(xdp, FrameKind.Heartbeat, 1n, sentNs, 0), []);
      const view = new DataView(bytes.buffer);
      expect(BigInt(view.getUint32(AT + 8, true))).toBe((sentNs / 1_000_000_000n) % 2n ** 32n);
      expect(BigInt(view.getUint32(AT + 12, true))).toBe(sentNs % 1_000_000_000n);
    }
  });
});
