/** RTP through the whole measurement: extension of numbers, restarts, silences, jitter, carried send times. */
import { describe, expect, it } from 'vitest';
import { Measurement } from '../../src/analysis/measurement.js';
import { ReceiveBatch } from '../../src/core/batch.js';
import { Random } from '../../src/core/random.js';
import type { Scheme } from '../../src/core/endpoint.js';
import { StreamCounter } from '../../src/metrics/counters.js';
import { putNullPacket } from '../../src/wire/mpegts.js';
import { rtpCodec } from '../../src/wire/rtp.js';
import { putSendTimeExtension, SEND_TIME_AT, SEND_TIME_EXTENSION_OCTETS } from '../../src/wire/rtpSendTime.js';
import { DepartureStamp } from '../../src/io/departureStamp.js';

const EPOCH_NS = 1_764_000_000_123_456_789n;
const STEP_NS = 1e6;

interface Packet {
  readonly sequence: number;
  readonly timestamp: number;
  readonly ssrc?: number;
  readonly timeNs: number;
  /** CLOCK_REALTIME since the epoch, ns. */
  readonly sentNs?: number;
  readonly octets?: Uint8Array;
}

/** A packet of one null transport packet. */
function octetsOf({ sequence, timestamp, ssrc = 0x1234_5678, sentNs, octets }: Packet): Uint8Array {
  if (octets !== undefined) return octets;
  const extension = sentNs === undefined ? 0 : SEND_TIME_EXTENSION_OCTETS;
  const packet = new Uint8Array(12 + extension + 188);
  const header = {
    ...rtpCodec.create(),
    payloadType: 33,
    sequence: sequence & 0xffff,
    timestamp: timestamp >>> 0,
    ssrc,
  };
  rtpCodec.write(packet, 0, header as never);
  if (sentNs !== undefined) {
    packet[0]! |= 0x10;
    putSendTimeExtension(packet, 0, 5);
    const epoch = { realtimeNs: EPOCH_NS, monotonicNs: 0n, uncertaintyNs: 0 };
    new DepartureStamp('ntp-64', epoch).write(new DataView(packet.buffer), SEND_TIME_AT, sentNs);
  }
  putNullPacket(packet, 12 + extension);
  return packet;
}

function measure(packets: readonly Packet[], scheme: Scheme | null = 'rtp', windowNs = 1e9): Measurement {
  const measurement = new Measurement({
    epoch: { high: Number(EPOCH_NS >> 32n), low: Number(EPOCH_NS & 0xffff_ffffn) },
    pathOf: () => ({ source: '192.0.2.1', sourcePort: 5000, group: '239.1.1.1', port: 5004, interfaceIndex: 1 }),
    maxStreams: 8,
    detail: 8,
    reorderWindowNs: windowNs,
    reorderWindowPackets: 65_536,
    omitNs: 0,
    startMonoNs: 0,
    firstBoundaryMonoNs: Infinity,
    intervalNs: Infinity,
    silenceNs: Infinity,
    batchCapacity: 16,
    clockOffsetNs: 0,
  });
  measurement.addSocket({
    index: 0,
    scheme,
    joinRealNs: NaN,
    hasDropCounter: true,
    name: null,
    tosSent: null,
    ttlSent: null,
  });
  const batch = new ReceiveBatch(16, 16, 2048);
  for (let from = 0; from < packets.length; from += 16) {
    const some = packets.slice(from, from + 16);
    batch.count = some.length;
    for (const [slot, packet] of some.entries()) {
      const octets = octetsOf(packet);
      batch.offset[slot] = slot * 2048;
      batch.length[slot] = octets.length;
      batch.bytes.set(octets, slot * 2048);
      batch.timeRealNs[slot] = packet.timeNs;
      batch.path[slot] = 1;
    }
    batch.readClock.fill(some.at(-1)!.timeNs);
    measurement.onBatch(batch);
  }
  measurement.finish((packets.at(-1)?.timeNs ?? 0) + 1);
  return measurement;
}

