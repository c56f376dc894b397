/** Descriptors (ISO/IEC 13818-1 = ITU-T H.222.0 section 2.6; ETSI EN 300 468 section 6): tag, length, octets. */
import { readDvbText, writeDvbText } from './dvbText.js';

/** Tags of those that are read. From 0x40 on: EN 300 468 table 12. */
export const DescriptorTag = {
  Registration: 0x05,
  ConditionalAccess: 0x09,
  Language: 0x0a,
  MaximumBitrate: 0x0e,
  NetworkName: 0x40,
  Service: 0x48,
  StreamIdentifier: 0x52,
  Teletext: 0x56,
  Subtitling: 0x59,
  Ac3: 0x6a,
  EnhancedAc3: 0x7a,
  Dts: 0x7b,
  Aac: 0x7c,
  Extension: 0x7f,
  /** Of ATSC A/52 annex A. */
  AtscAc3: 0x81,
} as const;

export interface Descriptor {
  readonly tag: number;
  /** Behind tag and length; at most 255. A copy. */
  readonly octets: Uint8Array;
}

/** Those in `bytes[from .. to)`; one that does not fit ends the list. */
export function readDescriptors(bytes: Uint8Array, from: number, to: number): Descriptor[] {
  const descriptors: Descriptor[] = [];
  let at = from;
  while (at + 2 <= to) {
    const next = at + 2 + bytes[at + 1]!;
    if (next > to) break;
    descriptors.push({ tag: bytes[at]!, octets: bytes.slice(at + 2, next) });
    at = next;
  }
  return descriptors;
}

export function descriptorOctets(descriptors: readonly Descriptor[]): number[] {
  return descriptors.flatMap(({ tag, octets }) => [tag, octets.length, ...octets]);
}

/** The first with this tag. */
export function descriptorOf(descriptors: readonly Descriptor[], tag: number): Descriptor | undefined {
  return descriptors.find((descriptor) => descriptor.tag === tag);
}

/** format_identifier of the first registration descriptor (section 2.6.8), e.g. "HEVC"; `null`: none in ASCII. */
export function registrationOf(descriptors: readonly Descriptor[]): string | null {
  const octets = descriptorOf(descriptors, DescriptorTag.Registration)?.octets;
  return octets === undefined || octets.length < 4 ? null : asciiOf(octets, 0, 4);
}

/**
 * ISO 639-2 code of the first language, e.g. "eng": of the language descriptor (section 2.6.18), else of the teletext or
 * subtitling descriptor (EN 300 468 sections 6.2.43 and 6.2.41), whose entries begin with it too; `null`: none.
 */
export function languageOf(descriptors: readonly Descriptor[]): string | null {
  for (const tag of [DescriptorTag.Language, DescriptorTag.Teletext, DescriptorTag.Subtitling]) {
    const octets = descriptorOf(descriptors, tag)?.octets;
    if (octets === undefined || octets.length < 4) continue;
    const code = asciiOf(octets, 0, 3);
    if (code !== null && /^[a-z]{3}$/iu.test(code)) return code.toLowerCase();
  }
  return null;
}

export interface ConditionalAccessSystem {
  readonly systemId: number;
  /** Of its ECMs in a PMT, of its EMMs in a CAT. */
  readonly pid: number;
}

/** Of the CA descriptors (section 2.6.16). */
export function conditionalAccessOf(descriptors: readonly Descriptor[]): ConditionalAccessSystem[] {
  return descriptors
    .filter(({ tag, octets }) => tag === DescriptorTag.ConditionalAccess && octets.length >= 4)
    .map(({ octets }) => ({
      systemId: (octets[0]! << 8) | octets[1]!,
      pid: ((octets[2]! & 0x1f) << 8) | octets[3]!,
    }));
}

/** maximum_bitrate (section 2.6.26) in bit/s, which counts 50 octets/s; `null`: not told. */
export function maximumBitrateOf(descriptors: readonly Descriptor[]): number | null {
  const octets = descriptorOf(descriptors, DescriptorTag.MaximumBitrate)?.octets;
  if (octets === undefined || octets.length < 3) return null;
  return (((octets[0]! & 0x3f) << 16) | (octets[1]! << 8) | octets[2]!) * 50 * 8;
}

/** component_tag of the stream identifier descriptor (EN 300 468 section 6.2.39); `null`: none. */
export function componentTagOf(descriptors: readonly Descriptor[]): number | null {
  return descriptorOf(descriptors, DescriptorTag.StreamIdentifier)?.octets[0] ?? null;
}

export interface Service {
  /** EN 300 468 table 87, e.g. 0x01 television, 0x02 radio, 0x19 H.264 in high definition. */
  readonly serviceType: number;
  readonly provider: string;
  readonly name: string;
}

/** Of the service descriptor (EN 300 468 section 6.2.33); `null`: none, or it does not fit. */
export function serviceOf(descriptors: readonly Descriptor[]): Service | null {
  const octets = descriptorOf(descriptors, DescriptorTag.Service)?.octets;
  if (octets === undefined || octets.length < 3) return null;
  const nameAt = 2 + octets[1]!;
  if (nameAt >= octets.length || nameAt + 1 + octets[nameAt]! > octets.length) return null;
  return {
    serviceType: octets[0]!,
    provider: readDvbText(octets.subarray(2, nameAt)),
    name: readDvbText(octets.subarray(nameAt + 1, nameAt + 1 + octets[nameAt]!)),
  };
}

export function serviceDescriptor({ serviceType, provider, name }: Service): Descriptor {
  const [providerOctets, nameOctets] = [writeDvbText(provider), writeDvbText(name)];
  return {
    tag: DescriptorTag.Service,
    octets: Uint8Array.from([serviceType, providerOctets.length, ...providerOctets, nameOctets.length, ...nameOctets]),
  };
}

/** Of the network name descriptor (EN 300 468 section 6.2.27); `null`: none. */
export function networkNameOf(descriptors: readonly Descriptor[]): string | null {
  const octets = descriptorOf(descriptors, DescriptorTag.NetworkName)?.octets;
  return octets === undefined ? null : readDvbText(octets);
}

/** `null`: one of them does not print. */
function asciiOf(octets: Uint8Array, from: number, to: number): string | null {
  const text = String.fromCharCode(...octets.subarray(from, to));
  return /^[\x20-\x7e]*$/u.test(text) ? text : null;
}
