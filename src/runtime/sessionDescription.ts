/** What a sender says of its streams to receivers that do not know them: SDP, whole or a session for each stream. */
import { randomInt } from 'node:crypto';
import { parseAddress } from '../core/address.js';
import { formatHostPort } from '../core/format.js';
import type { Nanos } from '../core/time.js';
import { SapAnnouncer, sapMinimumIntervalNs } from '../control/sapAnnouncer.js';
import { NTP_64_URI } from '../wire/rtpSendTime.js';
import { sapGroupFor } from '../wire/sapGroups.js';
import { describeStreams, type DescribedPlace, type DescribedStream } from '../wire/sdpStreams.js';
import { writeSdp } from '../wire/sdpWrite.js';
import { SMPTE_FEC_PAYLOAD_TYPE } from '../wire/smpteFec.js';

/** MPEG-2 transport streams in RTP (RFC 3551 section 6). */
const MP2T_PAYLOAD_TYPE = 33;
const MP2T_CLOCK_RATE = 90_000;
/** Column FEC goes to this port behind its media's (SMPTE ST 2022-1 section 8). */
const COLUMN_PORT = 2;
const DIGITS = 2 ** 32;

export interface SentPlace {
  /** Canonical. */
  readonly group: string;
  readonly port: number;
  /** 0 .. 255 */
  readonly ttl: number;
  /** Canonical address that receivers are to join, as source-specific groups demand; `null`: any source. */
  readonly source: string | null;
}

export interface SentStream {
  readonly scheme: 'rtp' | 'udp';
  readonly place: SentPlace;
  /** From a line-up; `null`: none. */
  readonly name: string | null;
  /** RTP; `null`: not told. */
  readonly ssrc: number | null;
  /** CNAME that RTCP carries; `null`: none. The SSRC is told only together with it. */
  readonly cname: string | null;
  /** Id of the header extension with the send time, 1 .. 14; `null`: it is not carried. */
  readonly sendTimeId: number | null;
  /** Second leg; `null`: none. */
  readonly legB: SentPlace | null;
  /** SMPTE ST 2022-1; `null`: not protected. */
  readonly fec: { readonly columns: number; readonly rows: number } | null;
  /** Of the media. */
  readonly packetsPerSecond: number;
}

export interface SentSession {
  /** Of the sender, where a stream has none of its own. */
  readonly name: string;
  /** Local address of this host: origin of the session. */
  readonly address: string;
  /** When the run began, unix ns: what makes the session a new one. */
  readonly unixNs: bigint;
  readonly tool: string | null;
}

/** One description of all streams (at least one), for `--sdp`. */
export function describeSender(session: SentSession, streams: readonly SentStream[]): string {
  const only = streams.length === 1 ? streams[0]! : null;
  return description(session, only?.name ?? session.name, 0, streams);
}

/** A session to be announced. */
export interface Announcement {
  /** Canonical; port 9875. */
  readonly sapGroup: string;
  readonly name: string;
  readonly description: string;
  /** Further ones of these on the same group. */
  readonly others: number;
}

/**
 * A session for each stream, because a description of many would not fit the recommended 1024 octets (RFC 2974 section 6)
 * and listeners choose sessions. Streams to single hosts are left out.
 */
export function announcements(session: SentSession, streams: readonly SentStream[]): Announcement[] {
  const found = streams.flatMap((stream, index) => {
    const { group, port } = stream.place;
    const sapGroup = sapGroupFor(group);
    if (sapGroup === null) return [];
    const own = streams.length === 1 ? session.name : `${session.name} ${formatHostPort(group, port)}`;
    const name = stream.name ?? own;
    return [{ sapGroup, name, description: description(session, name, index, [{ ...stream, name: null }]) }];
  });
  return found.map((one) => ({ ...one, others: found.filter(({ sapGroup }) => sapGroup === one.sapGroup).length - 1 }));
}

/** When and in which octets one of them is announced, first at `startNs`. `source`: local address of the group's family. */
export function announcerOf(announcement: Announcement, source: string, startNs: Nanos): SapAnnouncer {
  return new SapAnnouncer({
    originatingSource: parseAddress(source)!,
    description: announcement.description,
    minimumNs: sapMinimumIntervalNs(parseAddress(announcement.sapGroup)!),
    random: () => randomInt(DIGITS) / DIGITS,
    startNs,
  });
}

function description(session: SentSession, name: string, index: number, streams: readonly SentStream[]): string {
  const { address, unixNs, tool } = session;
  // RFC 8866 section 5.2: digits that no other session of this host has.
  const sessionId = String(unixNs + BigInt(index));
  const text = writeSdp(
    describeStreams(
      {
        origin: { username: '-', sessionId, sessionVersion: sessionId, family: familyOf(address), address },
        name,
        tool,
      },
      streams.map((stream) => describedStream(stream, streams.length > 1)),
    ),
  );
  return withSources(text, streams);
}

function describedStream(stream: SentStream, several: boolean): DescribedStream {
  const { scheme, place, name, sendTimeId, legB, fec, packetsPerSecond } = stream;
  const isRtp = scheme === 'rtp';
  return {
    scheme,
    place: describedPlace(place),
    title: several ? name : null,
    payloadType: MP2T_PAYLOAD_TYPE,
    encoding: 'MP2T',
    clockRate: MP2T_CLOCK_RATE,
    extmaps:
      isRtp && sendTimeId !== null ? [{ id: sendTimeId, direction: null, uri: NTP_64_URI, attributes: null }] : [],
    rtcpPort: null,
    legB: legB === null ? null : describedPlace(legB),
    repair:
      fec === null || !isRtp
        ? null
        : {
            place: describedPlace({ ...place, port: place.port + COLUMN_PORT }),
            payloadType: SMPTE_FEC_PAYLOAD_TYPE,
            columns: fec.columns,
            rows: fec.rows,
            // Repair leaves with the last packet that it covers: at most one matrix later than the first.
            repairWindowUs: Math.max(1, Math.ceil((fec.columns * fec.rows * 1e6) / Math.max(1, packetsPerSecond))),
          },
  };
}

function describedPlace({ group, port, ttl, source }: SentPlace): DescribedPlace {
  return { family: familyOf(group), group, port, ttl, sources: source === null ? [] : [source] };
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** Adds to the media of each stream, both legs alike, which SSRC it has (RFC 5576 sections 4.1 and 6.1). */
function withSources(text: string, streams: readonly SentStream[]): string {
  const lines = streams.flatMap(({ scheme, ssrc, cname, legB, fec }) => {
    const isTold = scheme === 'rtp' && ssrc !== null && cname !== null;
    const line = isTold ? `a=ssrc:${ssrc} cname:${cname.replace(/\s+/g, '-')}\r\n` : '';
    return [line, ...(legB === null ? [] : [line]), ...(fec === null || scheme !== 'rtp' ? [] : [''])];
  });
  const [head = '', ...media] = text.split(/^(?=m=)/m);
  return head + media.map((one, i) => one + lines[i]!).join('');
}
