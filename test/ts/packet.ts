/** Writing transport packets for tests: one packet, a section cut into packets. */
import { putPcr } from '../../src/wire/mpegts.js';

export const PACKET = 188;
export const PAYLOAD = 184;

export interface PacketFields {
  readonly pid: number;
  readonly startsUnit?: boolean;
  readonly counter: number;
  readonly randomAccess?: boolean;
  /** 27 MHz ticks. */
  readonly pcr?: number | null;
}

/**
 * Writes one packet with as much of `unit[from ..)` as it holds; the adaptation field stuffs what is short. With nothing
 * left to carry it is an adaptation field alone. Returns the octets of payload.
 */
export function putPacket(out: Uint8Array, at: number, fields: PacketFields, unit: Uint8Array, from: number): number {
  const pcr = fields.pcr ?? null;
  const flags = (fields.randomAccess === true ? 0x40 : 0) | (pcr === null ? 0 : 0x10);
  // Of the field with its length octet.
  const needed = flags === 0 ? 0 : pcr === null ? 2 : 8;
  const payload = Math.min(unit.length - from, PAYLOAD - needed);
  const field = PAYLOAD - payload;
  out[at] = 0x47;
  out[at + 1] = (fields.startsUnit === true ? 0x40 : 0) | (fields.pid >> 8);
  out[at + 2] = fields.pid & 0xff;
  out[at + 3] = (field > 0 ? 0x20 : 0) | (payload > 0 ? 0x10 : 0) | (fields.counter & 0x0f);
  if (field > 0) out[at + 4] = field - 1;
  if (field > 1) {
    out[at + 5] = flags;
    out.fill(0xff, at + 6, at + 4 + field);
    if (pcr !== null) putPcr(out, at, pcr);
  }
  out.set(unit.subarray(from, from + payload), at + 4 + field);
  return payload;
}

/** Payloads (184 octets each) that carry one section: pointer_field 0 before it, 0xff behind it. */
export function sectionPayloads(section: Uint8Array): Uint8Array[] {
  const count = Math.ceil((1 + section.length) / PAYLOAD);
  const octets = new Uint8Array(count * PAYLOAD).fill(0xff);
  octets[0] = 0;
  octets.set(section, 1);
  return Array.from({ length: count }, (_, i) => octets.slice(i * PAYLOAD, (i + 1) * PAYLOAD));
}
