import { type SendBatch, SendFlag } from '../core/batch.js';
import { copyAtLeast } from '../core/bytes.js';
import type { MessageMemory } from '../core/messageMemory.js';
import type { Nanos, SplitTime } from '../core/time.js';
import { FEED_STAMP_OCTETS, FEED_STAMP_TIME_AT, FEED_STAMP_TYPE, putFeedStamp } from '../wire/feedStamp.js';
import { type FeedFraming, FrameField, FrameKind, type SessionWords } from '../wire/framing.js';
import { endOctet, putColumns, SKIPPED_AT_ONCE, UNPACED_RUN } from './limits.js';
import type { FlowFeed } from './mergedFeed.js';
import { MessagePacker, Packed, type PackingOptions } from './messagePacker.js';
import type { MessageSource } from './messageSource.js';
import type { PayloadSlots } from './payloadSlots.js';

export interface MessageFeedOptions extends PackingOptions {
  readonly source: MessageSource;
  readonly framing: FeedFraming;
  readonly session: SessionWords;
  /** Number of the first message or packet, 64 bits; of 32 bits the lower ones count. */
  readonly firstSequence: SplitTime;
  /** A datagram without messages is sent when none has been for so long; Infinity: never, nor at the end. */
  readonly heartbeatNs: Nanos;
  /** A message with the time of departure is sent so often, beside those of the source; Infinity: never. */
  readonly stampNs: Nanos;
  /** Its time is written when it leaves; else it is the due time, the same on both lines. */
  readonly stampsDeparture: boolean;
  /** All messages are due at once, and leave as fast as can be. */
  readonly unpaced: boolean;
  /** Datagrams with messages, not sent ones included; `null`: no limit. */
  readonly count: number | null;
  readonly durationNs: Nanos | null;
  /** When the source begins, CLOCK_MONOTONIC since the epoch, ns. */
  readonly startMonoNs: Nanos;
  /** Unix time at the epoch of CLOCK_MONOTONIC, for send times. */
  readonly unixAtMonoZero: SplitTime;
  /** Keeps every message that has got a number, those of skipped datagrams too; `null`: nobody asks again. */
  readonly memory?: MessageMemory | null;
  readonly destination: number;
  readonly flowBase?: number;
  readonly payloadSlots?: PayloadSlots;
}

/**
 * At the end the framing's own last datagram, or where it has none a heartbeat, is sent so often, so far apart: it bears the
 * number behind the last data, by which a receiver finds out that their tail was lost.
 */
const ENDS = 5;
const END_APART_NS = 20e6;
const TWO_32 = 4_294_967_296;
const MARKERS = SendFlag.Start | SendFlag.End;

const What = { Nothing: 0, Data: 1, Stamp: 2, Heartbeat: 3, End: 4 } as const;

/**
 * A sequenced feed of messages: packed into datagrams of a framing, numbered, with heartbeats while there is nothing to
 * send. Send times in headers are the due times: both legs of a feed carry the same octets.
 */
export class MessageFeed implements FlowFeed {
  readonly flowBase: number;
  readonly flows = 1;
  readonly unpaced: boolean;
  readonly checkedRanges: readonly (readonly [from: number, to: number])[] = [[0, Infinity]];
  /** Datagrams with messages offered or given up so far; of those, refused or skipped ones. */
  scheduled = 0;
  notSent = 0;
  /** Heartbeats and end packets offered. */
  markers = 0;
  /** Messages of the source in the datagrams so far. */
  messages = 0;
  readonly packer: MessagePacker;
  readonly #options: MessageFeedOptions;
  readonly #framing: FeedFraming;
  readonly #memory: MessageMemory | null;
  readonly #frame = new Uint32Array(FrameField.Count);
  /** What says that nothing follows, as far as the framing can; `null`: nothing does. */
  readonly #lastKind: typeof FrameKind.End | typeof FrameKind.Heartbeat | null;
  /** When data, a stamp, a heartbeat or an end packet is due. */
  readonly #due = new Float64Array(5).fill(Infinity);
  #packed: Packed = Packed.Waiting;
  #ends = 0;
  #ended = false;
  #isOver = false;
  /** To come to its end. */
  #isTold = false;

  constructor(options: MessageFeedOptions) {
    const { framing, startMonoNs, durationNs, session, firstSequence } = options;
    this.#options = options;
    this.#framing = framing;
    this.#memory = options.memory ?? null;
    this.flowBase = options.flowBase ?? 0;
    this.unpaced = options.unpaced;
    const endNs = durationNs === null ? Infinity : startMonoNs + durationNs;
    this.packer = new MessagePacker(options.source, framing, options, startMonoNs, options.unpaced ? Infinity : endNs);
    const lastKind = options.heartbeatNs === Infinity ? null : FrameKind.Heartbeat;
    this.#lastKind = framing.hasEnd ? FrameKind.End : lastKind;
    const frame = this.#frame;
    frame[FrameField.SequenceHigh] = framing.sequenceBits === 64 ? firstSequence.high : 0;
    frame[FrameField.SequenceLow] = firstSequence.low;
    for (let i = 0; i < session.length; i++) frame[FrameField.Session0 + i] = session[i]!;
    this.#due[What.Stamp] = startMonoNs + options.stampNs;
    this.#due[What.Heartbeat] = startMonoNs + options.heartbeatNs;
    this.#due[What.Data] = startMonoNs;
    if (options.count === 0 || endNs <= startMonoNs) this.#close(startMonoNs);
  }

