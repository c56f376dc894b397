/** What a sender is to send to each group: rate, size, pattern, marks, with every rule that limits them. */
import { McastError } from '../core/errors.js';
import { refuseReservedGroup, type Scheme } from '../core/endpoint.js';
import { packetsPerSecondAt } from '../core/layers.js';
import { meanOctets } from '../core/sizeMix.js';
import { shortNumber } from '../core/units.js';
import { IN_TURN } from '../feed/flowRates.js';
import { meanPerEvent } from '../feed/schedule.js';
import { impairProblems } from '../impair/spec.js';
import { mediaPlan, mediaSizeOctets } from './mediaPlan.js';
import { feedStreams, isFeedScheme } from './feedPlan.js';
import { sendRecovery } from './recoveryPlan.js';
import { capturePath, replayStreams } from './replayPlan.js';
import { sentTos, withOwnLosses, withSeed } from './streamValues.js';
import type { FlowRates, Pattern, SendStream } from './plan.js';
import { IPERF_WIDE_OCTETS } from '../wire/iperf.js';
import { PROBE_HEADER_OCTETS } from '../wire/probe.js';
import type { FileReader } from './operands.js';
import type { PayloadSource } from './optionValues.js';
import { OPTIONS, type OptionValues } from './options.js';
import { meanSizeOf, type Sizes, sizesInOrder } from './sizeValues.js';
import { streamAddresses, type Target } from './targets.js';

const SAFE_BIT_PER_SECOND = 1e9;
const DEFAULT_SIZES = OPTIONS.size.read(OPTIONS.size.fallback!);
const DEFAULT_RATE = OPTIONS.rate.read(OPTIONS.rate.fallback!);

/** Schemes of which every datagram is of one make. */
type DatagramScheme = 'probe' | 'iperf' | 'udp';

const MAKE: Readonly<Record<DatagramScheme, string>> = {
  probe: 'a probe datagram',
  iperf: 'a datagram of iperf',
  udp: 'a datagram',
};
const HEADER_OCTETS: Readonly<Record<DatagramScheme, number>> = {
  probe: PROBE_HEADER_OCTETS,
  iperf: IPERF_WIDE_OCTETS,
  udp: 0,
};
/** Each flow is a sender of its own, with a socket. */
const MOST_IPERF_FLOWS = 128;

function isDatagramScheme(scheme: Scheme): scheme is DatagramScheme {
  return scheme in MAKE;
}

