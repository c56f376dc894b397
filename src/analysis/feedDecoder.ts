import { type ReceiveBatch, SlotFlag } from '../core/batch.js';
import { type Nanos, sinceEpochNs, type SplitTime } from '../core/time.js';
import type { ZoneClock } from '../core/zone.js';
import { FEED_STAMP_TIME_AT, isDepartureStamp, isFeedStamp } from '../wire/feedStamp.js';
import { type FeedFraming, FrameField, FrameKind } from '../wire/framing.js';
import { FRAMINGS } from '../wire/framings.js';
import { checkItch, itchTimestampNs } from '../wire/itch50.js';
import { WireStatus } from '../wire/status.js';
import { clearSlot, type DecodedBatch, SlotKind } from './decoded.js';
import { BELIEVED_JUMP } from './sequence.js';
import { Fault, type SocketFaults } from './socketFaults.js';
import { StreamFormat, type StreamTable } from './streamTable.js';

const TWO_32 = 4_294_967_296;
/** A datagram so far behind the newest is none of the past: when the next one goes on from it, the sequence began anew. */
const FAR_BEHIND = 65_536;
/** Behind a silence of so long any datagram that is behind may be a new beginning. */
const SILENCE_NS = 3e9;

/** Columns of a stream's row; numbers count from the stream's first one, times are monotonic, ns. */
const Row = {
  /** The number after the highest, and when a datagram last came up to it. */
  Next: 0,
  NextMonoNs: 1,
  /** The number that confirms a new beginning; NaN: none is in doubt. */
  Confirming: 2,
  /** Stream that the sequence went on as when it began anew; -1: none. */
  Successor: 3,
  Beginnings: 4,
  Messages: 5,
  Heartbeats: 6,
  /** Send times came in messages: 1 due times, 2 those of departure. */
  Stamps: 7,
  /** The number that confirms a jump ahead; NaN: none is in doubt. */
  Ahead: 8,
  /** When the reset was sent that the stream began with; NaN: it began otherwise. */
  ResetNs: 9,
  Count: 10,
} as const;

/** What a stream of a feed is, beside its figures. */
export interface FeedFacts {
  readonly framing: FeedFraming;
  readonly session: string;
  readonly messages: number;
  readonly heartbeats: number;
  /** Numbers of the same session began anew so often before this stream. */
  readonly beginnings: number;
}

/**
 * Datagrams of sequenced feeds -> columns: a stream per path and session, and another one when the numbers of the same
 * session begin anew, as the framing says or as two datagrams in a row that are far behind show.
 */
export class FeedDecoder {
  readonly #table: StreamTable;
  readonly #epoch: SplitTime;
  readonly #zoneClock: ZoneClock | null;
  readonly #faults: SocketFaults;
  readonly #frame = new Uint32Array(FrameField.Count);
  /** Replaced when it grows. */
  #rows = new Float64Array(16 * Row.Count);
  /** Sessions by the number that stands for them in the stream table; number 0 has no name. */
  readonly #sessions: string[] = [];
  readonly #words: Uint32Array[] = [];
  #latest = -1;

  /** `zoneClock`: timestamps of ITCH messages are times of day by it; `null`: they tell nothing. */
  constructor(table: StreamTable, epoch: SplitTime, faults: SocketFaults, zoneClock: ZoneClock | null) {
    this.#table = table;
    this.#epoch = epoch;
    this.#zoneClock = zoneClock;
    this.#faults = faults;
  }

  facts(stream: number): FeedFacts {
    const table = this.#table;
    const row = stream * Row.Count;
    return {
      framing: framingOf(table.format(stream)),
      session: this.#sessions[table.flow(stream)] ?? '',
      messages: this.#rows[row + Row.Messages]!,
      heartbeats: this.#rows[row + Row.Heartbeats]!,
      beginnings: this.#rows[row + Row.Beginnings]!,
    };
  }

