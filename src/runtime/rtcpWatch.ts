import type { Nanos } from '../core/time.js';
import type { RtcpSnapshot, RtpFigures } from '../metrics/rtcpSnapshot.js';
import { type RtcpCompound, rtcpCodec, type RtcpPacket } from '../wire/rtcp.js';
import type { RtcpSenderReport } from '../wire/rtcpReports.js';
import { type RtcpSourceDescription, SdesType } from '../wire/rtcpSdes.js';
import { WireStatus } from '../wire/status.js';
import { RtcpSourceState } from './rtcpSourceState.js';

export interface RtcpWatchOptions {
  /** Of the RTP timestamps; 90,000 for a transport stream. */
  readonly clockHz: number;
  /** CLOCK_REALTIME at the epoch, unix ns. */
  readonly epochUnixNs: bigint;
  /**
   * The media stream of an SSRC on a path, as counted now; `null`: no packet of it came. Asked for when a report comes:
   * what arrived before the report should be in it, what arrived later should not. What is, all the same, makes
   * `difference` smaller and the tail longer by as much.
   */
  readonly figuresOf: (ssrc: number, path: number) => RtpFigures | null;
  /** Once for every BYE of a source that is known. */
  readonly onBye?: (ssrc: number, monoNs: Nanos, path: number) => void;
  /** Every sender report that is no copy and not overtaken: for what is reported back. */
  readonly onSenderReport?: (report: RtcpSenderReport, monoNs: Nanos, path: number) => void;
}

const MOST_SOURCES = 1024;
const PATH_FACTOR = 2 ** 32;
/** Packets of one datagram that are looked at: a compound packet of a sender has three or four. */
const MOST_PACKETS = 64;

/**
 * The RTCP that comes to a receiver, by source: an SSRC on a path. `path` is any integer of 0 .. 2^20 by which the owner
 * tells where a datagram came from (sender and group, not its port), as two senders may have chosen the same SSRC. At
 * most 1024 sources: one whose media is known displaces one whose media is not.
 *
 * A source is known by a sender report, or by its media. Not on the packet path: a few datagrams a second.
 */
export class RtcpWatch {
  datagrams = 0;
  /** Datagrams that are no compound packet, or of which a packet contradicts itself, by {@link WireStatus}. */
  readonly malformed = new Float64Array(Object.keys(WireStatus).length);
  /** Reports of sources that found no room. */
  overflowed = 0;
  readonly #options: RtcpWatchOptions;
  /** By path x 2^32 + SSRC. */
  readonly #sources = new Map<number, RtcpSourceState>();
  readonly #compound: RtcpCompound = rtcpCodec.create();

  constructor(options: RtcpWatchOptions) {
    this.#options = options;
  }

  /** The UDP payload `bytes[at .. at + length)` of a datagram. Copies what it keeps. Never throws. */
  onDatagram(
    bytes: Uint8Array,
    at: number,
    length: number,
    arrivalMonoNs: Nanos,
    arrivalRealNs: Nanos,
    path: number,
  ): void {
    this.datagrams++;
    const status = rtcpCodec.parse(bytes, at, length, this.#compound);
    if (status !== WireStatus.Ok) {
      this.malformed[status]!++;
      return;
    }
    const { packets } = this.#compound;
    let fault: WireStatus = WireStatus.Ok;
    for (let i = 0; i < packets.length; i++) {
      const packet = packets[i]!;
      if (packet.kind === 'other' && fault === WireStatus.Ok) fault = packet.fault;
      if (i < MOST_PACKETS) this.#onPacket(packet, arrivalMonoNs, arrivalRealNs, path);
    }
    if (fault !== WireStatus.Ok) this.malformed[fault]!++;
  }

  /** What is known of a source; `null`: nothing. */
  snapshot(ssrc: number, path: number): RtcpSnapshot | null {
    const source = this.#sources.get(keyOf(ssrc, path));
    return source === undefined ? null : source.snapshot(this.#options.figuresOf(ssrc, path));
  }

  /** All sources, in the order in which they were first heard. */
  snapshots(): { readonly path: number; readonly snapshot: RtcpSnapshot }[] {
    return [...this.#sources.values()].map((source) => ({
      path: source.path,
      snapshot: source.snapshot(this.#options.figuresOf(source.ssrc, source.path)),
    }));
  }

  #onPacket(packet: RtcpPacket, monoNs: Nanos, realNs: Nanos, path: number): void {
    if (packet.kind === 'sr') this.#onSenderReport(packet, monoNs, realNs, path);
    else if (packet.kind === 'sdes') this.#onDescription(packet, path);
    else if (packet.kind === 'bye') for (const ssrc of packet.ssrcs) this.#onBye(ssrc, monoNs, path);
  }

  #onSenderReport(report: RtcpSenderReport, monoNs: Nanos, realNs: Nanos, path: number): void {
    const figures = this.#options.figuresOf(report.ssrc, path);
    const source = this.#sources.get(keyOf(report.ssrc, path)) ?? this.#add(report.ssrc, path, figures);
    if (source === null) {
      this.overflowed++;
      return;
    }
    if (source.onReport(report, figures, realNs)) this.#options.onSenderReport?.(report, monoNs, path);
  }

  #onDescription({ chunks }: RtcpSourceDescription, path: number): void {
    for (const { ssrc, items } of chunks) {
      const source = this.#known(ssrc, path);
      for (const { type, octets } of items) {
        if (type === SdesType.Cname) source?.describe('cname', octets);
        else if (type === SdesType.Tool) source?.describe('tool', octets);
      }
    }
  }

  #onBye(ssrc: number, monoNs: Nanos, path: number): void {
    if (this.#known(ssrc, path)?.onBye(monoNs) === true) this.#options.onBye?.(ssrc, monoNs, path);
  }

  /** A source that reported or whose media came. */
  #known(ssrc: number, path: number): RtcpSourceState | null {
    const source = this.#sources.get(keyOf(ssrc, path));
    if (source !== undefined) return source;
    const figures = this.#options.figuresOf(ssrc, path);
    return figures === null ? null : this.#add(ssrc, path, figures);
  }

  #add(ssrc: number, path: number, figures: RtpFigures | null): RtcpSourceState | null {
    if (this.#sources.size >= MOST_SOURCES && (figures === null || !this.#displace())) return null;
    const source = new RtcpSourceState(ssrc, path, this.#options.clockHz, this.#options.epochUnixNs);
    this.#sources.set(keyOf(ssrc, path), source);
    return source;
  }

  /** Forgets the oldest source whose media never came; false: there is none. */
  #displace(): boolean {
    for (const [key, { ssrc, path }] of this.#sources) {
      if (this.#options.figuresOf(ssrc, path) === null) return this.#sources.delete(key);
    }
    return false;
  }
}

function keyOf(ssrc: number, path: number): number {
  return path * PATH_FACTOR + ssrc;
}
