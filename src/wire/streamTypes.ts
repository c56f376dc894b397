/** What an elementary stream is: stream_type (ISO/IEC 13818-1 = ITU-T H.222.0 table 2-34) and the descriptors beside it. */
import { type Descriptor, DescriptorTag, descriptorOf, languageOf, registrationOf } from './descriptors.js';

export type StreamKind = 'video' | 'audio' | 'subtitle' | 'data' | 'unknown';

export interface StreamCodec {
  readonly kind: StreamKind;
  /** For a person, e.g. "H.264", "AAC (ADTS)", "stream type 0x9a". */
  readonly name: string;
  /** ISO 639-2 code; `null`: none is told. */
  readonly language: string | null;
}

type Named = readonly [StreamKind, string];

const PRIVATE_PES = 0x06;
/** From here on the user's own; what they mean is for the registration descriptor to say. */
const USER_PRIVATE = 0x80;

const STREAM_TYPES: Readonly<Record<number, Named>> = {
  0x01: ['video', 'MPEG-1 video'],
  0x02: ['video', 'MPEG-2 video'],
  0x03: ['audio', 'MPEG-1 audio'],
  0x04: ['audio', 'MPEG-2 audio'],
  0x05: ['data', 'private sections'],
  0x06: ['data', 'private data'],
  0x07: ['data', 'MHEG'],
  0x08: ['data', 'DSM-CC'],
  0x09: ['data', 'H.222.1'],
  0x0a: ['data', 'DSM-CC type A'],
  0x0b: ['data', 'DSM-CC type B'],
  0x0c: ['data', 'DSM-CC type C'],
  0x0d: ['data', 'DSM-CC type D'],
  0x0e: ['data', 'auxiliary data'],
  0x0f: ['audio', 'AAC (ADTS)'],
  0x10: ['video', 'MPEG-4 visual'],
  0x11: ['audio', 'AAC (LATM)'],
  0x12: ['data', 'MPEG-4 SL in PES'],
  0x13: ['data', 'MPEG-4 SL in sections'],
  0x14: ['data', 'synchronized download'],
  0x15: ['data', 'metadata in PES'],
  0x16: ['data', 'metadata in sections'],
  0x17: ['data', 'metadata in data carousel'],
  0x18: ['data', 'metadata in object carousel'],
  0x19: ['data', 'metadata in synchronized download'],
  0x1a: ['data', 'IPMP'],
  0x1b: ['video', 'H.264'],
  0x1c: ['audio', 'AAC (raw)'],
  0x1d: ['subtitle', 'MPEG-4 text'],
  0x1e: ['video', 'auxiliary video'],
  0x1f: ['video', 'H.264 SVC'],
  0x20: ['video', 'H.264 MVC'],
  0x21: ['video', 'JPEG 2000'],
  0x22: ['video', 'MPEG-2 video, second view'],
  0x23: ['video', 'H.264, second view'],
  0x24: ['video', 'H.265'],
  0x25: ['video', 'H.265 temporal subset'],
  0x26: ['video', 'H.264 MVCD'],
  0x27: ['data', 'timeline'],
  0x28: ['video', 'H.265 enhancement'],
  0x29: ['video', 'H.265 temporal enhancement'],
  0x2a: ['video', 'H.265 enhancement'],
  0x2b: ['video', 'H.265 temporal enhancement'],
  0x2c: ['data', 'green access units'],
  0x2d: ['audio', 'MPEG-H audio'],
  0x2e: ['audio', 'MPEG-H audio, auxiliary'],
  0x2f: ['data', 'quality access units'],
  0x30: ['data', 'media orchestration'],
  0x31: ['video', 'H.265 tiles'],
  0x32: ['video', 'JPEG XS'],
  0x33: ['video', 'H.266'],
  0x34: ['video', 'H.266 temporal subset'],
  0x35: ['video', 'EVC'],
  0x7f: ['data', 'IPMP'],
  // In the user's range, by ATSC A/53 part 3 and SCTE 35: used without registration all over the world.
  0x81: ['audio', 'AC-3'],
  0x86: ['data', 'SCTE 35'],
  0x87: ['audio', 'E-AC-3'],
};

/** By format_identifier (registered with the SMPTE registration authority). */
const REGISTRATIONS: Readonly<Record<string, Named>> = {
  'AC-3': ['audio', 'AC-3'],
  'AC-4': ['audio', 'AC-4'],
  AV01: ['video', 'AV1'],
  BSSD: ['audio', 'SMPTE 302M'],
  CUEI: ['data', 'SCTE 35'],
  DTS1: ['audio', 'DTS'],
  DTS2: ['audio', 'DTS'],
  DTS3: ['audio', 'DTS'],
  EAC3: ['audio', 'E-AC-3'],
  HEVC: ['video', 'H.265'],
  'ID3 ': ['data', 'ID3'],
  KLVA: ['data', 'KLV'],
  Opus: ['audio', 'Opus'],
  'VC-1': ['video', 'VC-1'],
  drac: ['video', 'Dirac'],
};

/** By tag of EN 300 468 table 12, annex D. */
const BY_DESCRIPTOR: readonly (readonly [number, Named])[] = [
  [DescriptorTag.Ac3, ['audio', 'AC-3']],
  [DescriptorTag.AtscAc3, ['audio', 'AC-3']],
  [DescriptorTag.EnhancedAc3, ['audio', 'E-AC-3']],
  [DescriptorTag.Dts, ['audio', 'DTS']],
  [DescriptorTag.Aac, ['audio', 'AAC']],
  [DescriptorTag.Teletext, ['subtitle', 'teletext']],
  [DescriptorTag.Subtitling, ['subtitle', 'DVB subtitles']],
];
/** descriptor_tag_extension (EN 300 468 table 109); from 0x80 on the user's, 0x80 as Opus over transport streams has it. */
const BY_EXTENSION: Readonly<Record<number, Named>> = {
  0x0e: ['audio', 'DTS-HD'],
  0x0f: ['audio', 'DTS neural'],
  0x15: ['audio', 'AC-4'],
  0x20: ['subtitle', 'TTML subtitles'],
  0x21: ['audio', 'DTS-UHD'],
  0x80: ['audio', 'Opus'],
};

/** `streamType` 0 .. 255, `descriptors` of the elementary stream. */
export function codecOf(streamType: number, descriptors: readonly Descriptor[]): StreamCodec {
  const [kind, name] = named(streamType, descriptors);
  return { kind, name, language: languageOf(descriptors) };
}

function named(streamType: number, descriptors: readonly Descriptor[]): Named {
  const byType = STREAM_TYPES[streamType];
  const isOpen = streamType === PRIVATE_PES || streamType >= USER_PRIVATE;
  const told = isOpen ? byDescriptors(descriptors) : null;
  return told ?? byType ?? ['unknown', `stream type 0x${streamType.toString(16).padStart(2, '0')}`];
}

function byDescriptors(descriptors: readonly Descriptor[]): Named | null {
  const registration = registrationOf(descriptors);
  if (registration !== null && Object.hasOwn(REGISTRATIONS, registration)) return REGISTRATIONS[registration]!;
  for (const [tag, name] of BY_DESCRIPTOR) if (descriptorOf(descriptors, tag) !== undefined) return name;
  for (const { tag, octets } of descriptors) {
    const extended = tag === DescriptorTag.Extension ? BY_EXTENSION[octets[0] ?? -1] : undefined;
    if (extended !== undefined) return extended;
  }
  return null;
}
