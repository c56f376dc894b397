import type { ReceiveBatch } from '../core/batch.js';
import type { Scheme } from '../core/endpoint.js';
import type { SplitTime } from '../core/time.js';
import { recogniseFormat } from '../wire/recognise.js';
import { ntpEpoch } from '../wire/rtpSendTime.js';
import { WireStatus } from '../wire/status.js';
import { clearSlot, type DecodedBatch, NO_STREAM } from './decoded.js';
import { PlainDecoder } from './plainDecoder.js';
import { ProbeDecoder } from './probeDecoder.js';
import { RtpDecoder } from './rtpDecoder.js';
import type { SocketFaults } from './socketFaults.js';
import type { StreamTable } from './streamTable.js';

/** What a path carries. */
const Carries = { Unknown: 0, Rtp: 1, Plain: 2 } as const;
/** Datagrams of a path that are looked at for a known format. */
const RECOGNISED_FROM = 4;

/**
 * Datagrams of any format -> columns. What a socket's endpoint demands is taken for nothing else; without a demand each
 * path is what its first datagrams look like.
 */
export class StreamDecoder {
  readonly probe: ProbeDecoder;
  readonly rtp: RtpDecoder;
  readonly plain: PlainDecoder;
  readonly #faults: SocketFaults;
  /** {@link Carries} by path, and datagrams looked at. */
  #carries = new Uint8Array(64);
  #looked = new Uint8Array(64);

  constructor(table: StreamTable, epoch: SplitTime, faults: SocketFaults) {
    const realtimeNs = (BigInt(epoch.high) << 32n) | BigInt(epoch.low);
    this.#faults = faults;
    this.probe = new ProbeDecoder(table, epoch, faults);
    this.rtp = new RtpDecoder(table, ntpEpoch(realtimeNs), faults);
    this.plain = new PlainDecoder(table, faults);
  }

  /** Fills the columns of all slots but `timeMonoNs`, which is there, and `verdict`. `scheme`: of the socket's endpoint. Hot. */
  decode(batch: ReceiveBatch, out: DecodedBatch, scheme: Scheme | null): void {
    if (scheme === 'rtp') this.#decodeRtp(batch, out);
    else this.probe.decode(batch, out, scheme === 'probe' ? null : this);
  }

  /** What is no probe datagram; one slot. */
  decodeSlot(batch: ReceiveBatch, out: DecodedBatch, i: number): void {
    const path = batch.path[i]!;
    if (path >= this.#carries.length) this.#grow(path);
    if (this.#carries[path] === Carries.Unknown) this.#look(batch, i, path);
    if (this.#carries[path] === Carries.Rtp && this.rtp.decodeSlot(batch, out, i) === WireStatus.Ok) return;
    this.plain.decodeSlot(batch, out, i);
  }

  #decodeRtp(batch: ReceiveBatch, out: DecodedBatch): void {
    const { count } = batch;
    const { stream, runEnd } = out;
    let first = 0;
    for (let i = 0; i < count; i++) {
      const status = this.rtp.decodeSlot(batch, out, i);
      if (status !== WireStatus.Ok) {
        clearSlot(out, i);
        this.#faults.malformed(batch, i, status);
      }
      if (stream[i] !== stream[first] || stream[i] === NO_STREAM) first = i;
      runEnd[first] = i + 1;
    }
  }

  #look(batch: ReceiveBatch, i: number, path: number): void {
    this.#looked[path]!++;
    // Other RTP is not told from chance as surely as transport packets and FEC are: for that there is the scheme.
    const format = recogniseFormat(batch.bytes, batch.offset[i]!, batch.length[i]!);
    if (format === 'rtp/mpeg-ts' || format === 'rtp/smpte-2022-1') {
      this.#carries[path] = Carries.Rtp;
    } else if (this.#looked[path] === RECOGNISED_FROM) this.#carries[path] = Carries.Plain;
  }

  #grow(path: number): void {
    const length = Math.max(path + 1, 2 * this.#carries.length);
    const carries = new Uint8Array(length);
    carries.set(this.#carries);
    this.#carries = carries;
    const looked = new Uint8Array(length);
    looked.set(this.#looked);
    this.#looked = looked;
  }
}
