/**
 * The sessions that were heard of (RFC 2974): kept, refreshed, changed, deleted, forgotten. Pure and bounded;
 * what cannot be used is counted.
 */
import { formatAddress } from '../core/address.js';
import { sapCodec, SDP_PAYLOAD_TYPE } from '../wire/sap.js';
import { sdpSessionKey } from '../wire/sdp.js';
import { sdpEndpoints } from '../wire/sdpEndpoints.js';
import { readOrigin } from '../wire/sdpFields.js';
import { readSdp } from '../wire/sdpRead.js';
import { WireStatus } from '../wire/status.js';

const NS_PER_SECOND = 1e9;
/** Section 4: ten intervals without a word, or an hour, whichever is longer. */
const FORGET_INTERVALS = 10;
const FORGET_AT_LEAST_NS = 3600 * NS_PER_SECOND;
/** Weight of a new interval in the mean. */
const INTERVAL_WEIGHT = 1 / 8;
/** Announcements closer together are copies: two interfaces, or two groups. */
const COPY_NS = NS_PER_SECOND / 2;
/** RFC 2974 section 6 recommends 1 kbyte; a directory of such bounds its memory. */
const MOST_PAYLOAD_OCTETS = 8192;
const MOST_ENDPOINTS = 64;

export const SAP_DIRECTORY_CAPACITY = 1024;

/** What a packet meant to the directory. */
export const SapHearing = {
  New: 0,
  Refreshed: 1,
  Changed: 2,
  Deleted: 3,
  /** The deletion of what is not known, or from another source than its announcements. */
  NotKnown: 4,
  /** Not SAP, or no session description that can be read. */
  Malformed: 5,
  /** Encrypted, compressed, or not SDP. */
  NotReadable: 6,
  /** The directory is full. */
  NoRoom: 7,
} as const;
export type SapHearing = (typeof SapHearing)[keyof typeof SapHearing];

/** One session; the directory's, refreshed in place. */
export interface SapEntry {
  /** `s=`; without one what names the session (`o=`). */
  readonly name: string;
  /** Of our syntax, at most 64; empty: nothing in it can be joined. */
  readonly endpoints: readonly string[];
  readonly originatingSource: string;
  /** {@link sdpSessionKey} */
  readonly session: string;
  readonly messageIdHash: number;
  readonly firstHeardNs: number;
  readonly lastHeardNs: number;
  /** Moving mean; `null`: heard once. */
  readonly intervalNs: number | null;
  readonly timesHeard: number;
  /** The description as it came. */
  readonly sdp: string;
}

type Mutable = { -readonly [K in keyof SapEntry]: SapEntry[K] };

export class SapDirectory {
  /** How often each {@link SapHearing} was the outcome. */
  readonly counts: readonly number[] = Object.values(SapHearing).map(() => 0);
  readonly #capacity: number;
  readonly #header = sapCodec.create();
  /** By source and session. */
  readonly #sessions = new Map<string, Mutable>();
  /** By source and message id hash: what is known needs no reading (section 6). */
  readonly #hashes = new Map<string, Mutable>();

  constructor(capacity = SAP_DIRECTORY_CAPACITY) {
    this.#capacity = capacity;
  }

  /** Takes the UDP payload `bytes[at .. at + length)`. `nowNs` never goes back. */
  hear(bytes: Uint8Array, at: number, length: number, nowNs: number): SapHearing {
    const hearing = this.#hear(bytes, at, length, nowNs);
    (this.counts as number[])[hearing]!++;
    return hearing;
  }

  /** Sessions known: what the interval of an announcer depends on (section 3.1). */
  get size(): number {
    return this.#sessions.size;
  }

