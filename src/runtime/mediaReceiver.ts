import { Arrival, SlotKind } from '../analysis/decoded.js';
import type { TsAnalyzer } from '../analysis/mpegts/tsAnalyzer.js';
import type { Measurement } from '../analysis/measurement.js';
import { RECOGNISED_FROM } from '../analysis/plainDecoder.js';
import { formatName } from '../analysis/streamSnapshot.js';
import type { ReceiveBatch } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { StreamCounter } from '../metrics/counters.js';
import type { RepairSnapshot } from '../metrics/repairSnapshot.js';
import type { TransportSnapshot } from '../metrics/transportSnapshot.js';
import { framingOf } from '../analysis/feedDecoder.js';
import { StreamFormat } from '../analysis/streamTable.js';
import { rtpSequence, rtpSsrc } from '../wire/rtp.js';
import type { SessionWords } from '../wire/framing.js';
import type { ChannelRecovery } from './channelRecovery.js';
import { FeedChannel } from './feedChannel.js';
import { HeldDatagram } from './heldDatagram.js';
import { BareChannel, RtpChannel, type MediaOutput, spareChannel, type SpareChannel } from './mediaChannel.js';

/** What a stream is to the media: media itself, or what goes with it. */
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
  /** By stream; `null`: not known yet, and asked for again. */
  readonly placeOf: (stream: number) => MediaPlace | null;
  /** Longest wait for a missing packet, ns. */
  readonly holdNs: Nanos;
  readonly mergeWindowNs: Nanos;
  /** Media endpoints, as many as are known: they share the memory. */
  readonly endpoints: number;
  /** A silence of all streams ends the run, and is no part of it. */
  readonly silenceEnds: boolean;
  /** Made when the first stream of the endpoint comes; asked once per endpoint. */
  readonly outputsOf: (position: number) => readonly MediaOutput[];
  /** Of a transport stream: who may watch it. Default: nobody. */
  readonly previewOf?: (position: number) => MediaOutput | null;
  /** What asks for messages that a feed at `position` misses, of which `origin` is number 0 of its channel; `null`: nothing. */
  readonly recoveryOf: (position: number, session: SessionWords, origin: bigint) => ChannelRecovery | null;
  /** Is handed control packets, whole datagrams. No function: compiled code would know one by itself, not all of a kind. */
  readonly control: { onDatagram(batch: ReceiveBatch, slot: number, monoNs: Nanos): void };
}

/** Packets held by all channels together, and by each. */
const STORE_PACKETS = 65_536;
const STORE_PACKETS_MOST = 8192;
/** Of a feed that is asked for: 100,000 datagrams a second for as long as the first answer is waited for. Taken as needed. */
const STORE_PACKETS_ASKED = 32_768;
const STORE_PACKETS_LEAST = 512;
/** Time passes for the channels this often: with many of them it costs more than a datagram. */
const TEND_NS = 5e6;
const NO_OUTPUTS: readonly MediaOutput[] = [];
const NO_SESSION: SessionWords = [0, 0, 0];
const ROLES = ['media', 'fec', 'control'] as const;

type Channel = RtpChannel | BareChannel | FeedChannel;

/** A stream's part in the feed of its channel. */
interface FeedPart {
  readonly channel: FeedChannel;
  /** The channel's number of the stream's number 0. */
  readonly numberOfOrigin: number;
  /** Its last jump ahead, until something confirms it. */
  held: HeldDatagram | null;
}

/**
 * Media behind the measurement: finds out which streams are transport streams or protected RTP, and gives each a channel.
 * One thread; reads the columns of the batch that the measurement handled last.
 */
export class MediaReceiver {
  readonly #options: MediaReceiverOptions;
  readonly #control: MediaReceiverOptions['control'];
  readonly #spare: SpareChannel[] = [];
  /** By stream; `null`: nothing is done with it. Legs of one endpoint share theirs. */
  readonly #channels: (Channel | null)[] = [];
  readonly #places: (MediaPlace | undefined)[] = [];
  /** Streams in no known format so far, of which more datagrams are looked at. */
  #undecided: number[] = [];
  /** RTP channels by endpoint, and by endpoint and SSRC. */
  readonly #latest = new Map<number, RtpChannel>();
  readonly #bySsrc = new Map<string, RtpChannel>();
  /** By stream, of sequenced feeds; and by endpoint and session, with the number on the wire that the channel counts from. */
  readonly #feeds: (FeedPart | undefined)[] = [];
  readonly #bySession = new Map<string, { readonly channel: FeedChannel; readonly origin: bigint }>();
  readonly #all: Channel[] = [];
  readonly #hasOutputs = new Set<number>();
  /** There is anything that is looked into: else no datagram is to cost a look. */
  #hasMedia = false;
  /** Arrival of the datagram that was read last. */
  #arrivedNs: Nanos = -Infinity;
  /** When time passes for the channels next. */
  #tendNs: Nanos = -Infinity;

