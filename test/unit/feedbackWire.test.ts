import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Feedback,
  FEEDBACK_NAME,
  feedbackPacket,
  MOST_LATEST,
  MOST_PLACES,
  proofPacket,
  readFeedback,
  readProof,
  ReportField,
} from '../../src/wire/feedback.js';
import { rtcpCodec } from '../../src/wire/rtcp.js';

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const count = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const u64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const head = { run: u32, number: u32 };

const said: fc.Arbitrary<Feedback> = fc.oneof(
  fc.record({
    kind: fc.constant('announcement' as const),
    ...head,
    port: u16,
    flags: u16,
    receivers: u16,
    spreadMs: u16,
    reportIntervalUs: u32,
    reportBitPerSecond: u32,
    sent: count,
    notSent: count,
    places: fc.array(fc.record({ address: fc.uint8Array({ minLength: 16, maxLength: 16 }), port: u16, groups: u16 }), {
      maxLength: MOST_PLACES,
    }),
  }),
  fc.record({
    kind: fc.constant('report' as const),
    ...head,
    flags: u16,
    streams: u16,
    figures: fc
      .array(fc.double(), { minLength: ReportField.Count, maxLength: ReportField.Count })
      .map((values) => Float64Array.from(values)),
    latest: fc.array(
      fc.record({ flow: u32, received: u32, lossSocketBuffer: u32, lossApplication: u32, lastDelayNs: fc.double() }),
      {
        maxLength: MOST_LATEST,
      },
    ),
  }),
  fc.record({ kind: fc.constant('question' as const), ...head, t1UnixNs: u64 }),
  fc.record({ kind: fc.constant('answer' as const), ...head, t1UnixNs: u64, t2UnixNs: u64, t3UnixNs: u64 }),
);

describe('feedback on the wire', () => {
  it('is read as it was written, as a packet among others of RTCP', () => {
    fc.assert(
      fc.property(u32, said, (ssrc, feedback) => {
        const report = { kind: 'rr', ssrc, blocks: [], extension: new Uint8Array() } as const;
        const compound = { packets: [report, feedbackPacket(ssrc, feedback)], padding: new Uint8Array() };
        const bytes = new Uint8Array(rtcpCodec.octets(compound));
        rtcpCodec.write(bytes, 0, compound);
        const read = rtcpCodec.create();
        expect(rtcpCodec.parse(bytes, 0, bytes.length, read)).toBe(0);
        const [, packet] = read.packets;
        expect(packet!.kind).toBe('app');
        expect(readFeedback(packet as Parameters<typeof readFeedback>[0])).toEqual(feedback);
      }),
    );
  });

  it('never throws, whatever the octets, and takes nothing of a wrong length', () => {
    fc.assert(
      fc.property(u32, fc.integer({ min: 0, max: 31 }), fc.uint8Array({ maxLength: 1200 }), (ssrc, subtype, data) => {
        const feedback = readFeedback({ kind: 'app', subtype, ssrc, name: FEEDBACK_NAME, data });
        if (feedback !== null) expect(feedbackPacket(ssrc, feedback).data).toHaveLength(data.length);
        readProof({ kind: 'app', subtype, ssrc, name: FEEDBACK_NAME, data });
      }),
    );
  });

  it('is nothing of another name', () => {
    const packet = feedbackPacket(1, { kind: 'question', run: 2, number: 3, t1UnixNs: 4n });
    expect(readFeedback({ ...packet, name: 'XXXX' })).toBeNull();
    expect(readProof({ ...proofPacket(1), name: 'XXXX' })).toBeNull();
    expect(readProof(proofPacket(1))).toEqual(new Uint8Array(32));
  });
});
