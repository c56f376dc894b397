import { type ReceiveBatch, SlotFlag } from '../core/batch.js';
import type { Nanos } from '../core/time.js';
import { PTS_HZ } from '../wire/mpegts.js';
import { recogniseFormat } from '../wire/recognise.js';
import { checkRtp, rtpPayloadType, rtpSequence, rtpSsrc, rtpTimestamp } from '../wire/rtp.js';
import { elementIdBefore, ntpElementAt, type NtpEpoch, sendTimeNs } from '../wire/rtpSendTime.js';
import { WireStatus } from '../wire/status.js';
import { clearSlot, type DecodedBatch, SlotKind } from './decoded.js';
import { Fault, type SocketFaults } from './socketFaults.js';
import { StreamFormat, type StreamTable } from './streamTable.js';

const TWO_16 = 65_536;
const NS_PER_TICK = 1e9 / PTS_HZ;
const SECOND_NS = 1e9;
/** A jump by more numbers (RFC 3550 A.1, MAX_DROPOUT) that the time since does not explain is believed when the next packet confirms it. */
const MAX_DROPOUT = 3000;
/** And one backwards by more (MAX_MISORDER), unless so many come within a second. */
const MAX_MISORDER = 100;
/** Once so much of a cycle may have passed unheard, the 16 bits alone do not tell how many packets have. */
const QUARTER_CYCLE = TWO_16 / 4;
/** What is taken for a send time lies so near to the present: a day. */
const NEAR_NS = 86_400e9;
/** The element with the send time is looked for in so many packets of a stream. */
const LOOKED_AT = 8;

/** Columns of a stream's row; numbers and ticks count from the stream's first packet, times are monotonic, ns. */
const Row = {
  /** Highest number so far, extended beyond 16 bits, its time stamp and its arrival. */
  High: 0,
  HighTicks: 1,
  HighMonoNs: 2,
  FirstMonoNs: 3,
  /** Time stamp of the latest packet, as it came and extended. */
  LastTimestamp: 4,
  LastTicks: 5,
  /** The number, as it would come, that confirms a jump; NaN: none is in doubt. */
  Confirming: 6,
  /** Id of the element that carries the send time; 0: not found (yet). */
  SendTimeId: 7,
  Looked: 8,
  PayloadType: 9,
  /** Steps of the time stamp by more than a second that the arrivals do not explain. */
  TimestampJumps: 10,
  /** Stream that the same SSRC went on as after a restart; -1: none. */
  Successor: 11,
  Restarts: 12,
  Count: 13,
} as const;

/**
 * RTP packets (RFC 3550) -> columns: a stream per path and SSRC, and another one when its sender begins anew with the
 * same SSRC. The 16-bit number is extended. The time stamp is taken to count 90 kHz, as that of MPEG transport streams
 * (RFC 2250) and of video does.
 */
export class RtpDecoder {
  /** By stream: what its first packet was recognised as. */
  readonly formats: (string | undefined)[] = [];
  /** Replaced when it grows. */
  #rows = new Float64Array(16 * Row.Count);
  readonly #table: StreamTable;
  readonly #epoch: NtpEpoch;
  readonly #faults: SocketFaults;

  constructor(table: StreamTable, epoch: NtpEpoch, faults: SocketFaults) {
    this.#table = table;
    this.#epoch = epoch;
    this.#faults = faults;
  }

  /** Highest number of the stream, extended and counted from its first packet. */
  highest(stream: number): number {
    return this.#rows[stream * Row.Count + Row.High]!;
  }

  /** When that one arrived, monotonic, ns. */
  highestMonoNs(stream: number): Nanos {
    return this.#rows[stream * Row.Count + Row.HighMonoNs]!;
  }

  /** Payload type of the stream's latest packet. */
  payloadType(stream: number): number {
    return this.#rows[stream * Row.Count + Row.PayloadType]!;
  }

  /** Whether the stream's packets carry their send time. */
  carriesSendTime(stream: number): boolean {
    return this.#rows[stream * Row.Count + Row.SendTimeId]! > 0;
  }

  timestampJumps(stream: number): number {
    return this.#rows[stream * Row.Count + Row.TimestampJumps]!;
  }