/** The streams of one endpoint. What is wrong is appended to `problems`; the result is then not to be used. */
export function sendStreams(
  target: Target,
  run: OptionValues,
  seed: number,
  files: FileReader,
  problems: McastError[],
): SendStream[] {
  const { endpoint, own } = target;
  const wrong = (message: string): void => {
    problems.push(new McastError('ERR_USAGE', `endpoint "${endpoint.text}": ${message}`));
  };
  const hasPayload = (own.payload ?? run.payload) !== undefined;
  const input = own.input ?? run.input;
  const hasInput = input !== undefined;
  const capture = capturePath(input, files);
  const scheme = endpoint.scheme ?? (hasPayload || capture !== null ? 'udp' : hasInput ? 'rtp' : 'probe');
  if (!isFeedScheme(scheme) && scheme !== 'rtp' && !isDatagramScheme(scheme)) {
    wrong(
      `${scheme}:// cannot be sent by this version: probe://, iperf://, rtp://, udp://, mold://, mdp:// and xdp:// can`,
    );
    return [];
  }
  collect(problems, () => refuseReservedGroup(endpoint));
  if (endpoint.sources.length > 1) wrong('a sender has one source; a receiver may name several');
  if ((own.iface ?? run.iface) === 'all') wrong('all interfaces are for receivers: a sender needs one, with /iface=');

  if (!isFeedScheme(scheme)) sendRecovery(own, run, scheme, wrong);
  if (isFeedScheme(scheme)) return feedStreams(target, scheme, run, seed, files, wrong);
  if (capture !== null && !hasPayload) return replayStreams(target, scheme, capture, run, seed, wrong);
  if (scheme === 'rtp' || (scheme === 'udp' && !hasPayload)) return mediaStreams(target, scheme, run, seed, wrong);
  if (hasInput)
    wrong(
      scheme === 'udp'
        ? 'input and payload: give one of them'
        : `${scheme === 'probe' ? 'a probe' : 'iperf'} has no input: --input is for rtp://, udp:// and feeds (mold://, mdp://, xdp://)`,
    );
  const payload = choosePayload(scheme, own.payload ?? run.payload, files, wrong, problems);
  const sizes = chooseSizes(own.size ?? run.size ?? payload?.length ?? DEFAULT_SIZES, scheme, endpoint, payload, wrong);
  const flows = own.flows ?? run.flows ?? 1;
  if (scheme === 'udp' && flows > 1) wrong('flows are numbered by probe datagrams; udp has one');
  const pattern = own.pattern ?? run.pattern ?? { kind: 'cbr' };
  if (scheme === 'iperf') checkIperfFlows(target, run, flows, pattern, wrong);
  const packetsPerSecond = chooseRate(own, run, pattern, meanOctets(sizes), endpoint.family, wrong);
  const flowRates = chooseFlowRates(own, run, scheme, pattern, packetsPerSecond, wrong);
  const impair = own.impair ?? run.impair ?? null;
  if (impair !== null) {
    for (const problem of impairProblems(impair, packetsPerSecond / flows)) wrong(`impair: ${problem}`);
  }
  return streamAddresses(target, scheme, run).map((address) => ({
    address,
    ttl: own.ttl ?? run.ttl ?? 1,
    tos: sentTos(own, run, wrong) ?? 0,
    sourcePort: own['source-port'] ?? run['source-port'] ?? 0,
    flows,
    flowRates,
    sizeOctets: Math.max(...sizes),
    sizes: sizes.length === 1 ? null : sizes,
    packetsPerSecond,
    pattern,
    payload,
    media: null,
    replay: null,
    feed: null,
    legB: null,
    impair: withSeed(impair, seed),
  }));
}

/** The streams of an endpoint that sends a transport stream; the input tells their rate when it is open. */
function mediaStreams(
  target: Target,
  scheme: 'rtp' | 'udp',
  run: OptionValues,
  seed: number,
  wrong: (message: string) => void,
): SendStream[] {
  const { own } = target;
  for (const name of ['rate', 'pps', 'size', 'pattern', 'flows', 'flow-rates'] as const) {
    const instead =
      name === 'size'
        ? 'ts-per-datagram sets the size'
        : "the input's clock sets the pace; mux-rate says it where there is none";
    if (own[name] !== undefined || run[name] !== undefined)
      wrong(`${name} is for probe datagrams and payloads: ${instead}`);
  }
  const media = mediaPlan(target, scheme, run, wrong);
  const legOf = (of: Omit<Target, 'legB'>, ofSeed = seed): SendStream[] => {
    const addresses = streamAddresses({ ...of, legB: null }, scheme, run);
    return addresses.map((address, index) => ({
      address,
      ttl: of.own.ttl ?? run.ttl ?? 1,
      tos: sentTos(of.own, run, wrong) ?? 0,
      sourcePort: of.own['source-port'] ?? run['source-port'] ?? 0,
      flows: 1,
      flowRates: IN_TURN,
      sizeOctets: mediaSizeOctets(media),
      packetsPerSecond: 0,
      sizes: null,
      pattern: { kind: 'cbr' },
      payload: null,
      feed: null,
      media: { ...media, startShare: media.loop ? index / addresses.length : 0 },
      replay: null,
      legB: null,
      impair: withSeed(of.own.impair ?? run.impair ?? null, ofSeed),
    }));
  };
  const hasOwnImpair = target.legB?.own.impair !== undefined;
  // Two legs are two networks: what is random on one is not what is random on the other.
  const second = target.legB === null ? [] : legOf(target.legB, hasOwnImpair ? (seed + 1) % 2 ** 32 : seed);
  return legOf(target).map((stream, index) => {
    const legB = second[index] ?? null;
    return { ...stream, legB: legB === null ? null : unprotected(hasOwnImpair ? legB : withOwnLosses(legB)) };
  });
}

