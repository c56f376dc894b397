import { randomInt } from 'node:crypto';
import { McastError } from '../core/errors.js';
import type { Nanos } from '../core/time.js';
import { known, unknown, type Fact } from '../diagnosis/fact.js';
import type { HeardMember, HeardQuerier, MembershipProtocol, PlaceFacts, QuerierFacts } from '../diagnosis/facts.js';
import { nativeFailure, type NativeAddon } from '../io/addon.js';
import type { DatagramSource, Io } from '../io/datagram.js';
import { firstAddress, type NetworkInterface } from '../io/interfaces.js';
import { readInterfaceMembership } from '../io/linux/membership.js';
import { MembershipListener, type HeardMessage } from '../io/linux/membershipListener.js';
import { readMldCounters, type MldCounters } from '../io/linux/mldCounters.js';
import { randomLocalGroup } from './randomGroup.js';

/** Not those that the system gives out by itself. */
const PORTS = [20_000, 30_000] as const;
/** Others that are listed, and groups of each. */
const MOST_MEMBERS = 256;
const MOST_GROUPS = 64;

/**
 * Finds out whether a querier is there, without waiting for its next general query, which may take two minutes: a group
 * that nobody else uses is joined from every source and from one, and then left for all but that one. A querier has to
 * ask at once whether anybody still wants the others (RFC 3376 section 6.4.2, TO_IN in EXCLUDE mode; RFC 3810 section
 * 7.4.2). The host remains a member, so that it hears the question, and the kernel shows that it did (IPv4:
 * /proc/net/igmp; IPv6: /proc/net/dev_snmp6), to ordinary users too. With CAP_NET_RAW all that queriers and members say
 * is heard.
 */
export class QuerierWatch {
  readonly #io: Io;
  readonly #family: 4 | 6;
  readonly #via: NetworkInterface;
  readonly #group: string;
  readonly #queriers = new Map<string, HeardQuerier>();
  readonly #members = new Map<string, Set<string>>();
  readonly #beganNs: Nanos;
  readonly #countersBefore: MldCounters | null;
  /** Why not all can be heard; `null`: it can. */
  readonly #deaf: { readonly why: string; readonly wantsRoot: boolean } | null;
  readonly #listener: MembershipListener | null;
  #anySource: DatagramSource | null = null;
  #oneSource: DatagramSource | null = null;
  #askedNs: Nanos | null = null;
  #countersAsked: MldCounters | null = null;
  #answeredNs: Nanos | null = null;
  #endedNs: Nanos | null = null;

  constructor(io: Io, addon: NativeAddon | null, family: 4 | 6, via: NetworkInterface) {
    this.#io = io;
    this.#family = family;
    this.#via = via;
    this.#group = randomLocalGroup(family);
    this.#beganNs = io.clock.monoNs();
    this.#countersBefore = family === 6 ? readMldCounters(via.name) : null;
    const opened = openListener(addon, family, via);
    this.#listener = opened instanceof MembershipListener ? opened : null;
    this.#deaf = opened instanceof MembershipListener ? null : opened;
  }

