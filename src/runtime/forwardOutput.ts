/** Media and feeds sent on as datagrams, in the receiving thread: in order, repaired, as they come. */
import { randomInt } from 'node:crypto';
import { MAX_UDP_PAYLOAD_OCTETS, SendBatch, SendOutcome } from '../core/batch.js';
import { copyBytes } from '../core/copyBytes.js';
import { isMulticast, parseAddress } from '../core/address.js';
import type { Clock } from '../core/time.js';
import { TsRtpHeader } from '../feed/tsRtpHeader.js';
import type { DatagramSink, Io } from '../io/datagram.js';
import { firstAddress, listInterfaces } from '../io/interfaces.js';
import { resolveInterface, sourceAddress, withoutZone } from '../io/resolveInterface.js';
import type { ForwardPlan, ReceivePlan } from '../profile/plan.js';
import { type FeedFraming, FrameField, FrameKind } from '../wire/framing.js';
import { RTP_FIXED_OCTETS } from '../wire/rtp.js';
import type { ReceiverOutput } from './receiverOutputs.js';

type DatagramForward = Extract<ForwardPlan, { readonly kind: 'datagrams' }>;

const TWO_16 = 0x1_0000;

/**
 * Sends each payload at once to one destination, bare or behind an RTP header of its own (RFC 3550 section 5.1): a
 * random source, first number and first time stamp, a number for each datagram and for each that is missing before it,
 * so that whoever listens there counts the same losses. What the host does not take at once is dropped and counted.
 */
export class ForwardOutput implements ReceiverOutput {
  readonly position: number;
  readonly name: string;
  datagrams = 0;
  octets = 0;
  dropped = 0;
  readonly #sink: DatagramSink;
  readonly #clock: Clock;
  /** `null`: bare. */
  readonly #header: TsRtpHeader | null;
  /** One slot at the beginning, due since the epoch: nothing is waited for. */
  readonly #batch = new SendBatch(1, MAX_UDP_PAYLOAD_OCTETS);

  /** `sink`: of one destination; it is closed with the output. */
  constructor(position: number, name: string, sink: DatagramSink, clock: Clock, header: TsRtpHeader | null) {
    this.position = position;
    this.name = name;
    this.#sink = sink;
    this.#clock = clock;
    this.#header = header;
  }

  put(bytes: Uint8Array, at: number, length: number, lost: number): void {
    const batch = this.#batch;
    const header = this.#header;
    let octets = 0;
    if (header !== null) {
      // What has no number here would be no loss there; they run modulo 2^16.
      for (let missing = lost % TWO_16; missing > 0; missing--) header.pass();
      header.dueNs = this.#clock.monoNs();
      header.put(batch.bytes, 0, false);
      octets = RTP_FIXED_OCTETS;
    }
    if (octets + length > MAX_UDP_PAYLOAD_OCTETS) {
      this.dropped++;
      return;
    }
    copyBytes(bytes, at, length, batch.bytes, octets);
    this.#send(octets + length, length);
  }

  /** A feed keeps its framing, its session and its numbers: what stayed missing is missing there. RTP has no place for it. */
  putFeed(framing: FeedFraming, frame: Uint32Array, bytes: Uint8Array, from: number, to: number): void {
    const batch = this.#batch;
    const kind = frame[FrameField.Kind]!;
    const isMarker = kind === FrameKind.Heartbeat || kind === FrameKind.End;
    const length = isMarker ? framing.heartbeatOctets : framing.headerOctets + to - from;
    if (this.#header !== null || length > MAX_UDP_PAYLOAD_OCTETS) {
      this.dropped++;
      return;
    }
    framing.writeHeader(batch.view, 0, length, frame);
    copyBytes(bytes, from, to - from, batch.bytes, framing.headerOctets);
    this.#send(length, length);
  }

  /** The first `length` octets of the slot, of which so many are counted. */
  #send(length: number, counted: number): void {
    const batch = this.#batch;
    batch.length[0] = length;
    batch.outcome[0] = SendOutcome.Pending;
    this.#sink.send(batch, 0, 1, 1);
    if (batch.outcome[0] !== SendOutcome.Sent) {
      this.dropped++;
      return;
    }
    this.datagrams++;
    this.octets += counted;
  }

  close(): void {
    this.#sink.close();
  }
}

/** Opens what the plan sends on as datagrams. Throws McastError; what was open by then is closed. */
export async function openForwards(io: Io, plan: ReceivePlan): Promise<ForwardOutput[]> {
  const open: ForwardOutput[] = [];
  try {
    for (const [position, outputs] of plan.mediaOutputs.entries()) {
      for (const forward of outputs?.forward ?? []) {
        if (forward.kind === 'datagrams') open.push(await openForward(io, position, forward));
      }
    }
  } catch (error) {
    for (const output of open) output.close();
    throw error;
  }
  return open;
}

async function openForward(io: Io, position: number, forward: DatagramForward): Promise<ForwardOutput> {
  const { address, scheme, ttl, tos } = forward;
  const { family, group, port, iface, sources } = address;
  const interfaces = listInterfaces();
  const wanted = sources[0] ?? null;
  // A source alone says where to send from.
  const { interface: via } = await resolveInterface(iface ?? wanted, family, group, interfaces);
  // The kernel never chooses loopback's own IPv4 address: on lo it would be that of some other interface, or 0.0.0.0.
  const isFromLoopback = via.loopback && family === 4 && isMulticast(parseAddress(group)!);
  const fallback = isFromLoopback ? firstAddress(via, family) : null;
  const local = wanted === null ? fallback : sourceAddress(wanted, family, via, interfaces);
  const source = local === null ? null : withoutZone(local, via);
  const sink = await io.openSink({
    family,
    destinations: [{ address: withoutZone(group, via), port, interfaceIndex: via.index, source, ttl, tos }],
    interfaceName: via.name,
    source,
    sourcePort: 0,
    loopback: true,
    sendBufferOctets: 0,
    stampFormat: 'ntp-64',
    transmitTimestamps: false,
    dontFragment: false,
  });
  const header = scheme === 'rtp' ? randomHeader() : null;
  return new ForwardOutput(position, `forward ${address.endpoint}`, sink, io.clock, header);
}

/** Time stamps from CLOCK_MONOTONIC, which the header takes at 90 kHz. */
function randomHeader(): TsRtpHeader {
  const random = { ssrc: randomInt(2 ** 32), firstSequence: randomInt(TWO_16), firstTimestamp: randomInt(2 ** 32) };
  return new TsRtpHeader({ ...random, sendTime: null }, 0);
}
