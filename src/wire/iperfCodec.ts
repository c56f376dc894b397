import { viewOf } from '../core/bytes.js';
import { formatUnixNs } from '../core/time.js';
import type { Codec } from './codec.js';
import {
  checkIperf,
  IPERF_FLAGS_AT,
  IPERF_HEADER_OCTETS,
  IPERF_NUMBER_OCTETS,
  IPERF_WIDE_OCTETS,
  IperfFlag,
  iperfIsWide,
  iperfMicroseconds,
  iperfSeconds,
  putIperfSendTime,
} from './iperf.js';
import { WireStatus } from './status.js';

/** Bits of {@link IperfSettings.tests}: what a client asks for in every datagram. */
const TESTS: readonly (readonly [bit: number, name: string])[] = [
  [0x0001, 'isochronous'],
  [0x0002, 'ipv6-frames'],
  [0x0004, 'frame-length-check'],
  [0x0008, 'no-final-report'],
  [0x0010, 'trip-times'],
  [0x0080, 'rate-in-packets'],
  [0x0200, 'fair-queueing-rate'],
  [0x0400, 'reverse'],
  [0x0800, 'full-duplex'],
  [0x1000, 'start-time'],
  [0x2000, 'periodic-burst'],
];

/** What a client tells of its run, from octet 20 on. */
export interface IperfSettings {
  threads: number;
  port: number;
  /** Octets of a datagram; 0: iperf's default. */
  sizeOctets: number;
  windowOrRate: number;
  /** Negative: hundredths of a second that it sends; else octets. */
  amount: number;
  /** 0, as iperf 2.1.8 leaves them. */
  type: number;
  length: number;
  tests: number;
  lowerFlags: number;
  versionUpper: number;
  versionLower: number;
  reserved: number;
  tos: number;
  rateLower: number;
  rateUpper: number;
  writePrefetch: number;
}

/** Cold form of a client's header, for dumps, tests and documents. */
export interface IperfHeader {
  /** Signed: negative in a final datagram. */
  number: bigint;
  seconds: number;
  microseconds: number;
  /** Bits of {@link IperfFlag}; `null`: numbers of 32 bits. */
  flags: number | null;
  /** `null`: none, or cut off. */
  settings: IperfSettings | null;
}

export const iperfCodec: Codec<IperfHeader> = {
  name: 'iperf',
  reference: 'docs/protocols/iperf.md',
  create: () => ({ number: 0n, seconds: 0, microseconds: 0, flags: null, settings: null }),
  check: (bytes, at, length) => checkIperf(viewOf(bytes), at, length),
  parse(bytes, at, length, out) {
    const view = viewOf(bytes);
    const status = checkIperf(view, at, length);
    if (status !== WireStatus.Ok) return status;
    out.seconds = iperfSeconds(view, at);
    out.microseconds = iperfMicroseconds(view, at);
    if (!iperfIsWide(view, at, length)) {
      out.number = BigInt(view.getInt32(at));
      out.flags = null;
      out.settings = null;
      return WireStatus.Ok;
    }
    out.number = (BigInt(view.getInt32(at + 12)) << 32n) | BigInt(view.getUint32(at));
    out.flags = view.getUint32(at + IPERF_FLAGS_AT);
    const hasSettings = (out.flags & IperfFlag.Extended) !== 0 && length >= IPERF_HEADER_OCTETS;
    out.settings = hasSettings ? readSettings(view, at) : null;
    return WireStatus.Ok;
  },
  octets: ({ flags, settings }) =>
    flags === null ? IPERF_NUMBER_OCTETS : settings === null ? IPERF_WIDE_OCTETS : IPERF_HEADER_OCTETS,
  write(bytes, at, header) {
    const view = viewOf(bytes);
    const { number, flags, settings } = header;
    view.setUint32(at, Number(BigInt.asUintN(32, number)));
    putIperfSendTime(view, at, header.seconds, header.microseconds);
    if (flags !== null) {
      view.setInt32(at + 12, Number(BigInt.asIntN(32, number >> 32n)));
      view.setUint32(at + IPERF_FLAGS_AT, flags);
      if (settings !== null) writeSettings(view, at, settings);
    }
    return this.octets(header);
  },
  describe({ number, seconds, microseconds, flags, settings }) {
    const sentNs = BigInt(seconds) * 1_000_000_000n + BigInt(microseconds) * 1000n;
    const kind = number < 0n ? `final number ${-number}` : `data number ${number}`;
    const bits = flags === null ? ' 32-bit' : '';
    return `iperf ${kind}${bits} sent ${formatUnixNs(sentNs)}${settings === null ? '' : settingsText(settings)}`;
  },
};

function readSettings(view: DataView, at: number): IperfSettings {
  return {
    threads: view.getUint32(at + 20),
    port: view.getUint32(at + 24),
    sizeOctets: view.getUint32(at + 28),
    windowOrRate: view.getUint32(at + 32),
    amount: view.getInt32(at + 36),
    type: view.getUint32(at + 40),
    length: view.getUint32(at + 44),
    tests: view.getUint16(at + 48),
    lowerFlags: view.getUint16(at + 50),
    versionUpper: view.getUint32(at + 52),
    versionLower: view.getUint32(at + 56),
    reserved: view.getUint16(at + 60),
    tos: view.getUint16(at + 62),
    rateLower: view.getUint32(at + 64),
    rateUpper: view.getUint32(at + 68),
    writePrefetch: view.getUint32(at + 72),
  };
}

function writeSettings(view: DataView, at: number, settings: Readonly<IperfSettings>): void {
  view.setUint32(at + 20, settings.threads);
  view.setUint32(at + 24, settings.port);
  view.setUint32(at + 28, settings.sizeOctets);
  view.setUint32(at + 32, settings.windowOrRate);
  view.setInt32(at + 36, settings.amount);
  view.setUint32(at + 40, settings.type);
  view.setUint32(at + 44, settings.length);
  view.setUint16(at + 48, settings.tests);
  view.setUint16(at + 50, settings.lowerFlags);
  view.setUint32(at + 52, settings.versionUpper);
  view.setUint32(at + 56, settings.versionLower);
  view.setUint16(at + 60, settings.reserved);
  view.setUint16(at + 62, settings.tos);
  view.setUint32(at + 64, settings.rateLower);
  view.setUint32(at + 68, settings.rateUpper);
  view.setUint32(at + 72, settings.writePrefetch);
}

function settingsText(settings: Readonly<IperfSettings>): string {
  const { versionUpper, versionLower, amount, tests, rateLower, rateUpper } = settings;
  const version = `${versionUpper >>> 16}.${versionUpper & 0xffff}.${versionLower >>> 16}`;
  const until = amount < 0 ? `${-amount / 100} s` : amount > 0 ? `${amount} octets` : 'not told';
  // Its upper half stands 8 bits further up than it should.
  const rate = (rateUpper >>> 8) * 4_294_967_296 + rateLower;
  const asked = TESTS.filter(([bit]) => (tests & bit) !== 0).map(([, name]) => ` ${name}`);
  return (
    ` version ${version} threads ${settings.threads} port ${settings.port} size ${settings.sizeOctets} until ${until}` +
    ` rate ${rate} tos-sent 0x${(settings.tos & 0xff).toString(16).padStart(2, '0')}${asked.join('')}`
  );
}