  /** Joins. `protocol`: what the host speaks; the question can only be put in the newest version. */
  async join(protocol: PlaceFacts['protocol'], forced: PlaceFacts['forcedVersion']): Promise<void> {
    const own = firstAddress(this.#via, this.#family);
    const forcedTo = forced.known ? forced.value.own || forced.value.all : 0;
    const isForced = forcedTo > 0 && forcedTo < (this.#family === 4 ? 3 : 2);
    const isOld = protocol.known && (protocol.value === 'IGMPv1' || protocol.value === 'IGMPv2');
    // A host that nobody forced fell back to an older version because it heard a querier of that version.
    if (isOld && !isForced) {
      this.#hear({ address: null, version: protocol.value === 'IGMPv1' ? 1 : 2, intervalSeconds: null });
    }
    if (isForced || isOld || own === null) return;
    const spec = {
      family: this.#family,
      group: this.#group,
      port: randomInt(...PORTS),
      unicast: false,
      interfaceIndex: this.#via.index,
      interfaceName: this.#via.name,
      receiveBufferOctets: 0,
      timestamps: 'user',
      busyPollUs: 0,
    } as const;
    try {
      this.#anySource = await this.#io.openSource({ ...spec, sources: [] });
      this.#oneSource = await this.#io.openSource({ ...spec, sources: [own] });
    } catch (error) {
      // What cannot be joined is found by the self-test.
      if (!(error instanceof McastError)) throw error;
      this.close();
    }
  }

  /** Leaves the group for all but one source, when the join has been told. */
  ask(): void {
    if (this.#anySource === null || this.#oneSource === null) return;
    if (this.mldVersion() === 'MLDv1') {
      // It fell back because it heard a querier of that version, and then tells nobody of sources.
      this.#hear({ address: null, version: 1, intervalSeconds: null });
      return;
    }
    this.#countersAsked = this.#family === 6 ? readMldCounters(this.#via.name) : null;
    this.#askedNs = this.#io.clock.monoNs();
    this.#anySource.leave();
  }

  /** Looks at what came since. */
  look(): void {
    const nowNs = this.#io.clock.monoNs();
    this.#endedNs = nowNs;
    for (const heard of this.#listener?.read() ?? []) this.#take(heard, nowNs);
    if (this.#askedNs === null || this.#answeredNs !== null || !this.#wasAsked()) return;
    this.#answeredNs = nowNs - this.#askedNs;
  }

  /** Nothing more is to be waited for. */
  get isDone(): boolean {
    return this.#answeredNs !== null || (this.#askedNs === null && this.#queriers.size > 0);
  }

  querier(): Fact<QuerierFacts> {
    const answered = this.#answeredNs !== null && this.#queriers.size === 0;
    if (answered) this.#hear({ address: null, version: this.#family === 4 ? 3 : null, intervalSeconds: null });
    if (this.#deaf !== null && this.#queriers.size === 0 && this.#askedNs === null && this.#countersBefore === null) {
      return unknown(this.#deaf.why, this.#deaf.wantsRoot);
    }
    const facts: QuerierFacts = {
      listenedNs: Math.round((this.#endedNs ?? this.#beganNs) - this.#beganNs),
      queriers: [...this.#queriers.values()],
      hearsAll: this.#deaf === null || this.#countersBefore !== null,
      asked: this.#askedNs === null ? null : this.#group,
      answeredNs: this.#answeredNs === null ? null : Math.round(this.#answeredNs),
    };
    const files = this.#family === 4 ? '/proc/net/igmp' : `/proc/net/dev_snmp6/${this.#via.name}`;
    return known(facts, this.#deaf === null ? `raw socket, ${files}` : files);
  }

  members(): Fact<readonly HeardMember[]> {
    if (this.#deaf !== null) return unknown(this.#deaf.why, this.#deaf.wantsRoot);
    const list = [...this.#members]
      .filter(([, groups]) => groups.size > 0)
      .map(([address, groups]) => ({ address, groups: [...groups] }));
    return known(list, 'raw socket');
  }

  /** Version of the MLD reports that the host has sent meanwhile; IPv4: told elsewhere. */
  mldVersion(): MembershipProtocol | null {
    const [before, now] = [this.#countersBefore, readMldCounters(this.#via.name)];
    if (this.#family === 4 || before === null || now === null) return null;
    if (now.reportsV2Sent > before.reportsV2Sent) return 'MLDv2';
    return now.reportsV1Sent > before.reportsV1Sent ? 'MLDv1' : null;
  }

  close(): void {
    this.#listener?.close();
    this.#anySource?.close();
    this.#oneSource?.close();
    this.#anySource = null;
    this.#oneSource = null;
  }

  #take({ source, message }: HeardMessage, nowNs: Nanos): void {
    if (this.#via.addresses.some(({ address }) => address === source)) return;
    if (message.kind === 'query') {
      const { version, intervalSeconds, group } = message;
      this.#hear({ address: source, version, intervalSeconds });
      if (group === this.#group && this.#askedNs !== null) this.#answeredNs ??= nowNs - this.#askedNs;
    } else if (message.kind === 'report') {
      const groups = this.#members.get(source) ?? new Set<string>();
      if (!this.#members.has(source) && this.#members.size >= MOST_MEMBERS) return;
      this.#members.set(source, groups);
      for (const group of message.groups) if (groups.size < MOST_GROUPS && !isProtocolGroup(group)) groups.add(group);
    }
  }

  #hear(querier: HeardQuerier): void {
    const key = `${querier.address} ${querier.version}`;
    const before = this.#queriers.get(key);
    if (this.#queriers.size >= MOST_MEMBERS && before === undefined) return;
    this.#queriers.set(key, {
      ...querier,
      intervalSeconds: querier.intervalSeconds ?? before?.intervalSeconds ?? null,
    });
  }

  #wasAsked(): boolean {
    if (this.#family === 4) {
      const { asked, protocol } = readInterfaceMembership(4, this.#group, this.#via.index);
      return asked === true && protocol === 'IGMPv3';
    }
    const [before, now] = [this.#countersAsked, readMldCounters(this.#via.name)];
    return before !== null && now !== null && now.queriesHeard > before.queriesHeard;
  }
}

function openListener(
  addon: NativeAddon | null,
  family: 4 | 6,
  { name, index }: NetworkInterface,
): MembershipListener | { why: string; wantsRoot: boolean } {
  if (addon === null) return { why: nativeFailure(), wantsRoot: false };
  try {
    return new MembershipListener(addon, family, name, index);
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    const wantsRoot = error.code === 'ERR_PERMISSION';
    return { why: wantsRoot ? 'listening for IGMP and MLD needs CAP_NET_RAW' : error.message, wantsRoot };
  }
}

/** That hosts and routers are in groups of their protocols says nothing. */
function isProtocolGroup(group: string): boolean {
  return group.startsWith('224.0.0.') || group.startsWith('ff02:');
}
