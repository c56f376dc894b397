import { type ReceiveBatch, SlotFlag } from '../core/batch.js';
import {
  checkIperf,
  iperfIsFinal,
  iperfIsWide,
  iperfMicroseconds,
  iperfNumberHigh,
  iperfNumberLow,
  iperfSeconds,
  iperfTos,
} from '../wire/iperf.js';
import { recogniseFormat } from '../wire/recognise.js';
import { WireStatus } from '../wire/status.js';
import { clearSlot, type DecodedBatch, SlotKind } from './decoded.js';
import { BELIEVED_JUMP } from './sequence.js';
import { Fault, type SocketFaults } from './socketFaults.js';
import { StreamFormat, type StreamTable } from './streamTable.js';

const TWO_32 = 4_294_967_296;
/** Number of a run's first datagram: 1, in 2.0.5 still 0. */
const LAST_FIRST_NUMBER = 1;
/** A sender that is to imitate a bad network holds datagrams back for less, and stamps them when they leave. */
const APART_NS = 1e9;
/** Behind a silence of so long a datagram that is behind may be a new beginning though nothing tells when it was sent. */
const SILENCE_NS = 3e9;

/** Columns of a stream's row; numbers count from the stream's first one, times are ns since the epoch. */
const Row = {
  /** The number after the highest, and when a datagram last came up to it. */
  Next: 0,
  NextMonoNs: 1,
  /** When that one was sent, by its sender's clock; NaN: not told. */
  NextSentNs: 2,
  /** The number that confirms a new beginning; NaN: none is in doubt. */
  Confirming: 3,
  /** The number that confirms a jump ahead; NaN: none is in doubt. */
  Ahead: 4,
  /** Number of the final datagram that was heard first; NaN: none yet. */
  Last: 5,
  /** Stream that the same client went on as; -1: none. */
  Successor: 6,
  Beginnings: 7,
  /** DSCP and ECN octet that the client says it sets; -1: it does not say. */
  Tos: 8,
  CarriesSendTime: 9,
  Count: 10,
} as const;

/**
 * Datagrams of iperf 2's clients -> columns: a stream per path, and another one when the same client begins anew. The first
 * final datagram that is heard is data like any other, with the number after the last; what is repeated of it are end markers.
 */
export class IperfDecoder {
  /** Final datagrams that came since whoever answers them last looked, as streams and paths by turns. */
  readonly finals: number[] = [];
  /** Whether {@link finals} is kept. */
  answers = false;
  readonly #table: StreamTable;
  readonly #faults: SocketFaults;
  /** The epoch as whole seconds since 1970 and the nanoseconds beyond them. */
  readonly #epochSeconds: number;
  readonly #epochNs: number;
  /** Replaced when it grows. */
  #rows = new Float64Array(16 * Row.Count);

  constructor(table: StreamTable, epochUnixNs: bigint, faults: SocketFaults) {
    this.#table = table;
    this.#faults = faults;
    this.#epochSeconds = Number(epochUnixNs / 1_000_000_000n);
    this.#epochNs = Number(epochUnixNs % 1_000_000_000n);
  }

  /** Number of the stream's final datagram, counted from its first; NaN: it has not come. */
  last(stream: number): number {
    return this.#rows[stream * Row.Count + Row.Last]!;
  }

  /** DSCP and ECN octet that the client says it sets; `null`: it does not say. */
  tosSent(stream: number): number | null {
    const tos = this.#rows[stream * Row.Count + Row.Tos]!;
    return tos < 0 ? null : tos;
  }

  carriesSendTime(stream: number): boolean {
    return this.#rows[stream * Row.Count + Row.CarriesSendTime] === 1;
  }