/** One packet a millisecond, of 90 ticks each. */
function steady(first: number, count: number, startNs = 0, firstTicks = 0): Packet[] {
  return Array.from({ length: count }, (_, k) => ({
    sequence: first + k,
    timestamp: firstTicks + 90 * k,
    timeNs: startNs + k * STEP_NS,
  }));
}

function counts(measurement: Measurement, stream = 0) {
  const { counters } = measurement.snapshot(stream);
  return {
    received: counters[StreamCounter.PacketsReceived],
    expected: counters[StreamCounter.Expected],
    lost: counters[StreamCounter.Lost],
    duplicated: counters[StreamCounter.PacketsDuplicated],
    reordered: counters[StreamCounter.PacketsReordered],
  };
}

describe('numbers of 16 bits', () => {
  it('go on over their wrap, and over that of the time stamp', () => {
    const packets = steady(65_530, 200, 0, 2 ** 32 - 900);
    packets.splice(100, 3);
    const measurement = measure(packets);
    expect(measurement.streamCount).toBe(1);
    expect(counts(measurement)).toEqual({ received: 197, expected: 200, lost: 3, duplicated: 0, reordered: 0 });
    const stream = measurement.snapshot(0);
    expect(stream).toMatchObject({ format: 'rtp/mpeg-ts', flow: '0x12345678', unit: 'packet', expectedFrom: 'first' });
    expect(stream.lossDetail.map).toEqual([{ first: String(65_630), count: 3, cause: 'network' }]);
    expect(stream.jitterNs).toBe(0);
  });

  it('a swap and a copy around the wrap are what they are', () => {
    const packets = steady(65_500, 100);
    const [a, b] = [packets[35]!, packets[36]!];
    packets[35] = { ...b, timeNs: a.timeNs };
    packets[36] = { ...a, timeNs: b.timeNs };
    packets.splice(60, 0, { ...packets[59]!, timeNs: packets[59]!.timeNs + 1 });
    expect(counts(measure(packets))).toEqual({ received: 100, expected: 100, lost: 0, duplicated: 1, reordered: 1 });
  });

  it('a silence of more than a cycle is counted by the time stamp', () => {
    const before = steady(10, 5000);
    const missed = 200_000;
    const after = steady(10 + 5000 + missed, 100, (5000 + missed) * STEP_NS, 90 * (5000 + missed));
    expect(counts(measure([...before, ...after]))).toMatchObject({ received: 5100, lost: missed });
  });

  it('a jump that the time does not explain is a restart once it is confirmed', () => {
    const before = steady(100, 500);
    const after = steady(40_000, 200, 500 * STEP_NS, 123_456_789);
    const measurement = measure([...before, ...after]);
    expect(measurement.streamCount).toBe(2);
    expect(counts(measurement, 0)).toMatchObject({ received: 500, lost: 0 });
    // The first packet behind the jump was in doubt (RFC 3550 A.1).
    expect(counts(measurement, 1)).toMatchObject({ received: 199, lost: 0 });
    expect(measurement.socketSnapshot(0).malformed[15]).toBe(1);
    const again = measure([...before, ...after, ...steady(9, 200, 700 * STEP_NS, 5)]);
    expect(again.streamCount).toBe(3);
    expect(counts(again, 2)).toMatchObject({ received: 199, lost: 0 });
  });

  it('a single stray packet changes nothing', () => {
    const packets = steady(100, 500);
    packets.splice(250, 0, { sequence: 40_000, timestamp: 77, timeNs: packets[250]!.timeNs - 1 });
    const measurement = measure(packets);
    expect(measurement.streamCount).toBe(1);
    expect(counts(measurement)).toMatchObject({ received: 500, lost: 0 });
    expect(measurement.socketSnapshot(0).malformed[15]).toBe(1);
  });
});