  nextDueNs(): Nanos {
    if (this.#ended) return Infinity;
    return this.#due[this.#next()]!;
  }

  fill(batch: SendBatch, untilNs: Nanos): number {
    batch.untilNs = untilNs;
    return this.fillRun(batch);
  }

  fillRun(batch: SendBatch): number {
    const before = batch.count;
    const { untilNs } = batch;
    const now = this.packer.nowNs;
    const most = this.unpaced ? Math.min(batch.capacity, before + UNPACED_RUN) : batch.capacity;
    this.#options.payloadSlots?.forget();
    while (!this.#ended && batch.count < most) {
      now[0] = untilNs;
      this.#look();
      const what = this.#next();
      if (!(this.#due[what]! <= untilNs)) break;
      if (!this.#put(batch, what)) break;
    }
    batch.nextDueNs = this.nextDueNs();
    return batch.count - before;
  }

  refuse(batch: SendBatch, slot: number): void {
    if ((batch.flags[slot]! & MARKERS) === 0) this.notSent++;
  }

  /** These datagrams say nothing of earlier ones. */
  update(_batch: SendBatch, _slot: number): void {}

  skip(untilNs: Nanos): number {
    let skipped = 0;
    while (!this.#ended && skipped < SKIPPED_AT_ONCE && this.nextDueNs() < untilNs) {
      this.packer.nowNs[0] = untilNs;
      this.#look();
      const what = this.#next();
      if (!(this.#due[what]! < untilNs)) break;
      if (what === What.Data) {
        if (this.#memory !== null) this.#remember(this.packer.view, this.#framing.headerOctets, this.packer.octets);
        this.#advance(FrameKind.Data, this.packer.messages);
        this.#takeData();
        this.notSent++;
        skipped++;
      } else if (what === What.Stamp) {
        const { stampNs } = this.#options;
        this.#due[What.Stamp]! += stampNs * Math.ceil((untilNs - this.#due[What.Stamp]!) / stampNs);
      } else this.#due[what] = untilNs;
    }
    return skipped;
  }

  finish(nowNs: Nanos): void {
    if (this.#isOver || this.#isTold) return;
    this.#isTold = true;
    // What has been gathered is due later.
    this.packer.clear();
    this.#packed = Packed.Waiting;
    this.packer.close(nowNs);
    this.#due[What.Data] = nowNs;
    this.#due[What.Stamp] = Infinity;
    this.#due[What.Heartbeat] = Infinity;
  }

  /** The earliest of what is due. */
  #next(): number {
    const due = this.#due;
    let first = What.Data as number;
    for (let what = first + 1; what < due.length; what++) if (due[what]! < due[first]!) first = what;
    return first;
  }

  /** Gathers the next datagram; the packer knows what time it is. Doubles as arguments would cost an object each. */
  #look(): void {
    if (this.#isOver || this.#packed === Packed.Ready) return;
    const { durationNs, startMonoNs } = this.#options;
    const nowNs = this.packer.nowNs[0]!;
    if (this.unpaced && durationNs !== null && nowNs >= startMonoNs + durationNs) {
      this.#close(startMonoNs + durationNs);
      return;
    }
    this.#packed = this.packer.gather();
    if (this.#packed === Packed.Ended) this.#close(this.#due[What.Data]!);
    else this.#due[What.Data] = this.unpaced ? nowNs : this.packer.dueNs;
  }

  /** There will be no more data; what says so follows. */
  #close(fromNs: Nanos): void {
    this.#isOver = true;
    this.#due.fill(Infinity);
    if (this.#lastKind === null) this.#ended = true;
    else this.#due[What.End] = fromNs;
  }

  /** Appends what is due; false: there is no room. */
  #put(batch: SendBatch, what: number): boolean {
    const { packer } = this;
    if (what === What.Data && this.#packed !== Packed.Ready) return false;
    const at = endOctet(batch);
    const header = this.#framing.headerOctets;
    const octets =
      what === What.Data
        ? packer.octets
        : what === What.Stamp
          ? header + this.#framing.blockHeaderOctets + FEED_STAMP_OCTETS
          : this.#framing.heartbeatOctets;
    if (at + octets > batch.bytes.length) return false;
    const slot = batch.count;
    let stampAt = 0;
    let messages = 0;
    if (what === What.Data) {
      messages = packer.messages;
      copyAtLeast(packer.blocks, octets - header, batch.bytes, at + header);
    } else if (what === What.Stamp) {
      messages = 1;
      stampAt = this.#putStamp(batch, at);
    }
    const kind =
      what === What.Data || what === What.Stamp
        ? FrameKind.Data
        : what === What.End
          ? this.#lastKind!
          : FrameKind.Heartbeat;
    this.#writeHeader(batch, at, octets, kind, messages, what);
    if (messages > 0 && this.#memory !== null) this.#remember(batch.view, at + header, at + octets);
    const flags = what === What.Data || what === What.Stamp ? 0 : what === What.End ? SendFlag.End : SendFlag.Start;
    putColumns(batch, slot, slot + 1, octets, flags, this.#options.destination, stampAt);
    batch.offset[slot] = at;
    batch.flow[slot] = this.flowBase;
    batch.dueMonoNs[slot] = this.#due[what]!;
    batch.count = slot + 1;
    this.#advance(kind, messages);
    this.#done(what);
    return true;
  }

  #done(what: number): void {
    const due = this.#due;
    const dueNs = due[what]!;
    const { heartbeatNs, stampNs } = this.#options;
    if (what === What.End) {
      this.markers++;
      if (++this.#ends === ENDS) this.#ended = true;
      else due[What.End]! += END_APART_NS;
      return;
    }
    due[What.Heartbeat] = dueNs + heartbeatNs;
    if (what === What.Data) this.#takeData();
    else if (what === What.Stamp) {
      this.scheduled++;
      if (!this.#closeAtCount(What.Stamp)) due[What.Stamp]! += stampNs;
    } else this.markers++;
  }

  /** The gathered datagram is done with. Without a pace the next one is due when it is asked for. */
  #takeData(): void {
    this.messages += this.packer.messages;
    this.scheduled++;
    this.packer.clear();
    this.#packed = Packed.Waiting;
    if (this.#closeAtCount(What.Data) || this.unpaced) return;
    this.packer.nowNs[0] = this.#due[What.Data]!;
    this.#look();
  }

  /** Whether there have been as many datagrams as there may be, `what` the last; then there will be no more. */
  #closeAtCount(what: number): boolean {
    if (this.scheduled !== this.#options.count) return false;
    this.#close(this.#due[what]!);
    return true;
  }

  /** The messages of blocks `[from, to)` get the next numbers. */
  #remember(view: DataView, from: number, to: number): void {
    const framing = this.#framing;
    const { blockHeaderOctets } = framing;
    for (let at = from; at < to;) {
      const octets = framing.blockOctets(view, at);
      this.#memory!.put(view, at + blockHeaderOctets, octets - blockHeaderOctets);
      at += octets;
    }
  }

  /** Returns where in the datagram its time of departure goes; 0: nowhere. */
  #putStamp(batch: SendBatch, at: number): number {
    const { headerOctets, blockHeaderOctets } = this.#framing;
    const message = headerOctets + blockHeaderOctets;
    this.#framing.writeBlockHeader(batch.view, at + headerOctets, FEED_STAMP_OCTETS, FEED_STAMP_TYPE);
    const { unixAtMonoZero, stampsDeparture } = this.#options;
    const low = unixAtMonoZero.low + Math.round(this.#due[What.Stamp]!);
    putFeedStamp(batch.view, at + message, unixAtMonoZero.high + Math.floor(low / TWO_32), low, stampsDeparture);
    return stampsDeparture ? message + FEED_STAMP_TIME_AT : 0;
  }

  #writeHeader(batch: SendBatch, at: number, octets: number, kind: number, messages: number, what: number): void {
    const frame = this.#frame;
    const { unixAtMonoZero } = this.#options;
    const low = unixAtMonoZero.low + Math.round(this.#due[what]!);
    frame[FrameField.Kind] = kind;
    frame[FrameField.Messages] = messages;
    frame[FrameField.Span] = this.#spanOf(kind, messages);
    frame[FrameField.SentHigh] = unixAtMonoZero.high + Math.floor(low / TWO_32);
    frame[FrameField.SentLow] = low;
    this.#framing.writeHeader(batch.view, at, octets, frame);
  }

  /** Numbers that a datagram takes. */
  #spanOf(kind: number, messages: number): number {
    if (kind === FrameKind.Heartbeat) return this.#framing.heartbeatSpan;
    if (kind === FrameKind.End) return 0;
    return this.#framing.unit === 'message' ? messages : 1;
  }

  #advance(kind: number, messages: number): void {
    const frame = this.#frame;
    const low = frame[FrameField.SequenceLow]! + this.#spanOf(kind, messages);
    frame[FrameField.SequenceLow] = low;
    if (low >= TWO_32 && this.#framing.sequenceBits === 64) frame[FrameField.SequenceHigh]!++;
  }
}
