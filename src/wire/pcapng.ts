/**
 * pcapng capture files (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-03.html): blocks of
 * type, total length, body and total length again. Read here: section header, interface description,
 * enhanced, simple and the obsolete packet block, and of the interface statistics what was dropped.
 * All others are skipped.
 */
import { CaptureStatus, ChunkBuffer, MAX_RECORD_OCTETS } from './capture.js';
import type { CaptureInterface, CaptureReader, CaptureRecord } from './capture.js';

export const BlockType = {
  InterfaceDescription: 1,
  /** Obsolete; written by early tools. */
  Packet: 2,
  SimplePacket: 3,
  InterfaceStatistics: 5,
  EnhancedPacket: 6,
  /** The same in both byte orders. */
  SectionHeader: 0x0a0d_0d0a,
} as const;

export const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;
/** More interfaces than any capture has: damage. */
const MAX_INTERFACES = 4096;

/** Option codes; 1 is a comment everywhere, the others belong to their block. */
export const OptionCode = {
  EndOfOptions: 0,
  Comment: 1,
  SectionUserApplication: 4,
  InterfaceName: 2,
  InterfaceDescription: 3,
  InterfaceTimeResolution: 9,
  InterfaceTimeOffset: 14,
  StatisticsInterfaceDrops: 5,
  StatisticsSystemDrops: 7,
} as const;

interface Interface extends CaptureInterface {
  readonly ticksPerSecond: number;
  /** Added to the seconds of each packet. */
  readonly offsetSeconds: number;
}

export class PcapngReader implements CaptureReader {
  readonly format = 'pcapng';
  readonly #interfaces: Interface[] = [];
  readonly #buffer = new ChunkBuffer();
  #fault: string | null = null;
  #littleEndian = false;
  #sections = 0;
  /** Index of the section's first interface: each section numbers its own from 0. */
  #firstInterface = 0;

  get interfaces(): readonly CaptureInterface[] {
    return this.#interfaces;
  }

  get fault(): string | null {
    return this.#fault;
  }

  push(chunk: Uint8Array): void {
    this.#buffer.push(chunk);
  }

