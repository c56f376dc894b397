import type { ReceiveBatch } from '../core/batch.js';
import type { Scheme } from '../core/endpoint.js';
import type { SplitTime } from '../core/time.js';
import { ZoneClock } from '../core/zone.js';
import { FRAMINGS } from '../wire/framings.js';
import { recogniseFormat } from '../wire/recognise.js';
import { ntpEpoch } from '../wire/rtpSendTime.js';
import { WireStatus } from '../wire/status.js';
import { clearSlot, type DecodedBatch, NO_STREAM } from './decoded.js';
import { FeedDecoder } from './feedDecoder.js';
import { IperfDecoder } from './iperfDecoder.js';
import { PlainDecoder } from './plainDecoder.js';
import { ProbeDecoder } from './probeDecoder.js';
import { RtpDecoder } from './rtpDecoder.js';
import type { SocketFaults } from './socketFaults.js';
import { StreamFormat, type StreamTable } from './streamTable.js';

/** What a path carries; feeds by their {@link StreamFormat}. */
const Carries = {
  Unknown: 0,
  Plain: 1,
  Rtp: StreamFormat.Rtp,
  Iperf: StreamFormat.Iperf,
  Feed: StreamFormat.Feed,
} as const;
/** Datagrams of a path that are looked at for a known format. */
const RECOGNISED_FROM = 4;

/**
 * Datagrams of any format -> columns. What a socket's endpoint demands is taken for nothing else; without a demand each
 * path is what its first datagrams look like.
 */
export class StreamDecoder {
  readonly probe: ProbeDecoder;
  readonly rtp: RtpDecoder;
  readonly iperf: IperfDecoder;
  readonly feed: FeedDecoder;
  readonly plain: PlainDecoder;
  readonly #faults: SocketFaults;
  /** {@link Carries} by path, and datagrams looked at. */
  #carries = new Uint8Array(64);
  #looked = new Uint8Array(64);

  /** `messageTimeZone`: as `MeasurementOptions` has it */
  constructor(table: StreamTable, epoch: SplitTime, faults: SocketFaults, messageTimeZone: string | null) {
    const realtimeNs = (BigInt(epoch.high) << 32n) | BigInt(epoch.low);
    this.#faults = faults;
    this.probe = new ProbeDecoder(table, epoch, faults);
    this.rtp = new RtpDecoder(table, ntpEpoch(realtimeNs), faults);
    this.iperf = new IperfDecoder(table, realtimeNs, faults);
    const zoneClock = messageTimeZone === null ? null : new ZoneClock(messageTimeZone, realtimeNs);
    this.feed = new FeedDecoder(table, epoch, faults, zoneClock);
    this.plain = new PlainDecoder(table, faults);
  }

  /** Fills the columns of all slots but `timeMonoNs`, which is there, and `verdict`. `scheme`: of the socket's endpoint. Hot. */
  decode(batch: ReceiveBatch, out: DecodedBatch, scheme: Scheme | null): void {
    const feed = scheme === null ? -1 : FRAMINGS.findIndex((framing) => framing.scheme === scheme);
    if (feed >= 0) this.#decodeDemanded(batch, out, StreamFormat.Feed + feed);
    else if (scheme === 'rtp') this.#decodeDemanded(batch, out, StreamFormat.Rtp);
    else if (scheme === 'iperf') this.#decodeDemanded(batch, out, StreamFormat.Iperf);
    else this.probe.decode(batch, out, scheme === 'probe' ? null : this);
  }

  /** What is no probe datagram; one slot. */
  decodeSlot(batch: ReceiveBatch, out: DecodedBatch, i: number): void {
    const path = batch.path[i]!;
    if (path >= this.#carries.length) this.#grow(path);
    if (this.#carries[path] === Carries.Unknown) this.#look(batch, i, path);
    const carries = this.#carries[path]!;
    if (carries === Carries.Rtp && this.rtp.decodeSlot(batch, out, i) === WireStatus.Ok) return;
    if (carries === Carries.Iperf && this.iperf.decodeSlot(batch, out, i) === WireStatus.Ok) return;
    if (carries >= Carries.Feed && this.feed.decodeSlot(batch, out, i, carries) === WireStatus.Ok) return;
    this.plain.decodeSlot(batch, out, i);
  }

  /** DSCP and ECN octet that the sender of a stream said it set in what was decoded last; `null`: that format does not tell. */
  tosSent(stream: number, format: number): number | null {
    if (format === StreamFormat.Probe) return this.probe.sent[stream]! >>> 16;
    return format === StreamFormat.Iperf ? this.iperf.tosSent(stream) : null;
  }

  /** What is not of the demanded `format` is malformed. */
  #decodeDemanded(batch: ReceiveBatch, out: DecodedBatch, format: number): void {
    const { count } = batch;
    const { stream, runEnd } = out;
    let first = 0;
    for (let i = 0; i < count; i++) {
      const status = this.#decodeAs(batch, out, i, format);
      if (status !== WireStatus.Ok) {
        clearSlot(out, i);
        this.#faults.malformed(batch, i, status);
      }
      if (stream[i] !== stream[first] || stream[i] === NO_STREAM) first = i;
      runEnd[first] = i + 1;
    }
  }

  #decodeAs(batch: ReceiveBatch, out: DecodedBatch, i: number, format: number): WireStatus {
    if (format >= StreamFormat.Feed) return this.feed.decodeSlot(batch, out, i, format);
    return format === StreamFormat.Rtp ? this.rtp.decodeSlot(batch, out, i) : this.iperf.decodeSlot(batch, out, i);
  }

  #look(batch: ReceiveBatch, i: number, path: number): void {
    this.#looked[path]!++;
    // Other RTP is not told from chance as surely as transport packets and FEC are: for that there is the scheme.
    const format = recogniseFormat(batch.bytes, batch.offset[i]!, batch.length[i]!);
    if (format === 'rtp/mpeg-ts' || format === 'rtp/smpte-2022-1') {
      this.#carries[path] = Carries.Rtp;
      return;
    }
    if (format === 'iperf') {
      this.#carries[path] = Carries.Iperf;
      return;
    }
    const feed = FRAMINGS.findIndex((framing) => framing.format === format);
    if (feed >= 0) this.#carries[path] = StreamFormat.Feed + feed;
    else if (this.#looked[path] === RECOGNISED_FROM) this.#carries[path] = Carries.Plain;
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
