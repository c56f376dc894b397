/** What a sequenced feed is made of and how its messages are packed, with every rule that limits it. */
import { IN_TURN } from '../feed/flowRates.js';
import type { Scheme } from '../core/endpoint.js';
import { McastError } from '../core/errors.js';
import { octetsAtLayer } from '../core/layers.js';
import { parseRateTrace } from '../feed/messageRateText.js';
import { impairProblems } from '../impair/spec.js';
import { framingOfScheme } from '../wire/framings.js';
import type { FeedPlan, SendStream } from './plan.js';
import type { FileReader } from './operands.js';
import { OPTIONS, type OptionValues } from './options.js';
import { sendRecovery } from './recoveryPlan.js';
import { messageTimeZone, sentTos, withOwnLosses, withSeed } from './streamValues.js';
import { streamAddresses, type Target } from './targets.js';

export type FeedScheme = FeedPlan['scheme'];

export function isFeedScheme(scheme: Scheme): scheme is FeedScheme {
  return framingOfScheme(scheme) !== undefined;
}

/** Of these a feed has none, or others. */
const INSTEAD = {
  rate: 'mps is the rate of a feed, in messages per second',
  pps: 'mps is the rate of a feed, in messages per second',
  size: 'mtu and messages-per-datagram set the size of its datagrams',
  pattern: 'arrivals says how messages follow each other',
  payload: 'a feed is made of messages: --input',
  flows: 'a feed is one sequence: name several endpoints',
  'flow-rates': 'a feed is one sequence',
  fec: 'fec protects RTP: a feed has a second line, with --leg-b',
} as const;
/** Octets of an average message of ITCH 5.0, which most of a feed's are: add, delete, execute, replace. */
const MEAN_MESSAGE_OCTETS = 32;

const fallback = <Name extends 'mtu' | 'flush-after' | 'heartbeat' | 'stamp-every' | 'symbols' | 'mps'>(name: Name) =>
  OPTIONS[name].read(OPTIONS[name].fallback!);

/** The streams of an endpoint that sends a feed. `seed`: of the run. */
export function feedStreams(
  target: Target,
  scheme: FeedScheme,
  run: OptionValues,
  seed: number,
  files: FileReader,
  wrong: (message: string) => void,
): SendStream[] {
  for (const [name, instead] of Object.entries(INSTEAD)) {
    const option = name as keyof typeof INSTEAD;
    if (target.own[option] !== undefined || run[option] !== undefined) wrong(`${name} is not for feeds: ${instead}`);
  }
  const planned = feedPlan(target, scheme, run, seed, files, wrong);
  const { headerOctets, blockHeaderOctets } = framingOfScheme(scheme)!;
  const messages = messagesPerDatagram(planned, headerOctets, blockHeaderOctets);
  const feed = { ...planned, meanOctets: headerOctets + messages * (blockHeaderOctets + MEAN_MESSAGE_OCTETS) };
  const legOf = (of: Omit<Target, 'legB'>, ofSeed = seed): SendStream[] => {
    const impair = of.own.impair ?? run.impair ?? null;
    const packetsPerSecond = feed.messagesPerSecond === null ? 0 : feed.messagesPerSecond / messages;
    if (impair !== null) for (const problem of impairProblems(impair, packetsPerSecond)) wrong(`impair: ${problem}`);
    return streamAddresses({ ...of, legB: null }, scheme, run).map((address, index) => ({
      address,
      ttl: of.own.ttl ?? run.ttl ?? 1,
      tos: sentTos(of.own, run, wrong) ?? 0,
      sourcePort: of.own['source-port'] ?? run['source-port'] ?? 0,
      flows: 1,
      flowRates: IN_TURN,
      sizeOctets: feed.payloadOctets,
      packetsPerSecond,
      sizes: null,
      pattern: { kind: 'cbr' },
      payload: null,
      media: null,
      replay: null,
      feed: { ...feed, seed: (feed.seed + index) % 2 ** 32 },
      legB: null,
      impair: withSeed(impair, ofSeed),
    }));
  };
  const hasOwnImpair = target.legB?.own.impair !== undefined;
  // Two legs are two networks: what is random on one is not what is random on the other.
  const second = target.legB === null ? [] : legOf(target.legB, hasOwnImpair ? (seed + 1) % 2 ** 32 : seed);
  return legOf(target).map((stream, index) => {
    const legB = second[index] ?? null;
    return { ...stream, legB: legB === null || hasOwnImpair ? legB : withOwnLosses(legB) };
  });
}

