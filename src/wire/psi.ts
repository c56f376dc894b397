/**
 * Program specific information (ISO/IEC 13818-1 = ITU-T H.222.0 section 2.4.4): program association, conditional access
 * and program map sections. Cold: read when a section's version or CRC has changed. Each reader takes one whole section,
 * checks it with its CRC and returns its contents or why it cannot be read.
 */
import { u16be } from '../core/bytes.js';
import { type Descriptor, descriptorOctets, readDescriptors } from './descriptors.js';
import {
  CRC_OCTETS,
  LONG_HEAD_OCTETS,
  type SectionHeader,
  checkTable,
  readSectionHeader,
  writeSection,
} from './psiSection.js';
import { WireStatus } from './status.js';
import { TableId } from './tableIds.js';

/** Program association section (2.4.4.3); `extension` is the transport_stream_id. */
export interface ProgramAssociation extends SectionHeader {
  /** In the order of the section; program_number 0, the network PID, is not among them. At most 253. */
  programs: readonly { readonly programNumber: number; readonly pmtPid: number }[];
  /** network_PID; `null`: none is named. */
  networkPid: number | null;
}

/** Conditional access section (2.4.4.6); `extension` is reserved. */
export interface ConditionalAccess extends SectionHeader {
  descriptors: readonly Descriptor[];
}

export interface ElementaryStream {
  readonly streamType: number;
  readonly pid: number;
  readonly descriptors: readonly Descriptor[];
}

/** Program map section (2.4.4.8); `extension` is the program_number. */
export interface ProgramMap extends SectionHeader {
  /** 0x1fff: the program has no PCR. */
  pcrPid: number;
  /** Of the program. */
  descriptors: readonly Descriptor[];
  /** At most 201. */
  streams: readonly ElementaryStream[];
}

/** 13 bits behind three reserved ones. */
function pidAt(bytes: Uint8Array, at: number): number {
  return u16be(bytes, at) & 0x1fff;
}

export function readPat(bytes: Uint8Array, at: number, length: number): ProgramAssociation | WireStatus {
  const status = checkTable(bytes, at, length, TableId.ProgramAssociation);
  if (status !== WireStatus.Ok) return status;
  const end = at + length - CRC_OCTETS;
  if ((end - at - LONG_HEAD_OCTETS) % 4 !== 0) return WireStatus.BadLength;
  const programs: { programNumber: number; pmtPid: number }[] = [];
  let networkPid: number | null = null;
  for (let entry = at + LONG_HEAD_OCTETS; entry < end; entry += 4) {
    const programNumber = u16be(bytes, entry);
    if (programNumber === 0) networkPid = pidAt(bytes, entry + 2);
    else programs.push({ programNumber, pmtPid: pidAt(bytes, entry + 2) });
  }
  return { ...readSectionHeader(bytes, at), programs, networkPid };
}

/** The network PID, where there is one, comes first. */
export function writePat(pat: Readonly<ProgramAssociation>): Uint8Array {
  const body: number[] = [];
  if (pat.networkPid !== null) body.push(0, 0, ...reservedPid(pat.networkPid));
  for (const { programNumber, pmtPid } of pat.programs) {
    body.push(programNumber >> 8, programNumber & 0xff, ...reservedPid(pmtPid));
  }
  return writeSection(TableId.ProgramAssociation, false, pat, body);
}

export function readCat(bytes: Uint8Array, at: number, length: number): ConditionalAccess | WireStatus {
  const status = checkTable(bytes, at, length, TableId.ConditionalAccess);
  if (status !== WireStatus.Ok) return status;
  return {
    ...readSectionHeader(bytes, at),
    descriptors: readDescriptors(bytes, at + LONG_HEAD_OCTETS, at + length - CRC_OCTETS),
  };
}

export function writeCat(cat: Readonly<ConditionalAccess>): Uint8Array {
  return writeSection(TableId.ConditionalAccess, false, cat, descriptorOctets(cat.descriptors));
}

export function readPmt(bytes: Uint8Array, at: number, length: number): ProgramMap | WireStatus {
  const status = checkTable(bytes, at, length, TableId.ProgramMap);
  if (status !== WireStatus.Ok) return status;
  const end = at + length - CRC_OCTETS;
  const body = at + LONG_HEAD_OCTETS;
  if (body + 4 > end) return WireStatus.TooShort;
  const first = body + 4 + (u16be(bytes, body + 2) & 0x0fff);
  if (first > end) return WireStatus.BadLength;
  const streams: ElementaryStream[] = [];
  for (let entry = first; entry < end;) {
    if (entry + 5 > end) return WireStatus.BadLength;
    const next = entry + 5 + (u16be(bytes, entry + 3) & 0x0fff);
    if (next > end) return WireStatus.BadLength;
    streams.push({
      streamType: bytes[entry]!,
      pid: pidAt(bytes, entry + 1),
      descriptors: readDescriptors(bytes, entry + 5, next),
    });
    entry = next;
  }
  return {
    ...readSectionHeader(bytes, at),
    pcrPid: pidAt(bytes, body),
    descriptors: readDescriptors(bytes, body + 4, first),
    streams,
  };
}

export function writePmt(pmt: Readonly<ProgramMap>): Uint8Array {
  const body = [...reservedPid(pmt.pcrPid), ...withLength(pmt.descriptors)];
  for (const { streamType, pid, descriptors } of pmt.streams) {
    body.push(streamType, ...reservedPid(pid), ...withLength(descriptors));
  }
  return writeSection(TableId.ProgramMap, false, pmt, body);
}

function reservedPid(pid: number): number[] {
  return [0xe0 | (pid >> 8), pid & 0xff];
}

/** program_info and ES_info: a length of 12 bits behind four reserved ones, and the descriptors. */
function withLength(descriptors: readonly Descriptor[]): number[] {
  const octets = descriptorOctets(descriptors);
  return [0xf0 | (octets.length >> 8), octets.length & 0xff, ...octets];
}
