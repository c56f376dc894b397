/**
 * iperf 2's UDP datagram, as 2.1.8 writes it (`struct client_udp_testhdr` of its include/payloads.h;
 * docs/protocols/iperf.md), at the start of the UDP payload. All integers are big-endian.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                     number, lower half                        |  0
 * |                      send time, seconds                       |  4
 * |                    send time, microseconds                    |  8
 * |                     number, upper half                        | 12
 * |                            flags                              | 16
 * |                    settings of the client                     | 20 .. 76
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * The number is signed. It is that of the datagram; the run's final datagram has its own, negated. Without
 * {@link IperfFlag.Wide} it has 32 bits, and nothing behind octet 12 belongs to it.
 */
import { WireStatus } from './status.js';

/** Number and send time, which all versions have. */
export const IPERF_NUMBER_OCTETS = 12;
/** The same with numbers of 64 bits: up to the flags. */
export const IPERF_WIDE_OCTETS = 20;
/** With the settings of the client. */
export const IPERF_HEADER_OCTETS = 76;
/** Octet within the datagram where the departure time is written: seconds and microseconds since 1970, 32 bits each. */
export const IPERF_SEND_TIME_AT = 4;
const MICROSECONDS_AT = 8;
const UPPER_AT = 12;
export const IPERF_FLAGS_AT = 16;

/** Bits of the flags word. */
export const IperfFlag = {
  /** What iperf 1.7 had; here a test in both directions. In a server's report: there is one. */
  Version1: 0x8000_0000,
  /** The settings go on behind octet 40. */
  Extended: 0x4000_0000,
  UdpTests: 0x2000_0000,
  /** Numbers of 64 bits. */
  Wide: 0x0800_0000,
  Version2: 0x0400_0000,
  /** A test in both directions at once. */
  RunNow: 0x0000_0001,
  /** Bits 1 to 8 are the octets of the header. */
  HasLength: 0x0001_0000,
} as const;

const WIDE: number = IperfFlag.Wide;
const MICROSECONDS = 1_000_000;
const TWO_32 = 4_294_967_296;

/**
 * Whether `view[at .. at + length)` may be a client's datagram. There is no magic number: this only keeps out what cannot
 * be one. After `Ok` no accessor below reads outside of it. Hot.
 */
export function checkIperf(view: DataView, at: number, length: number): WireStatus {
  if (length < IPERF_NUMBER_OCTETS) return WireStatus.TooShort;
  if (view.getUint32(at + MICROSECONDS_AT) >= MICROSECONDS) return WireStatus.BadMagic;
  return isReport(view, at, length) ? WireStatus.UnknownType : WireStatus.Ok;
}

/** A server's report begins with an empty datagram header. */
function isReport(view: DataView, at: number, length: number): boolean {
  return (
    length >= IPERF_WIDE_OCTETS &&
    view.getInt32(at) === 0 &&
    view.getInt32(at + IPERF_SEND_TIME_AT) === 0 &&
    view.getInt32(at + UPPER_AT) === 0 &&
    view.getInt32(at + IPERF_FLAGS_AT) < 0
  );
}

/** Whether the number has 64 bits. */
export function iperfIsWide(view: DataView, at: number, length: number): boolean {
  return length >= IPERF_WIDE_OCTETS && (view.getUint32(at + IPERF_FLAGS_AT) & WIDE) !== 0;
}

/** Whether it is a final datagram: its number is negated. */
export function iperfIsFinal(view: DataView, at: number, isWide: boolean): boolean {
  return view.getInt32(isWide ? at + UPPER_AT : at) < 0;
}

/** Upper half of the number without its sign. */
export function iperfNumberHigh(view: DataView, at: number, isWide: boolean): number {
  if (!isWide) return 0;
  const high = view.getInt32(at + UPPER_AT);
  return high < 0 ? (view.getInt32(at) === 0 ? -high : ~high) >>> 0 : high;
}

/** Lower half of the number without its sign. */
export function iperfNumberLow(view: DataView, at: number, isWide: boolean): number {
  return iperfIsFinal(view, at, isWide) ? -view.getInt32(at) >>> 0 : view.getUint32(at);
}

/** Seconds since 1970. */
export function iperfSeconds(view: DataView, at: number): number {
  return view.getUint32(at + IPERF_SEND_TIME_AT);
}

export function iperfMicroseconds(view: DataView, at: number): number {
  return view.getUint32(at + MICROSECONDS_AT);
}

/** Where the TOS or traffic-class octet that the client sets stands, in 16 bits. */
const TOS_AT = 62;

/** That octet; -1: it is not told. */
export function iperfTos(view: DataView, at: number, length: number): number {
  if (length < IPERF_HEADER_OCTETS || !iperfIsWide(view, at, length)) return -1;
  const isTold = (view.getUint32(at + IPERF_FLAGS_AT) & IperfFlag.Extended) !== 0;
  return isTold ? view.getUint16(at + TOS_AT) & 0xff : -1;
}