  /** Fills the columns of slot `i`; anything but `Ok`: it is none of iperf's, and they are as they were. Hot. */
  decodeSlot(batch: ReceiveBatch, out: DecodedBatch, i: number): WireStatus {
    const { view } = batch;
    const at = batch.offset[i]!;
    const length = batch.length[i]!;
    const status = checkIperf(view, at, length);
    if (status !== WireStatus.Ok) return status;
    const isWide = iperfIsWide(view, at, length);
    const isFinal = iperfIsFinal(view, at, isWide);
    const high = iperfNumberHigh(view, at, isWide);
    const low = iperfNumberLow(view, at, isWide);
    let stream = this.#latestOf(batch.path[i]!);
    if (stream < 0) {
      // So little tells a datagram of iperf that what is known for something else begins no stream.
      const format = recogniseFormat(batch.bytes, at, length);
      if (format !== 'iperf' && format !== 'unknown') return WireStatus.BadMagic;
      stream = this.#add(batch, out, i, 0, high, low);
    }
    if (stream === this.#table.others) {
      this.#others(out, i, stream);
      return WireStatus.Ok;
    }
    this.#readSent(batch, out, i);
    let number = this.#number(stream, high, low);
    const mayBeFirst = high === 0 && low <= LAST_FIRST_NUMBER;
    if (!isFinal && this.#beginsAnew(out, i, stream, number, mayBeFirst)) {
      const row = stream * Row.Count;
      if (!mayBeFirst && number !== this.#rows[row + Row.Confirming]) {
        this.#rows[row + Row.Confirming] = number + 1;
        clearSlot(out, i);
        this.#faults.malformed(batch, i, Fault.UnconfirmedJump);
        return WireStatus.Ok;
      }
      stream = this.#restart(batch, out, i, stream, high, low);
      if (stream === this.#table.others) {
        this.#others(out, i, stream);
        return WireStatus.Ok;
      }
      number = 0;
    }
    this.#fill(batch, out, i, stream, number, isFinal);
    return WireStatus.Ok;
  }