  /** Whether send times have come with the stream: in its header, or in messages of our own. */
  carriesSendTime(stream: number): 'departure' | 'due' | null {
    const stamps = this.#rows[stream * Row.Count + Row.Stamps]!;
    if (stamps > 0) return stamps === 2 ? 'departure' : 'due';
    return framingOf(this.#table.format(stream)).carriesSendTime ? 'due' : null;
  }

  /** Fills the columns of slot `i`, `format` being the demanded one; anything but `Ok`: it is none, and they are as they were. Hot. */
  decodeSlot(batch: ReceiveBatch, out: DecodedBatch, i: number, format: number): WireStatus {
    const framing = framingOf(format);
    const frame = this.#frame;
    const at = batch.offset[i]!;
    if ((batch.flags[i]! & SlotFlag.Truncated) !== 0) {
      // No fault of the sender's; but how many numbers it covers is not told by what is left.
      clearSlot(out, i);
      this.#faults.malformed(batch, i, Fault.Truncated);
      return WireStatus.Ok;
    }
    const status = framing.read(batch.view, at, batch.length[i]!, frame);
    if (status !== WireStatus.Ok) return status;
    const session = this.#sessionOf(framing, frame);
    let stream = this.#latestOf(batch.path[i]!, session, format);
    if (stream < 0) stream = this.#add(batch, i, session, 0, format);
    if (stream === this.#table.others) {
      this.#others(out, i, stream);
      return WireStatus.Ok;
    }
    let number = this.#number(framing, stream);
    if (this.#beginsAnew(stream, number, out.timeMonoNs, i)) {
      const row = stream * Row.Count;
      if (frame[FrameField.Kind] !== FrameKind.Reset && number !== this.#rows[row + Row.Confirming]) {
        this.#rows[row + Row.Confirming] = number + frame[FrameField.Span]!;
        clearSlot(out, i);
        this.#faults.malformed(batch, i, Fault.UnconfirmedJump);
        return WireStatus.Ok;
      }
      stream = this.#restart(batch, i, stream, session, format);
      if (stream === this.#table.others) {
        this.#others(out, i, stream);
        return WireStatus.Ok;
      }
      number = 0;
    }
    this.#fill(batch, out, i, framing, stream, number);
    return WireStatus.Ok;
  }

  /** From the stream's origin; of 32 bits the nearest to the newest. */
  #number(framing: FeedFraming, stream: number): number {
    const frame = this.#frame;
    const low = frame[FrameField.SequenceLow]!;
    const originLow = this.#table.originLow(stream);
    if (framing.sequenceBits === 64) {
      return ((frame[FrameField.SequenceHigh]! - this.#table.originHigh(stream)) | 0) * TWO_32 + (low - originLow);
    }
    const next = this.#rows[stream * Row.Count + Row.Next]!;
    return next + ((low - ((originLow + next) >>> 0)) | 0);
  }

  /** `number` came at `monoNs[i]`; read here, since a time that is handed to a call costs an object. */
  #beginsAnew(stream: number, number: number, monoNs: Float64Array, i: number): boolean {
    const row = stream * Row.Count;
    if (this.#frame[FrameField.Kind] === FrameKind.Reset) {
      // A further copy of the reset that the stream began with was sent when that was.
      return this.#headerSentNs() !== this.#rows[row + Row.ResetNs];
    }
    const behind = this.#rows[row + Row.Next]! - number;
    if (behind <= 0) return false;
    if (number === this.#rows[row + Row.Confirming]) return true;
    return behind > FAR_BEHIND || monoNs[i]! - this.#rows[row + Row.NextMonoNs]! > SILENCE_NS;
  }

  #fill(batch: ReceiveBatch, out: DecodedBatch, i: number, framing: FeedFraming, stream: number, number: number): void {
    const frame = this.#frame;
    const rows = this.#rows;
    const row = stream * Row.Count;
    const span = frame[FrameField.Span]!;
    rows[row + Row.Confirming] = NaN;
    const next = rows[row + Row.Next]!;
    if (number + span >= next) {
      // As the sequence analyzer does: what is further ahead is believed when another one goes on from there.
      if (number <= next + BELIEVED_JUMP || number === rows[row + Row.Ahead]) {
        rows[row + Row.Next] = number + span;
        rows[row + Row.NextMonoNs] = out.timeMonoNs[i]!;
      }
      rows[row + Row.Ahead] = number + span;
    }
    out.stream[i] = stream;
    out.span[i] = span;
    out.notSent[i] = NaN;
    if (frame[FrameField.Kind] === FrameKind.Heartbeat || frame[FrameField.Kind] === FrameKind.End) {
      rows[row + Row.Heartbeats]!++;
    }
    if (span === 0) {
      out.kind[i] = frame[FrameField.Kind] === FrameKind.End ? SlotKind.End : SlotKind.Heartbeat;
      out.sequence[i] = NaN;
      out.next[i] = number;
      out.sentRealNs[i] = NaN;
      return;
    }
    rows[row + Row.Messages]! += frame[FrameField.Messages]!;
    out.kind[i] = SlotKind.Data;
    out.sequence[i] = number;
    out.next[i] = NaN;
    this.#fillSent(batch, out, i, framing, row);
  }

  /** Written from here: a double that a function returns costs an object. */
  #fillSent(batch: ReceiveBatch, out: DecodedBatch, i: number, framing: FeedFraming, row: number): void {
    const frame = this.#frame;
    const { sentRealNs } = out;
    if (framing.carriesSendTime) {
      sentRealNs[i] = sinceEpochNs(frame[FrameField.SentHigh]!, frame[FrameField.SentLow]!, this.#epoch);
      return;
    }
    sentRealNs[i] = NaN;
    if (this.#zoneClock !== null) this.#fillMessageTime(batch, out, i, framing, row, this.#zoneClock);
    if (frame[FrameField.Messages] !== 1) return;
    const { view } = batch;
    const block = batch.offset[i]! + frame[FrameField.BlocksAt]!;
    const at = block + framing.blockHeaderOctets;
    if (!isFeedStamp(view, at, framing.blockOctets(view, block) - framing.blockHeaderOctets)) return;
    this.#rows[row + Row.Stamps] = isDepartureStamp(view, at) ? 2 : 1;
    const time = at + FEED_STAMP_TIME_AT;
    sentRealNs[i] = sinceEpochNs(view.getUint32(time), view.getUint32(time + 4), this.#epoch);
  }

  /** Of the last message, which the datagram cannot have left before. */
  #fillMessageTime(
    batch: ReceiveBatch,
    out: DecodedBatch,
    i: number,
    framing: FeedFraming,
    row: number,
    zoneClock: ZoneClock,
  ): void {
    const { view } = batch;
    const messages = this.#frame[FrameField.Messages]!;
    let block = batch.offset[i]! + this.#frame[FrameField.BlocksAt]!;
    // The framing has been read: all of its blocks are there.
    for (let message = 1; message < messages; message++) block += framing.blockOctets(view, block);
    const at = block + framing.blockHeaderOctets;
    if (checkItch(view, at, framing.blockOctets(view, block) - framing.blockHeaderOctets) !== WireStatus.Ok) return;
    this.#rows[row + Row.Stamps] = 1;
    out.sentRealNs[i] = zoneClock.instantNs(itchTimestampNs(view, at), batch.timeRealNs[i]!);
  }

  #headerSentNs(): Nanos {
    return sinceEpochNs(this.#frame[FrameField.SentHigh]!, this.#frame[FrameField.SentLow]!, this.#epoch);
  }

  #others(out: DecodedBatch, i: number, stream: number): void {
    out.kind[i] = SlotKind.Data;
    out.stream[i] = stream;
    out.sequence[i] = NaN;
    out.span[i] = 0;
    out.next[i] = NaN;
    out.notSent[i] = NaN;
    out.sentRealNs[i] = NaN;
  }

  /** The number that stands for the session of the present frame. */
  #sessionOf(framing: FeedFraming, frame: Uint32Array): number {
    const first = frame[FrameField.Session0]!;
    const second = frame[FrameField.Session1]!;
    const third = frame[FrameField.Session2]!;
    const known = this.#words;
    const latest = this.#latest;
    if (latest >= 0 && isSession(known[latest]!, first, second, third)) return latest;
    for (let session = 0; session < known.length; session++) {
      if (!isSession(known[session]!, first, second, third)) continue;
      this.#latest = session;
      return session;
    }
    // As many as there may be streams: a flood of sessions fills the stream table, not the memory.
    if (known.length > this.#table.maxStreams) return known.length;
    known.push(Uint32Array.of(first, second, third));
    this.#sessions.push(framing.sessionName([first, second, third]));
    this.#latest = known.length - 1;
    return this.#latest;
  }

  /** The stream that the session is by now; -1: none yet. */
  #latestOf(path: number, session: number, format: number): number {
    let stream = this.#table.find(path, session, 0, format);
    while (stream >= 0) {
      const successor = this.#rows[stream * Row.Count + Row.Successor]!;
      if (successor < 0) return stream;
      stream = successor;
    }
    return -1;
  }

