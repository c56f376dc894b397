/** A transport stream in RTP with its FEC and RTCP, as a capture holds it: no network, every time exact. */
import { viewOf } from '../../src/core/bytes.js';
import { ntpFromUnixNs } from '../../src/core/ntpTime.js';
import type { Path } from '../../src/io/datagram.js';
import { FecEncoder, FecKind } from '../../src/repair/fecEncoder.js';
import { rtcpCodec, type RtcpPacket } from '../../src/wire/rtcp.js';
import { EPOCH, type Datagram } from '../interop/captures.js';
import { PATH } from '../probeCapture.js';
import { PACKET } from './packet.js';

export const SSRC = 0x1234_5678;
const DATAGRAM = 7 * PACKET;
const RTP_OCTETS = 12;
const PORT = 5004;

export interface RtpCaptureOptions {
  readonly rateBitPerSecond: number;
  /** Numbers, from 0, that do not come. */
  readonly lost?: readonly number[];
  /** Matrix of SMPTE ST 2022-1; default: no FEC. */
  readonly fec?: { readonly columns: number; readonly rows: number };
  /** A sender report behind every so many packets, and a farewell behind the last; default: no RTCP. */
  readonly reportEvery?: number;
  readonly path?: Path;
}

/** All that the sender of `stream` sends, less what is lost, in order of time. */
export function rtpCapture(stream: Uint8Array, options: RtpCaptureOptions): Datagram[] {
  const { rateBitPerSecond, fec, reportEvery, path = { ...PATH, port: PORT } } = options;
  const lost = new Set(options.lost);
  const encoder =
    fec === undefined
      ? null
      : new FecEncoder(fec.columns, fec.rows, {
          rows: true,
          columnSequence: 100,
          rowSequence: 200,
          maxPayloadOctets: DATAGRAM,
        });
  const datagrams: Datagram[] = [];
  const arrives = (payload: Uint8Array, timeNs: number, behind: number): void => {
    const sourcePort = path.sourcePort + behind;
    datagrams.push({ path: { ...path, sourcePort, port: path.port + behind }, timeNs, tos: 0, ttl: 4, payload });
  };
  const packets = Math.floor(stream.length / DATAGRAM);
  for (let number = 0; number < packets; number++) {
    const timeNs = Math.round(((number + 1) * DATAGRAM * 8e9) / rateBitPerSecond);
    const packet = rtpPacket(stream.subarray(number * DATAGRAM, (number + 1) * DATAGRAM), number, timeNs);
    if (!lost.has(number)) arrives(packet, timeNs, 0);
    if (encoder !== null) takeFec(encoder, packet, (octets, behind) => arrives(octets, timeNs + 1000, behind));
    if (reportEvery !== undefined && (number + 1) % reportEvery === 0) {
      arrives(compound([senderReport(number + 1, timeNs + 2000)]), timeNs + 2000, 1);
    }
    if (reportEvery !== undefined && number === packets - 1) {
      const bye: RtcpPacket = { kind: 'bye', ssrcs: [SSRC], reason: null };
      arrives(compound([senderReport(packets, timeNs + 3000), bye]), timeNs + 3000, 1);
    }
  }
  return datagrams;
}

function takeFec(encoder: FecEncoder, packet: Uint8Array, put: (octets: Uint8Array, behind: number) => void): void {
  encoder.add(viewOf(packet), 0, packet.length);
  while (encoder.ready() > 0) {
    const behind = encoder.nextKind() === FecKind.Column ? 2 : 4;
    const octets = new Uint8Array(encoder.nextOctets());
    encoder.take(viewOf(octets), 0);
    put(octets, behind);
  }
}

function rtpPacket(payload: Uint8Array, number: number, timeNs: number): Uint8Array {
  const packet = new Uint8Array(RTP_OCTETS + payload.length);
  const view = viewOf(packet);
  packet[0] = 0x80;
  // Payload type 33 (RFC 3551), over the wrap.
  packet[1] = 33;
  view.setUint16(2, (65_500 + number) & 0xffff);
  view.setUint32(4, ticksAt(timeNs));
  view.setUint32(8, SSRC);
  packet.set(payload, RTP_OCTETS);
  return packet;
}

function ticksAt(timeNs: number): number {
  return Math.round((timeNs * 9) / 100_000) >>> 0;
}

function senderReport(packetCount: number, timeNs: number): RtcpPacket {
  return {
    kind: 'sr',
    ssrc: SSRC,
    ntp: ntpFromUnixNs(EPOCH.realtimeNs + BigInt(Math.round(timeNs))),
    rtpTimestamp: ticksAt(timeNs),
    packetCount,
    octetCount: packetCount * DATAGRAM,
    blocks: [],
    extension: new Uint8Array(),
  };
}

function compound(packets: readonly RtcpPacket[]): Uint8Array {
  const all = { packets: [...packets], padding: new Uint8Array() };
  const octets = new Uint8Array(rtcpCodec.octets(all));
  rtcpCodec.write(octets, 0, all);
  return octets;
}
