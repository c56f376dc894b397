/** The other end of a sender, ready to paste into a shell. */
import { dscpName } from '../core/dscp.js';
import { formatEndpoint } from '../core/endpoint.js';
import { withoutSecret } from '../core/secret.js';
import type { SendPlan, SendStream } from '../profile/plan.js';
import type { ReadyInfo } from '../runtime/messages.js';
import { shellWord } from './shellWord.js';

/** More endpoints than this are said by the operands that made them. */
const MOST = 4;

/**
 * `mcast recv` with an endpoint for each of the sender's: group, source, and what a receiver cannot find
 * out or would otherwise choose differently. What concerns the sender alone, as its rate, is left out. `ofProfile`: the
 * profile, and the words that say the endpoints by it; without those they are named beside it.
 */
export function receiverCommand(
  plan: SendPlan,
  info: Pick<ReadyInfo, 'interfaces' | 'loopback'>,
  operands: readonly string[],
  ofProfile: { readonly name: string; readonly words: readonly string[] | null } | null = null,
): string {
  const loopback = loopbackOf(info);
  const words = ofProfile?.words ?? null;
  if (words !== null) {
    const iface = loopback === null || words.includes('--iface') ? [] : ['--iface', loopback];
    return ['mcast', 'recv', ...[...words, ...iface].map((word) => shellWord(withoutSecret(word)))].join(' ');
  }
  const beside = ofProfile === null ? [] : ['--profile', ofProfile.name];
  const all = byEndpoint(plan);
  // Without operands there is nothing shorter to say.
  if (all.length > MOST && operands.length > 0 && !operands.includes('-'))
    return command([...operands.map(withoutSecret), ...beside], plan);
  // Second legs are told in the order of the endpoints, which all of them have, or none.
  const legs = all.map((streams) => streams.flatMap(({ legB }) => (legB === null ? [] : [legB])));
  const hasLegs = legs.every((streams) => streams.length > 0);
  if (!hasLegs && legs.some((streams) => streams.length > 0))
    return command([...operands.map(withoutSecret), ...beside], plan);
  const endpoints = all.map((streams) => receiverEndpoint(streams, loopback));
  const legWords = hasLegs ? legs.flatMap((streams) => ['--leg-b', receiverEndpoint(streams, loopback)]) : [];
  return command([...endpoints, ...legWords, ...beside], plan);
}

/** The receiver's endpoints for what is sent. `loopback`: the interface that all of it needs; `null`: none. */
export function endpointsOf(plan: SendPlan, loopback: string | null): string[] {
  return byEndpoint(plan).map((streams) => receiverEndpoint(streams, loopback));
}

/** Nothing that is sent over loopback can be received by another interface. */
export function loopbackOf({ loopback, interfaces }: Pick<ReadyInfo, 'interfaces' | 'loopback'>): string | null {
  return loopback ? (interfaces[0] ?? null) : null;
}

/** The streams of each endpoint. */
function byEndpoint({ streams }: SendPlan): SendStream[][] {
  const all = new Map<string, SendStream[]>();
  for (const stream of streams) {
    const { endpoint } = stream.address;
    all.set(endpoint, [...(all.get(endpoint) ?? []), stream]);
  }
  return [...all.values()];
}

function command(words: readonly string[], { unicast }: SendPlan): string {
  return ['mcast', 'recv', ...words.map(shellWord), ...(unicast ? ['--unicast'] : [])].join(' ');
}

/** `streams`: those of one endpoint, whose groups are consecutive. */
function receiverEndpoint(streams: readonly SendStream[], loopback: string | null): string {
  const first = streams[0]!;
  const { scheme, family, group, port, sources, iface } = first.address;
  const parameters = new Map<string, string>();
  const via = iface ?? loopback;
  if (via !== null) parameters.set('iface', via);
  if (first.ttl !== 1) parameters.set('ttl', String(first.ttl));
  if (first.tos >>> 2 !== 0) parameters.set('dscp', dscpName(first.tos >>> 2));
  return formatEndpoint({ scheme, family, group, port, sources, groups: streams.length, parameters });
}
