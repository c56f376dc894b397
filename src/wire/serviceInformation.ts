/**
 * Service information (ETSI EN 300 468): the service description (section 5.2.3) and network information sections
 * (section 5.2.1) of the actual transport stream and network, whose names are shown. Cold.
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

/** running_status (table 6). */
export const RunningStatus = {
  Undefined: 0,
  NotRunning: 1,
  StartsSoon: 2,
  Pausing: 3,
  Running: 4,
  OffAir: 5,
} as const;

export interface DescribedService {
  /** The program_number of the same service in the PAT. */
  readonly serviceId: number;
  /** EIT_schedule_flag and EIT_present_following_flag. */
  readonly hasSchedule: boolean;
  readonly hasPresentFollowing: boolean;
  /** 0 .. 7 */
  readonly runningStatus: number;
  /** free_CA_mode: one component at least is scrambled. */
  readonly isScrambled: boolean;
  /** `serviceOf` reads name and provider. */
  readonly descriptors: readonly Descriptor[];
}

/** Service description section; `extension` is the transport_stream_id. */
export interface ServiceDescription extends SectionHeader {
  originalNetworkId: number;
  services: readonly DescribedService[];
}

/** Network information section; `extension` is the network_id. */
export interface NetworkInformation extends SectionHeader {
  /** Of the network; `networkNameOf` reads its name. */
  descriptors: readonly Descriptor[];
  streams: readonly {
    readonly transportStreamId: number;
    readonly originalNetworkId: number;
    readonly descriptors: readonly Descriptor[];
  }[];
}

export function readSdt(bytes: Uint8Array, at: number, length: number): ServiceDescription | WireStatus {
  const status = checkTable(bytes, at, length, TableId.ServiceActual);
  if (status !== WireStatus.Ok) return status;
  const end = at + length - CRC_OCTETS;
  // original_network_id and a reserved octet.
  const first = at + LONG_HEAD_OCTETS + 3;
  if (first > end) return WireStatus.TooShort;
  const services: DescribedService[] = [];
  for (let entry = first; entry < end;) {
    if (entry + 5 > end) return WireStatus.BadLength;
    const flags = bytes[entry + 3]!;
    const next = entry + 5 + (u16be(bytes, entry + 3) & 0x0fff);
    if (next > end) return WireStatus.BadLength;
    services.push({
      serviceId: u16be(bytes, entry),
      hasSchedule: (bytes[entry + 2]! & 2) !== 0,
      hasPresentFollowing: (bytes[entry + 2]! & 1) !== 0,
      runningStatus: flags >> 5,
      isScrambled: (flags & 0x10) !== 0,
      descriptors: readDescriptors(bytes, entry + 5, next),
    });
    entry = next;
  }
  return { ...readSectionHeader(bytes, at), originalNetworkId: u16be(bytes, at + LONG_HEAD_OCTETS), services };
}

export function writeSdt(sdt: Readonly<ServiceDescription>): Uint8Array {
  const body = [sdt.originalNetworkId >> 8, sdt.originalNetworkId & 0xff, 0xff];
  for (const service of sdt.services) {
    const octets = descriptorOctets(service.descriptors);
    body.push(
      service.serviceId >> 8,
      service.serviceId & 0xff,
      0xfc | (service.hasSchedule ? 2 : 0) | (service.hasPresentFollowing ? 1 : 0),
      (service.runningStatus << 5) | (service.isScrambled ? 0x10 : 0) | (octets.length >> 8),
      octets.length & 0xff,
      ...octets,
    );
  }
  return writeSection(TableId.ServiceActual, true, sdt, body);
}

export function readNit(bytes: Uint8Array, at: number, length: number): NetworkInformation | WireStatus {
  const status = checkTable(bytes, at, length, TableId.NetworkActual);
  if (status !== WireStatus.Ok) return status;
  const end = at + length - CRC_OCTETS;
  const body = at + LONG_HEAD_OCTETS;
  if (body + 4 > end) return WireStatus.TooShort;
  const loopAt = body + 2 + (u16be(bytes, body) & 0x0fff);
  if (loopAt + 2 > end || loopAt + 2 + (u16be(bytes, loopAt) & 0x0fff) !== end) return WireStatus.BadLength;
  const streams: NetworkInformation['streams'][number][] = [];
  for (let entry = loopAt + 2; entry < end;) {
    if (entry + 6 > end) return WireStatus.BadLength;
    const next = entry + 6 + (u16be(bytes, entry + 4) & 0x0fff);
    if (next > end) return WireStatus.BadLength;
    streams.push({
      transportStreamId: u16be(bytes, entry),
      originalNetworkId: u16be(bytes, entry + 2),
      descriptors: readDescriptors(bytes, entry + 6, next),
    });
    entry = next;
  }
  return { ...readSectionHeader(bytes, at), descriptors: readDescriptors(bytes, body + 2, loopAt), streams };
}

export function writeNit(nit: Readonly<NetworkInformation>): Uint8Array {
  const loop = nit.streams.flatMap(({ transportStreamId, originalNetworkId, descriptors }) => [
    transportStreamId >> 8,
    transportStreamId & 0xff,
    originalNetworkId >> 8,
    originalNetworkId & 0xff,
    ...withLength(descriptorOctets(descriptors)),
  ]);
  const body = [...withLength(descriptorOctets(nit.descriptors)), ...withLength(loop)];
  return writeSection(TableId.NetworkActual, true, nit, body);
}

/** A length of 12 bits behind four reserved ones. */
function withLength(octets: readonly number[]): number[] {
  return [0xf0 | (octets.length >> 8), octets.length & 0xff, ...octets];
}
