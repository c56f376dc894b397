/** From what a capture holds to the streams that are made of it, with every rule that limits them. */
import { isLinkLocalControl, isMulticast, parseAddress } from '../core/address.js';
import { formatEndpoint } from '../core/endpoint.js';
import { McastError } from '../core/errors.js';
import { formatCount, formatHostPort } from '../core/format.js';
import { formatUnixNs, type Nanos } from '../core/time.js';
import { captureTroubles } from '../result/captureTroubles.js';
import type { SentCapture } from '../result/model.js';
import type { CapturedGroup, FlowReplay, ReplayPlan, SendStream } from './plan.js';
import { formatCapturedGroup } from './replayValues.js';

/** What a capture holds for one group (or host) and port, of what can be sent within `--from` and `--to`. */
export interface CapturedFlow {
  readonly group: string;
  readonly port: number;
  readonly datagrams: number;
  /** UDP payload of all of them, and of the largest. */
  readonly octets: number;
  readonly largestOctets: number;
  /** Earliest and latest time, ns behind the capture's first frame; Infinity and -Infinity without datagrams. */
  readonly firstNs: Nanos;
  readonly lastNs: Nanos;
}

export interface CaptureSummary {
  readonly flows: readonly CapturedFlow[];
  readonly frames: number;
  /** Of the first frame, and how much later the last datagram is. */
  readonly startUnixNs: bigint;
  readonly lengthNs: Nanos;
  /** Datagrams have times of their own; simple packets of pcapng have none. */
  readonly isTimed: boolean;
  /** Of what was found, also what is not sent. */
  readonly counts: SentCapture;
}

/** What of a capture goes through one feed. */
export interface ReplayedFlows {
  /** By position in {@link CaptureSummary.flows}: the flow of the feed; -1: not sent. */
  readonly flowOf: readonly number[];
  readonly flows: number;
  readonly datagrams: number;
  readonly octets: number;
  /** Of the first datagram of the whole replay, ns behind the first frame. */
  readonly firstNs: Nanos;
  /** From one pass to the next. */
  readonly passNs: Nanos;
}

/** A stream, and what of the capture is in it. */
export interface ReplayedStream {
  readonly stream: SendStream;
  readonly replayed: ReplayedFlows;
  /** Its flow among those of the feed. */
  readonly flow: number;
}

/** Most flows that a message names. */
const MOST_NAMED = 8;

/** All that is selected goes to this stream. Throws ERR_USAGE, ERR_FILE_FORMAT. */
export function replayedStream(stream: SendStream, summary: CaptureSummary): ReplayedStream {
  const plan = stream.replay!;
  const chosen = chooseFlows(plan, summary);
  if (plan.select.length === 0 && chosen.length > 1) {
    throw usage(
      `${plan.name} holds ${chosen.length} flows: ${named(summary, chosen)}; say which one with --select, or leave out the endpoint to send each to a group of its own`,
    );
  }
  const { firstNs, passNs } = spacing(plan, summary, chosen);
  const replayed = replayedFlows(summary, chosen, () => 0, 1, firstNs, passNs);
  return { stream: withFigures(stream, summary, chosen, passNs), replayed, flow: 0 };
}

/** Each flow that is selected becomes a stream. Throws ERR_USAGE, ERR_FILE_FORMAT, ERR_RESERVED_GROUP. */
export function replayedStreams({ maps, keepGroups, template }: FlowReplay, summary: CaptureSummary): ReplayedStream[] {
  const plan = template.replay!;
  const chosen = chooseFlows(plan, summary);
  for (const { from } of maps) {
    if (summary.flows.some((flow) => isOf(flow, from))) continue;
    throw usage(`--map ${formatCapturedGroup(from)}=...: ${plan.name} holds ${named(summary, allOf(summary))}`);
  }
  const places = chosen.map((position) => placeOf(summary.flows[position]!, maps));
  const unmapped = chosen.filter((_, index) => places[index] === null);
  if (unmapped.length > 0 && !keepGroups) {
    const first = nameOf(summary.flows[unmapped[0]!]!);
    throw usage(
      `${plan.name}: no group is said for ${named(summary, unmapped)}; write --map ${first}=<group[:port]>, or --keep-groups to send to the captured groups`,
    );
  }
  const { firstNs, passNs } = spacing(plan, summary, chosen);
  const addresses = chosen.map((position, index) => addressOf(template, places[index] ?? summary.flows[position]!));
  refuseTwins(addresses, summary, chosen);
  // Groups of one family leave through one socket, whose feed has all of them.
  return ([4, 6] as const).flatMap((family) => {
    const own = chosen.filter((_, index) => addresses[index]!.family === family);
    const replayed = replayedFlows(summary, own, (index) => index, own.length, firstNs, passNs);
    return own.map((position, flow): ReplayedStream => {
      const stream = { ...template, address: addresses[chosen.indexOf(position)]! };
      return { stream: withFigures(stream, summary, [position], passNs), replayed, flow };
    });
  });
}