  next(record: CaptureRecord): CaptureStatus {
    const buffer = this.#buffer;
    for (;;) {
      if (this.#fault !== null) return CaptureStatus.Fault;
      if (buffer.available < 12) return CaptureStatus.NeedMore;
      const { view, at } = buffer;
      const type = view.getUint32(at, this.#littleEndian);
      if (type === BlockType.SectionHeader) {
        const magic = view.getUint32(at + 8);
        if (magic !== BYTE_ORDER_MAGIC && magic !== 0x4d3c_2b1a) return this.#fail('no byte-order magic');
        this.#littleEndian = magic !== BYTE_ORDER_MAGIC;
      } else if (this.#sections === 0) {
        return this.#fail('this is not a pcapng file');
      }
      const octets = view.getUint32(at + 4, this.#littleEndian);
      if (octets < 12 || (octets & 3) !== 0) return this.#fail(`a block of ${octets} octets cannot be`);
      if (!isRead(type)) {
        buffer.take(octets);
        continue;
      }
      if (octets > MAX_RECORD_OCTETS) return this.#fail(`a block of ${octets} octets cannot be`);
      if (buffer.available < octets) return CaptureStatus.NeedMore;
      if (view.getUint32(at + octets - 4, this.#littleEndian) !== octets) {
        return this.#fail('the two lengths of a block differ');
      }
      const isPacket = this.#readBlock(type, at, octets, record);
      if (this.#fault !== null) return CaptureStatus.Fault;
      buffer.take(octets);
      if (isPacket) return CaptureStatus.Record;
    }
  }

  finish(): string | null {
    const { available, owed, taken } = this.#buffer;
    if (this.#sections === 0) return 'the file ends within its header';
    return available === 0 && owed === 0 ? null : `octet ${taken}: the file ends within a block`;
  }

  /** Whether the block of `octets` at `at` was a packet. */
  #readBlock(type: number, at: number, octets: number, record: CaptureRecord): boolean {
    switch (type) {
      case BlockType.SectionHeader:
        this.#readSection(at, octets);
        return false;
      case BlockType.InterfaceDescription:
        this.#readInterface(at, octets);
        return false;
      case BlockType.InterfaceStatistics:
        this.#readStatistics(at, octets);
        return false;
      case BlockType.SimplePacket:
        return this.#readSimplePacket(at, octets, record);
      default:
        return this.#readPacket(type, at, octets, record);
    }
  }

  #readSection(at: number, octets: number): void {
    if (octets < 28) return void this.#fail('a section header is too short');
    const major = this.#buffer.view.getUint16(at + 12, this.#littleEndian);
    if (major !== 1) return void this.#fail(`pcapng version ${major} is not known, only 1`);
    this.#sections++;
    this.#firstInterface = this.#interfaces.length;
  }

  #readInterface(at: number, octets: number): void {
    if (octets < 20) return void this.#fail('an interface description is too short');
    if (this.#interfaces.length >= MAX_INTERFACES) return void this.#fail(`more than ${MAX_INTERFACES} interfaces`);
    const { view, bytes } = this.#buffer;
    const little = this.#littleEndian;
    const options = this.#options(at + 16, at + octets - 4);
    const name = options.get(OptionCode.InterfaceName);
    const resolution = options.get(OptionCode.InterfaceTimeResolution);
    const offset = options.get(OptionCode.InterfaceTimeOffset);
    this.#interfaces.push({
      name: name === undefined ? null : new TextDecoder().decode(bytes.subarray(name.at, name.at + name.octets)),
      linkType: view.getUint16(at + 8, little),
      snapOctets: view.getUint32(at + 12, little),
      dropped: null,
      ticksPerSecond: ticksPerSecond(resolution?.octets === 1 ? bytes[resolution.at]! : 6),
      offsetSeconds: offset?.octets === 8 ? Number(view.getBigInt64(offset.at, little)) : 0,
    });
  }

  #readStatistics(at: number, octets: number): void {
    if (octets < 24) return void this.#fail('interface statistics are too short');
    const { view } = this.#buffer;
    const entry = this.#interface(view.getUint32(at + 8, this.#littleEndian));
    if (entry === undefined) return;
    const options = this.#options(at + 20, at + octets - 4);
    let dropped: number | null = null;
    for (const code of [OptionCode.StatisticsInterfaceDrops, OptionCode.StatisticsSystemDrops]) {
      const option = options.get(code);
      if (option?.octets === 8) {
        dropped = (dropped ?? 0) + Number(view.getBigUint64(option.at, this.#littleEndian));
      }
    }
    // Running totals: the last block counts.
    entry.dropped = dropped ?? entry.dropped;
  }

  /** A simple packet belongs to the section's first interface and has no time. */
  #readSimplePacket(at: number, octets: number, record: CaptureRecord): boolean {
    const entry = this.#interface(0);
    if (entry === undefined || octets < 16) return this.#failPacket(octets < 16);
    const { view, bytes } = this.#buffer;
    const originalOctets = view.getUint32(at + 8, this.#littleEndian);
    record.bytes = bytes;
    record.view = view;
    record.at = at + 12;
    record.capturedOctets = Math.min(originalOctets, entry.snapOctets === 0 ? Infinity : entry.snapOctets, octets - 16);
    record.originalOctets = originalOctets;
    record.linkType = entry.linkType;
    record.interfaceId = this.#firstInterface;
    record.timed = false;
    record.seconds = 0;
    record.nanoseconds = 0;
    return true;
  }

  #readPacket(type: number, at: number, octets: number, record: CaptureRecord): boolean {
    if (octets < 32) return this.#failPacket(true);
    const { view, bytes } = this.#buffer;
    const little = this.#littleEndian;
    const id = type === BlockType.EnhancedPacket ? view.getUint32(at + 8, little) : view.getUint16(at + 8, little);
    const entry = this.#interface(id);
    const capturedOctets = view.getUint32(at + 20, little);
    if (entry === undefined || capturedOctets > octets - 32) return this.#failPacket(entry !== undefined);
    record.bytes = bytes;
    record.view = view;
    record.at = at + 28;
    record.capturedOctets = capturedOctets;
    record.originalOctets = view.getUint32(at + 24, little);
    record.linkType = entry.linkType;
    record.interfaceId = this.#firstInterface + id;
    record.timed = true;
    setTime(record, view.getUint32(at + 12, little), view.getUint32(at + 16, little), entry.ticksPerSecond);
    record.seconds += entry.offsetSeconds;
    return true;
  }

  #interface(id: number): Interface | undefined {
    return this.#interfaces[this.#firstInterface + id];
  }

  /** Options of a block, the first of each code. */
  #options(from: number, to: number): Map<number, { readonly at: number; readonly octets: number }> {
    const { view } = this.#buffer;
    const found = new Map<number, { readonly at: number; readonly octets: number }>();
    for (let at = from; at + 4 <= to;) {
      const code = view.getUint16(at, this.#littleEndian);
      const octets = view.getUint16(at + 2, this.#littleEndian);
      if (code === OptionCode.EndOfOptions || at + 4 + octets > to) break;
      if (!found.has(code)) found.set(code, { at: at + 4, octets });
      at += 4 + ((octets + 3) & ~3);
    }
    return found;
  }

  #failPacket(lengthIsWrong: boolean): false {
    this.#fail(lengthIsWrong ? 'a packet is longer than its block' : 'a packet of an interface that is not described');
    return false;
  }

  #fail(why: string): CaptureStatus {
    this.#fault = `octet ${this.#buffer.taken}: ${why}`;
    return CaptureStatus.Fault;
  }
}

