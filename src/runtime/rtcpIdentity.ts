/** How this program names itself in RTCP. */
import { randomBytes } from 'node:crypto';
import { type RtcpSourceDescription, sdesItem, SdesType } from '../wire/rtcpSdes.js';

const CNAME_OCTETS = 12;
const TOOL = 'mcastkit';

/**
 * A short-term persistent CNAME: 96 random bits in base64, 16 characters, without a part `user@` (RFC 7022 sections 4.2
 * and 5). One for all streams of a run: receivers synchronise what has the same CNAME.
 */
export function shortTermCname(): string {
  return randomBytes(CNAME_OCTETS).toString('base64');
}

/** CNAME, which every compound packet has (RFC 3550 section 6.1), and TOOL. */
export function sourceDescription(ssrc: number, cname: string): RtcpSourceDescription {
  const items = [sdesItem(SdesType.Cname, cname), sdesItem(SdesType.Tool, TOOL)];
  return { kind: 'sdes', chunks: [{ ssrc, items }] };
}
