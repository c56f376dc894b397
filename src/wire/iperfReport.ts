/**
 * What a server of iperf 2 answers a final datagram with (`struct UDP_datagram` and `struct server_hdr` of
 * include/payloads.h, 2.1.8): 128 octets, all integers big-endian.
 *
 *   0 .. 16   0
 *  16         flags: {@link IperfFlag}, Version1 always
 *  20 .. 28   octets of UDP payload, 64 bits
 *  28 .. 36   how long it took: seconds, microseconds
 *  36, 40     lost and out of order, lower halves
 *  44         datagrams, lost ones included, lower half
 *  48 .. 56   jitter: seconds, microseconds
 *  56 .. 116  one-way delay and rate (Extended): least, most, sum, mean, sum of squares (us^2), last deviation, each in
 *             seconds and microseconds; count; datagrams per second; 1
 * 116 .. 128  upper halves of lost, out of order and datagrams
 */
import { viewOf } from '../core/bytes.js';
import type { Codec } from './codec.js';
import { IPERF_FLAGS_AT, IperfFlag } from './iperf.js';
import { WireStatus } from './status.js';

export const IPERF_REPORT_OCTETS = 128;
const TRANSIT_AT = 56;
const TRANSIT_WORDS = 15;
const UPPER_AT = 116;

export interface IperfReport {
  flags: number;
  /** UDP payload. */
  octets: bigint;
  seconds: number;
  microseconds: number;
  lost: bigint;
  outOfOrder: bigint;
  /** Lost ones included. */
  datagrams: bigint;
  jitterSeconds: number;
  jitterMicroseconds: number;
  /** The words from octet 56 on, signed: see above. 0 without `Extended`. */
  transit: number[];
}

/** Whether `view[at .. at + length)` is a server's report. */
export function checkIperfReport(view: DataView, at: number, length: number): WireStatus {
  if (length < IPERF_REPORT_OCTETS) return WireStatus.TooShort;
  for (let i = 0; i < IPERF_FLAGS_AT; i += 4) if (view.getInt32(at + i) !== 0) return WireStatus.BadMagic;
  // Version1 is the sign of the word; of the other bits a report has these alone.
  const flags = view.getUint32(at + IPERF_FLAGS_AT);
  const known = IperfFlag.Version1 | IperfFlag.Extended | IperfFlag.Wide;
  return flags >= IperfFlag.Version1 && (flags & ~known) === 0 ? WireStatus.Ok : WireStatus.BadMagic;
}

export const iperfReportCodec: Codec<IperfReport> = {
  name: 'iperf/report',
  reference: 'docs/protocols/iperf.md',
  create: () => ({
    flags: (IperfFlag.Version1 | IperfFlag.Wide) >>> 0,
    octets: 0n,
    seconds: 0,
    microseconds: 0,
    lost: 0n,
    outOfOrder: 0n,
    datagrams: 0n,
    jitterSeconds: 0,
    jitterMicroseconds: 0,
    transit: new Array<number>(TRANSIT_WORDS).fill(0),
  }),
  check: (bytes, at, length) => checkIperfReport(viewOf(bytes), at, length),
  parse(bytes, at, length, out) {
    const view = viewOf(bytes);
    const status = checkIperfReport(view, at, length);
    if (status !== WireStatus.Ok) return status;
    const word = (offset: number): number => view.getUint32(at + offset);
    const wide = (upper: number, lower: number): bigint => (BigInt(word(upper)) << 32n) | BigInt(word(lower));
    out.flags = word(IPERF_FLAGS_AT);
    out.octets = wide(20, 24);
    out.seconds = word(28);
    out.microseconds = word(32);
    out.lost = wide(UPPER_AT, 36);
    out.outOfOrder = wide(UPPER_AT + 4, 40);
    out.datagrams = wide(UPPER_AT + 8, 44);
    out.jitterSeconds = word(48);
    out.jitterMicroseconds = word(52);
    out.transit = Array.from({ length: TRANSIT_WORDS }, (_, i) => view.getInt32(at + TRANSIT_AT + 4 * i));
    return WireStatus.Ok;
  },
  octets: () => IPERF_REPORT_OCTETS,
  write(bytes, at, report) {
    const view = viewOf(bytes);
    bytes.fill(0, at, at + IPERF_FLAGS_AT);
    const word = (offset: number, value: number): void => view.setUint32(at + offset, value);
    const wide = (upper: number, lower: number, value: bigint): void => {
      word(upper, Number(value >> 32n));
      word(lower, Number(value & 0xffff_ffffn));
    };
    word(IPERF_FLAGS_AT, report.flags);
    wide(20, 24, report.octets);
    word(28, report.seconds);
    word(32, report.microseconds);
    wide(UPPER_AT, 36, report.lost);
    wide(UPPER_AT + 4, 40, report.outOfOrder);
    wide(UPPER_AT + 8, 44, report.datagrams);
    word(48, report.jitterSeconds);
    word(52, report.jitterMicroseconds);
    for (const [i, value] of report.transit.entries()) view.setInt32(at + TRANSIT_AT + 4 * i, value);
    return IPERF_REPORT_OCTETS;
  },
  describe(report) {
    const { lost, datagrams, outOfOrder, octets, transit } = report;
    const delay =
      (report.flags & IperfFlag.Extended) === 0
        ? ''
        : ` delay least ${seconds(transit[0]!, transit[1]!)} mean ${seconds(transit[6]!, transit[7]!)}` +
          ` most ${seconds(transit[2]!, transit[3]!)}`;
    return (
      `iperf report lost ${lost} of ${datagrams} out-of-order ${outOfOrder} octets ${octets}` +
      ` in ${seconds(report.seconds, report.microseconds)}` +
      ` jitter ${seconds(report.jitterSeconds, report.jitterMicroseconds)}${delay}`
    );
  },
};

function seconds(whole: number, micro: number): string {
  return `${(whole + micro / 1e6).toFixed(6)} s`;
}
