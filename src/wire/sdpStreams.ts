/** The session description of streams that we send: media, second legs (RFC 7104) and repair flows (RFC 5956). */
import type { SdpDescription, SdpExtmap, SdpGroup, SdpMedia, SdpOrigin } from './sdp.js';

/** Where a stream goes. */
export interface DescribedPlace {
  readonly family: 4 | 6;
  /** Canonical. */
  readonly group: string;
  readonly port: number;
  /** 0 .. 255; of IPv4 it is written. */
  readonly ttl: number;
  /** Canonical; empty: not told, so that receivers join any source. */
  readonly sources: readonly string[];
}

/** The column repair flow of SMPTE ST 2022-1, as RFC 6015 describes it; for rows there is no description. */
export interface DescribedRepair {
  readonly place: DescribedPlace;
  /** 96 .. 127 */
  readonly payloadType: number;
  /** L: distance of the packets that one repair packet covers. */
  readonly columns: number;
  /** D: packets that one repair packet covers. */
  readonly rows: number;
  /** Microseconds that a receiver may have to wait for repair. */
  readonly repairWindowUs: number;
}

export interface DescribedStream {
  readonly scheme: 'rtp' | 'udp';
  readonly place: DescribedPlace;
  /** Shown where a session has several streams. */
  readonly title: string | null;
  /** RTP: 0 .. 127; a transport stream has 33 (RFC 3551 section 6). */
  readonly payloadType: number;
  /** Encoding name of RTP, or subtype of plain datagrams: `MP2T` (RFC 3551 section 5.7). */
  readonly encoding: string;
  /** Hz */
  readonly clockRate: number;
  readonly extmaps: readonly SdpExtmap[];
  /** `null`: the next port, as without a word (RFC 3550 section 11). */
  readonly rtcpPort: number | null;
  /** The second leg of SMPTE ST 2022-7. */
  readonly legB: DescribedPlace | null;
  readonly repair: DescribedRepair | null;
}

export interface DescribedSession {
  readonly origin: SdpOrigin;
  readonly name: string | null;
  readonly tool: string | null;
}

export function describeStreams(session: DescribedSession, streams: readonly DescribedStream[]): SdpDescription {
  const media: SdpMedia[] = [];
  const groups: SdpGroup[] = [];
  for (const [i, stream] of streams.entries()) {
    const isGrouped = stream.legB !== null || stream.repair !== null;
    const mid = `S${i + 1}`;
    media.push(streamMedia(stream, stream.place, isGrouped ? mid : null));
    if (stream.legB !== null) {
      // RFC 7104 section 3: the same packets to two places.
      media.push(streamMedia(stream, stream.legB, `${mid}b`));
      groups.push({ semantics: 'DUP', mids: [mid, `${mid}b`] });
    }
    if (stream.repair !== null) {
      // RFC 5956 section 4.1: the source flow, then the repair flow that serves it.
      media.push(repairMedia(stream.repair, `R${i + 1}`));
      groups.push({ semantics: 'FEC-FR', mids: [mid, `R${i + 1}`] });
    }
  }
  return { ...session, information: null, groups, media };
}

function streamMedia(stream: DescribedStream, place: DescribedPlace, mid: string | null): SdpMedia {
  const { scheme, title, payloadType, encoding, clockRate, extmaps, rtcpPort } = stream;
  const isRtp = scheme === 'rtp';
  return {
    ...mediaAt(place, mid),
    type: 'video',
    protocol: isRtp ? 'RTP/AVP' : 'udp',
    formats: [isRtp ? String(payloadType) : encoding],
    title,
    rtpmaps: isRtp ? [{ payloadType, encoding, clockRate, channels: null }] : [],
    extmaps: isRtp ? extmaps : [],
    rtcp: isRtp && rtcpPort !== null ? { port: rtcpPort, address: null } : null,
  };
}

/** RFC 6015 section 5.1: the names of its parameters, all of them demanded. */
function repairMedia(repair: DescribedRepair, mid: string): SdpMedia {
  const { place, payloadType, columns, rows, repairWindowUs } = repair;
  return {
    ...mediaAt(place, mid),
    type: 'application',
    formats: [String(payloadType)],
    rtpmaps: [{ payloadType, encoding: '1d-interleaved-parityfec', clockRate: 90_000, channels: null }],
    formatParameters: [
      { format: String(payloadType), text: `L=${columns}; D=${rows}; repair-window=${repairWindowUs}` },
    ],
  };
}

function mediaAt({ family, group, port, ttl, sources }: DescribedPlace, mid: string | null): SdpMedia {
  return {
    type: 'video',
    port,
    ports: 1,
    protocol: 'RTP/AVP',
    formats: [],
    title: null,
    connections: [{ family, address: group, ttl: family === 4 ? ttl : null, addresses: 1 }],
    // RFC 4607 section 1 and RFC 4570 section 3: source-specific groups are described with their sources.
    filters: sources.length === 0 ? [] : [{ mode: 'incl', family, destination: group, sources }],
    rtpmaps: [],
    formatParameters: [],
    extmaps: [],
    rtcp: null,
    mid,
  };
}
