import { describe, expect, it } from 'vitest';
import { ReceiveBatch, SendOutcome } from '../../src/core/batch.js';
import { ByteRing } from '../../src/core/byteRing.js';
import { TsRtpHeader } from '../../src/feed/tsRtpHeader.js';
import type { DatagramSource, SendSocketSpec } from '../../src/io/datagram.js';
import { MemoryIo, type MemoryOptions } from '../../src/io/memory.js';
import { ForwardOutput, openForwards } from '../../src/runtime/forwardOutput.js';
import { outputQueue, ReceiverOutputs } from '../../src/runtime/receiverOutputs.js';
import type { ForwardPlan, ReceivePlan } from '../../src/profile/plan.js';
import { rtpCodec } from '../../src/wire/rtp.js';
import { WireStatus } from '../../src/wire/status.js';

/** Four transport packets' worth of octets, whose first says which payload it is. */
const PAYLOAD_OCTETS = 752;
const PAYLOAD_AT = 7;

function payload(number: number): Uint8Array {
  const bytes = new Uint8Array(PAYLOAD_OCTETS + 20).fill(0xa5);
  bytes.fill(number, PAYLOAD_AT, PAYLOAD_AT + PAYLOAD_OCTETS);
  return bytes;
}

const SPEC: SendSocketSpec = {
  family: 4,
  destinations: [{ address: '239.2.2.2', port: 6000, interfaceIndex: 1, source: null, ttl: 1, tos: 0 }],
  interfaceName: 'mem0',
  source: null,
  sourcePort: 0,
  loopback: true,
  sendBufferOctets: 0,
  stampFormat: 'ntp-64',
  transmitTimestamps: false,
  dontFragment: false,
};

function listener(io: MemoryIo, interfaceIndex: number): DatagramSource {
  return io.openSource({
    family: 4,
    group: '239.2.2.2',
    port: 6000,
    unicast: false,
    interfaceIndex,
    interfaceName: 'mem0',
    sources: [],
    receiveBufferOctets: 0,
    timestamps: 'auto',
    busyPollUs: 0,
  });
}

/** What came, whole datagrams. */
function arrived(source: DatagramSource): Uint8Array[] {
  const batch = new ReceiveBatch(64, 64, 2048);
  source.receive(batch);
  return Array.from({ length: batch.count }, (_, i) =>
    batch.bytes.slice(batch.offset[i], batch.offset[i]! + batch.length[i]!),
  );
}

function forwarding(scheme: 'udp' | 'rtp', options: MemoryOptions = {}) {
  const io = new MemoryIo(options);
  const source = listener(io, 1);
  const random = { ssrc: 0xdead_beef, firstSequence: 65_534, firstTimestamp: 0xffff_ffff };
  const header = scheme === 'udp' ? null : new TsRtpHeader({ ...random, sendTime: null }, 0);
  return { io, source, output: new ForwardOutput(3, 'forward', io.openSink(SPEC), io.clock, header) };
}

function headers(datagrams: readonly Uint8Array[]): (readonly [number, number])[] {
  return datagrams.map((datagram) => {
    const header = rtpCodec.create();
    expect(rtpCodec.parse(datagram, 0, datagram.length, header)).toBe(WireStatus.Ok);
    expect(header).toMatchObject({
      ssrc: 0xdead_beef,
      payloadType: 33,
      marker: false,
      extension: null,
      payloadOctets: PAYLOAD_OCTETS,
    });
    return [header.sequence, header.timestamp] as const;
  });
}

