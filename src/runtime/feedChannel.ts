import type { Nanos } from '../core/time.js';
import type { RepairSnapshot } from '../metrics/repairSnapshot.js';
import { MarkerMerge } from '../repair/markerMerge.js';
import { MergeHeader, MessageMerge, type MessageSink } from '../repair/messageMerge.js';
import { isFeedStamp } from '../wire/feedStamp.js';
import type { ChannelRecovery } from './channelRecovery.js';
import { type FeedFraming, FrameField, FrameKind } from '../wire/framing.js';
import { LegArbitration } from './legArbitration.js';
import type { MediaOutput } from './mediaChannel.js';
import { repairSince } from './repairSince.js';

export interface FeedChannelOptions {
  readonly framing: FeedFraming;
  /** Longest wait for a missing message, ns. */
  readonly holdNs: Nanos;
  /** Two lines: how far apart they may be, ns; `null`: there is one. */
  readonly mergeWindowNs: Nanos | null;
  /** Datagrams that may wait for missing ones, and arrivals of a line between two reads: a power of two. */
  readonly storePackets: number;
  readonly outputs: readonly MediaOutput[];
  /** Asks for what no line brought; `null`: it is waited for, and given up. */
  readonly recovery: ChannelRecovery | null;
}

/** Numbers of which arbitration remembers where they were heard. */
const ARBITRATED = 2 ** 18;
/** Octets before each message in what outputs get, as in Nasdaq's files of feeds: its length, big-endian. */
const PREFIX_OCTETS = 2;
const TWO_32 = 4_294_967_296;
const NO_OCTETS = new Uint8Array(0);

/** An output that takes the feed as it is. */
type FramedOutput = MediaOutput & Required<Pick<MediaOutput, 'putFeed'>>;

function isFramed(output: MediaOutput): output is FramedOutput {
  return output.putFeed !== undefined;
}

/** What is done with a sequenced feed behind its measurement: both lines merged, messages put in order, outputs fed. */
export class FeedChannel implements MessageSink {
  readonly isTransportStream = false;
  /** The sender said that the feed has ended. */
  isOver = false;
  /** The warm-up is over, see {@link restart}. */
  isWarm = false;
  readonly outputs: readonly MediaOutput[];
  /** Those that take messages behind their lengths, and those that take datagrams. */
  readonly #plain: readonly MediaOutput[];
  readonly #framed: readonly FramedOutput[];
  readonly #markers: MarkerMerge;
  /** Fields of the header that was read last, and of the datagram that is put out. */
  readonly #frame = new Uint32Array(FrameField.Count);
  /** Number on the wire of the channel's number 0, modulo what the framing has for it. */
  #origin = NaN;
  readonly #framing: FeedFraming;
  readonly #merge: MessageMerge;
  readonly #legs: LegArbitration | null;
  readonly #recovery: ChannelRecovery | null;
  /** Messages of a datagram as outputs get them. */
  #scratch = new Uint8Array(2048);
  /** Missing before what outputs get next. */
  #lost = 0;
  /** What was counted when the warm-up ended. */
  #before: RepairSnapshot | null = null;

