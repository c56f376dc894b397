import { describe, expect, test } from 'vitest';
import { SapAnnouncer } from '../../src/control/sapAnnouncer.js';
import { parseAddress } from '../../src/core/address.js';
import { SendBatch } from '../../src/core/batch.js';
import { MergedFeed } from '../../src/feed/mergedFeed.js';
import { PayloadFeed } from '../../src/feed/payloadFeed.js';
import { PayloadSlots } from '../../src/feed/payloadSlots.js';
import { SapFeed, type SapFeedOptions } from '../../src/runtime/sapFeed.js';
import { dirtyBatch } from '../sim/collect.js';

const S = 1e9;
const SDP = 'v=0\r\no=- 7 8 IN IP4 10.0.0.1\r\ns=News\r\nt=0 0\r\n';
/** Header with source, payload type, description. */
const OCTETS = 8 + 16 + SDP.length;
const ORIGIN = 'o=- 7 8 IN IP4 10.0.0.1\r\n';

function announcer(): SapAnnouncer {
  return new SapAnnouncer({
    originatingSource: parseAddress('10.0.0.1')!,
    description: SDP,
    minimumNs: 6 * S,
    // Neither earlier nor later than the interval.
    random: () => 0.5,
    startNs: S,
  });
}

function feed(change: Partial<SapFeedOptions> = {}): SapFeed {
  return new SapFeed({ announcer: announcer(), destination: 3, flowBase: 9, ...change });
}

/** Text of a slot behind the SAP header. */
function payload(batch: SendBatch, slot: number): string {
  const at = batch.offset[slot]!;
  return new TextDecoder('latin1').decode(batch.bytes.subarray(at + 8, at + batch.length[slot]!));
}