describe('media forwarded as datagrams', () => {
  it('are the payloads as they came, bare', () => {
    const { source, output } = forwarding('udp');
    output.put(payload(1), PAYLOAD_AT, PAYLOAD_OCTETS, 0);
    output.put(payload(2), PAYLOAD_AT, PAYLOAD_OCTETS, 5);
    expect(arrived(source)).toEqual([1, 2].map((number) => new Uint8Array(PAYLOAD_OCTETS).fill(number)));
    expect([output.datagrams, output.octets, output.dropped]).toEqual([2, 2 * PAYLOAD_OCTETS, 0]);
  });

  it('have numbers that leave out what is missing, and time stamps of 90 kHz, behind RTP headers', () => {
    const { io, source, output } = forwarding('rtp');
    // They run modulo 2^16: 65,535 missing between two are one number back.
    for (const [lost, forNs] of [
      [0, 1_000_000],
      [1, 1_000_000],
      [3, 1_000_000_000],
      [65_535, 0],
      [131_072, 0],
    ] as const) {
      output.put(payload(9), PAYLOAD_AT, PAYLOAD_OCTETS, lost);
      io.clock.advance(forNs);
    }
    const datagrams = arrived(source);
    // 1 ms are 90 ticks; the first stamp is 2^32 - 1.
    expect(headers(datagrams)).toEqual([
      [65_534, 0xffff_ffff],
      [0, 89],
      [4, 179],
      [4, 90_179],
      [5, 90_179],
    ]);
    expect(datagrams[0]!.subarray(12)).toEqual(new Uint8Array(PAYLOAD_OCTETS).fill(9));
    expect(output.octets).toBe(5 * PAYLOAD_OCTETS);
  });

  it('are dropped and counted where the host does not take them at once, and their numbers are gone', () => {
    const outcomes = [SendOutcome.Sent, SendOutcome.NoBuffers, SendOutcome.Pending, SendOutcome.Failed];
    let asked = 0;
    const { source, output } = forwarding('rtp', { host: () => outcomes[asked++] ?? SendOutcome.Sent });
    for (let i = 0; i < 5; i++) output.put(payload(i), PAYLOAD_AT, PAYLOAD_OCTETS, 0);
    expect(headers(arrived(source)).map(([sequence]) => sequence)).toEqual([65_534, 2]);
    expect([output.datagrams, output.octets, output.dropped]).toEqual([2, 2 * PAYLOAD_OCTETS, 3]);
  });

  it('fit a datagram with their header, or are dropped', () => {
    const { source, output } = forwarding('rtp');
    output.put(new Uint8Array(65_507), 0, 65_496, 0);
    output.put(new Uint8Array(65_507), 0, 65_495, 0);
    expect([output.datagrams, output.dropped]).toEqual([1, 1]);
    expect(arrived(source)).toHaveLength(1);
  });

  it('stop when the output is closed', () => {
    const { source, output } = forwarding('udp');
    output.close();
    output.put(payload(1), PAYLOAD_AT, PAYLOAD_OCTETS, 0);
    expect(arrived(source)).toEqual([]);
    expect(output.dropped).toBe(1);
  });
});

function plan(...forwards: readonly (Extract<ForwardPlan, { kind: 'datagrams' }> | null)[]): ReceivePlan {
  const mediaOutputs = forwards.map((one) => ({
    save: null,
    hls: null,
    play: null,
    forward: [{ kind: 'srt', text: 'srt://h:9' } as const, ...(one === null ? [] : [one])],
  }));
  return { mediaOutputs: [null, ...mediaOutputs] } as unknown as ReceivePlan;
}

function to(scheme: 'udp' | 'rtp', change: Partial<Extract<ForwardPlan, { kind: 'datagrams' }>['address']> = {}) {
  const place = { family: 4, group: '239.2.2.2', port: 6000, sources: [], iface: 'lo' } as const;
  const address = { scheme, ...place, name: null, endpoint: `${scheme}://239.2.2.2:6000`, ...change };
  return { kind: 'datagrams', scheme, address, ttl: 3, tos: 0xb8 } as const;
}

