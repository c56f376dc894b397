/**
 * A session description (RFC 8866) as far as streams to groups need it. What stands at session level and
 * holds for every media (connection, source filters, header extensions) is kept with each media, so that
 * a media says all about itself. `sdpRead.ts` and `sdpWrite.ts` turn it into text and back.
 */

/** `o=` (section 5.2). Without the version it names a session for all the world. */
export interface SdpOrigin {
  /** `-`: none. */
  readonly username: string;
  /** Digits; text, because up to 64 bits come and numbers round. */
  readonly sessionId: string;
  readonly sessionVersion: string;
  readonly family: 4 | 6;
  /** Address or host name of who made the session. */
  readonly address: string;
}

/** `c=` (section 5.7). */
export interface SdpConnection {
  readonly family: 4 | 6;
  /** Canonical, or a host name. */
  readonly address: string;
  /** 0 .. 255; `null`: not said, as always in IPv6. */
  readonly ttl: number | null;
  /** Consecutive addresses from this one; at least 1. */
  readonly addresses: number;
}

/** `a=source-filter` (RFC 4570 section 3). */
export interface SdpSourceFilter {
  readonly mode: 'incl' | 'excl';
  /** `null`: `*`, either. */
  readonly family: 4 | 6 | null;
  /** Canonical group, or a host name; `null`: `*`, every destination. */
  readonly destination: string | null;
  /** Canonical, at least one. */
  readonly sources: readonly string[];
}

/** `a=rtpmap` (section 6.6). */
export interface SdpRtpmap {
  /** 0 .. 127 */
  readonly payloadType: number;
  readonly encoding: string;
  /** Hz */
  readonly clockRate: number;
  /** Channels of audio; `null`: not said. */
  readonly channels: number | null;
}

/** `a=extmap` (RFC 8285 section 5): which header extension has which id. */
export interface SdpExtmap {
  readonly id: number;
  readonly direction: string | null;
  readonly uri: string;
  readonly attributes: string | null;
}

/** `a=rtcp` (RFC 3605 section 2.1): where RTCP goes when not to the next port. */
export interface SdpRtcp {
  readonly port: number;
  readonly address: string | null;
}

/** `a=fmtp` (section 6.15). */
export interface SdpFormatParameters {
  readonly format: string;
  readonly text: string;
}

/** `a=group` (RFC 5888 section 5): `DUP` of RFC 7104, `FEC-FR` of RFC 5956. */
export interface SdpGroup {
  readonly semantics: string;
  readonly mids: readonly string[];
}

/** One `m=` (section 5.14) and what holds for it. */
export interface SdpMedia {
  /** `video`, `audio`, `application`... */
  readonly type: string;
  /** 0: not in use. */
  readonly port: number;
  /** Ports from this one; with RTP every other one. */
  readonly ports: number;
  /** `RTP/AVP`, `udp`... as written. */
  readonly protocol: string;
  /** Payload types of RTP, else media subtypes. */
  readonly formats: readonly string[];
  /** `i=` */
  readonly title: string | null;
  readonly connections: readonly SdpConnection[];
  readonly filters: readonly SdpSourceFilter[];
  readonly rtpmaps: readonly SdpRtpmap[];
  readonly formatParameters: readonly SdpFormatParameters[];
  readonly extmaps: readonly SdpExtmap[];
  readonly rtcp: SdpRtcp | null;
  /** `a=mid` (RFC 5888 section 4). */
  readonly mid: string | null;
}

export interface SdpDescription<Media extends SdpMedia = SdpMedia> {
  /** `null`: none was written, though section 5.2 demands one. */
  readonly origin: SdpOrigin | null;
  /** `s=`; `null`: `-` or blank, which both mean none (section 5.3). */
  readonly name: string | null;
  /** `i=` */
  readonly information: string | null;
  /** `a=tool` (section 6.3). */
  readonly tool: string | null;
  readonly groups: readonly SdpGroup[];
  readonly media: readonly Media[];
}

/** A media as it was read. */
export interface SdpMediaRead extends SdpMedia {
  /** Of its `m=`, from 1. */
  readonly line: number;
}

/** What names a session whatever its version (section 5.2), as one text. */
export function sdpSessionKey(origin: SdpOrigin): string {
  return `${origin.username} ${origin.sessionId} IP${origin.family} ${origin.address}`;
}

/** Whether a media is RTP over UDP: `RTP/AVP` and the profiles that grew from it. */
export function isRtpProtocol(protocol: string): boolean {
  return /^(UDP\/)?(TLS\/)?RTP\/S?AVPF?$/i.test(protocol);
}

/** Whether it is plain datagrams (section 5.14, `udp`), as transport streams without RTP are described. */
export function isUdpProtocol(protocol: string): boolean {
  return /^udp$/i.test(protocol);
}