describe('the feed of an announcer', () => {
  test('offers an announcement at each due time, every column written', () => {
    const made = feed();
    const batch = dirtyBatch(8, 4096);
    expect(made.nextDueNs()).toBe(S);
    expect(made.fill(batch, S - 1)).toBe(0);
    expect(made.fill(batch, 13 * S)).toBe(3);
    expect(batch.nextDueNs).toBe(19 * S);
    expect(Array.from(batch.dueMonoNs.subarray(0, 3))).toEqual([S, 7 * S, 13 * S]);
    expect(Array.from(batch.offset.subarray(0, 3))).toEqual([0, OCTETS, 2 * OCTETS]);
    for (let slot = 0; slot < 3; slot++) {
      expect(batch.length[slot]).toBe(OCTETS);
      expect(batch.bytes[batch.offset[slot]!]! & 0xfc).toBe(0x20);
      expect(payload(batch, slot)).toBe(`application/sdp\0${SDP}`);
      const columns = [batch.flags, batch.destination, batch.stampAt, batch.flow, batch.outcome];
      expect(columns.map((column) => column[slot])).toEqual([0, 3, 0, 9, 0]);
    }
    expect([made.scheduled, made.notSent]).toEqual([3, 0]);
  });

  test('ends with the deletion, due at once, and then offers nothing', () => {
    const made = feed();
    const batch = dirtyBatch(8, 4096);
    made.fill(batch, S);
    made.finish(4 * S);
    expect(made.nextDueNs()).toBe(4 * S);
    expect(made.fill(batch, 4 * S - 1)).toBe(0);
    expect(made.fill(batch, 100 * S)).toBe(1);
    expect(batch.dueMonoNs[1]).toBe(4 * S);
    // T: a deletion (RFC 2974 section 6).
    expect(batch.bytes[batch.offset[1]!]! & 0x04).toBe(0x04);
    expect(payload(batch, 1)).toBe(`application/sdp\0${ORIGIN}`);
    expect([made.nextDueNs(), batch.nextDueNs]).toEqual([Infinity, Infinity]);
    made.finish(5 * S);
    expect([made.fill(batch, Infinity), made.nextDueNs(), made.scheduled]).toEqual([0, Infinity, 2]);
  });

  test('the deletion is not due before what was offered', () => {
    const made = feed();
    made.fill(dirtyBatch(8, 4096), 7 * S);
    made.finish(2 * S);
    expect(made.nextDueNs()).toBe(7 * S);
  });

  test('nothing is deleted that was never announced', () => {
    const made = feed();
    made.finish(0);
    expect(made.nextDueNs()).toBe(Infinity);
    expect(made.fill(dirtyBatch(8, 4096), Infinity)).toBe(0);
  });

  test('whatever fell behind is due later, the deletion too', () => {
    const made = feed();
    expect([made.skip(3 * S), made.nextDueNs()]).toEqual([0, 3 * S]);
    expect([made.skip(2 * S), made.nextDueNs()]).toEqual([0, 3 * S]);
    const batch = dirtyBatch(8, 4096);
    made.fill(batch, 3 * S);
    expect(batch.dueMonoNs[0]).toBe(3 * S);
    made.finish(4 * S);
    expect([made.skip(6 * S), made.nextDueNs()]).toEqual([0, 6 * S]);
    expect(made.fill(batch, 6 * S)).toBe(1);
    expect([made.skip(9 * S), made.nextDueNs(), made.notSent]).toEqual([0, Infinity, 0]);
  });

  test('counts what was refused', () => {
    const made = feed();
    const batch = dirtyBatch(8, 4096);
    made.fill(batch, S);
    made.refuse(batch, 0);
    made.update(batch, 0);
    expect([made.scheduled, made.notSent]).toEqual([1, 1]);
    expect(made.nextDueNs()).toBe(7 * S);
  });

  test('stops at the end of the batch, of slots or of octets', () => {
    const slots = feed();
    const few = dirtyBatch(2, 4096);
    expect([slots.fill(few, 100 * S), slots.nextDueNs()]).toEqual([2, 13 * S]);
    const octets = feed();
    const small = dirtyBatch(8, 2 * OCTETS + OCTETS - 1);
    expect([octets.fill(small, 100 * S), octets.nextDueNs()]).toEqual([2, 13 * S]);
    small.count = 0;
    expect(octets.fill(small, 13 * S)).toBe(1);
    expect(small.dueMonoNs[0]).toBe(13 * S);
  });

  test('gives up for good what no batch can hold', () => {
    const made = feed();
    const batch = dirtyBatch(8, OCTETS - 1);
    expect([made.fill(batch, Infinity), made.nextDueNs(), made.scheduled, made.notSent]).toEqual([0, Infinity, 1, 1]);
    made.finish(S);
    expect(made.nextDueNs()).toBe(Infinity);
  });

  test('further sessions on the group make it rarer', () => {
    const others = 99;
    const made = feed({ others });
    made.fill(dirtyBatch(8, 4096), S);
    // RFC 2974 section 3.1: 8 x announcements x octets / 4000 bit/s.
    expect(made.nextDueNs()).toBeCloseTo(S + ((8 * (others + 1) * OCTETS) / 4000) * S, -3);
  });

  test('beside another feed its octets are nobody else’s', () => {
    const payloadSlots = new PayloadSlots();
    const other = new PayloadFeed({
      payload: Uint8Array.from([1, 2, 3, 4]),
      sizeOctets: 4,
      seed: 1,
      packetsPerSecond: 2,
      pattern: { kind: 'cbr' },
      count: null,
      durationNs: null,
      startMonoNs: 0,
      destination: 0,
      flowBase: 0,
      payloadSlots,
    });
    const merged = new MergedFeed([other, feed({ flowBase: 1, payloadSlots })]);
    const batch = dirtyBatch(64, 4096);
    for (let round = 0; round < 3; round++) {
      batch.count = 0;
      merged.fill(batch, (round + 1) * 7 * S);
      for (let slot = 0; slot < batch.count; slot++) {
        const at = batch.offset[slot]!;
        if (batch.flow[slot] === 1) expect(payload(batch, slot)).toContain('s=News');
        else expect(Array.from(batch.bytes.subarray(at, at + 4))).toEqual([1, 2, 3, 4]);
      }
    }
    merged.finish(30 * S);
    batch.count = 0;
    expect(merged.fill(batch, Infinity)).toBe(1);
    expect([batch.flow[0], merged.nextDueNs()]).toEqual([1, Infinity]);
  });
});