  #restart(batch: ReceiveBatch, i: number, older: number, session: number, format: number): number {
    const beginnings = this.#rows[older * Row.Count + Row.Beginnings]! + 1;
    const stream = this.#add(batch, i, session, beginnings, format);
    if (stream !== this.#table.others) this.#rows[older * Row.Count + Row.Successor] = stream;
    return stream;
  }

  #add(batch: ReceiveBatch, i: number, session: number, beginnings: number, format: number): number {
    const table = this.#table;
    const high = this.#frame[FrameField.SequenceHigh]!;
    const low = this.#frame[FrameField.SequenceLow]!;
    const stream = table.add(batch.path[i]!, session, beginnings, format, batch.socket[i]!, high, low);
    if (stream === table.others) return stream;
    const wanted = (stream + 1) * Row.Count;
    if (wanted > this.#rows.length) {
      const grown = new Float64Array(Math.max(wanted, 2 * this.#rows.length));
      grown.set(this.#rows);
      this.#rows = grown;
    }
    const row = stream * Row.Count;
    this.#rows.fill(0, row, row + Row.Count);
    this.#rows[row + Row.Confirming] = NaN;
    this.#rows[row + Row.Ahead] = NaN;
    this.#rows[row + Row.ResetNs] = this.#frame[FrameField.Kind] === FrameKind.Reset ? this.#headerSentNs() : NaN;
    this.#rows[row + Row.Successor] = -1;
    this.#rows[row + Row.Beginnings] = beginnings;
    return stream;
  }
}

/** The framing of a stream format. */
export function framingOf(format: number): FeedFraming {
  return FRAMINGS[format - StreamFormat.Feed]!;
}

function isSession(words: Uint32Array, first: number, second: number, third: number): boolean {
  return words[0] === first && words[1] === second && words[2] === third;
}