function isRead(type: number): boolean {
  switch (type) {
    case BlockType.SectionHeader:
    case BlockType.InterfaceDescription:
    case BlockType.Packet:
    case BlockType.SimplePacket:
    case BlockType.InterfaceStatistics:
    case BlockType.EnhancedPacket:
      return true;
    default:
      return false;
  }
}

/** `if_tsresol`: a negative power of 10, or with the highest bit of 2. */
function ticksPerSecond(resolution: number): number {
  return (resolution & 0x80) === 0 ? 10 ** resolution : 2 ** (resolution & 0x7f);
}

/** Longest tick count per second that {@link setTime} divides by in float64. */
const EXACT_TICKS_PER_SECOND = 2 ** 45;

/** Long division of a 64-bit tick count, eight bits at a time, so that all steps stay below 2^53. */
function setTime(record: CaptureRecord, high: number, low: number, perSecond: number): void {
  if (perSecond > EXACT_TICKS_PER_SECOND) return setFineTime(record, high, low, perSecond);
  let seconds = Math.floor(high / perSecond);
  let rest = high % perSecond;
  for (let shift = 24; shift >= 0; shift -= 8) {
    rest = rest * 256 + ((low >>> shift) & 0xff);
    const digit = Math.floor(rest / perSecond);
    seconds = seconds * 256 + digit;
    rest -= digit * perSecond;
  }
  record.seconds = seconds;
  record.nanoseconds = perSecond <= 1e9 ? Math.floor(rest * (1e9 / perSecond)) : Math.floor(rest / (perSecond / 1e9));
}

/** Resolutions finer than any clock. */
function setFineTime(record: CaptureRecord, high: number, low: number, perSecond: number): void {
  const ticks = (BigInt(high) << 32n) | BigInt(low);
  const divisor = BigInt(perSecond);
  record.seconds = Number(ticks / divisor);
  record.nanoseconds = Number(((ticks % divisor) * 1_000_000_000n) / divisor);
}
