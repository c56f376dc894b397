/** Whether and how a sender asks its receivers for reports, with every rule that limits it. */
import { isMulticast, parseAddress } from '../core/address.js';
import type { Scheme } from '../core/endpoint.js';
import { McastError } from '../core/errors.js';
import type { FileReader } from './operands.js';
import type { OptionValues } from './options.js';
import type {
  ReceiveFeedbackPlan,
  ReceivePlan,
  SendFeedbackPlan,
  SendPlan,
  SendStream,
  StreamAddress,
} from './plan.js';
import type { Targets } from './targets.js';

/** How long a sender waits for its receivers. */
const AWAIT_NS = 30e9;
const REPORT_INTERVAL_NS = 500e6;
/** Of these a sender asks, and a receiver answers, without being told to. */
const ASKED: ReadonlySet<Scheme> = new Set<Scheme>(['probe', 'iperf', 'rtp']);
/** A shorter secret is soon found. */
const SHORTEST_KEY_OCTETS = 16;
const LONGEST_KEY_OCTETS = 4096;
/** Joined for announcements at most. */
const MOST_PLACES = 64;

type SendPart = Pick<SendPlan, 'feedback' | 'feedbackKey'>;
type ReceivePart = Pick<ReceivePlan, 'feedback' | 'feedbackKey' | 'answersIperf'>;
const NONE = { feedback: null, feedbackKey: null } as const;
/** A receiver that answers nobody. */
export const SILENT: ReceivePart = { ...NONE, answersIperf: false };

/** What is wrong is appended to `problems`. */
export function sendFeedback(
  run: OptionValues,
  streams: readonly SendStream[],
  files: FileReader,
  problems: McastError[],
): SendPart {
  const wrong = (message: string): void => void problems.push(new McastError('ERR_USAGE', message));
  const isWanted = run.feedback !== undefined || run.await !== undefined || run['control-port'] !== undefined;
  if (run['no-feedback'] === true) {
    if (isWanted) wrong('--no-feedback and --feedback, --await or --control-port exclude each other');
    return NONE;
  }
  if (run.wait !== undefined && run.await === undefined) wrong('--wait is how long --await waits: say --await <n>');
  const first = streams[0];
  const isAsked = isWanted || streams.every(({ address }) => address.scheme !== null && ASKED.has(address.scheme));
  if (first === undefined || !isAsked) {
    if (run['key-file'] !== undefined) wrong('--key-file proves feedback, of which there is none: say --feedback');
    return NONE;
  }
  const controlPort = run['control-port'] ?? first.address.port + 1;
  const taken = controlPort > 65_535 ? 'there is no such port' : takenBy(first, streams, controlPort);
  if (taken !== null) {
    if (isWanted) wrong(`feedback on port ${controlPort} of ${first.address.group}: ${taken}; give --control-port`);
    return NONE;
  }
  const feedback: SendFeedbackPlan = {
    controlPort,
    hosts: furtherHosts(streams, run['control-port'] ?? null),
    port: run.feedback ?? 0,
    receivers: run.await ?? 0,
    waitNs: run.wait ?? AWAIT_NS,
    reportIntervalNs: REPORT_INTERVAL_NS,
  };
  return { feedback, feedbackKey: readKey(run['key-file'], files, problems) };
}

/** Of groups the first is enough, as receivers join it: single hosts hear what is sent to themselves. */
function furtherHosts(streams: readonly SendStream[], controlPort: number | null): SendFeedbackPlan['hosts'] {
  const first = streams[0]!;
  const hosts = new Map<string, { group: string; port: number }>();
  for (const stream of streams) {
    const { group, port: dataPort, family } = stream.address;
    if (isMulticast(parseAddress(group)!) || family !== first.address.family) continue;
    const port = controlPort ?? dataPort + 1;
    const isFirst = group === first.address.group && port === (controlPort ?? first.address.port + 1);
    if (isFirst || port > 65_535 || takenBy(stream, streams, port) !== null) continue;
    if (hosts.size < MOST_PLACES) hosts.set(`${group} ${port}`, { group, port });
  }
  return [...hosts.values()];
}

