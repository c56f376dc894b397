/** How RTCP packets show what is the same in all of them. */
import { unixNsFromNtp } from '../core/ntpTime.js';
import { formatUnixNs } from '../core/time.js';

export function ssrcText(ssrc: number): string {
  return `0x${ssrc.toString(16).padStart(8, '0')}`;
}

/** UTF-8 text of a peer, quoted; what would move a terminal's cursor or turn its text is `?`. */
export function quotedText(octets: Uint8Array): string {
  const text = new TextDecoder().decode(octets);
  return JSON.stringify(text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\ufffd]/gu, '?'));
}

/** UTC with nanoseconds; 0 says that the sender has no wallclock (RFC 3550 section 6.4.1). */
export function ntpText(ntp: bigint): string {
  if (ntp === 0n) return 'none';
  const unixNs = unixNsFromNtp(ntp);
  return unixNs < 0n ? `0x${ntp.toString(16).padStart(16, '0')}` : formatUnixNs(unixNs);
}
