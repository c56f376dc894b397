/**
 * Damage to a transport stream, one kind for each indicator of ETSI TR 101 290 section 5.2: every function returns a
 * damaged copy and how many packets it touched. Where it can, packets keep their places, so that nothing but the fault
 * itself changes: what is taken out becomes a null packet, what is put in replaces one.
 */
import {
  NULL_PID,
  PCR_MODULUS,
  PTS_MODULUS,
  adaptationOctets,
  hasAdaptation,
  hasPayload,
  hasPcr,
  payloadAt,
  pcrTicks,
  putContinuityCounter,
  putNullPacket,
  putPcr,
  startsUnit,
  tsPid,
} from '../../src/wire/mpegts.js';
import { dts, hasDts, hasPts, pesAt, pts, putDts, putPts } from '../../src/wire/pes.js';
import { crc32Mpeg } from '../../src/wire/crc32Mpeg.js';
import { DescriptorTag } from '../../src/wire/descriptors.js';
import { writeCat } from '../../src/wire/psi.js';
import { PACKET, putPacket, sectionPayloads } from './packet.js';
import type { PacketRange } from './synthetic.js';

export interface Damaged {
  readonly stream: Uint8Array;
  /** Packets changed, taken out or put in. */
  readonly touched: number;
}

const EVERYTHING: PacketRange = { from: 0, to: Infinity };

/** Indices of the packets of a PID within the range. */
export function packetsOf(stream: Uint8Array, pid: number, range: PacketRange = EVERYTHING): number[] {
  const found: number[] = [];
  const to = Math.min(range.to, stream.length / PACKET);
  for (let index = range.from; index < to; index++) if (tsPid(stream, index * PACKET) === pid) found.push(index);
  return found;
}

/** Changes a copy at each of these packets. */
function changed(
  stream: Uint8Array,
  packets: readonly number[],
  change: (copy: Uint8Array, at: number, index: number) => void,
): Damaged {
  const copy = stream.slice();
  for (const index of packets) change(copy, index * PACKET, index);
  return { stream: copy, touched: packets.length };
}

// Sync: TS_sync_loss, Sync_byte_error.

/** Another octet for the sync octets of `count` packets one after the other. */
export function corruptSync(stream: Uint8Array, packet: number, count = 1): Damaged {
  return changed(
    stream,
    Array.from({ length: count }, (_, i) => packet + i),
    (copy, at) => {
      copy[at] = 0x46;
    },
  );
}

/** Takes `octets` (less than a packet) out of the middle of a packet: all behind it are shifted. */
export function cutOctets(stream: Uint8Array, packet: number, octets: number): Damaged {
  const cutAt = packet * PACKET + 20;
  const copy = new Uint8Array(stream.length - octets);
  copy.set(stream.subarray(0, cutAt));
  copy.set(stream.subarray(cutAt + octets), cutAt);
  return { stream: copy, touched: 1 };
}

// Order and number of packets: Continuity_count_error.

/** Takes one packet out; what follows moves up. */
export function dropPacket(stream: Uint8Array, packet: number, count = 1): Damaged {
  const copy = new Uint8Array(stream.length - count * PACKET);
  copy.set(stream.subarray(0, packet * PACKET));
  copy.set(stream.subarray((packet + count) * PACKET), packet * PACKET);
  return { stream: copy, touched: count };
}

/** Null packets in place of those of the PID. */
export function removePackets(stream: Uint8Array, pid: number, range: PacketRange = EVERYTHING): Damaged {
  return changed(stream, packetsOf(stream, pid, range), putNullPacket);
}

/** A null packet in place of this one. */
export function blankPacket(stream: Uint8Array, packet: number): Damaged {
  return changed(stream, [packet], putNullPacket);
}

/**
 * Repeats a packet of the PID `times` times in the null packets before the next one of the PID: the first from `from` on
 * that has payload, no PCR and room behind it. Once is allowed (ISO/IEC 13818-1 section 2.4.3.3).
 */
export function repeatPacket(stream: Uint8Array, pid: number, times: number, from = 0): Damaged {
  const packets = packetsOf(stream, pid, { from, to: Infinity });
  for (const [i, index] of packets.entries()) {
    const at = index * PACKET;
    if (!hasPayload(stream, at) || hasPcr(stream, at)) continue;
    const room = packetsOf(stream, NULL_PID, { from: index, to: packets[i + 1] ?? Infinity }).slice(0, times);
    if (room.length < times) continue;
    return changed(stream, room, (copy, to) => copy.copyWithin(to, at, at + PACKET));
  }
  throw new Error(`no packet of PID ${pid} has ${times} null packets behind it`);
}

