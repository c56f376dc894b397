import type { Codec } from './codec.js';
import {
  PCR_HZ,
  TS_PACKET_OCTETS,
  TS_SYNC,
  adaptationOctets,
  continuityCounter,
  hasAdaptation,
  hasBrokenAdaptation,
  hasPayload,
  hasPcr,
  hasSync,
  hasTransportError,
  isDiscontinuity,
  isRandomAccess,
  pcrTicks,
  scramblingControl,
  startsUnit,
  tsPid,
} from './mpegts.js';
import { WireStatus } from './status.js';

/** Cold form of one packet, for dumps and tests. */
export interface TsPacket {
  readonly transportError: boolean;
  readonly startsUnit: boolean;
  readonly priority: boolean;
  readonly pid: number;
  /** transport_scrambling_control */
  readonly scrambling: number;
  /** The adaptation field behind its length octet; `null`: there is none. */
  readonly adaptation: Uint8Array | null;
  readonly hasPayload: boolean;
  readonly counter: number;
  /** What is left of the packet: the payload where there is one. */
  readonly rest: Uint8Array;
}

/** The packets of one datagram, which holds nothing else. */
export interface TsDatagram {
  packets: readonly TsPacket[];
}

const PRIORITY = 0x20;

function checkTsDatagram(bytes: Uint8Array, at: number, length: number): WireStatus {
  if (length < TS_PACKET_OCTETS) return WireStatus.TooShort;
  if (length % TS_PACKET_OCTETS !== 0) return WireStatus.BadLength;
  for (let packet = at; packet < at + length; packet += TS_PACKET_OCTETS) {
    if (!hasSync(bytes, packet)) return WireStatus.BadMagic;
    if (!hasPayload(bytes, packet) && !hasAdaptation(bytes, packet)) return WireStatus.BadReserved;
    if (hasBrokenAdaptation(bytes, packet)) return WireStatus.BadLength;
  }
  return WireStatus.Ok;
}

export const mpegtsCodec: Codec<TsDatagram> = {
  name: 'mpeg-ts',
  reference: 'ISO/IEC 13818-1 section 2.4.3.2',
  create: () => ({ packets: [] }),
  check: checkTsDatagram,
  parse(bytes, at, length, out) {
    const status = checkTsDatagram(bytes, at, length);
    if (status !== WireStatus.Ok) return status;
    const packets: TsPacket[] = [];
    for (let packet = at; packet < at + length; packet += TS_PACKET_OCTETS) packets.push(readPacket(bytes, packet));
    out.packets = packets;
    return WireStatus.Ok;
  },
  octets: ({ packets }) => packets.length * TS_PACKET_OCTETS,
  write(bytes, at, { packets }) {
    for (const [index, packet] of packets.entries()) putPacket(bytes, at + index * TS_PACKET_OCTETS, packet);
    return packets.length * TS_PACKET_OCTETS;
  },
  describe(datagram) {
    const octets = new Uint8Array(mpegtsCodec.octets(datagram));
    mpegtsCodec.write(octets, 0, datagram);
    const { packets } = datagram;
    const scrambled = packets.filter(({ scrambling }) => scrambling !== 0).length;
    const erroneous = packets.filter(({ transportError }) => transportError).length;
    return [
      `mpeg-ts ${packets.length} packet${packets.length === 1 ? '' : 's'}`,
      `pids ${countedPids(packets)}`,
      ...atPackets(octets, hasPcr, 'pcr', (at) => `=${clockText(pcrTicks(octets, at))}`),
      ...atPackets(octets, isDiscontinuity, 'discontinuity'),
      ...atPackets(octets, isRandomAccess, 'random-access'),
      ...(scrambled === 0 ? [] : [`scrambled ${scrambled}`]),
      ...(erroneous === 0 ? [] : [`transport-errors ${erroneous}`]),
    ].join(' ');
  },
};

function readPacket(bytes: Uint8Array, at: number): TsPacket {
  const adaptation = adaptationOctets(bytes, at);
  const restAt = adaptation < 0 ? at + 4 : at + 5 + adaptation;
  return {
    transportError: hasTransportError(bytes, at),
    startsUnit: startsUnit(bytes, at),
    priority: (bytes[at + 1]! & PRIORITY) !== 0,
    pid: tsPid(bytes, at),
    scrambling: scramblingControl(bytes, at),
    adaptation: adaptation < 0 ? null : bytes.slice(at + 5, restAt),
    hasPayload: hasPayload(bytes, at),
    counter: continuityCounter(bytes, at),
    rest: bytes.slice(restAt, at + TS_PACKET_OCTETS),
  };
}

function putPacket(bytes: Uint8Array, at: number, packet: TsPacket): void {
  const { adaptation, rest } = packet;
  bytes[at] = TS_SYNC;
  bytes[at + 1] =
    (packet.transportError ? 0x80 : 0) |
    (packet.startsUnit ? 0x40 : 0) |
    (packet.priority ? PRIORITY : 0) |
    (packet.pid >> 8);
  bytes[at + 2] = packet.pid;
  bytes[at + 3] =
    (packet.scrambling << 6) | (adaptation === null ? 0 : 0x20) | (packet.hasPayload ? 0x10 : 0) | packet.counter;
  if (adaptation !== null) {
    bytes[at + 4] = adaptation.length;
    bytes.set(adaptation, at + 5);
  }
  bytes.set(rest, at + TS_PACKET_OCTETS - rest.length);
}

/** In the order of their first packets: "256x5,257,8191". */
function countedPids(packets: readonly TsPacket[]): string {
  const counts = new Map<number, number>();
  for (const { pid } of packets) counts.set(pid, (counts.get(pid) ?? 0) + 1);
  return Array.from(counts, ([pid, count]) => (count === 1 ? `${pid}` : `${pid}x${count}`)).join(',');
}

/** "label 256,257" of the packets that have it; nothing where none has. */
function atPackets(
  octets: Uint8Array,
  has: (bytes: Uint8Array, at: number) => boolean,
  label: string,
  detail: (at: number) => string = () => '',
): string[] {
  const found: string[] = [];
  for (let at = 0; at < octets.length; at += TS_PACKET_OCTETS) {
    if (has(octets, at)) found.push(`${tsPid(octets, at)}${detail(at)}`);
  }
  return found.length === 0 ? [] : [`${label} ${found.join(',')}`];
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/** "00:00:12.345678", cut, not rounded. */
function clockText(ticks: number): string {
  const seconds = Math.floor(ticks / PCR_HZ);
  const micros = String(Math.floor((ticks - seconds * PCR_HZ) / 27)).padStart(6, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${micros}`;
}
