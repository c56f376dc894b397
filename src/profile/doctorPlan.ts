/** Options of `doctor` to a complete plan. */
import type { Scheme } from '../core/endpoint.js';
import { McastError } from '../core/errors.js';
import { octetsAtLayer, packetsPerSecondAt } from '../core/layers.js';
import { fallbackOf, outputPlan, type OutputPlan, type PlanContext } from './makePlan.js';
import { OPTIONS, type OptionValues } from './options.js';
import type { StreamAddress } from './plan.js';
import { throwProblems, type GivenOptions } from './readOptions.js';
import { isUnicast, readTargets, streamAddresses, type Target } from './targets.js';
import { largestOctets } from './sizeValues.js';

/** A group that is to be sent or received. */
export interface DoctorGroup {
  readonly address: StreamAddress;
  /** As said; `null`: not said. */
  readonly ttl: number | null;
  /** UDP payload of its largest datagram. */
  readonly sizeOctets: number;
  /** `null`: not said. */
  readonly packetsPerSecond: number | null;
}

export interface DoctorPlan {
  /** Empty: nothing in particular. */
  readonly groups: readonly DoctorGroup[];
  /** Without groups: name, index, address or `all`; `null`: where the kernel would go. */
  readonly iface: string | null;
  /** Without groups: only IPv6. */
  readonly ipv6Only: boolean;
  /** `null`: until a querier has answered, some seconds at most. */
  readonly listenNs: number | null;
  readonly receiveBufferOctets: number;
}

const RTP_HEADER_OCTETS = 12;
const TRANSPORT_PACKET_OCTETS = 188;
const FEEDS: ReadonlySet<Scheme | null> = new Set<Scheme | null>(['mold', 'mdp', 'xdp']);

/** Throws McastError, all problems at once. */
export function planDoctor(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
): { plan: DoctorPlan; output: OutputPlan } {
  const problems: McastError[] = [];
  const targets = readTargets(operands, given, context, problems);
  const { run } = targets;
  if (isUnicast(targets)) problems.push(onlyGroups(`"${targets.list[0]!.endpoint.text}" is a single host`));
  const groups = targets.list.flatMap((target) => {
    const { scheme, text } = target.endpoint;
    if (scheme === 'srt') problems.push(onlyGroups(`endpoint "${text}" is one of SRT`));
    const legB = target.legB === null ? [] : groupsOf({ ...target.legB, legB: null }, run);
    return [...groupsOf(target, run), ...legB];
  });
  const output = outputPlan(run, problems);
  throwProblems(problems.map((problem) => (problem.code === 'ERR_UNICAST' ? onlyGroups(problem.message) : problem)));
  return {
    plan: {
      groups,
      iface: run.iface ?? null,
      ipv6Only: run.ipv6 === true,
      listenNs: run.wait ?? null,
      receiveBufferOctets: run.rcvbuf ?? fallbackOf('rcvbuf'),
    },
    output,
  };
}

function onlyGroups(message: string): McastError {
  return new McastError('ERR_UNICAST', message, { hint: 'mcast doctor looks at multicast groups.' });
}

function groupsOf(target: Target, run: OptionValues): DoctorGroup[] {
  const { own, endpoint } = target;
  const sizeOctets = sizeOf(target, run);
  const rate = own.rate ?? (own.pps === undefined ? run.rate : undefined);
  const said = own.pps ?? (own.rate === undefined ? run.pps : undefined);
  const perSecond =
    said ??
    (rate === undefined ? Infinity : packetsPerSecondAt(rate.bitPerSecond, sizeOctets, endpoint.family, rate.layer));
  return streamAddresses(target, endpoint.scheme, run).map((address) => ({
    address,
    ttl: own.ttl ?? run.ttl ?? null,
    sizeOctets,
    packetsPerSecond: perSecond === Infinity ? null : perSecond,
  }));
}

/** What the senders of this program would make its datagrams. */
function sizeOf({ own, endpoint }: Target, run: OptionValues): number {
  const { scheme, family } = endpoint;
  if (FEEDS.has(scheme)) {
    const mtu = own.mtu ?? run.mtu ?? OPTIONS.mtu.read(OPTIONS.mtu.fallback!);
    return Math.max(1, mtu - octetsAtLayer(0, family, 'ip'));
  }
  const size = own.size ?? run.size;
  if (size !== undefined) return largestOctets(size, 0, family);
  if (scheme !== 'rtp') return largestOctets(OPTIONS.size.read(OPTIONS.size.fallback!), 0, family);
  const packets = own['ts-per-datagram'] ?? OPTIONS['ts-per-datagram'].read(OPTIONS['ts-per-datagram'].fallback!);
  return RTP_HEADER_OCTETS + packets * TRANSPORT_PACKET_OCTETS;
}