function feedPlan(
  { endpoint, own, legB }: Target,
  scheme: FeedScheme,
  run: OptionValues,
  seed: number,
  files: FileReader,
  wrong: (message: string) => void,
): FeedPlan {
  const framing = framingOfScheme(scheme)!;
  const session = own.session ?? run.session ?? null;
  if (session !== null && framing.sessionWords(session) === null) {
    wrong(`session "${session}" cannot be one of ${scheme}://: at most ten letters and digits, of mold:// alone`);
  }
  const arrivals = own.arrivals ?? run.arrivals ?? { kind: 'constant' };
  const mps = own.mps ?? run.mps;
  const messagesPerSecond = mps ?? fallback('mps');
  if (messagesPerSecond === Infinity && arrivals.kind !== 'constant')
    wrong(`${arrivals.kind} needs a rate: max has none`);
  if (arrivals.kind === 'trace-file' && mps !== undefined) wrong('mps and a trace both set the rate: give one of them');
  const mtu = own.mtu ?? run.mtu ?? fallback('mtu');
  const payloadOctets = mtu - octetsAtLayer(0, endpoint.family, 'ip');
  const firstSequence = own['first-sequence'] ?? run['first-sequence'] ?? 1n;
  if (firstSequence >= 1n << BigInt(framing.sequenceBits)) wrong(`first-sequence: ${scheme}:// has 32 bits for it`);
  const heartbeat = own.heartbeat ?? run.heartbeat ?? fallback('heartbeat');
  const stamp = own['stamp-every'] ?? run['stamp-every'] ?? fallback('stamp-every');
  if (stamp > 0 && framing.carriesSendTime) wrong(`stamp-every: the headers of ${scheme}:// carry the send time`);
  const zone = messageTimeZone({ ...run, ...own });
  if (zone !== null && framing.carriesSendTime) wrong(`message-time: the headers of ${scheme}:// carry the send time`);
  if (zone !== null && messagesPerSecond === Infinity) wrong('message-time: as fast as can be no message is due');
  const input = own.input ?? run.input ?? null;
  const isSynthetic = input === null || input.kind === 'synthetic';
  if (input !== null && input.kind === 'testcard')
    wrong('the test card is for rtp:// and udp://: a feed is synthetic, or an ITCH file');
  if (!isSynthetic && arrivals.kind !== 'constant' && mps === undefined && arrivals.kind !== 'trace-file') {
    wrong('arrivals: an ITCH file has times of its own, unless mps says a rate');
  }
  const profile = arrivals.kind === 'trace-file' ? traceOf(arrivals.path, files, wrong) : arrivals;
  return {
    scheme,
    input: isSynthetic
      ? { kind: 'synthetic', symbols: own.symbols ?? run.symbols ?? fallback('symbols') }
      : { kind: 'itch', source: input },
    arrivals: profile,
    messagesPerSecond: isSynthetic || mps !== undefined ? messagesPerSecond : null,
    speed: own.speed ?? run.speed ?? 1,
    loop: (own.loop ?? run.loop) === true,
    session,
    firstSequence,
    payloadOctets,
    meanOctets: 0,
    mostMessages: own['messages-per-datagram'] ?? run['messages-per-datagram'] ?? framing.maxMessages,
    flushAfterNs: own['flush-after'] ?? run['flush-after'] ?? fallback('flush-after'),
    heartbeatNs: heartbeat === 0 ? Infinity : heartbeat,
    stampNs: stamp === 0 ? Infinity : stamp,
    messageTimeZone: zone,
    hasLegs: legB !== null,
    recovery: sendRecovery(own, run, scheme, wrong),
    seed,
  };
}

function traceOf(path: string, files: FileReader, wrong: (message: string) => void): FeedPlan['arrivals'] {
  let octets: Uint8Array | null = null;
  try {
    octets = files.readWhole(path);
    return { kind: 'trace', points: parseRateTrace(new TextDecoder().decode(octets)) };
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    // What cannot be read is named already.
    wrong(octets === null ? error.message : `${path}: ${error.message}`);
    return { kind: 'constant' };
  }
}

/** Roughly: what limits and warnings of rates go by. */
function messagesPerDatagram(feed: FeedPlan, headerOctets: number, blockHeaderOctets: number): number {
  const fits = Math.floor((feed.payloadOctets - headerOctets) / (blockHeaderOctets + MEAN_MESSAGE_OCTETS));
  const followers = feed.messagesPerSecond === null ? 0 : (feed.messagesPerSecond * feed.flushAfterNs) / 1e9;
  // Where all are as far apart, the first of those that come too late begins the next datagram.
  const wait = 1 + (feed.arrivals.kind === 'constant' ? Math.floor(followers) : followers);
  return Math.max(1, Math.min(feed.mostMessages, fits, wait));
}
