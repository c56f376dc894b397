/**
 * The two short packets of RFC 3550, behind the header of 4 octets. BYE (section 6.6): the SSRCs that
 * leave, and a reason of a length octet, text in UTF-8 and null octets to the next word. APP (section 6.7):
 * an SSRC, a name of four characters, and data of the application; the header's count is its subtype.
 */
import { putU32be, u32be } from '../core/bytes.js';
import { quotedText, ssrcText } from './rtcpText.js';
import { WireStatus } from './status.js';

export interface RtcpBye {
  readonly kind: 'bye';
  /** At most 31. */
  readonly ssrcs: readonly number[];
  /** UTF-8, at most 255 octets; `null`: none given. */
  readonly reason: Uint8Array | null;
}

export interface RtcpApp {
  readonly kind: 'app';
  /** 0 .. 31 */
  readonly subtype: number;
  readonly ssrc: number;
  /** Four characters of one octet each. */
  readonly name: string;
  /** Whole words. */
  readonly data: Uint8Array;
}

const NAME_OCTETS = 4;

/** The body `bytes[at .. end)` of a BYE of `count` sources. */
export function parseBye(bytes: Uint8Array, at: number, end: number, count: number): RtcpBye | WireStatus {
  const reasonAt = at + 4 * count;
  if (reasonAt > end) return WireStatus.BadLength;
  const ssrcs = Array.from({ length: count }, (_, i) => u32be(bytes, at + 4 * i));
  if (reasonAt === end) return { kind: 'bye', ssrcs, reason: null };
  const textEnd = reasonAt + 1 + bytes[reasonAt]!;
  if (textEnd > end || end - textEnd > 3) return WireStatus.BadLength;
  for (let i = textEnd; i < end; i++) if (bytes[i] !== 0) return WireStatus.BadPadding;
  return { kind: 'bye', ssrcs, reason: bytes.slice(reasonAt + 1, textEnd) };
}

/** Octets of the body. */
export function byeOctets({ ssrcs, reason }: RtcpBye): number {
  return 4 * ssrcs.length + (reason === null ? 0 : (1 + reason.length + 3) & ~3);
}

/** Writes every octet of the body. */
export function putBye(bytes: Uint8Array, at: number, bye: RtcpBye): void {
  let next = at;
  for (const ssrc of bye.ssrcs) {
    putU32be(bytes, next, ssrc);
    next += 4;
  }
  if (bye.reason === null) return;
  bytes[next] = bye.reason.length;
  bytes.set(bye.reason, next + 1);
  bytes.fill(0, next + 1 + bye.reason.length, at + byeOctets(bye));
}

export function byeText({ ssrcs, reason }: RtcpBye): string {
  return ['bye', ...ssrcs.map(ssrcText), ...(reason === null ? [] : [`reason ${quotedText(reason)}`])].join(' ');
}

/** The body `bytes[at .. end)` of an APP packet whose header counts `subtype`. */
export function parseApp(bytes: Uint8Array, at: number, end: number, subtype: number): RtcpApp | WireStatus {
  const dataAt = at + 4 + NAME_OCTETS;
  if (dataAt > end) return WireStatus.BadLength;
  const name = String.fromCharCode(bytes[at + 4]!, bytes[at + 5]!, bytes[at + 6]!, bytes[at + 7]!);
  return { kind: 'app', subtype, ssrc: u32be(bytes, at), name, data: bytes.slice(dataAt, end) };
}

/** Octets of the body. */
export function appOctets({ data }: RtcpApp): number {
  return 4 + NAME_OCTETS + data.length;
}

/** Writes every octet of the body. */
export function putApp(bytes: Uint8Array, at: number, { ssrc, name, data }: RtcpApp): void {
  putU32be(bytes, at, ssrc);
  // A name that is too short is filled with null octets: what stood there must not remain.
  for (let i = 0; i < NAME_OCTETS; i++) bytes[at + 4 + i] = name.charCodeAt(i);
  bytes.set(data, at + 4 + NAME_OCTETS);
}

export function appText({ subtype, ssrc, name, data }: RtcpApp): string {
  const octets = Uint8Array.from(name, (character) => character.charCodeAt(0));
  return `app ssrc ${ssrcText(ssrc)} name ${quotedText(octets)} subtype ${subtype} data ${data.length}`;
}