/** Exchanges a packet of the PID without PCR with the next such one. */
export function swapPackets(stream: Uint8Array, pid: number, from = 0): Damaged {
  const packets = packetsOf(stream, pid, { from, to: Infinity });
  const first = packets.findIndex((index, i) =>
    [index, packets[i + 1]].every(
      (one) => one !== undefined && hasPayload(stream, one * PACKET) && !hasPcr(stream, one * PACKET),
    ),
  );
  const [one, other] = [packets[first]!, packets[first + 1]!];
  return changed(stream, [one, other], (copy, at, index) => {
    const source = (index === one ? other : one) * PACKET;
    copy.set(stream.subarray(source, source + PACKET), at);
  });
}

/** Adds `steps` to the counters of all packets of the PID in the range. */
export function shiftCounter(stream: Uint8Array, pid: number, steps: number, range: PacketRange): Damaged {
  return changed(stream, packetsOf(stream, pid, range), (copy, at) => {
    putContinuityCounter(copy, at, (copy[at + 3]! + steps) & 0x0f);
  });
}

// Transport_error.

export function setTransportError(stream: Uint8Array, packet: number): Damaged {
  return changed(stream, [packet], (copy, at) => {
    copy[at + 1]! |= 0x80;
  });
}

// Tables: PAT_error, PMT_error, CRC_error, CAT_error.

/** The packets in which a section of the PID begins. */
function sectionStarts(stream: Uint8Array, pid: number): number[] {
  return packetsOf(stream, pid).filter((index) => startsUnit(stream, index * PACKET));
}

/** Flips a bit of the CRC of section number `nth` (0 the first) of the PID; the section lies within its packet. */
export function corruptCrc(stream: Uint8Array, pid: number, nth: number): Damaged {
  return changed(stream, [sectionStarts(stream, pid)[nth]!], (copy, at) => {
    const { end } = sectionWithin(copy, at);
    copy[end - 1]! ^= 0x01;
  });
}

/** Another table_id for section number `nth` of the PID, its CRC made right again. 0x00 in a PAT is 0x42, an SDT's. */
export function withTableId(stream: Uint8Array, pid: number, nth: number, tableId: number): Damaged {
  return changed(stream, [sectionStarts(stream, pid)[nth]!], (copy, at) => {
    const { from, end } = sectionWithin(copy, at);
    copy[from] = tableId;
    new DataView(copy.buffer).setUint32(end - 4, crc32Mpeg(copy, from, end - 4 - from));
  });
}

/** Where the section lies that begins in the packet, which has pointer_field 0. */
function sectionWithin(bytes: Uint8Array, at: number): { from: number; end: number } {
  const from = payloadAt(bytes, at) + 1;
  const end = from + 3 + (((bytes[from + 1]! & 0x0f) << 8) | bytes[from + 2]!);
  if (end > at + PACKET) throw new Error('the section does not end in its packet');
  return { from, end };
}

/**
 * transport_scrambling_control of the packets with payload, whose payload is made unreadable unless `control` is to be
 * the only change. CAT_error where there is no CAT; PAT_error and PMT_error on the PIDs of these.
 */
export function scramble(
  stream: Uint8Array,
  pid: number,
  range: PacketRange = EVERYTHING,
  keepPayload = false,
): Damaged {
  const packets = packetsOf(stream, pid, range).filter((index) => hasPayload(stream, index * PACKET));
  return changed(stream, packets, (copy, at) => {
    const payload = payloadAt(copy, at);
    copy[at + 3] = (copy[at + 3]! & 0x3f) | 0x80;
    if (!keepPayload) for (let i = payload; i < at + PACKET; i++) copy[i]! ^= 0x5a;
  });
}

/** Puts a section on a PID into null packets at most `everyPackets` after each other, from the first one on. */
export function addSection(stream: Uint8Array, pid: number, section: Uint8Array, everyPackets: number): Damaged {
  const payloads = sectionPayloads(section);
  const nulls = packetsOf(stream, NULL_PID);
  const chosen: number[] = [];
  let due = 0;
  for (const index of nulls) {
    if (index < due) continue;
    chosen.push(index);
    if (chosen.length % payloads.length === 0) due = (chosen.length / payloads.length) * everyPackets;
  }
  chosen.length -= chosen.length % payloads.length;
  let counter = 0;
  return changed(stream, chosen, (copy, at) => {
    const part = counter % payloads.length;
    putPacket(copy, at, { pid, startsUnit: part === 0, counter: counter++ }, payloads[part]!, 0);
  });
}

/** A conditional access table that names EMMs on `emmPid`; `tableId`: another one in its place. */
export function addCat(stream: Uint8Array, everyPackets: number, emmPid = 0x1ffe, tableId = 0x01): Damaged {
  const section = writeCat({
    extension: 0xffff,
    version: 0,
    isCurrent: true,
    sectionNumber: 0,
    lastSectionNumber: 0,
    descriptors: [
      {
        tag: DescriptorTag.ConditionalAccess,
        octets: Uint8Array.from([0x0b, 0x00, 0xe0 | (emmPid >> 8), emmPid & 0xff]),
      },
    ],
  });
  section[0] = tableId;
  new DataView(section.buffer).setUint32(section.length - 4, crc32Mpeg(section, 0, section.length - 4));
  return addSection(stream, 0x0001, section, everyPackets);
}

