import { SlotKind } from '../analysis/decoded.js';
import type { Measurement } from '../analysis/measurement.js';
import type { ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import type { RepairSnapshot } from '../metrics/repairSnapshot.js';
import type { TransportSnapshot } from '../metrics/transportSnapshot.js';
import { rtpSequence, rtpSsrc } from '../wire/rtp.js';
import { BareChannel, RtpChannel, type MediaOutput } from './mediaChannel.js';

/** What a socket's datagrams are to the media: what its endpoint was, or what goes with it. */
export interface MediaPlace {
  readonly role: 'media' | 'fec' | 'control';
  /** 1: the second leg of the endpoint at `position`. */
  readonly leg: 0 | 1;
  /** Endpoint that it belongs to: of one number are both legs and all FEC. */
  readonly position: number;
  /** There is a second leg. */
  readonly hasLegs: boolean;
}

export interface MediaReceiverOptions {
  readonly measurement: Measurement;
  /** By socket. */
  readonly placeOf: (socket: number) => MediaPlace;
  /** Longest wait for a missing packet, ns. */
  readonly holdNs: Nanos;
  readonly mergeWindowNs: Nanos;
  /** Media endpoints: they share the memory. */
  readonly endpoints: number;
  /** Made when the first stream of the endpoint comes; asked once per endpoint. */
  readonly outputsOf: (position: number) => readonly MediaOutput[];
  /** Control packets, whole datagrams. */
  readonly onControl: ((batch: ReceiveBatch, slot: number, monoNs: Nanos) => void) | null;
}

/** Packets held by all channels together, and by each. */
const STORE_PACKETS = 65_536;
const STORE_PACKETS_MOST = 8192;
const STORE_PACKETS_LEAST = 512;
const NO_OUTPUTS: readonly MediaOutput[] = [];

type Channel = RtpChannel | BareChannel;

/**
 * Media behind the measurement: finds out which streams are transport streams or protected RTP, and gives each a channel.
 * One thread; reads the columns of the batch that the measurement handled last.
 */
export class MediaReceiver {
  readonly #options: MediaReceiverOptions;
  /** By stream; `null`: nothing is done with it. Legs of one endpoint share theirs. */
  readonly #channels: (Channel | null)[] = [];
  /** Streams of the second leg. */
  readonly #isLegB: boolean[] = [];
  /** RTP channels by endpoint, and by endpoint and SSRC. */
  readonly #latest = new Map<number, RtpChannel>();
  readonly #bySsrc = new Map<string, RtpChannel>();
  readonly #all: Channel[] = [];
  readonly #hasOutputs = new Set<number>();
  readonly #storePackets: number;

  constructor(options: MediaReceiverOptions) {
    this.#options = options;
    const share = 2 ** Math.floor(Math.log2(STORE_PACKETS / Math.max(1, options.endpoints)));
    this.#storePackets = Math.max(STORE_PACKETS_LEAST, Math.min(STORE_PACKETS_MOST, share));
  }

  /** The measurement has just handled this batch. Hot. */
  onBatch(batch: ReceiveBatch): void {
    const { measurement, placeOf } = this.#options;
    if (this.#channels.length < measurement.streamCount) this.#addStreams(batch);
    const { kind, stream, timeMonoNs } = measurement.decoded;
    const place = placeOf(batch.socket[0]!);
    for (let i = 0; i < batch.count; i++) {
      if (kind[i] !== SlotKind.Data) continue;
      const at = batch.offset[i]!;
      const length = batch.length[i]!;
      if (place.role === 'media') {
        const channel = this.#channels[stream[i]!];
        if (channel === null || channel === undefined) continue;
        if (channel instanceof BareChannel) {
          channel.onDatagram(batch.bytes, at, length, timeMonoNs[i]!);
          continue;
        }
        const number = channel.numberOf(rtpSequence(batch.bytes, at));
        const leg = this.#isLegB[stream[i]!] ? 1 : 0;
        channel.onPacket(batch.view, at, length, number, timeMonoNs[i]!, leg);
      } else if (place.role === 'fec') {
        this.#latest.get(place.position)?.onFec(batch.view, at, length, timeMonoNs[i]!);
      } else this.#options.onControl?.(batch, i, timeMonoNs[i]!);
    }
  }

  /** All that arrived before `beforeNs` has been read. */
  onTime(nowNs: Nanos, beforeNs: Nanos): void {
    const all = this.#all;
    for (let i = 0; i < all.length; i++) all[i]!.onTime(nowNs, beforeNs);
  }

  finish(nowNs: Nanos): void {
    for (const channel of this.#all) channel.finish(nowNs);
  }

  /** The stream is over: nothing more is expected of it. */
  end(stream: number): void {
    const channel = this.#channels[stream];
    if (channel !== null && channel !== undefined) channel.isOver = true;
  }

  /** `null`: the stream is none whose content was looked at. */
  transport(stream: number): TransportSnapshot | null {
    return this.#channels[stream]?.transport() ?? null;
  }

  repair(stream: number): RepairSnapshot | null {
    const channel = this.#channels[stream];
    return channel instanceof RtpChannel ? channel.repair() : null;
  }

  /** Pairs of streams that are two legs of one. */
  pairs(): { readonly legA: number; readonly legB: number; readonly repair: RepairSnapshot }[] {
    const pairs = [];
    for (const [legB, channel] of this.#channels.entries()) {
      if (this.#isLegB[legB] !== true || !(channel instanceof RtpChannel)) continue;
      const legA = this.#channels.findIndex((other, stream) => other === channel && this.#isLegB[stream] !== true);
      pairs.push({ legA, legB, repair: channel.repair() });
    }
    return pairs;
  }

  #addStreams(batch: ReceiveBatch): void {
    const { measurement, placeOf } = this.#options;
    for (let stream = this.#channels.length; stream < measurement.streamCount; stream++) {
      const { format, socket } = measurement.identity(stream);
      const place = placeOf(socket);
      this.#isLegB[stream] = place.leg === 1;
      this.#channels[stream] = place.role === 'media' ? this.#channelFor(format, stream, place, batch) : null;
    }
  }

  #channelFor(format: string, stream: number, place: MediaPlace, batch: ReceiveBatch): Channel | null {
    const isRtp = format.startsWith('rtp') && this.#options.measurement.identity(stream).unit === 'packet';
    if (!isRtp) {
      if (format !== 'mpeg-ts') return null;
      const bare = new BareChannel(this.#outputsOf(place.position));
      this.#all.push(bare);
      return bare;
    }
    const slot = this.#options.measurement.decoded.stream.indexOf(stream);
    const key = `${place.position} ${slot < 0 ? '' : rtpSsrc(batch.bytes, batch.offset[slot]!)}`;
    // The other leg's stream has the same source of the same numbers; one leg's that began anew has a channel of its own.
    const known = place.hasLegs ? this.#bySsrc.get(key) : undefined;
    if (known !== undefined && !this.#hasLeg(known, place.leg)) return known;
    const channel = new RtpChannel(
      {
        storePackets: this.#storePackets,
        holdNs: this.#options.holdNs,
        mergeWindowNs: place.hasLegs ? this.#options.mergeWindowNs : null,
        outputs: this.#outputsOf(place.position),
      },
      format === 'rtp/mpeg-ts',
    );
    this.#bySsrc.set(key, channel);
    this.#latest.set(place.position, channel);
    this.#all.push(channel);
    return channel;
  }

  #hasLeg(channel: RtpChannel, leg: 0 | 1): boolean {
    return this.#channels.some((other, stream) => other === channel && this.#isLegB[stream] === (leg === 1));
  }

  /** Outputs have one stream: the first of their endpoint. */
  #outputsOf(position: number): readonly MediaOutput[] {
    if (this.#hasOutputs.has(position)) return NO_OUTPUTS;
    this.#hasOutputs.add(position);
    return this.#options.outputsOf(position);
  }
}
