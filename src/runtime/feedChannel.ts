import type { Nanos } from '../core/time.js';
import type { RepairSnapshot } from '../metrics/repairSnapshot.js';
import { MessageMerge, type MessageSink } from '../repair/messageMerge.js';
import { isFeedStamp } from '../wire/feedStamp.js';
import type { FeedFraming } from '../wire/framing.js';
import type { ChannelRecovery } from './channelRecovery.js';
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

/** What is done with a sequenced feed behind its measurement: both lines merged, messages put in order, outputs fed. */
export class FeedChannel implements MessageSink {
  readonly isTransportStream = false;
  /** The sender said that the feed has ended. */
  isOver = false;
  /** The warm-up is over, see {@link restart}. */
  isWarm = false;
  readonly outputs: readonly MediaOutput[];
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
    if (this.#legs !== null) this.#legs.push(leg, number, span, timeNs);
    if (this.#recovery !== null && !this.#recovery.onDatagram(number, span, timeNs)) return;
    this.#merge.arrivedNs[0] = timeNs;
    this.#merge.put(bytes, view, at + this.#framing.headerOctets, at + length, number, span);
  }

  /** A line says that `next` is its next number. */
  announce(next: number, timeNs: Nanos, leg: 0 | 1): void {
    this.#merge.announce(next);
    if (this.#recovery !== null) this.#recovery.announce(next, timeNs);
    if (this.#legs !== null) this.#legs.announce(leg, next, timeNs);
  }

  /** All arrivals before `beforeNs` have been read; time passes. */
  onTime(nowNs: Nanos, beforeNs: Nanos, _silentToNs: Nanos): void {
    this.#legs?.onTime(beforeNs);
    this.#merge.onTime(nowNs);
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

  blocks(bytes: Uint8Array, view: DataView, from: number, to: number, _messages: number, lost: number): void {
    const { outputs } = this;
    if (outputs.length === 0) return;
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
    const { outputs } = this;
    for (let i = 0; i < outputs.length; i++) outputs[i]!.put(bytes, at, octets, this.#lost);
    this.#lost = 0;
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