describe('time', () => {
  it('jitter of alternating arrivals is their deviation (RFC 3550 section 6.4.1), not twice that', () => {
    const deviationNs = 400_000;
    const packets = steady(0, 2000).map((packet, k) => ({ ...packet, timeNs: packet.timeNs + (k % 2) * deviationNs }));
    const { jitterNs, histograms } = measure(packets).snapshot(0);
    expect(Math.abs(jitterNs - deviationNs)).toBeLessThan(1);
    expect(histograms!.one_way_delay_ns.count).toBe(0);
  });

  it('a carried send time gives the one-way delay, whatever its id, to the nanosecond', () => {
    const packets = steady(7, 300).map((packet, k) => ({ ...packet, sentNs: packet.timeNs - 250_000 - k }));
    const { histograms, sendTime, jitterNs } = measure(packets).snapshot(0);
    const { count, min, max } = histograms!.one_way_delay_ns;
    expect({ count, min, max }).toEqual({ count: 300, min: 250_000, max: 250_299 });
    expect(sendTime).toBe('departure');
    expect(jitterNs).toBe(0);
  });
});

describe('what is RTP', () => {
  it('transport packets in RTP are found where any UDP is taken', () => {
    const measurement = measure(steady(1, 50), null);
    expect(counts(measurement)).toMatchObject({ received: 50, lost: 0 });
    expect(measurement.snapshot(0).format).toBe('rtp/mpeg-ts');
  });

  it('other RTP is not guessed at, and the note says what to do', () => {
    const audio = new Uint8Array(60).fill(7);
    rtpCodec.write(audio, 0, { ...rtpCodec.create(), payloadType: 8, sequence: 5, timestamp: 9, ssrc: 1 } as never);
    const packets = Array.from({ length: 5 }, (_, k) => ({
      sequence: k,
      timestamp: 0,
      timeNs: k * 1e6,
      octets: audio,
    }));
    const { format, unit, notes } = measure(packets, null).snapshot(0);
    expect({ format, unit }).toEqual({ format: 'rtp', unit: 'none' });
    expect(notes.join()).toContain('rtp://');
  });

  it('rtp:// takes nothing else, and tells what came instead', () => {
    const bare = new Uint8Array(188);
    putNullPacket(bare, 0);
    const measurement = measure([{ sequence: 0, timestamp: 0, timeNs: 1, octets: bare }]);
    expect(measurement.streamCount).toBe(0);
    const { malformed, instead } = measurement.socketSnapshot(0);
    expect(malformed.reduce((sum, one) => sum + one)).toBe(1);
    expect(instead).toBe('mpeg-ts');
  });

  it('another SSRC is another stream', () => {
    const both = steady(1, 20).flatMap((packet) => [packet, { ...packet, ssrc: 9 }]);
    const measurement = measure(both);
    expect(measurement.streamCount).toBe(2);
    expect(counts(measurement, 1)).toMatchObject({ received: 20, lost: 0 });
  });
});

describe('which numbers came', () => {
  it.each([1, 2, 3])('is told of those within the window, seed %i', (seed) => {
    const random = new Random(seed);
    const sent = steady(65_000, 2000).filter(() => random.unit() > 0.1);
    // Neighbours change places, and some come twice.
    for (let i = 1; i < sent.length; i += 2 + random.below(5)) {
      const [a, b] = [sent[i - 1]!, sent[i]!];
      sent[i - 1] = { ...b, timeNs: a.timeNs };
      sent[i] = { ...a, timeNs: b.timeNs };
    }
    const packets = sent.flatMap((packet) => (random.unit() < 0.05 ? [packet, packet] : [packet]));
    const { sequence } = measure(packets);
    const first = packets[0]!.sequence;
    const numbers = new Set(packets.map((packet) => packet.sequence));
    for (const [from, count] of [
      [0, 1900],
      [731, 64],
      [1980, 100],
    ] as const) {
      const came = new Uint8Array(count).fill(0xa5);
      sequence.trace(0, from, came);
      expect([...came]).toEqual(Array.from({ length: count }, (_, i) => (numbers.has(first + from + i) ? 1 : 0)));
    }
  });

  it('is all of them where none was missing', () => {
    const came = new Uint8Array(102).fill(0xa5);
    measure(steady(7, 100)).sequence.trace(0, 0, came);
    expect([...came]).toEqual([...Array.from({ length: 100 }, () => 1), 0, 0]);
  });
});
