/** When one session is announced, and in which octets (RFC 2974). Pure: times and random numbers are given. */
import type { Address } from '../core/address.js';
import { SDP_PAYLOAD_TYPE, sapCodec, sapPacket } from '../wire/sap.js';
import { isGlobalSapGroup } from '../wire/sapGroups.js';

const NS_PER_SECOND = 1e9;
/** Section 3.1: all announcements of one SAP group together, unless told otherwise. */
export const SAP_LIMIT_BIT_PER_SECOND = 4000;
/** Section 3.1. */
export const SAP_GLOBAL_MINIMUM_NS = 300 * NS_PER_SECOND;
/**
 * What holds inside of an organization: 300 s is longer than most tests, and VLC's announcer sends every
 * 5 s (its default `sap-interval`). Steady, not slowing down: VLC's listener (3.0) drops a session after a
 * few times the mean of the intervals that it heard first.
 */
export const SAP_LOCAL_MINIMUM_NS = 5 * NS_PER_SECOND;

/** The shortest interval on this SAP group, before the limit of bandwidth. */
export function sapMinimumIntervalNs(sapGroup: Address): number {
  return isGlobalSapGroup(sapGroup) ? SAP_GLOBAL_MINIMUM_NS : SAP_LOCAL_MINIMUM_NS;
}

/**
 * Section 3.1: max(minimum, 8 x announcements x octets / limit), in ns. `announcements`: sessions announced on
 * the group, this one included; `octets`: of the announcement, UDP payload.
 */
export function sapIntervalNs(announcements: number, octets: number, minimumNs: number): number {
  return Math.max(minimumNs, (8 * announcements * octets * NS_PER_SECOND) / SAP_LIMIT_BIT_PER_SECOND);
}

/** 1 .. 65535 from the octets of a description; 0 would say "no hash" (section 6). FNV-1a, both halves folded. */
export function sapMessageIdHash(octets: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (const octet of octets) hash = Math.imul(hash ^ octet, 0x0100_0193);
  return (hash >>> 16) ^ (hash & 0xffff) || 1;
}

export interface SapAnnouncerOptions {
  /** The address that announcements come from, of the SAP group's IP version. */
  readonly originatingSource: Address;
  /** SDP with its `o=`. */
  readonly description: string;
  readonly minimumNs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** When it is announced first. */
  readonly startNs: number;
}

export class SapAnnouncer {
  readonly #source: Address;
  readonly #minimumNs: number;
  readonly #random: () => number;
  #description: Uint8Array;
  #hash: number;
  #packet: Uint8Array;
  #lastNs = 0;
  /** The packet of the version that was announced last; `null`: none was. */
  #announced: Uint8Array | null = null;
  /** When {@link announce} is due. */
  dueNs = 0;

  constructor(options: SapAnnouncerOptions) {
    this.#source = options.originatingSource;
    this.#minimumNs = options.minimumNs;
    this.#random = options.random;
    this.#description = new TextEncoder().encode(options.description);
    originLineOf(this.#description);
    this.#hash = sapMessageIdHash(this.#description);
    this.#packet = this.#build();
    this.dueNs = options.startNs;
  }

  /** Of one announcement, UDP payload; more than `SAP_RECOMMENDED_OCTETS` are better not sent. */
  get octets(): number {
    return this.#packet.length;
  }

  get messageIdHash(): number {
    return this.#hash;
  }

  /**
   * The packet to be sent now; the announcer's, not to be changed. `others`: further announcements on this
   * group, our own other sessions among them. Section 3.1: the next is due after the interval, a third of it
   * more or less, so that announcers do not fall into step.
   */
  announce(nowNs: number, others: number): Uint8Array {
    const intervalNs = sapIntervalNs(others + 1, this.octets, this.#minimumNs);
    this.dueNs = nowNs + intervalNs + (this.#random() * 2 - 1) * (intervalNs / 3);
    this.#lastNs = nowNs;
    this.#announced = this.#packet;
    return this.#packet;
  }

  /**
   * Section 5: a changed description is announced with a changed hash, as soon as the bandwidth allows. The
   * same one changes nothing.
   */
  replace(description: string, nowNs: number, others: number): void {
    const octets = new TextEncoder().encode(description);
    if (isSame(octets, this.#description)) return;
    originLineOf(octets);
    let hash = sapMessageIdHash(octets);
    // 16 bits meet by chance: listeners would go on with the old description.
    if (hash === this.#hash) hash = (hash % 0xffff) + 1;
    this.#description = octets;
    this.#hash = hash;
    this.#packet = this.#build();
    if (this.#announced === null) return;
    const earliestNs = this.#lastNs + sapIntervalNs(others + 1, this.octets, 0);
    this.dueNs = Math.min(this.dueNs, Math.max(nowNs, earliestNs));
  }

  /** Section 4: the deletion of what was announced last, its payload the line `o=`; `null`: nothing was. */
  end(): Uint8Array | null {
    this.dueNs = Infinity;
    if (this.#announced === null) return null;
    const header = sapCodec.create();
    sapCodec.parse(this.#announced, 0, this.#announced.length, header);
    const payload = this.#announced.subarray(this.#announced.length - header.payloadOctets);
    header.isDeletion = true;
    return sapPacket(header, originLineOf(payload));
  }

  #build(): Uint8Array {
    const header = sapCodec.create();
    header.messageIdHash = this.#hash;
    header.originatingSource = this.#source;
    header.payloadType = SDP_PAYLOAD_TYPE;
    return sapPacket(header, this.#description);
  }
}

/** The line `o=` with its end; an announcer without one could end nothing. */
function originLineOf(description: Uint8Array): Uint8Array {
  const line = /^o=[^\r\n]*/m.exec(new TextDecoder().decode(description));
  if (line === null) throw new Error('a session that is announced needs an origin (RFC 8866 section 5.2)');
  return new TextEncoder().encode(`${line[0]}\r\n`);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((octet, i) => octet === b[i]);
}