  constructor(options: FeedChannelOptions) {
    const { framing, mergeWindowNs, storePackets, recovery } = options;
    this.#framing = framing;
    this.outputs = options.outputs;
    this.#framed = options.outputs.filter(isFramed);
    this.#plain = options.outputs.filter((output) => !isFramed(output));
    this.#markers = new MarkerMerge(mergeWindowNs ?? options.holdNs);
    this.#merge = new MessageMerge(framing, this, {
      mostWaiting: storePackets,
      // What is asked for is given up when its recovery gives it up.
      holdNs: recovery === null ? (mergeWindowNs ?? options.holdNs) : Infinity,
      beginHoldNs: Math.min(mergeWindowNs ?? 0, recovery?.delayNs ?? Infinity),
    });
    this.#recovery = recovery;
    recovery?.attach(this.#merge, storePackets);
    this.#legs = mergeWindowNs === null ? null : new LegArbitration(ARBITRATED, storePackets, mergeWindowNs);
  }

  /** A datagram of the feed, which came at `timesNs[slot]`; its first number is the channel's `number`. Hot. */
  onDatagram(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    length: number,
    number: number,
    span: number,
    timesNs: Float64Array,
    slot: number,
    leg: 0 | 1,
  ): void {
    const timeNs = timesNs[slot]!;
    if (this.#legs !== null) {
      this.#legs.arrivedNs[0] = timeNs;
      this.#legs.push(leg, number, span);
    }
    if (this.#recovery !== null && !this.#recovery.onDatagram(number, span, timeNs)) return;
    if (this.#framed.length > 0) {
      this.#read(view, at, length, number);
      const { header } = this.#merge;
      header[MergeHeader.Kind] = this.#frame[FrameField.Kind] === FrameKind.Reset ? FrameKind.Reset : FrameKind.Data;
      header[MergeHeader.SentHigh] = this.#frame[FrameField.SentHigh]!;
      header[MergeHeader.SentLow] = this.#frame[FrameField.SentLow]!;
    }
    this.#merge.arrivedNs[0] = timeNs;
    this.#merge.put(bytes, view, at + this.#framing.headerOctets, at + length, number, span);
  }

  /** A line says that `next` is its next number. */
  announce(next: number, timeNs: Nanos, leg: 0 | 1): void {
    this.#merge.announce(next);
    if (this.#recovery !== null) this.#recovery.announce(next, timeNs);
    if (this.#legs === null) return;
    this.#legs.arrivedNs[0] = timeNs;
    this.#legs.announce(leg, next);
  }

  /** A heartbeat or an end, `view[at .. at + length)`, at `timesNs[slot]`: {@link announce}, and what takes datagrams is told. */
  onMarker(
    view: DataView,
    at: number,
    length: number,
    next: number,
    timesNs: Float64Array,
    slot: number,
    leg: 0 | 1,
  ): void {
    const timeNs = timesNs[slot]!;
    this.announce(next, timeNs, leg);
    if (this.#framed.length === 0) return;
    this.#read(view, at, length, next);
    const isEnd = this.#frame[FrameField.Kind] === FrameKind.End;
    if (this.#markers.put(isEnd, next, this.#handedOn(next), timeNs, leg)) this.#putMarker();
  }

  /** All arrivals before `beforeNs` have been read; time passes. */
  onTime(nowNs: Nanos, beforeNs: Nanos, _silentToNs: Nanos): void {
    this.#legs?.onTime(beforeNs);
    this.#merge.onTime(nowNs);
    if (this.#framed.length > 0 && this.#markers.onTime(nowNs, this.#handedOn(-Infinity))) this.#putMarker();
  }

  /** End of the warm-up. */
  restart(): void {
    this.isWarm = true;
    this.#legs?.restart();
    this.#recovery?.restart();
    const before = this.#counted();
    this.#before = this.#legs === null ? before : { ...before, arbitration: this.#legs.decided() };
  }

  /** The feed is over: what is missing stays missing. */
  finish(_nowNs: Nanos): void {
    this.#recovery?.close();
    this.#merge.finish();
    this.#legs?.finish();
    if (this.#markers.onTime(Infinity, Infinity)) this.#putMarker();
  }

  /** Nothing is missing that may still come. */
  get isSettled(): boolean {
    return this.#recovery === null || this.#recovery.isSettled;
  }

  transport(): null {
    return null;
  }

  repair(): RepairSnapshot {
    const now = this.#counted();
    const before = this.#before;
    if (before === null) return now;
    return {
      ...repairSince(now, before),
      expected: now.expected - before.expected,
      released: now.released - before.released,
      givenUp: now.givenUp - before.givenUp,
      octets: now.octets - before.octets,
    };
  }

  blocks(bytes: Uint8Array, view: DataView, from: number, to: number, messages: number, lost: number): void {
    if (this.#framed.length > 0) this.#putBlocks(bytes, from, to, messages, lost);
    if (this.#plain.length === 0) return;
    this.#lost += lost;
    const framing = this.#framing;
    const { blockHeaderOctets } = framing;
    if (from < to && isFeedStamp(view, from + blockHeaderOctets, framing.blockOctets(view, from) - blockHeaderOctets)) {
      // It stands alone in its datagram, and is no message of the feed's source.
      if (from + framing.blockOctets(view, from) === to) return;
    }
    if (blockHeaderOctets === PREFIX_OCTETS && framing.unit === 'message') {
      this.#put(bytes, from, to - from);
      return;
    }
    const octets = this.#unframe(bytes, view, from, to);
    if (octets > 0) this.#put(this.#scratch, 0, octets);
  }

  #put(bytes: Uint8Array, at: number, octets: number): void {
    const outputs = this.#plain;
    for (let i = 0; i < outputs.length; i++) outputs[i]!.put(bytes, at, octets, this.#lost);
    this.#lost = 0;
  }

  /** Fields of the header of a datagram whose first number is the channel's `number`. It was found right before. */
  #read(view: DataView, at: number, length: number, number: number): void {
    const frame = this.#frame;
    this.#framing.read(view, at, length, frame);
    this.#origin = frame[FrameField.SequenceHigh]! * TWO_32 + frame[FrameField.SequenceLow]! - number;
  }

  /** All below has gone on. Where nothing has come yet, a heartbeat's own number says as much. */
  #handedOn(next: number): number {
    const merge = this.#merge;
    if (merge.hasBegun) return merge.nextNumber;
    return merge.waiting > 0 ? Infinity : next;
  }

  /** `messages` is how many numbers they cover. */
  #putBlocks(bytes: Uint8Array, from: number, to: number, messages: number, lost: number): void {
    const { handedHeader } = this.#merge;
    const frame = this.#frame;
    frame[FrameField.Kind] = handedHeader[MergeHeader.Kind]!;
    frame[FrameField.SentHigh] = handedHeader[MergeHeader.SentHigh]!;
    frame[FrameField.SentLow] = handedHeader[MergeHeader.SentLow]!;
    this.#putFrame(this.#merge.nextNumber - messages, messages, bytes, from, to, lost);
  }

  #putMarker(): void {
    this.#frame[FrameField.Kind] = this.#markers.isEnd ? FrameKind.End : FrameKind.Heartbeat;
    this.#putFrame(this.#markers.number, 0, NO_OCTETS, 0, 0, 0);
  }

  /** The frame's session is that of all of the feed's datagrams. */
  #putFrame(number: number, span: number, bytes: Uint8Array, from: number, to: number, lost: number): void {
    const frame = this.#frame;
    const framed = this.#framed;
    const onWire = this.#origin + number;
    frame[FrameField.SequenceHigh] = Math.floor(onWire / TWO_32);
    frame[FrameField.SequenceLow] = onWire;
    frame[FrameField.Span] = span;
    frame[FrameField.Messages] = span;
    for (let i = 0; i < framed.length; i++) framed[i]!.putFeed(this.#framing, frame, bytes, from, to, lost);
  }

  /**
   * Writes the messages of blocks `[from, to)` into the scratch, each behind its length; octets written. Those of no
   * octets are heartbeats, and left out.
   */
  #unframe(bytes: Uint8Array, view: DataView, from: number, to: number): number {
    const framing = this.#framing;
    const { blockHeaderOctets } = framing;
    if (this.#scratch.length < to - from) this.#scratch = new Uint8Array(2 * (to - from));
    const scratch = this.#scratch;
    let written = 0;
    for (let at = from; at < to;) {
      const block = framing.blockOctets(view, at);
      const octets = block - blockHeaderOctets;
      if (octets === 0) {
        at += block;
        continue;
      }
      scratch[written] = octets >>> 8;
      scratch[written + 1] = octets;
      for (let i = 0; i < octets; i++) scratch[written + PREFIX_OCTETS + i] = bytes[at + blockHeaderOctets + i]!;
      written += PREFIX_OCTETS + octets;
      at += block;
    }
    return written;
  }

  #counted(): RepairSnapshot {
    const { released, givenUp, expected, octets } = this.#merge;
    const arbitration = this.#legs === null ? null : this.#legs.snapshot();
    const late = arbitration === null ? 0 : arbitration.legs[0].late + arbitration.legs[1].late;
    const recovery = this.#recovery?.snapshot() ?? null;
    return { expected, released, givenUp, late, octets, fec: null, arbitration, recovery };
  }
}