const TYPE_AT = 40;
const VERSION_AT = 52;
const MAJOR_VERSION = 2;
/** The settings begin where the number ends and are at least so long. */
const LENGTH_MASK = 0x1fe;
const FULL = IperfFlag.Extended | IperfFlag.Wide | IperfFlag.HasLength;

/** Whether the settings are there whole and as iperf 2 fills them: chance does not meet it (docs/protocols/recognition.md). */
export function iperfHasSettings(view: DataView, at: number, length: number): boolean {
  if (length < IPERF_HEADER_OCTETS) return false;
  const flags = view.getInt32(at + IPERF_FLAGS_AT);
  const high = view.getInt32(at + UPPER_AT);
  return (
    (flags & FULL) === FULL &&
    (flags & LENGTH_MASK) >> 1 >= IPERF_HEADER_OCTETS &&
    // Numbers beyond 2^32 are none of the first datagrams'.
    (high === 0 || high === -1) &&
    view.getInt32(at + TYPE_AT) === 0 &&
    view.getInt32(at + TYPE_AT + 4) === 0 &&
    view.getUint16(at + VERSION_AT) === MAJOR_VERSION
  );
}

/**
 * Writes the first 16 octets, the send time as 0. Hot. `number`: an integer of -2^53 .. 2^53, negative for a final datagram.
 * Whoever reads 32 bits reads it too, up to 2^31.
 */
export function putIperf(view: DataView, at: number, number: number): void {
  putIperfNumber(view, at, number);
  view.setInt32(at + IPERF_SEND_TIME_AT, 0);
  view.setInt32(at + MICROSECONDS_AT, 0);
}

/** The number alone. */
export function putIperfNumber(view: DataView, at: number, number: number): void {
  view.setInt32(at, number | 0);
  view.setInt32(at + UPPER_AT, Math.floor(number / TWO_32));
}

/** Writes the send time: seconds and microseconds since 1970. */
export function putIperfSendTime(view: DataView, at: number, seconds: number, microseconds: number): void {
  view.setUint32(at + IPERF_SEND_TIME_AT, seconds);
  view.setUint32(at + MICROSECONDS_AT, microseconds);
}

/** What a client tells of its run in every datagram. */
export interface IperfRun {
  /** Clients of the run: threads of iperf, flows here. */
  readonly threads: number;
  readonly port: number;
  readonly sizeOctets: number;
  /** How long it sends, ns, rounded to 10 ms; `null`: not told. */
  readonly durationNs: number | null;
  readonly tos: number;
  /** Of UDP payload; Infinity: as fast as can be. */
  readonly rateBitPerSecond: number;
}

/** Filling begins here, as iperf has it: the room of all that its headers may hold. */
export const IPERF_FILLING_FROM = 160;
/** Version 2.1.8, whose format this is: `2.1` and `8.3` (3: a release). */
const VERSION = [0x0002_0001, 0x0008_0003] as const;
const TICK_NS = 10e6;

/**
 * Everything behind octet 16 of a datagram of `sizeOctets`, at least {@link IPERF_WIDE_OCTETS}: the same in all datagrams of a
 * run. Settings that do not fit are left out, since a server would read on behind the end.
 */
export function iperfRest(sizeOctets: number, run: IperfRun): Uint8Array {
  const octets = new Uint8Array(sizeOctets);
  const view = new DataView(octets.buffer);
  for (let i = IPERF_FILLING_FROM; i < sizeOctets; i++) octets[i] = 0x30 + (i % 10);
  if (sizeOctets < IPERF_HEADER_OCTETS) {
    view.setUint32(IPERF_FLAGS_AT, IperfFlag.Wide);
    return octets.slice(IPERF_FLAGS_AT);
  }
  view.setUint32(IPERF_FLAGS_AT, FULL | (IPERF_HEADER_OCTETS << 1));
  view.setUint32(20, run.threads);
  view.setUint32(24, run.port);
  view.setUint32(28, run.sizeOctets);
  // Time is told negative, an amount of octets would be positive.
  if (run.durationNs !== null) view.setInt32(36, -Math.min(0x7fff_ffff, Math.round(run.durationNs / TICK_NS)));
  view.setUint32(VERSION_AT, VERSION[0]);
  view.setUint32(VERSION_AT + 4, VERSION[1]);
  view.setUint16(TOS_AT, run.tos);
  const rate = run.rateBitPerSecond === Infinity ? 0 : Math.round(run.rateBitPerSecond);
  view.setUint32(64, rate % TWO_32);
  view.setUint32(68, (Math.floor(rate / TWO_32) << 8) >>> 0);
  return octets.slice(IPERF_FLAGS_AT);
}