/** Positions of the flows that are sent. */
function chooseFlows(plan: ReplayPlan, summary: CaptureSummary): number[] {
  const { select, name } = plan;
  for (const wanted of select) {
    if (summary.flows.some((flow) => isOf(flow, wanted))) continue;
    throw usage(`--select ${formatCapturedGroup(wanted)}: ${name} holds ${named(summary, allOf(summary))}`);
  }
  // Datagrams to single hosts are no part of a group's traffic, unless they are asked for.
  const chosen = allOf(summary).filter((position) => {
    const flow = summary.flows[position]!;
    return select.length === 0 ? isGroup(flow) : select.some((wanted) => isOf(flow, wanted));
  });
  if (summary.flows.length === 0) throw nothingIn(name, 'UDP datagrams', summary);
  if (chosen.length === 0) {
    const what = `UDP datagrams to groups, but ${named(summary, allOf(summary))}`;
    throw new McastError('ERR_FILE_FORMAT', `${name} holds no ${what} (${formatCount(summary.frames)} frames)`, {
      hint: 'Say which of them with --select.',
    });
  }
  const sent = chosen.filter((position) => summary.flows[position]!.datagrams > 0);
  if (sent.length > 0) return sent;
  if (summary.counts.outside === 0) throw nothingIn(name, 'UDP datagrams that can be sent', summary);
  throw usage(
    `${name}: nothing of it can be sent between --from and --to; it begins at ${formatUnixNs(summary.startUnixNs)} and is ${(summary.lengthNs / 1e9).toFixed(3)} s long`,
  );
}

/** With what it holds instead, and why reading ended. */
function nothingIn(name: string, what: string, { frames, counts }: CaptureSummary): McastError {
  const held = [`${formatCount(frames)} ${frames === 1 ? 'frame' : 'frames'}`, captureTroubles(counts).join(', ')];
  const ends = counts.fault === null ? '' : `; it ends early: ${counts.fault}`;
  const text = `${name} holds no ${what} (${held.filter((part) => part !== '').join(': ')})${ends}`;
  return new McastError('ERR_FILE_FORMAT', text, { hint: 'See it with mcast analyze or tshark.' });
}

function spacing(
  plan: ReplayPlan,
  summary: CaptureSummary,
  chosen: readonly number[],
): { firstNs: Nanos; passNs: Nanos } {
  if (!summary.isTimed) {
    throw new McastError('ERR_FILE_FORMAT', `${plan.name}: its packets have no times (pcapng simple packet blocks)`, {
      hint: 'Capture it with a tool that writes times.',
    });
  }
  let firstNs = Infinity;
  let lastNs = -Infinity;
  let datagrams = 0;
  for (const position of chosen) {
    const flow = summary.flows[position]!;
    firstNs = Math.min(firstNs, flow.firstNs);
    lastNs = Math.max(lastNs, flow.lastNs);
    datagrams += flow.datagrams;
  }
  const spanNs = lastNs - firstNs;
  if (plan.loop && spanNs === 0) {
    throw usage(`--loop: all datagrams of ${plan.name} have the same time, which tells no gap to begin again after`);
  }
  // Begun again after the mean gap between datagrams.
  return { firstNs, passNs: datagrams > 1 ? spanNs + spanNs / (datagrams - 1) : 0 };
}

function replayedFlows(
  summary: CaptureSummary,
  chosen: readonly number[],
  flowAt: (index: number) => number,
  flows: number,
  firstNs: Nanos,
  passNs: Nanos,
): ReplayedFlows {
  const flowOf = new Array<number>(summary.flows.length).fill(-1);
  for (const [index, position] of chosen.entries()) flowOf[position] = flowAt(index);
  return {
    flowOf,
    flows,
    datagrams: sum(summary, chosen, 'datagrams'),
    octets: sum(summary, chosen, 'octets'),
    firstNs,
    passNs,
  };
}

