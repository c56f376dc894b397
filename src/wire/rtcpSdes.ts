/**
 * Source description (RFC 3550 section 6.5), behind the header of 4 octets: as many chunks as the header
 * counts, each an SSRC and items (type, length, text in UTF-8) that a null octet ends; further null octets
 * fill its last word.
 */
import { putU32be, u32be } from '../core/bytes.js';
import { quotedText, ssrcText } from './rtcpText.js';
import { WireStatus } from './status.js';

/** Item types of RFC 3550 section 6.5. */
export const SdesType = {
  End: 0,
  Cname: 1,
  Name: 2,
  Email: 3,
  Phone: 4,
  Loc: 5,
  Tool: 6,
  Note: 7,
  Priv: 8,
} as const;
const NAMES: readonly string[] = ['end', 'cname', 'name', 'email', 'phone', 'loc', 'tool', 'note', 'priv'];
const MOST_TEXT_OCTETS = 255;

export interface SdesItem {
  /** 1 .. 255; see {@link SdesType}. */
  readonly type: number;
  /** UTF-8, at most 255 octets; PRIV begins with a prefix (section 6.5.8). */
  readonly octets: Uint8Array;
}

export interface SdesChunk {
  readonly ssrc: number;
  readonly items: readonly SdesItem[];
}

export interface RtcpSourceDescription {
  readonly kind: 'sdes';
  /** At most 31. */
  readonly chunks: readonly SdesChunk[];
}

/** An item of `text`, cut before the character with which it would exceed 255 octets. */
export function sdesItem(type: number, text: string): SdesItem {
  const octets = new Uint8Array(MOST_TEXT_OCTETS);
  const { written } = new TextEncoder().encodeInto(text, octets);
  return { type, octets: octets.slice(0, written) };
}

/** The first item of a type, of the source `ssrc`; `null`: there is none. */
export function sdesOctets(description: RtcpSourceDescription, ssrc: number, type: number): Uint8Array | null {
  for (const chunk of description.chunks) {
    if (chunk.ssrc !== ssrc) continue;
    for (const item of chunk.items) if (item.type === type) return item.octets;
  }
  return null;
}

/** The body `bytes[at .. end)` of a source description of `count` chunks. */
export function parseSourceDescription(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
): RtcpSourceDescription | WireStatus {
  const chunks: SdesChunk[] = [];
  let next = at;
  for (let i = 0; i < count; i++) {
    if (next + 8 > end) return WireStatus.BadLength;
    const ssrc = u32be(bytes, next);
    const items: SdesItem[] = [];
    next += 4;
    while (next < end && bytes[next] !== SdesType.End) {
      if (next + 2 > end) return WireStatus.BadLength;
      const from = next + 2;
      const to = from + bytes[next + 1]!;
      if (to > end) return WireStatus.BadLength;
      items.push({ type: bytes[next]!, octets: bytes.slice(from, to) });
      next = to;
    }
    // At least one null octet, and as many as reach the next word of the packet.
    if (next === end) return WireStatus.BadLength;
    const chunkEnd = next + 4 - ((next - at) % 4);
    for (; next < chunkEnd; next++) if (bytes[next] !== 0) return WireStatus.BadPadding;
    chunks.push({ ssrc, items });
  }
  return next === end ? { kind: 'sdes', chunks } : WireStatus.BadLength;
}

/** Octets of the body. */
export function sourceDescriptionOctets({ chunks }: RtcpSourceDescription): number {
  let octets = 0;
  for (const { items } of chunks) {
    octets += 4;
    for (const item of items) octets += 2 + item.octets.length;
    octets += 4 - (octets % 4);
  }
  return octets;
}

/** Writes every octet of the body. */
export function putSourceDescription(bytes: Uint8Array, at: number, { chunks }: RtcpSourceDescription): void {
  let next = at;
  for (const { ssrc, items } of chunks) {
    putU32be(bytes, next, ssrc);
    next += 4;
    for (const { type, octets } of items) {
      bytes[next] = type;
      bytes[next + 1] = octets.length;
      bytes.set(octets, next + 2);
      next += 2 + octets.length;
    }
    const chunkEnd = next + 4 - ((next - at) % 4);
    bytes.fill(0, next, chunkEnd);
    next = chunkEnd;
  }
}

export function sourceDescriptionText({ chunks }: RtcpSourceDescription): string {
  const texts = chunks.map(({ ssrc, items }) =>
    [ssrcText(ssrc), ...items.map(({ type, octets }) => `${NAMES[type] ?? type} ${quotedText(octets)}`)].join(' '),
  );
  return ['sdes', ...texts].join(' ');
}