  /** Fills the columns of slot `i`; anything but `Ok`: it is no RTP packet, and the columns are as they were. Hot. */
  decodeSlot(batch: ReceiveBatch, out: DecodedBatch, i: number): WireStatus {
    const { bytes } = batch;
    const at = batch.offset[i]!;
    const status = checkRtp(bytes, at, batch.length[i]!);
    if (status !== WireStatus.Ok) return status;
    const ssrc = rtpSsrc(bytes, at);
    const number = rtpSequence(bytes, at);
    const timestamp = rtpTimestamp(bytes, at);
    const monoNs = out.timeMonoNs[i]!;
    let stream = this.#latestOf(batch.path[i]!, ssrc);
    if (stream < 0) stream = this.#add(batch, i, ssrc, 0, number, timestamp, monoNs);
    if (stream === this.#table.others) {
      this.#others(out, i, stream);
      return WireStatus.Ok;
    }
    let advance = this.#advance(stream, number, timestamp, monoNs);
    if (advance !== advance) {
      const row = stream * Row.Count;
      if (number !== this.#rows[row + Row.Confirming]) {
        this.#rows[row + Row.Confirming] = (number + 1) & 0xffff;
        clearSlot(out, i);
        this.#faults.malformed(batch, i, Fault.UnconfirmedJump);
        return WireStatus.Ok;
      }
      stream = this.#restart(batch, i, stream, ssrc, number, timestamp, monoNs);
      if (stream === this.#table.others) {
        this.#others(out, i, stream);
        return WireStatus.Ok;
      }
      advance = 0;
    }
    this.#fill(batch, out, i, stream, advance, timestamp);
    return WireStatus.Ok;
  }

  /**
   * Numbers from the stream's highest to this one, negative backwards; NaN: more than the packets before and the time
   * since make likely.
   */
  #advance(stream: number, number: number, timestamp: number, monoNs: Nanos): number {
    const rows = this.#rows;
    const row = stream * Row.Count;
    const high = rows[row + Row.High]!;
    const ticks = rows[row + Row.HighTicks]!;
    const low = (this.#table.originLow(stream) + high) & 0xffff;
    const near = ((number - low) << 16) >> 16;
    const elapsedNs = monoNs - rows[row + Row.HighMonoNs]!;
    const spanNs = rows[row + Row.HighMonoNs]! - rows[row + Row.FirstMonoNs]!;
    const perSecond = spanNs > 0 ? (high * SECOND_NS) / spanNs : 0;
    const likely = (perSecond * elapsedNs) / SECOND_NS;
    const ticksSince = rows[row + Row.LastTicks]! + ((timestamp - rows[row + Row.LastTimestamp]!) | 0) - ticks;
    if (likely > QUARTER_CYCLE && ticks > 0) {
      // As many cycles as the time stamp tells: it wraps after 13 hours only.
      const told = (ticksSince * high) / ticks;
      const advance = near + TWO_16 * Math.round((told - near) / TWO_16);
      return advance > 0 && Math.abs(told - likely) < TWO_16 + likely / 2 ? advance : NaN;
    }
    const isFar =
      near > 0
        ? near > MAX_DROPOUT && near > 2 * likely
        : near < -Math.max(MAX_MISORDER, Math.min(perSecond, TWO_16 / 2));
    if (isFar) return NaN;
    // An old number with a time stamp of another time is not of this stream's past.
    return near < 0 && Math.abs(ticksSince * NS_PER_TICK) > 2 * SECOND_NS && near < -MAX_MISORDER ? NaN : near;
  }