/** The stream with its mean rate and its sizes. */
function withFigures(
  stream: SendStream,
  summary: CaptureSummary,
  chosen: readonly number[],
  passNs: Nanos,
): SendStream {
  const replay = stream.replay!;
  const datagrams = sum(summary, chosen, 'datagrams');
  // What has no length is taken for a second's worth.
  const seconds = (passNs === 0 ? 1e9 : passNs) / 1e9;
  return {
    ...stream,
    packetsPerSecond: (datagrams / seconds) * replay.speed,
    sizeOctets: Math.max(1, ...chosen.map((position) => summary.flows[position]!.largestOctets)),
    replay: { ...replay, meanOctets: sum(summary, chosen, 'octets') / datagrams },
  };
}

function sum(summary: CaptureSummary, chosen: readonly number[], of: 'datagrams' | 'octets'): number {
  return chosen.reduce((total, position) => total + summary.flows[position]![of], 0);
}

/** Where the maps send a flow, a map with its port before one without; `null`: none is about it. */
function placeOf(
  flow: CapturedFlow,
  maps: FlowReplay['maps'],
): { readonly group: string; readonly port: number } | null {
  const own = maps.filter(({ from }) => isOf(flow, from));
  const map = own.find(({ from }) => from.port !== null) ?? own[0];
  return map === undefined ? null : { group: map.to.group, port: map.to.port ?? flow.port };
}

function addressOf(
  template: SendStream,
  place: { readonly group: string; readonly port: number },
): SendStream['address'] {
  const { group, port } = place;
  const address = parseAddress(group)!;
  const family = address.length === 4 ? 4 : 6;
  if (!isMulticast(address)) {
    throw new McastError('ERR_UNICAST', `${group} is a single host: datagrams of a capture go to groups`, {
      hint: 'Write --map with a group, or name the host in an endpoint with --unicast.',
    });
  }
  if (isLinkLocalControl(address)) {
    throw new McastError('ERR_RESERVED_GROUP', `${group} is one that routing protocols and hosts use themselves`, {
      hint: 'Send it to another group with --map, or leave it out with --select.',
    });
  }
  const parameters = new Map<string, string>();
  const endpoint = formatEndpoint({ scheme: 'udp', family, group, port, sources: [], groups: 1, parameters });
  return { ...template.address, family, group, port, endpoint };
}

function refuseTwins(
  addresses: readonly SendStream['address'][],
  summary: CaptureSummary,
  chosen: readonly number[],
): void {
  const seen = new Map<string, number>();
  for (const [index, { group, port }] of addresses.entries()) {
    const key = formatHostPort(group, port);
    const other = seen.get(key);
    if (other !== undefined) {
      const both = [chosen[other]!, chosen[index]!].map((position) => nameOf(summary.flows[position]!)).join(' and ');
      throw usage(`${both} would both go to ${key}: say another place with --map, or leave one out with --select`);
    }
    seen.set(key, index);
  }
}

function allOf({ flows }: CaptureSummary): number[] {
  return [...flows.keys()];
}

function isOf({ group, port }: CapturedFlow, wanted: CapturedGroup): boolean {
  return group === wanted.group && (wanted.port === null || port === wanted.port);
}

function isGroup({ group }: CapturedFlow): boolean {
  const address = parseAddress(group);
  return address !== null && isMulticast(address);
}

function nameOf({ group, port }: CapturedFlow): string {
  return formatHostPort(group, port);
}

/** The flows with most datagrams first, groups before hosts. */
function named(summary: CaptureSummary, positions: readonly number[]): string {
  const flows = positions
    .map((position) => summary.flows[position]!)
    .toSorted((a, b) => Number(isGroup(b)) - Number(isGroup(a)) || b.datagrams - a.datagrams);
  if (flows.length === 0) return 'no UDP datagrams';
  const words = flows.slice(0, MOST_NAMED).map((flow) => `${nameOf(flow)} (${formatCount(flow.datagrams)})`);
  return flows.length <= MOST_NAMED ? words.join(', ') : `${words.join(', ')} and ${flows.length - MOST_NAMED} more`;
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}
