import { type ReceiveBatch, SlotFlag } from '../core/batch.js';
import { sinceEpochNs, type SplitTime } from '../core/time.js';
import {
  checkProbe,
  ProbeFlag,
  probeFlags,
  probeFlow,
  probeNotSent,
  probeRunId,
  probeSendTimeHigh,
  probeSendTimeLow,
  probeSequenceHigh,
  probeSequenceLow,
  probeTos,
  probeTtl,
} from '../wire/probe.js';
import { readProbeRun } from '../wire/probeRun.js';
import { WireStatus } from '../wire/status.js';
import { clearSlot, type DecodedBatch, SlotKind } from './decoded.js';
import { Fault, type SocketFaults } from './socketFaults.js';
import { StreamFormat, type StreamTable } from './streamTable.js';

const MARKERS = ProbeFlag.Start | ProbeFlag.End;
const TWO_32 = 4_294_967_296;
// Members of imported objects are looked up at every use; this is a constant to the compiler.
const TRUNCATED: number = SlotFlag.Truncated;

/** Takes slots that are no probe datagrams. */
export interface SlotDecoder {
  decodeSlot(batch: ReceiveBatch, out: DecodedBatch, i: number): void;
}

/**
 * Probe datagrams -> columns. A datagram's running total needs no column: it tells nothing beyond its
 * own number, and markers carry the flow's.
 */
export class ProbeDecoder {
  /**
   * By stream, as the latest datagram said: DSCP and ECN octet as sent x 65536, TTL as sent x 256, flags.
   */
  sent = new Uint32Array(16);
  readonly #table: StreamTable;
  readonly #epoch: SplitTime;
  readonly #faults: SocketFaults;
  /** 1 for every path that an intact probe datagram came by. */
  #isProbePath = new Uint8Array(64);

  constructor(table: StreamTable, epoch: SplitTime, faults: SocketFaults) {
    this.#table = table;
    this.#epoch = epoch;
    this.#faults = faults;
  }

  /**
   * Fills the columns of all slots. What is no intact probe datagram goes to `other` or, when that is
   * `null` or the path has carried probe datagrams before, is malformed. Hot.
   */
  decode(batch: ReceiveBatch, out: DecodedBatch, other: SlotDecoder | null): void {
    let i = 0;
    while (i < batch.count) {
      const status = checkProbe(batch.view, batch.offset[i]!, batch.length[i]!);
      if (status === WireStatus.Ok) {
        this.#decodeSlot(batch, out, i);
        const end = out.kind[i] === SlotKind.Data ? this.#decodeRun(batch, out, i) : i + 1;
        out.runEnd[i] = end;
        i = end;
        continue;
      }
      if (other === null || this.#knows(batch.path[i]!)) this.#malformed(batch, out, i, status);
      else other.decodeSlot(batch, out, i);
      out.runEnd[i] = i + 1;
      i++;
    }
  }

  /** An intact probe datagram, whatever it is. */
  #decodeSlot(batch: ReceiveBatch, out: DecodedBatch, i: number): void {
    const { view } = batch;
    const at = batch.offset[i]!;
    const path = batch.path[i]!;
    const flow = probeFlow(view, at);
    const run = probeRunId(view, at);
    const high = probeSequenceHigh(view, at);
    const low = probeSequenceLow(view, at);
    const table = this.#table;
    let index = table.find(path, flow, run, StreamFormat.Probe);
    if (index < 0) index = this.#add(path, flow, run, batch.socket[i]!, high, low);
    const bits = probeFlags(view, at);
    this.sent[index] = (probeTos(view, at) << 16) | (probeTtl(view, at) << 8) | bits;
    const number = ((high - table.originHigh(index)) | 0) * TWO_32 + (low - table.originLow(index));
    out.stream[i] = index;
    out.sequence[i] = NaN;
    out.next[i] = number;
    out.notSent[i] = probeNotSent(view, at);
    out.sentRealNs[i] = sinceEpochNs(probeSendTimeHigh(view, at), probeSendTimeLow(view, at), this.#epoch);
    if ((bits & MARKERS) !== 0) {
      out.kind[i] = (bits & ProbeFlag.Start) === 0 ? SlotKind.End : SlotKind.Start;
      out.span[i] = 0;
      return;
    }
    out.span[i] = 1;
    if ((batch.flags[i]! & SlotFlag.Truncated) !== 0) {
      out.kind[i] = SlotKind.Discarded;
      out.next[i] = number + 1;
      this.#faults.malformed(batch, i, Fault.Truncated);
      return;
    }
    out.kind[i] = SlotKind.Data;
    out.sequence[i] = number;
  }

  /** Slot `first` was decoded: goes on for as long as data of its flow follow by the same path. Returns where it stopped. */
  #decodeRun(batch: ReceiveBatch, out: DecodedBatch, first: number): number {
    const { view, offset, length, path, flags, following, count } = batch;
    const { kind, stream, sequence, span, notSent, sentRealNs } = out;
    const from = first + 1;
    const samePath = path[first]!;
    const sequenceBase = sequence[first]! - probeSequenceLow(view, offset[first]!);
    const sentBaseNs = sentRealNs[first]! - probeSendTimeLow(view, offset[first]!);
    const like = readProbeRun(view, offset, length, first, from, count, sequenceBase, sequence, sentBaseNs, sentRealNs);
    let end = from;
    while (end < like && path[end] === samePath) {
      // A super-packet at once: of one that is cut short only the last slot says so.
      const last = end + following[end]!;
      if ((flags[last]! & TRUNCATED) !== 0) {
        if (end < last) end = Math.min(last, like);
        break;
      }
      end = Math.min(last + 1, like);
    }
    if (end === from) return end;
    kind.fill(SlotKind.Data, from, end);
    stream.fill(stream[first]!, from, end);
    span.fill(1, from, end);
    notSent.fill(notSent[first]!, from, end);
    return end;
  }

  #knows(path: number): boolean {
    return path < this.#isProbePath.length && this.#isProbePath[path] === 1;
  }

  #add(path: number, flow: number, run: number, socket: number, high: number, low: number): number {
    if (path >= this.#isProbePath.length) {
      const grown = new Uint8Array(Math.max(path + 1, 2 * this.#isProbePath.length));
      grown.set(this.#isProbePath);
      this.#isProbePath = grown;
    }
    // Path 0 is all that found no room in the path table.
    if (path !== 0) this.#isProbePath[path] = 1;
    const index = this.#table.add(path, flow, run, StreamFormat.Probe, socket, high, low);
    if (index >= this.sent.length) {
      const grown = new Uint32Array(2 * this.sent.length);
      grown.set(this.sent);
      this.sent = grown;
    }
    return index;
  }

  #malformed(batch: ReceiveBatch, out: DecodedBatch, i: number, status: number): void {
    clearSlot(out, i);
    this.#faults.malformed(batch, i, status);
  }
}