  #number(stream: number, high: number, low: number): number {
    const table = this.#table;
    return (high - table.originHigh(stream)) * TWO_32 + (low - table.originLow(stream));
  }

  /** Written from here: a double that a function returns costs an object. */
  #readSent(batch: ReceiveBatch, out: DecodedBatch, i: number): void {
    const seconds = iperfSeconds(batch.view, batch.offset[i]!);
    const microseconds = iperfMicroseconds(batch.view, batch.offset[i]!);
    const isTold = seconds !== 0 || microseconds !== 0;
    out.sentRealNs[i] = isTold ? (seconds - this.#epochSeconds) * 1e9 + microseconds * 1000 - this.#epochNs : NaN;
  }

  /**
   * Whether the number is of another run: it was sent after the final datagram, or it is behind and was sent so long
   * after the highest one that no delay of the sender's own making explains it. Times are read here: a double that is
   * handed to a function costs an object too.
   */
  #beginsAnew(out: DecodedBatch, i: number, stream: number, number: number, mayBeFirst: boolean): boolean {
    const rows = this.#rows;
    const row = stream * Row.Count;
    const next = rows[row + Row.Next]!;
    const last = rows[row + Row.Last]!;
    const isOver = last === last;
    if (number >= next && !isOver) return false;
    const highestNs = rows[row + Row.NextSentNs]!;
    const sentNs = out.sentRealNs[i]!;
    if (sentNs === sentNs && highestNs === highestNs) return sentNs > highestNs + (isOver ? 0 : APART_NS);
    return mayBeFirst && (isOver || out.timeMonoNs[i]! - rows[row + Row.NextMonoNs]! > SILENCE_NS);
  }

  #fill(batch: ReceiveBatch, out: DecodedBatch, i: number, stream: number, number: number, isFinal: boolean): void {
    const rows = this.#rows;
    const row = stream * Row.Count;
    rows[row + Row.Confirming] = NaN;
    out.stream[i] = stream;
    out.notSent[i] = NaN;
    if (isFinal && this.answers && this.finals.length < 2 * batch.capacity) this.finals.push(stream, batch.path[i]!);
    // Nothing of a run is known where its end is all that was heard.
    const isRepeated = isFinal && (rows[row + Row.Last] === rows[row + Row.Last] || rows[row + Row.Next] === 0);
    if (isRepeated) {
      if (rows[row + Row.Last] !== rows[row + Row.Last]) rows[row + Row.Last] = number - 1;
      out.kind[i] = SlotKind.End;
      out.sequence[i] = NaN;
      out.span[i] = 0;
      out.next[i] = rows[row + Row.Last]! + 1;
      out.sentRealNs[i] = NaN;
      return;
    }
    this.#follow(out, i, row, number, isFinal);
    out.span[i] = 1;
    if ((batch.flags[i]! & SlotFlag.Truncated) === 0) {
      out.kind[i] = SlotKind.Data;
      out.sequence[i] = number;
      out.next[i] = NaN;
      return;
    }
    out.kind[i] = SlotKind.Discarded;
    out.sequence[i] = NaN;
    out.next[i] = number + 1;
    this.#faults.malformed(batch, i, Fault.Truncated);
  }

  #follow(out: DecodedBatch, i: number, row: number, number: number, isFinal: boolean): void {
    const rows = this.#rows;
    const next = rows[row + Row.Next]!;
    if (number < next) return;
    // As the sequence analyzer does: what is further ahead is believed when another one goes on from there.
    if (number <= next + BELIEVED_JUMP || number === rows[row + Row.Ahead]) {
      rows[row + Row.Next] = number + 1;
      rows[row + Row.NextMonoNs] = out.timeMonoNs[i]!;
      rows[row + Row.NextSentNs] = out.sentRealNs[i]!;
      if (isFinal) rows[row + Row.Last] = number;
    }
    rows[row + Row.Ahead] = number + 1;
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

  /** The stream that the client is by now; -1: none yet. */
  #latestOf(path: number): number {
    let stream = this.#table.find(path, 0, 0, StreamFormat.Iperf);
    while (stream >= 0) {
      const successor = this.#rows[stream * Row.Count + Row.Successor]!;
      if (successor < 0) return stream;
      stream = successor;
    }
    return -1;
  }

  #restart(batch: ReceiveBatch, out: DecodedBatch, i: number, older: number, high: number, low: number): number {
    const beginnings = this.#rows[older * Row.Count + Row.Beginnings]! + 1;
    const stream = this.#add(batch, out, i, beginnings, high, low);
    if (stream !== this.#table.others) this.#rows[older * Row.Count + Row.Successor] = stream;
    return stream;
  }

  #add(batch: ReceiveBatch, out: DecodedBatch, i: number, beginnings: number, high: number, low: number): number {
    const table = this.#table;
    const stream = table.add(batch.path[i]!, 0, beginnings, StreamFormat.Iperf, batch.socket[i]!, high, low);
    if (stream === table.others) return stream;
    const wanted = (stream + 1) * Row.Count;
    if (wanted > this.#rows.length) {
      const grown = new Float64Array(Math.max(wanted, 2 * this.#rows.length));
      grown.set(this.#rows);
      this.#rows = grown;
    }
    this.#readSent(batch, out, i);
    const row = stream * Row.Count;
    this.#rows.fill(0, row, row + Row.Count);
    this.#rows[row + Row.NextSentNs] = NaN;
    this.#rows[row + Row.Confirming] = NaN;
    this.#rows[row + Row.Ahead] = NaN;
    this.#rows[row + Row.Last] = NaN;
    this.#rows[row + Row.Successor] = -1;
    this.#rows[row + Row.Beginnings] = beginnings;
    this.#rows[row + Row.Tos] = iperfTos(batch.view, batch.offset[i]!, batch.length[i]!);
    this.#rows[row + Row.CarriesSendTime] = Number.isNaN(out.sentRealNs[i]!) ? 0 : 1;
    return stream;
  }
}