// PCR_repetition_error, PCR_discontinuity_indicator_error, PCR_accuracy_error.

function pcrPackets(stream: Uint8Array, pid: number, range: PacketRange = EVERYTHING): number[] {
  return packetsOf(stream, pid, range).filter((index) => hasPcr(stream, index * PACKET));
}

/** The PCRs in the range become stuffing; their packets stay. */
export function removePcrs(stream: Uint8Array, pid: number, range: PacketRange): Damaged {
  return changed(stream, pcrPackets(stream, pid, range), (copy, at) => {
    copy[at + 5]! &= 0xef;
    copy.fill(0xff, at + 6, at + 12);
  });
}

/** Leaves every `keep`-th PCR of the PID: their interval becomes so many times as long. */
export function stretchPcr(stream: Uint8Array, pid: number, keep: number): Damaged {
  const packets = pcrPackets(stream, pid).filter((_, i) => i % keep !== 0);
  return changed(stream, packets, (copy, at) => {
    copy[at + 5]! &= 0xef;
    copy.fill(0xff, at + 6, at + 12);
  });
}

/** Moves all PCRs from packet `from` on by `ticks`, either way; the first of them says so if told. */
export function jumpPcr(stream: Uint8Array, pid: number, from: number, ticks: number, withIndicator: boolean): Damaged {
  const packets = pcrPackets(stream, pid, { from, to: Infinity });
  return changed(stream, packets, (copy, at, index) => {
    movePcr(copy, at, ticks);
    if (withIndicator && index === packets[0]) copy[at + 5]! |= 0x80;
  });
}

/** Moves PCR number `nth` alone: 14 ticks are 519 ns. */
export function offsetPcr(stream: Uint8Array, pid: number, nth: number, ticks: number): Damaged {
  return changed(stream, [pcrPackets(stream, pid)[nth]!], (copy, at) => movePcr(copy, at, ticks));
}

function movePcr(copy: Uint8Array, at: number, ticks: number): void {
  putPcr(copy, at, (pcrTicks(copy, at) + ticks + PCR_MODULUS) % PCR_MODULUS);
}

// PTS_error.

function stampedPackets(stream: Uint8Array, pid: number, range: PacketRange): number[] {
  return packetsOf(stream, pid, range).filter((index) => {
    const pes = pesAt(stream, index * PACKET);
    return pes >= 0 && hasPts(stream, pes);
  });
}

/** Moves PTS and DTS by `ticks` of 90 kHz. */
export function offsetPts(stream: Uint8Array, pid: number, ticks: number, range: PacketRange = EVERYTHING): Damaged {
  return changed(stream, stampedPackets(stream, pid, range), (copy, at) => {
    const pes = pesAt(copy, at);
    putPts(copy, pes, (pts(copy, pes) + ticks + PTS_MODULUS) % PTS_MODULUS);
    if (hasDts(copy, pes)) putDts(copy, pes, (dts(copy, pes) + ticks + PTS_MODULUS) % PTS_MODULUS);
  });
}

/** PES headers in the range lose their PTS and DTS, which become stuffing. */
export function removePts(stream: Uint8Array, pid: number, range: PacketRange): Damaged {
  return changed(stream, stampedPackets(stream, pid, range), (copy, at) => {
    const pes = pesAt(copy, at);
    copy.fill(0xff, pes + 9, pes + 9 + (hasDts(copy, pes) ? 10 : 5));
    copy[pes + 7]! &= 0x3f;
  });
}

// Others.

/** Null packets become packets of a PID that no table names: Unreferenced_PID. */
export function addUnreferenced(stream: Uint8Array, pid: number, count: number, range = EVERYTHING): Damaged {
  let counter = 0;
  return changed(stream, packetsOf(stream, NULL_PID, range).slice(0, count), (copy, at) => {
    copy[at + 1] = pid >> 8;
    copy[at + 2] = pid & 0xff;
    putContinuityCounter(copy, at, counter++);
  });
}

/** An adaptation_field_length that does not fit the packet, where there is a field. */
export function breakAdaptation(stream: Uint8Array, packet: number): Damaged {
  return changed(stream, [packet], (copy, at) => {
    if (!hasAdaptation(copy, at) || adaptationOctets(copy, at) < 0) throw new Error('no adaptation field to break');
    copy[at + 4] = 184;
  });
}

/** The stream from packet `from` to before packet `to`: a file cut anywhere, in the middle of a PES packet or table. */
export function cutInto(stream: Uint8Array, range: PacketRange): Damaged {
  const copy = stream.slice(range.from * PACKET, Math.min(range.to * PACKET, stream.length));
  return { stream: copy, touched: (stream.length - copy.length) / PACKET };
}