/** What protects media goes with the first leg: it is the same for both. */
function unprotected(leg: SendStream): SendStream {
  return leg.media === null ? leg : { ...leg, media: { ...leg.media, fec: null } };
}

/** UDP payload octets of one datagram after the other, over and over. */
function chooseSizes(
  asked: Sizes,
  scheme: DatagramScheme,
  { family }: Target['endpoint'],
  payload: Uint8Array | null,
  wrong: (message: string) => void,
): readonly number[] {
  const sizes = sizesInOrder(asked, HEADER_OCTETS[scheme], family);
  const least = Math.min(...sizes);
  if (least < HEADER_OCTETS[scheme]) {
    wrong(`size ${least}: ${MAKE[scheme]} has ${HEADER_OCTETS[scheme]} octets at least, its header`);
  }
  if (payload !== null && payload.length > least) {
    wrong(`the payload of ${payload.length} octets does not fit the size of ${least}`);
  }
  if (scheme === 'iperf' && sizes.length > 1) wrong('a client of iperf has one size');
  return sizes;
}

/** Datagrams per second of a stream. */
function chooseRate(
  own: OptionValues,
  run: OptionValues,
  pattern: Pattern,
  sizeOctets: number,
  family: 4 | 6,
  wrong: (message: string) => void,
): number {
  const ownRate = own.rate !== undefined || own.pps !== undefined;
  const level = ownRate ? own : run;
  if (level.rate !== undefined && level.pps !== undefined) wrong('rate and pps both set the rate: give one of them');
  if (pattern.kind === 'burst') {
    // A flag gives way to the endpoint's pattern; beside it, neither goes first.
    const said = ownRate || (own.pattern === undefined && (run.rate ?? run.pps) !== undefined);
    if (said) wrong('burst:<n>/<period> sets the rate itself: leave out rate and pps');
    return burstPacketsPerSecond(pattern);
  }
  const { bitPerSecond, layer } = level.rate ?? DEFAULT_RATE;
  const packetsPerSecond = level.pps ?? packetsPerSecondAt(bitPerSecond, sizeOctets, family, layer);
  if (packetsPerSecond === Infinity && pattern.kind === 'poisson') wrong('poisson needs a rate: max has none');
  if (packetsPerSecond < 1 / 3600) {
    wrong(`that is less than a datagram of ${sizeOctets} octets an hour: raise the rate`);
  }
  // What is said is the rate of the reports; alarms come on top.
  return pattern.kind === 'telemetry' ? packetsPerSecond * meanPerEvent(pattern) : packetsPerSecond;
}

function chooseFlowRates(
  own: OptionValues,
  run: OptionValues,
  scheme: DatagramScheme,
  pattern: Pattern,
  packetsPerSecond: number,
  wrong: (message: string) => void,
): FlowRates {
  const said = own['flow-rates'] ?? run['flow-rates'];
  const chosen = said ?? (pattern.kind === 'telemetry' ? { kind: 'equal' } : IN_TURN);
  if (scheme !== 'probe' && said !== undefined) {
    wrong(
      `flow-rates is for the flows of probe datagrams; ${scheme === 'udp' ? 'udp has one' : 'those of iperf take turns'}`,
    );
  }
  if (pattern.kind === 'telemetry') {
    if (scheme !== 'probe') wrong('telemetry is what flows of probe datagrams send');
    if (said?.kind === 'turns')
      wrong('telemetry comes from flows that send by themselves: leave out --flow-rates turns');
  }
  if (chosen.kind !== 'turns' && packetsPerSecond === Infinity) {
    wrong(`flows that send by themselves need a rate: max has none`);
  }
  return chosen;
}