/** What else is on the port of the first group; `null`: nothing that announcements would disturb. RTCP is what they are. */
function takenBy(first: SendStream, streams: readonly SendStream[], port: number): string | null {
  for (const { address, media } of streams) {
    if (address.group !== first.address.group) continue;
    if (address.port === port) return `"${address.endpoint}" is there`;
    const hasFec = media !== null && media.fec !== null;
    if (hasFec && (port === address.port + 2 || port === address.port + 4)) return 'FEC is there';
  }
  return null;
}

/** What is wrong is appended to `problems`. `received`: what is joined anyway. */
export function receiveFeedback(
  { list, run }: Targets,
  received: Pick<ReceivePlan, 'streams' | 'places'>,
  isUnicast: boolean,
  files: FileReader,
  problems: McastError[],
): ReceivePart {
  const wrong = (message: string): void => void problems.push(new McastError('ERR_USAGE', message));
  const isWanted = run.feedback !== undefined || run['control-port'] !== undefined;
  if ((run.feedback ?? 0) > 0) wrong("--feedback=<port> is the sender's: a receiver is told where to report");
  if (run.passive === true || run['no-feedback'] === true) {
    const flag = run.passive === true ? '--passive' : '--no-feedback';
    if (isWanted) wrong(`${flag} and --feedback or --control-port exclude each other`);
    if (run.passive === true && run.rtcp === true) wrong('--passive and --rtcp exclude each other');
    return SILENT;
  }
  const answersIperf = isUnicast && received.streams.some(({ scheme }) => scheme === 'iperf');
  const places: StreamAddress[] = [];
  const onRtcp: StreamAddress[] = [];
  let first = 0;
  for (const { endpoint, legB } of list) {
    const address = received.streams[first]!;
    first += endpoint.groups * (legB === null ? 1 : 2);
    const { scheme, port } = address;
    if (!isWanted && scheme !== null && !ASKED.has(scheme)) continue;
    const controlPort = run['control-port'] ?? port + 1;
    const there = received.places.filter((_, index) => {
      const other = received.streams[index]!;
      return other.group === address.group && other.port === controlPort;
    });
    const isTaken = there.some(({ role }) => role !== 'control');
    if (controlPort > 65_535 || isTaken) {
      if (isWanted) wrong(`feedback on port ${controlPort} of ${address.group}: it is received; give --control-port`);
      continue;
    }
    if (isUnicast && there.length > 0) {
      onRtcp.push({ ...address, scheme: 'udp', port: controlPort });
      continue;
    }
    if (places.some((place) => place.group === address.group && place.port === controlPort)) continue;
    if (places.length < MOST_PLACES) places.push({ ...address, scheme: 'udp', port: controlPort });
  }
  if (places.length === 0 && onRtcp.length === 0) return { ...NONE, answersIperf };
  const feedback: ReceiveFeedbackPlan = { places, onRtcp };
  return { feedback, feedbackKey: readKey(run['key-file'], files, problems), answersIperf };
}

function readKey(path: string | undefined, files: FileReader, problems: McastError[]): Uint8Array | null {
  if (path === undefined) return null;
  try {
    const octets = files.readWhole(path);
    let end = octets.length;
    // An editor ends a file with a line feed, which is no part of the secret.
    while (end > 0 && (octets[end - 1] === 0x0a || octets[end - 1] === 0x0d)) end--;
    if (end < SHORTEST_KEY_OCTETS || end > LONGEST_KEY_OCTETS) {
      throw new McastError(
        'ERR_USAGE',
        `--key-file ${path}: a secret has ${SHORTEST_KEY_OCTETS} to ${LONGEST_KEY_OCTETS} octets, this has ${end}`,
      );
    }
    return octets.slice(0, end);
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    problems.push(error);
    return null;
  }
}
