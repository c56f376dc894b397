/** Channels on a link in memory, sent by a clock that only waiting moves: what a run that changes channels finds. */
import { SendBatch, SendOutcome } from '../../src/core/batch.js';
import type { DatagramSink, DatagramSource, ReceiveSocketSpec, SendSocketSpec } from '../../src/io/datagram.js';
import { listInterfaces } from '../../src/io/interfaces.js';
import { MemoryIo } from '../../src/io/memory.js';
import { makeTransportStream } from '../ts/synthetic.js';

export const RATE = 4_000_000;
const PACKET = 188;
const DATAGRAM_PACKETS = 7;
/** From one datagram to the next. */
export const PERIOD_NS = (DATAGRAM_PACKETS * PACKET * 8e9) / RATE;

export const STREAM = makeTransportStream({ rateBitPerSecond: RATE, seconds: 4 });

/** The octets of datagram `n`: of the stream from its beginning on, and over again. */
export function transportPayload(n: number): Uint8Array {
  const packets = STREAM.length / PACKET;
  const made = new Uint8Array(DATAGRAM_PACKETS * PACKET);
  for (let i = 0; i < DATAGRAM_PACKETS; i++) {
    const packet = (n * DATAGRAM_PACKETS + i) % packets;
    made.set(STREAM.subarray(packet * PACKET, (packet + 1) * PACKET), i * PACKET);
  }
  return made;
}

/** The same behind an RTP header (payload type 33). */
export function rtpPayload(n: number): Uint8Array {
  const media = transportPayload(n);
  const made = new Uint8Array(12 + media.length);
  made.set([0x80, 33, (n >> 8) & 0xff, n & 0xff]);
  made.set([1, 2, 3, 4], 8);
  made.set(media, 12);
  return made;
}

/** Numbers of the datagrams that bring the steps to a receiver whose first one is `from`: packets looked at one by one. */
export function stepsFrom(from: number): { packet: number; pat: number; pmt: number; randomAccess: number } {
  const steps = { packet: from, pat: -1, pmt: -1, randomAccess: -1 };
  for (let n = from; steps.randomAccess < 0; n++) {
    const octets = transportPayload(n);
    for (let at = 0; at < octets.length; at += PACKET) {
      const pid = ((octets[at + 1]! & 0x1f) << 8) | octets[at + 2]!;
      const hasIndicator = (octets[at + 3]! & 0x20) !== 0 && octets[at + 4]! > 0 && (octets[at + 5]! & 0x40) !== 0;
      if (pid === 0 && steps.pat < 0) steps.pat = n;
      else if (pid === 0x1000 && steps.pat >= 0 && steps.pmt < 0) steps.pmt = n;
      else if (pid === 0x100 && steps.pmt >= 0 && hasIndicator) {
        steps.randomAccess = n;
        break;
      }
    }
  }
  return steps;
}

/** A channel of {@link Broadcast}. `payload`: of datagram `n`; `null`: that one is not sent. */
export interface Channel {
  readonly group: string;
  readonly payload: (n: number) => Uint8Array | null;
}

export const LOOPBACK = listInterfaces().find(({ loopback }) => loopback)!;

/** A send socket over loopback. */
export function loopbackSink(address: string, port: number): SendSocketSpec {
  return {
    family: 4,
    destinations: [{ address, port, interfaceIndex: LOOPBACK.index, source: null, ttl: 1, tos: 0 }],
    interfaceName: LOOPBACK.name,
    source: null,
    sourcePort: 0,
    loopback: true,
    sendBufferOctets: 0,
    stampFormat: 'ntp-64',
    transmitTimestamps: false,
    dontFragment: false,
  };
}

/** Every channel sends its datagram `n` at n x {@link PERIOD_NS}, whoever listens. */
export class Broadcast extends MemoryIo {
  readonly #channels: readonly { readonly channel: Channel; readonly sink: DatagramSink }[];
  readonly #batch = new SendBatch(1, 2048);
  readonly #sources: DatagramSource[] = [];
  /** How many were joined whenever another one was about to be. */
  readonly joinedAtOpening: number[] = [];
  #next = 0;

  constructor(channels: readonly Channel[]) {
    super();
    this.#channels = channels.map((channel) => ({
      channel,
      sink: this.openSink(loopbackSink(channel.group, 5004)),
    }));
  }

  /** Receive sockets of which the group is joined. */
  get joined(): number {
    return this.#sources.filter((source) => source.membership().mode === 'exclude').length;
  }

  override openSource(spec: ReceiveSocketSpec): ReturnType<MemoryIo['openSource']> {
    this.joinedAtOpening.push(this.joined);
    const source = super.openSource(spec);
    this.#sources.push(source);
    return source;
  }

  override wait(untilMonoNs: number, gatherNs: number): number {
    if (this.#next * PERIOD_NS <= untilMonoNs) this.#send();
    return super.wait(Math.min(untilMonoNs, this.#next * PERIOD_NS), gatherNs);
  }

  #send(): void {
    const n = this.#next++;
    this.clock.advance(Math.max(0, n * PERIOD_NS - this.clock.monoNs()));
    const batch = this.#batch;
    for (const { channel, sink } of this.#channels) {
      const payload = channel.payload(n);
      if (payload === null) continue;
      batch.bytes.set(payload);
      batch.length[0] = payload.length;
      batch.outcome[0] = SendOutcome.Pending;
      batch.dueMonoNs[0] = 0;
      sink.send(batch, 0, 1, 1);
    }
  }
}