  #fill(batch: ReceiveBatch, out: DecodedBatch, i: number, stream: number, advance: number, timestamp: number): void {
    const rows = this.#rows;
    const row = stream * Row.Count;
    const monoNs = out.timeMonoNs[i]!;
    const sequence = rows[row + Row.High]! + advance;
    const ticks = rows[row + Row.LastTicks]! + ((timestamp - rows[row + Row.LastTimestamp]!) | 0);
    rows[row + Row.LastTimestamp] = timestamp;
    rows[row + Row.LastTicks] = ticks;
    rows[row + Row.Confirming] = NaN;
    rows[row + Row.PayloadType] = rtpPayloadType(batch.bytes, batch.offset[i]!);
    if (advance > 0) {
      const stampedNs = (ticks - rows[row + Row.HighTicks]!) * NS_PER_TICK;
      if (Math.abs(stampedNs - (monoNs - rows[row + Row.HighMonoNs]!)) > SECOND_NS) rows[row + Row.TimestampJumps]!++;
      rows[row + Row.High] = sequence;
      rows[row + Row.HighTicks] = ticks;
      rows[row + Row.HighMonoNs] = monoNs;
    }
    out.stream[i] = stream;
    out.span[i] = 1;
    out.notSent[i] = NaN;
    out.senderNs[i] = ticks * NS_PER_TICK;
    out.sentRealNs[i] = this.#sendTime(batch, i, row);
    if ((batch.flags[i]! & SlotFlag.Truncated) === 0) {
      out.kind[i] = SlotKind.Data;
      out.sequence[i] = sequence;
      out.next[i] = NaN;
      return;
    }
    out.kind[i] = SlotKind.Discarded;
    out.sequence[i] = NaN;
    out.next[i] = sequence + 1;
    this.#faults.malformed(batch, i, Fault.Truncated);
  }

  #others(out: DecodedBatch, i: number, stream: number): void {
    out.kind[i] = SlotKind.Data;
    out.stream[i] = stream;
    out.sequence[i] = NaN;
    out.span[i] = 0;
    out.next[i] = NaN;
    out.notSent[i] = NaN;
    out.senderNs[i] = NaN;
    out.sentRealNs[i] = NaN;
  }

  /** CLOCK_REALTIME since the epoch, ns; NaN: the packet carries none. */
  #sendTime(batch: ReceiveBatch, i: number, row: number): Nanos {
    const rows = this.#rows;
    const id = rows[row + Row.SendTimeId]!;
    if (id === 0) {
      if (rows[row + Row.Looked]! >= LOOKED_AT) return NaN;
      rows[row + Row.Looked]!++;
    }
    const valueAt = ntpElementAt(batch.bytes, batch.offset[i]!, id);
    if (valueAt < 0) return NaN;
    const sentNs = sendTimeNs(batch.bytes, valueAt, this.#epoch);
    if (id === 0) {
      if (Math.abs(sentNs - batch.timeRealNs[i]!) > NEAR_NS) return NaN;
      rows[row + Row.SendTimeId] = elementIdBefore(batch.bytes, valueAt);
    }
    return sentNs;
  }

  /** The stream that the SSRC is by now; -1: none yet. */
  #latestOf(path: number, ssrc: number): number {
    let stream = this.#table.find(path, ssrc, 0, StreamFormat.Rtp);
    while (stream >= 0) {
      const successor = this.#rows[stream * Row.Count + Row.Successor]!;
      if (successor < 0) return stream;
      stream = successor;
    }
    return -1;
  }

  #restart(
    batch: ReceiveBatch,
    i: number,
    older: number,
    ssrc: number,
    number: number,
    timestamp: number,
    monoNs: Nanos,
  ): number {
    const restarts = this.#rows[older * Row.Count + Row.Restarts]! + 1;
    const stream = this.#add(batch, i, ssrc, restarts, number, timestamp, monoNs);
    if (stream === this.#table.others) return stream;
    this.#rows[older * Row.Count + Row.Successor] = stream;
    return stream;
  }

  #add(
    batch: ReceiveBatch,
    i: number,
    ssrc: number,
    restarts: number,
    number: number,
    timestamp: number,
    monoNs: Nanos,
  ): number {
    const table = this.#table;
    const stream = table.add(batch.path[i]!, ssrc, restarts, StreamFormat.Rtp, batch.socket[i]!, 0, number);
    if (stream === table.others) return stream;
    const name = recogniseFormat(batch.bytes, batch.offset[i]!, batch.length[i]!);
    this.formats[stream] = name.startsWith('rtp') ? name : 'rtp';
    const wanted = (stream + 1) * Row.Count;
    if (wanted > this.#rows.length) {
      const grown = new Float64Array(Math.max(wanted, 2 * this.#rows.length));
      grown.set(this.#rows);
      this.#rows = grown;
    }
    const row = stream * Row.Count;
    this.#rows.fill(0, row, row + Row.Count);
    this.#rows[row + Row.HighMonoNs] = monoNs;
    this.#rows[row + Row.FirstMonoNs] = monoNs;
    this.#rows[row + Row.LastTimestamp] = timestamp;
    this.#rows[row + Row.Confirming] = NaN;
    this.#rows[row + Row.Successor] = -1;
    this.#rows[row + Row.Restarts] = restarts;
    return stream;
  }
}