  /** By name, then by source. */
  entries(): SapEntry[] {
    const text = (entry: SapEntry): string => `${entry.name}\0${entry.originatingSource}\0${entry.session}`;
    return [...this.#sessions.values()].sort((a, b) => (text(a) < text(b) ? -1 : 1));
  }

  /** Forgets sessions of which nothing was heard for too long, and returns them. */
  expire(nowNs: number): SapEntry[] {
    const gone = [...this.#sessions.values()].filter((entry) => nowNs - entry.lastHeardNs > forgetAfterNs(entry));
    for (const entry of gone) this.#remove(entry);
    return gone;
  }

  #hear(bytes: Uint8Array, at: number, length: number, nowNs: number): SapHearing {
    const header = this.#header;
    if (sapCodec.parse(bytes, at, length, header) !== WireStatus.Ok) return SapHearing.Malformed;
    const source = formatAddress(header.originatingSource);
    const known = header.messageIdHash === 0 ? undefined : this.#hashes.get(`${source} ${header.messageIdHash}`);
    if (known !== undefined) {
      if (header.isDeletion) {
        this.#remove(known);
        return SapHearing.Deleted;
      }
      refresh(known, nowNs);
      return SapHearing.Refreshed;
    }
    if (header.isEncrypted || header.isCompressed || !isSdpType(header.payloadType)) return SapHearing.NotReadable;
    if (header.payloadOctets > MOST_PAYLOAD_OCTETS) return SapHearing.Malformed;
    const from = at + length - header.payloadOctets;
    const text = new TextDecoder().decode(bytes.subarray(from, at + length));
    return header.isDeletion ? this.#delete(text, source) : this.#take(text, source, header.messageIdHash, nowNs);
  }

  /** Section 4: the origin says which; some announcers send the whole description. */
  #delete(text: string, source: string): SapHearing {
    const line = /^o=(.*)$/m.exec(text);
    const origin = line === null ? '' : readOrigin(line[1]!.trim());
    if (typeof origin === 'string') return SapHearing.Malformed;
    const entry = this.#sessions.get(`${source} ${sdpSessionKey(origin)}`);
    if (entry === undefined) return SapHearing.NotKnown;
    this.#remove(entry);
    return SapHearing.Deleted;
  }

  #take(text: string, source: string, hash: number, nowNs: number): SapHearing {
    const description = readSdp(text, source, []);
    if (description === null || description.origin === null) return SapHearing.Malformed;
    const session = sdpSessionKey(description.origin);
    const endpoints = sdpEndpoints(description, source, []).map((one) => one.endpoint);
    const content = {
      name: description.name ?? session,
      endpoints: endpoints.slice(0, MOST_ENDPOINTS),
      messageIdHash: hash,
      sdp: text,
    };
    // Section 5: a session is changed by its own source only; from another one it is another entry.
    const key = `${source} ${session}`;
    const before = this.#sessions.get(key);
    if (before !== undefined) {
      const isChanged = before.sdp !== text;
      this.#hashes.delete(hashKey(before));
      refresh(Object.assign(before, content), nowNs);
      if (hash !== 0) this.#hashes.set(hashKey(before), before);
      return isChanged ? SapHearing.Changed : SapHearing.Refreshed;
    }
    if (this.#sessions.size >= this.#capacity) this.expire(nowNs);
    if (this.#sessions.size >= this.#capacity) return SapHearing.NoRoom;
    const entry: Mutable = {
      ...content,
      originatingSource: source,
      session,
      firstHeardNs: nowNs,
      lastHeardNs: nowNs,
      intervalNs: null,
      timesHeard: 1,
    };
    this.#sessions.set(key, entry);
    if (hash !== 0) this.#hashes.set(hashKey(entry), entry);
    return SapHearing.New;
  }

  #remove(entry: SapEntry): void {
    this.#sessions.delete(`${entry.originatingSource} ${entry.session}`);
    this.#hashes.delete(hashKey(entry));
  }
}

function hashKey(entry: SapEntry): string {
  return `${entry.originatingSource} ${entry.messageIdHash}`;
}

function isSdpType(payloadType: string | null): boolean {
  return payloadType === null || payloadType.split(';')[0]!.trim().toLowerCase() === SDP_PAYLOAD_TYPE;
}

function refresh(entry: Mutable, nowNs: number): void {
  const gapNs = nowNs - entry.lastHeardNs;
  if (gapNs < COPY_NS) return;
  entry.intervalNs =
    entry.intervalNs === null ? gapNs : entry.intervalNs + (gapNs - entry.intervalNs) * INTERVAL_WEIGHT;
  entry.lastHeardNs = nowNs;
  entry.timesHeard++;
}

function forgetAfterNs(entry: SapEntry): number {
  return Math.max(FORGET_AT_LEAST_NS, FORGET_INTERVALS * (entry.intervalNs ?? 0));
}
