import { putU16be, putU32be } from '../core/bytes.js';
import type { Nanos } from '../core/time.js';
import { RTP_FIXED_OCTETS } from '../wire/rtp.js';
import { putSendTimeExtension, SEND_TIME_AT, SEND_TIME_EXTENSION_OCTETS } from '../wire/rtpSendTime.js';

export interface TsRtpOptions {
  readonly ssrc: number;
  /** Of the first datagram, 16 bits. */
  readonly firstSequence: number;
  /** At the start of the schedule, 32 bits. */
  readonly firstTimestamp: number;
  /** Default 33, MP2T (RFC 3551 section 6). */
  readonly payloadType?: number;
  /** The time of departure in each datagram (RFC 6051, `urn:ietf:params:rtp-hdrext:ntp-64`) as element 1 .. 14; `null`: none. */
  readonly sendTime: { readonly extensionId: number } | null;
}

const VERSION = 2 << 6;
const EXTENSION = 0x10;
const MARKER = 0x80;
const MP2T = 33;

/**
 * RTP headers of a transport stream (RFC 3550 section 5.1, RFC 2250 section 2): the timestamp is the time at which the
 * first octet of the payload is to be sent, 90 kHz. With the send time, its extension follows ({@link putSendTimeExtension}).
 *
 *     80|90 m+pt sequence  timestamp  ssrc                      12 octets
 */
export class TsRtpHeader {
  readonly octets: number;
  /** When the next datagram is due, CLOCK_MONOTONIC since the epoch, ns: what {@link put} goes by. As an argument it would be an object. */
  dueNs: Nanos = 0;
  /** Timestamp of the last header, 32 bits. */
  timestamp = 0;
  /** Offset of the stamp that the sink writes, 0: none. */
  readonly stampAt: number;
  readonly #second: number;
  readonly #ssrc: number;
  readonly #firstTimestamp: number;
  readonly #extensionId: number;
  readonly #startMonoNs: Nanos;
  #sequence: number;

  /** `startMonoNs`: when `firstTimestamp` is, CLOCK_MONOTONIC since the epoch. */
  constructor(options: TsRtpOptions, startMonoNs: Nanos) {
    const { sendTime } = options;
    this.octets = RTP_FIXED_OCTETS + (sendTime === null ? 0 : SEND_TIME_EXTENSION_OCTETS);
    this.stampAt = sendTime === null ? 0 : SEND_TIME_AT;
    this.#second = options.payloadType ?? MP2T;
    this.#ssrc = options.ssrc | 0;
    this.#firstTimestamp = options.firstTimestamp;
    this.#extensionId = sendTime?.extensionId ?? 0;
    this.#sequence = options.firstSequence & 0xffff;
    this.#startMonoNs = startMonoNs;
  }

  /** Of the next datagram. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The timestamp of a datagram due at `monoNs`, 32 bits. */
  timestampAt(monoNs: Nanos): number {
    // 90 kHz: nine ticks in 100,000 ns.
    return (this.#firstTimestamp + Math.floor(((monoNs - this.#startMonoNs) * 9) / 100_000 + 0.5)) >>> 0;
  }

  /** Writes the next header at `at`; the stamp's octets are zero. Hot. */
  put(bytes: Uint8Array, at: number, isMarked: boolean): void {
    const ticks = Math.floor(((this.dueNs - this.#startMonoNs) * 9) / 100_000 + 0.5);
    const timestamp = (this.#firstTimestamp + ticks) | 0;
    this.timestamp = timestamp >>> 0;
    bytes[at] = VERSION | (this.stampAt === 0 ? 0 : EXTENSION);
    bytes[at + 1] = this.#second | (isMarked ? MARKER : 0);
    putU16be(bytes, at + 2, this.#sequence);
    putU32be(bytes, at + 4, timestamp);
    putU32be(bytes, at + 8, this.#ssrc);
    this.pass();
    if (this.stampAt !== 0) putSendTimeExtension(bytes, at, this.#extensionId);
  }

  /** The next datagram is not made; its number is gone. */
  pass(): void {
    this.#sequence = (this.#sequence + 1) & 0xffff;
  }
}
