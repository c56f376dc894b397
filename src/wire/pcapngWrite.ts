/** Blocks of a pcapng file, big-endian, times in nanoseconds; what each means: see `pcapng.ts`. */
import { viewOf } from '../core/bytes.js';
import { BYTE_ORDER_MAGIC, BlockType, OptionCode } from './pcapng.js';

/** Octets of an enhanced packet block before and behind the frame, padding and options apart. */
export const PACKET_BLOCK_HEAD_OCTETS = 28;
const PACKET_BLOCK_TAIL_OCTETS = 4;
const NANOSECONDS = 9;

/** The block every file begins with. */
export function sectionHeaderBlock(application: string, comment: string): Uint8Array {
  const fixed = new Uint8Array(16);
  const view = viewOf(fixed);
  view.setUint32(0, BYTE_ORDER_MAGIC);
  view.setUint16(4, 1);
  view.setUint16(6, 0);
  // Length of the section: not known beforehand.
  view.setBigInt64(8, -1n);
  return block(BlockType.SectionHeader, [
    fixed,
    textOption(OptionCode.SectionUserApplication, application),
    textOption(OptionCode.Comment, comment),
    endOfOptions(),
  ]);
}

/** One interface; packets name it by its position among these blocks. */
export function interfaceBlock(linkType: number, name: string, description: string): Uint8Array {
  const fixed = new Uint8Array(8);
  viewOf(fixed).setUint16(0, linkType);
  return block(BlockType.InterfaceDescription, [
    fixed,
    textOption(OptionCode.InterfaceName, name),
    textOption(OptionCode.InterfaceDescription, description),
    option(OptionCode.InterfaceTimeResolution, Uint8Array.of(NANOSECONDS)),
    endOfOptions(),
  ]);
}

/** The options of a packet that carries a comment; for {@link putPacketBlock}. */
export function commentOptions(comment: string): Uint8Array {
  return joined([textOption(OptionCode.Comment, comment), endOfOptions()]);
}

/** Octets of the block that {@link putPacketBlock} makes. */
export function packetBlockOctets(capturedOctets: number, optionOctets: number): number {
  return PACKET_BLOCK_HEAD_OCTETS + ((capturedOctets + 3) & ~3) + optionOctets + PACKET_BLOCK_TAIL_OCTETS;
}

/**
 * Makes an enhanced packet block around the frame that already lies at
 * `at + PACKET_BLOCK_HEAD_OCTETS`, writing every other octet but the eight of the time, unix ns in
 * two halves, at `at + 12`. Returns the block's octets. Allocates nothing.
 */
export function putPacketBlock(
  view: DataView,
  at: number,
  interfaceId: number,
  capturedOctets: number,
  originalOctets: number,
  options: Uint8Array | null,
): number {
  const optionOctets = options === null ? 0 : options.length;
  const octets = packetBlockOctets(capturedOctets, optionOctets);
  view.setUint32(at, BlockType.EnhancedPacket);
  view.setUint32(at + 4, octets);
  view.setUint32(at + 8, interfaceId);
  view.setUint32(at + 20, capturedOctets);
  view.setUint32(at + 24, originalOctets);
  let next = at + PACKET_BLOCK_HEAD_OCTETS + capturedOctets;
  for (let pad = -capturedOctets & 3; pad > 0; pad--) view.setUint8(next++, 0);
  for (let i = 0; i < optionOctets; i++) view.setUint8(next++, options![i]!);
  view.setUint32(next, octets);
  return octets;
}

/** Octet of the block where its time belongs. */
export const PACKET_BLOCK_TIME_AT = 12;

function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = joined(parts);
  const made = new Uint8Array(body.length + 12);
  const view = viewOf(made);
  view.setUint32(0, type);
  view.setUint32(4, made.length);
  made.set(body, 8);
  view.setUint32(made.length - 4, made.length);
  return made;
}

function option(code: number, value: Uint8Array): Uint8Array {
  const made = new Uint8Array(4 + ((value.length + 3) & ~3));
  const view = viewOf(made);
  view.setUint16(0, code);
  view.setUint16(2, value.length);
  made.set(value, 4);
  return made;
}

function textOption(code: number, text: string): Uint8Array {
  return option(code, new TextEncoder().encode(text));
}

function endOfOptions(): Uint8Array {
  return new Uint8Array(4);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const made = new Uint8Array(parts.reduce((octets, part) => octets + part.length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}