describe('what a plan forwards as datagrams', () => {
  it('is opened on its interface, from its address, with its marks', async () => {
    const io = new MemoryIo();
    const source = listener(io, 1);
    const [bare, rtp, ...others] = await openForwards(io, plan(to('udp'), null, to('rtp', { sources: ['127.0.0.1'] })));
    expect(others).toEqual([]);
    expect([bare!.position, bare!.name, rtp!.position, rtp!.name]).toEqual([
      1,
      'forward udp://239.2.2.2:6000',
      3,
      'forward rtp://239.2.2.2:6000',
    ]);
    bare!.put(payload(1), PAYLOAD_AT, PAYLOAD_OCTETS, 0);
    rtp!.put(payload(1), PAYLOAD_AT, PAYLOAD_OCTETS, 0);
    const batch = new ReceiveBatch(4, 4, 2048);
    expect(source.receive(batch)).toBe(2);
    expect([...batch.length.subarray(0, 2)]).toEqual([PAYLOAD_OCTETS, PAYLOAD_OCTETS + 12]);
    expect([batch.ttl[0], batch.tos[0]]).toEqual([3, 0xb8]);
    expect([io.path(batch.path[0]!).source, io.path(batch.path[1]!).source]).toEqual(['127.0.0.1', '127.0.0.1']);
  });

  it('begins at random: source, number and time stamp', async () => {
    const io = new MemoryIo();
    const source = listener(io, 1);
    const outputs = await openForwards(io, plan(to('rtp'), to('rtp')));
    for (const output of outputs) output.put(payload(1), PAYLOAD_AT, PAYLOAD_OCTETS, 0);
    const [a, b] = arrived(source).map((datagram) => {
      const header = rtpCodec.create();
      rtpCodec.parse(datagram, 0, datagram.length, header);
      return header;
    });
    expect(a!.ssrc).not.toBe(b!.ssrc);
    expect([a!.sequence, a!.timestamp]).not.toEqual([b!.sequence, b!.timestamp]);
  });

  it('that cannot be opened leaves nothing open', async () => {
    const io = new MemoryIo();
    const sinks: ReturnType<MemoryIo['openSink']>[] = [];
    const openSink = io.openSink.bind(io);
    io.openSink = (spec) => {
      const sink = openSink(spec);
      sinks.push(sink);
      return sink;
    };
    const source = listener(io, 1);
    const opening = openForwards(io, plan(to('udp'), to('udp', { iface: 'nowhere0' })));
    await expect(opening).rejects.toMatchObject({ code: 'ERR_INTERFACE' });
    const output = new ForwardOutput(0, '', sinks[0]!, io.clock, null);
    output.put(payload(1), PAYLOAD_AT, PAYLOAD_OCTETS, 0);
    expect(arrived(source)).toEqual([]);
  });
});

describe('outputs of a receiver', () => {
  it('are queues and forwards by endpoint, counted and closed together', () => {
    const { source, output } = forwarding('udp');
    const queue = outputQueue(1, 'save a.ts');
    const outputs = new ReceiverOutputs([queue], [output]);
    expect(outputs.of(0)).toEqual([]);
    for (const position of [1, 3]) {
      for (const one of outputs.of(position)) one.put(payload(position), PAYLOAD_AT, PAYLOAD_OCTETS, 0);
    }
    const ring = new ByteRing(queue.ring);
    const chunk = new Uint8Array(2 * PAYLOAD_OCTETS);
    expect(ring.read(chunk)).toBe(PAYLOAD_OCTETS);
    expect(chunk.subarray(0, PAYLOAD_OCTETS)).toEqual(new Uint8Array(PAYLOAD_OCTETS).fill(1));
    expect(arrived(source)).toEqual([new Uint8Array(PAYLOAD_OCTETS).fill(3)]);
    const counts = { datagrams: 1, octets: PAYLOAD_OCTETS, dropped: 0, failure: null, failed: false };
    expect(outputs.snapshots()).toEqual([
      { name: 'save a.ts', ...counts },
      { name: 'forward', ...counts },
    ]);
    expect(outputs.snapshots(3)).toEqual([{ name: 'forward', ...counts }]);
    outputs.close();
    expect(ring.read(chunk)).toBe(-1);
    outputs.of(3)[0]!.put(payload(3), PAYLOAD_AT, PAYLOAD_OCTETS, 0);
    expect(outputs.snapshots(3)[0]!.dropped).toBe(1);
  });

  it('drop whole payloads when nobody takes them', () => {
    const queue = outputQueue(0, 'play');
    const outputs = new ReceiverOutputs([queue]);
    const most = Math.floor(new ByteRing(queue.ring).capacity / 60_000);
    for (let i = 0; i < most + 2; i++) outputs.of(0)[0]!.put(new Uint8Array(60_000), 0, 60_000, 0);
    expect(outputs.snapshots()).toEqual([
      { name: 'play', datagrams: most, octets: most * 60_000, dropped: 2, failure: null, failed: false },
    ]);
  });
});
