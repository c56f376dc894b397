/** Captures of probe datagrams, made to measure. */
import type { Path } from '../src/io/datagram.js';
import { PROBE_HEADER_OCTETS, ProbeFlag } from '../src/wire/probe.js';
import { probeCodec, type ProbeHeader } from '../src/wire/probeCodec.js';
import { LinkType, putUdpHeaders, udpHeadersOctets } from '../src/wire/ip.js';
import { parseAddress } from '../src/core/address.js';
import { EPOCH, type Datagram } from './interop/captures.js';

export const PATH: Path = { source: '10.0.0.1', sourcePort: 40_000, group: '239.1.1.1', port: 5001, interfaceIndex: 2 };

export interface ProbeOptions {
  readonly sizeOctets?: number;
  readonly path?: Path;
  readonly tos?: number;
  readonly header?: Partial<ProbeHeader>;
}

/** A probe datagram that left `delayNs` before it arrived at `atNs`. */
export function probe(sequence: number, atNs: number, delayNs = 0, options: ProbeOptions = {}): Datagram {
  const { sizeOctets = 100, path = PATH, tos = 0, header = {} } = options;
  const payload = new Uint8Array(sizeOctets).fill(0xa5);
  probeCodec.write(payload, 0, {
    flags: 0,
    tos: 0,
    ttl: 4,
    runId: 0x1f2e_3d4c,
    flow: 0,
    sequence: BigInt(sequence),
    sendTimeNs: EPOCH.realtimeNs + BigInt(atNs - delayNs),
    total: BigInt(sequence + 1),
    notSent: 0,
    ...header,
  });
  return { path, timeNs: atNs, tos, ttl: 3, payload };
}

export function startMarker(next: number, atNs: number): Datagram {
  return probe(next, atNs, 0, { sizeOctets: PROBE_HEADER_OCTETS, header: { flags: ProbeFlag.Start } });
}

export function endMarker(next: number, atNs: number): Datagram {
  return probe(next, atNs, 0, { sizeOctets: PROBE_HEADER_OCTETS, header: { flags: ProbeFlag.End } });
}

/** A pcap file with nanoseconds (LINKTYPE_RAW), frames cut at `snapOctets`; a negative `timeNs` is before the epoch. */
export function pcapOf(datagrams: readonly Datagram[], snapOctets = 65_535): Uint8Array {
  const frames = datagrams.map(({ path, tos, ttl, payload }) => {
    const source = parseAddress(path.source)!;
    const group = parseAddress(path.group)!;
    const headers = udpHeadersOctets(4);
    const frame = new Uint8Array(headers + payload.length);
    putUdpHeaders(frame, 0, source, path.sourcePort, group, path.port, tos, ttl, payload.length);
    frame.set(payload, headers);
    return frame;
  });
  const kept = frames.map((frame) => Math.min(frame.length, snapOctets));
  const octets = new Uint8Array(24 + kept.reduce((sum, length) => sum + 16 + length, 0));
  const view = new DataView(octets.buffer);
  view.setUint32(0, 0xa1b2_3c4d);
  view.setUint16(4, 2);
  view.setUint16(6, 4);
  view.setUint32(16, snapOctets);
  view.setUint32(20, LinkType.Raw);
  let at = 24;
  for (const [i, frame] of frames.entries()) {
    const unixNs = EPOCH.realtimeNs + BigInt(datagrams[i]!.timeNs);
    view.setUint32(at, Number(unixNs / 1_000_000_000n));
    view.setUint32(at + 4, Number(unixNs % 1_000_000_000n));
    view.setUint32(at + 8, kept[i]!);
    view.setUint32(at + 12, frame.length);
    octets.set(frame.subarray(0, kept[i]), at + 16);
    at += 16 + kept[i]!;
  }
  return octets;
}
