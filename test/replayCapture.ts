/** Captures to be sent again, made to measure. */
import { parseAddress } from '../src/core/address.js';
import { putUdpHeaders, udpHeadersOctets, LinkType } from '../src/wire/ip.js';

/** 2026-01-01T00:00:00.123456789Z. */
export const BEGAN_UNIX_NS = 1_767_225_600_123_456_789n;

export interface Captured {
  /** Behind {@link BEGAN_UNIX_NS}. */
  readonly timeNs: number;
  readonly group: string;
  readonly port: number;
  readonly payload: Uint8Array;
  /** Default: 10.0.0.1 or 2001:db8::1. */
  readonly source?: string;
}

export interface CaptureForm {
  /** Default: nanoseconds. */
  readonly micro?: boolean;
  /** Default: big-endian. */
  readonly little?: boolean;
  /** VLAN tags before every packet. Default: 0. */
  readonly vlanTags?: number;
  /** Octets of a frame that are kept. Default: all. */
  readonly snapOctets?: number;
}

export interface Frame {
  readonly timeNs: number;
  readonly octets: Uint8Array;
}

/** An Ethernet frame. */
export function frameOf({ group, port, payload, source, timeNs }: Captured, vlanTags = 0): Frame {
  const to = parseAddress(group)!;
  const family = to.length === 4 ? 4 : 6;
  const from = parseAddress(source ?? (family === 4 ? '10.0.0.1' : '2001:db8::1'))!;
  const headersAt = 14 + 4 * vlanTags;
  const payloadAt = headersAt + udpHeadersOctets(family);
  const octets = new Uint8Array(payloadAt + payload.length);
  const view = new DataView(octets.buffer);
  for (let tag = 0; tag < vlanTags; tag++) view.setUint32(12 + 4 * tag, 0x8100_0005);
  view.setUint16(headersAt - 2, family === 4 ? 0x0800 : 0x86dd);
  putUdpHeaders(octets, headersAt, from, 40_000, to, port, 0, 4, payload.length);
  octets.set(payload, payloadAt);
  return { timeNs, octets };
}

/** A pcap file. */
export function pcapOfFrames(frames: readonly Frame[], form: CaptureForm = {}): Uint8Array {
  const { micro = false, little = false, snapOctets = 65_535 } = form;
  const kept = frames.map(({ octets }) => Math.min(octets.length, snapOctets));
  const file = new Uint8Array(24 + kept.reduce((sum, octets) => sum + 16 + octets, 0));
  const view = new DataView(file.buffer);
  view.setUint32(0, micro ? 0xa1b2_c3d4 : 0xa1b2_3c4d, little);
  view.setUint16(4, 2, little);
  view.setUint16(6, 4, little);
  view.setUint32(16, snapOctets, little);
  view.setUint32(20, LinkType.Ethernet, little);
  let at = 24;
  for (const [i, { timeNs, octets }] of frames.entries()) {
    const unixNs = BEGAN_UNIX_NS + BigInt(timeNs);
    const fraction = Number(unixNs % 1_000_000_000n);
    view.setUint32(at, Number(unixNs / 1_000_000_000n), little);
    view.setUint32(at + 4, micro ? Math.floor(fraction / 1000) : fraction, little);
    view.setUint32(at + 8, kept[i]!, little);
    view.setUint32(at + 12, octets.length, little);
    file.set(octets.subarray(0, kept[i]), at + 16);
    at += 16 + kept[i]!;
  }
  return file;
}

export function captureOf(datagrams: readonly Captured[], form: CaptureForm = {}): Uint8Array {
  return pcapOfFrames(
    datagrams.map((datagram) => frameOf(datagram, form.vlanTags)),
    form,
  );
}