  constructor(options: MediaReceiverOptions) {
    this.#options = options;
    this.#control = options.control;
  }

  /** Nothing has come that is looked into. */
  get isIdle(): boolean {
    return this.#all.length === 0;
  }

  /** Makes room for so many RTP streams now: many that begin together would take the time of their first datagrams. */
  reserve(channels: number): void {
    for (let i = 0; i < channels; i++) this.#spare.push(spareChannel(this.#storePackets()));
  }

  /** The measurement has just handled this batch. Hot. */
  onBatch(batch: ReceiveBatch): void {
    const { measurement } = this.#options;
    if (this.#channels.length < measurement.streamCount) this.#addStreams(batch);
    if (this.#undecided.length > 0) this.#lookAgain(batch);
    if (!this.#hasMedia) return;
    const { kind, stream, timeMonoNs } = measurement.decoded;
    for (let i = 0; i < batch.count; i++) {
      if (this.#feeds.length > 0 && this.#onFeed(batch, i)) continue;
      if (kind[i] !== SlotKind.Data) continue;
      const place = this.placeOf(stream[i]!);
      if (place === null) continue;
      const at = batch.offset[i]!;
      const length = batch.length[i]!;
      if (place.role === 'media') {
        const channel = this.#channels[stream[i]!];
        if (channel === null || channel === undefined) continue;
        if (!channel.isWarm && timeMonoNs[i]! >= measurement.warmUpEndNs) channel.restart();
        if (channel instanceof FeedChannel) continue;
        if (channel instanceof BareChannel) {
          channel.onDatagram(batch.bytes, at, length, timeMonoNs[i]!);
          continue;
        }
        const number = channel.numberOf(rtpSequence(batch.bytes, at));
        channel.onPacket(batch.view, at, length, number, timeMonoNs[i]!, place.leg);
      } else if (place.role === 'fec') {
        const channel = this.#latest.get(place.position);
        if (channel === undefined) continue;
        if (!channel.isWarm && timeMonoNs[i]! >= measurement.warmUpEndNs) channel.restart();
        channel.onFec(batch.view, at, length, timeMonoNs[i]!);
      } else this.#control.onDatagram(batch, i, timeMonoNs[i]!);
    }
    if (batch.count > 0) this.#arrivedNs = timeMonoNs[batch.count - 1]!;
  }

  /**
   * Whether slot `i` is of a feed that has a channel, which then has had it. No call is handed the time itself: several
   * that were, in branches that are rarely taken, made compiled code keep it as an object for every datagram.
   */
  #onFeed(batch: ReceiveBatch, i: number): boolean {
    const { measurement } = this.#options;
    const { kind, stream, sequence, next, span, timeMonoNs, verdict } = measurement.decoded;
    const feed = this.#feeds[stream[i]!];
    if (feed === undefined) return false;
    const { channel, numberOfOrigin } = feed;
    if (!channel.isWarm && timeMonoNs[i]! >= measurement.warmUpEndNs) channel.restart();
    const { leg } = this.placeOf(stream[i]!)!;
    const { bytes, view, offset, length } = batch;
    if (kind[i] === SlotKind.Data) {
      const number = sequence[i]! + numberOfOrigin;
      if (verdict[i] === Arrival.None) {
        // A jump that nothing has confirmed would end all waiting for what is really next.
        feed.held ??= new HeldDatagram();
        feed.held.hold(batch, i, number, span[i]!, timeMonoNs);
        return true;
      }
      if (feed.held !== null && feed.held.isHeld && isFresh(verdict[i]!)) feed.held.goOn(number, channel, leg);
      channel.onDatagram(bytes, view, offset[i]!, length[i]!, number, span[i]!, timeMonoNs, i, leg);
    } else if (kind[i] === SlotKind.Heartbeat || kind[i] === SlotKind.End) {
      channel.onMarker(view, offset[i]!, length[i]!, next[i]! + numberOfOrigin, timeMonoNs, i, leg);
    }
    return true;
  }

  /** What the stream is to the media; `null`: not known (yet). */
  placeOf(stream: number): MediaPlace | null {
    return this.#places[stream] ?? this.#askPlace(stream);
  }

  #askPlace(stream: number): MediaPlace | null {
    // What found no room in the table is of all kinds.
    if (stream === this.#options.measurement.table.others) return null;
    const place = this.#options.placeOf(stream);
    if (place === null) return null;
    const { leg, position, hasLegs } = place;
    // What came from another thread are other objects and strings than those made here: compiled code would not know them.
    return (this.#places[stream] = { role: ROLES.find((role) => role === place.role)!, leg, position, hasLegs });
  }

  /** All that arrived before `beforeNs` has been read. */
  onTime(nowNs: Nanos, beforeNs: Nanos): void {
    if (nowNs < this.#tendNs) return;
    this.#tendNs = nowNs + TEND_NS;
    const all = this.#all;
    const { warmUpEndNs } = this.#options.measurement;
    const silentToNs = this.#options.silenceEnds ? Math.min(beforeNs, this.#arrivedNs) : beforeNs;
    for (let i = 0; i < all.length; i++) {
      if (!all[i]!.isWarm && beforeNs >= warmUpEndNs) all[i]!.restart();
      all[i]!.onTime(nowNs, beforeNs, silentToNs);
    }
  }

  /** Nothing is missing that may still come. */
  get isSettled(): boolean {
    return this.#all.every((channel) => !(channel instanceof FeedChannel) || channel.isSettled);
  }

  /** An interval is over: rates of intervals begin anew. */
  closeInterval(): void {
    for (const channel of this.#all) if (!(channel instanceof FeedChannel)) channel.analyzer.closeInterval();
  }

  finish(nowNs: Nanos): void {
    for (const channel of this.#all) {
      channel.finish(nowNs);
      // A run that ends within its warm-up has measured nothing.
      if (!channel.isWarm) channel.restart();
    }
  }

  /** Whether what is known of the stream's content is of after the warm-up. */
  isWarm(stream: number): boolean {
    return this.#channels[stream]?.isWarm ?? false;
  }

  /** The stream is over: nothing more is expected of it. */
  end(stream: number): void {
    const channel = this.#channels[stream];
    if (channel !== null && channel !== undefined) channel.isOver = true;
  }

  /** Of a transport stream; `null`: the stream is none whose content is looked at. */
  analyzerOf(stream: number): TsAnalyzer | null {
    const channel = this.#channels[stream] ?? null;
    if (channel === null || channel instanceof FeedChannel) return null;
    return channel.isTransportStream ? channel.analyzer : null;
  }

  /** `null`: the stream is none whose content was looked at. */
  transport(stream: number): TransportSnapshot | null {
    return this.#channels[stream]?.transport() ?? null;
  }

  repair(stream: number): RepairSnapshot | null {
    const channel = this.#channels[stream];
    return channel === undefined || channel === null || channel instanceof BareChannel ? null : channel.repair();
  }

  /** Pairs of streams that are two legs of one, also where one of them brought nothing: its number is -1. */
  pairs(): { readonly legA: number; readonly legB: number; readonly repair: RepairSnapshot }[] {
    const pairs = [];
    const channels = this.#channels.filter((_, stream) => this.#places[stream]?.hasLegs === true);
    for (const channel of new Set(channels)) {
      if (channel === null || channel instanceof BareChannel) continue;
      pairs.push({ legA: this.#legOf(channel, 0), legB: this.#legOf(channel, 1), repair: channel.repair() });
    }
    return pairs;
  }

  #legOf(channel: Channel, leg: 0 | 1): number {
    return this.#channels.findIndex((other, stream) => other === channel && this.#places[stream]!.leg === leg);
  }

  #addStreams(batch: ReceiveBatch): void {
    const { measurement } = this.#options;
    for (let stream = this.#channels.length; stream < measurement.streamCount; stream++) {
      const format = formatName(stream, measurement.table.format(stream), measurement.decoder);
      this.#channels[stream] = this.#channelOf(stream, format, batch);
      this.#hasMedia ||= this.#channels[stream] !== null || this.placeOf(stream)?.role !== 'media';
      if (format === 'unknown') this.#undecided.push(stream);
    }
  }

  /** Whether the decoder has recognised by now what it did not at first. */
  #lookAgain(batch: ReceiveBatch): void {
    const { measurement } = this.#options;
    this.#undecided = this.#undecided.filter((stream) => {
      const format = formatName(stream, measurement.table.format(stream), measurement.decoder);
      if (format === 'unknown') {
        const { values } = measurement.counters;
        return values[stream * StreamCounter.Count + StreamCounter.PacketsReceived]! < RECOGNISED_FROM;
      }
      this.#places[stream] = undefined;
      this.#channels[stream] = this.#channelOf(stream, format, batch);
      this.#hasMedia ||= this.#channels[stream] !== null;
      return false;
    });
  }

  #channelOf(stream: number, format: string, batch: ReceiveBatch): Channel | null {
    const place = this.placeOf(stream);
    return place === null || place.role !== 'media' ? null : this.#channelFor(format, stream, place, batch);
  }

  #channelFor(format: string, stream: number, place: MediaPlace, batch: ReceiveBatch): Channel | null {
    if (this.#options.measurement.table.format(stream) >= StreamFormat.Feed) return this.#feedChannel(stream, place);
    const isRtp = format.startsWith('rtp') && this.#options.measurement.identity(stream).unit === 'packet';
    if (!isRtp) {
      if (format !== 'mpeg-ts') return null;
      return this.#added(new BareChannel(this.#transportOutputsOf(place.position)));
    }
    const slot = this.#options.measurement.decoded.stream.indexOf(stream);
    const key = `${place.position} ${slot < 0 ? '' : rtpSsrc(batch.bytes, batch.offset[slot]!)}`;
    // The other leg's stream has the same source of the same numbers; one leg's that began anew has a channel of its own.
    const known = place.hasLegs ? this.#bySsrc.get(key) : undefined;
    if (known !== undefined && !this.#hasLeg(known, place.leg)) return known;
    const channel = new RtpChannel(
      {
        storePackets: this.#storePackets(),
        holdNs: this.#options.holdNs,
        mergeWindowNs: place.hasLegs ? this.#options.mergeWindowNs : null,
        outputs: format === 'rtp/mpeg-ts' ? this.#transportOutputsOf(place.position) : this.#outputsOf(place.position),
      },
      format === 'rtp/mpeg-ts',
      this.#spare.pop() ?? null,
    );
    this.#bySsrc.set(key, channel);
    this.#latest.set(place.position, channel);
    return this.#added(channel);
  }

  /** Of a feed with one line that nobody takes there is nothing to tell beyond its measurement. */
  #feedChannel(stream: number, place: MediaPlace): Channel | null {
    const { measurement, holdNs, mergeWindowNs } = this.#options;
    const { table, decoder } = measurement;
    const { session, beginnings, framing } = decoder.feed.facts(stream);
    const key = `${place.position} ${framing.format} ${session} ${beginnings}`;
    const origin = table.origin(stream);
    let known = this.#bySession.get(key);
    if (known === undefined) {
      const outputs = this.#outputsOf(place.position);
      const recovery = this.#options.recoveryOf(place.position, framing.sessionWords(session) ?? NO_SESSION, origin);
      if (!place.hasLegs && outputs.length === 0 && recovery === null) return null;
      const channel = new FeedChannel({
        framing: framingOf(table.format(stream)),
        storePackets: this.#storePackets(recovery === null ? STORE_PACKETS_MOST : STORE_PACKETS_ASKED),
        holdNs,
        mergeWindowNs: place.hasLegs ? mergeWindowNs : null,
        outputs,
        recovery,
      });
      known = { channel: this.#added(channel), origin };
      this.#bySession.set(key, known);
    }
    const apart = origin - known.origin;
    const numberOfOrigin = Number(framing.sequenceBits === 64 ? apart : BigInt.asIntN(32, apart));
    this.#feeds[stream] = { channel: known.channel, numberOfOrigin, held: null };
    return known.channel;
  }

  #added<C extends Channel>(channel: C): C {
    channel.isWarm = this.#options.measurement.warmUpEndNs === -Infinity;
    this.#all.push(channel);
    return channel;
  }

  #hasLeg(channel: RtpChannel, leg: 0 | 1): boolean {
    return this.#legOf(channel, leg) >= 0;
  }

  /** Of the channel that comes next: where the endpoints are not known, it has the room that so many share. */
  #storePackets(most = STORE_PACKETS_MOST): number {
    const channels = Math.max(this.#options.endpoints, this.#all.length + 1);
    const share = 2 ** Math.floor(Math.log2(STORE_PACKETS / channels));
    return Math.max(STORE_PACKETS_LEAST, Math.min(most, share));
  }

  /** With the preview, whose stream it is then. */
  #transportOutputsOf(position: number): readonly MediaOutput[] {
    const preview = this.#hasOutputs.has(position) ? null : (this.#options.previewOf?.(position) ?? null);
    const outputs = this.#outputsOf(position);
    return preview === null ? outputs : [...outputs, preview];
  }

  /** Outputs have one stream: the first of their endpoint. */
  #outputsOf(position: number): readonly MediaOutput[] {
    if (this.#hasOutputs.has(position)) return NO_OUTPUTS;
    this.#hasOutputs.add(position);
    return this.#options.outputsOf(position);
  }
}

/** What is late or a copy says nothing of where the numbers go on. */
function isFresh(verdict: number): boolean {
  return verdict === Arrival.New || verdict === Arrival.PartlyNew;
}