/** What several clients of iperf cannot share. */
function checkIperfFlows(
  { own }: Target,
  run: OptionValues,
  flows: number,
  pattern: Pattern,
  wrong: (message: string) => void,
): void {
  if (flows > MOST_IPERF_FLOWS) wrong(`flows ${flows}: each has a socket of its own here, at most ${MOST_IPERF_FLOWS}`);
  if (flows > 1 && pattern.kind === 'burst') wrong('flows and burst:<n>/<period>: each flow is a sender of its own');
  const port = own['source-port'] ?? run['source-port'] ?? 0;
  if (port + flows - 1 > 65_535) wrong(`source-port ${port}: the flows take ${flows} ports from there on`);
  // A server takes no notice of a final datagram that comes first.
  if (run.count !== undefined && run.count < 2 * flows) {
    wrong(`count ${run.count}: each flow has two datagrams at least, and the last of them ends it`);
  }
}

function choosePayload(
  scheme: DatagramScheme,
  source: PayloadSource | undefined,
  files: FileReader,
  wrong: (message: string) => void,
  problems: McastError[],
): Uint8Array | null {
  if (source === undefined) {
    return null;
  }
  if (scheme !== 'udp') {
    wrong(`${MAKE[scheme]} has no payload of its own: --payload is for udp://`);
    return null;
  }
  if ('octets' in source) return checkPayload(source.octets, 'the payload', wrong);
  const octets = collect(problems, () => files.readWhole(source.path));
  return octets === null ? null : checkPayload(octets, source.path, wrong);
}

function checkPayload(octets: Uint8Array, what: string, wrong: (message: string) => void): Uint8Array {
  if (octets.length === 0) wrong(`${what} is empty`);
  if (octets.length > 65_507) wrong(`${what} has ${octets.length} octets: at most 65507 fit a datagram`);
  return octets;
}

/** Bit/s of UDP payload that a receiver's endpoint says will come to each group; `null`: it does not say. */
export function statedBitPerSecond({ endpoint, own }: Target): number | null {
  const sizeOctets = meanSizeOf(own.size ?? DEFAULT_SIZES, 0, endpoint.family);
  let packetsPerSecond = own.pps ?? Infinity;
  if (own.rate !== undefined) {
    packetsPerSecond = packetsPerSecondAt(own.rate.bitPerSecond, sizeOctets, endpoint.family, own.rate.layer);
  } else if (own.pattern?.kind === 'burst') packetsPerSecond = burstPacketsPerSecond(own.pattern);
  return packetsPerSecond === Infinity ? null : packetsPerSecond * sizeOctets * 8;
}

function burstPacketsPerSecond(burst: { readonly datagrams: number; readonly periodNs: number }): number {
  return burst.datagrams / (burst.periodNs / 1e9);
}

/** Bit/s of UDP payload of all streams together. */
export function totalBitPerSecond(streams: readonly SendStream[]): number {
  return streams.reduce((sum, stream) => sum + stream.packetsPerSecond * meanSizeOctets(stream) * 8, 0);
}

/** More of it nobody sends by accident; `null`: it is not more. */
export function rateProblem(streams: readonly SendStream[]): McastError | null {
  const bitPerSecond = totalBitPerSecond(streams);
  if (!(bitPerSecond > SAFE_BIT_PER_SECOND)) return null;
  const rate = bitPerSecond === Infinity ? 'as fast as can be' : `${shortNumber(bitPerSecond)}bit/s`;
  return new McastError('ERR_SAFETY', `this would send ${rate}: more than 1 Gbit/s wants --force`);
}

/** UDP payload of a datagram, on average. */
export function meanSizeOctets({ replay, feed, sizes, sizeOctets }: SendStream): number {
  return replay?.meanOctets ?? feed?.meanOctets ?? (sizes === null ? sizeOctets : meanOctets(sizes));
}

function collect<T>(problems: McastError[], work: () => T): T | null {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    problems.push(error);
    return null;
  }
}
