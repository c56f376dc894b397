/** What a receiver is to join for each endpoint: its media, a second leg, and what goes with RTP on other ports. */
import type { Scheme } from '../core/endpoint.js';
import { McastError } from '../core/errors.js';
import { forwardPlan } from './forwardPlan.js';
import type { MediaOutputPlan, ReceivePlan, StreamAddress, StreamPlace } from './plan.js';
import type { OptionValues } from './options.js';
import { receiveRecovery } from './recoveryPlan.js';
import { statedBitPerSecond } from './sendStreams.js';
import { sentTos } from './streamValues.js';
import { streamAddresses, type Target, type Targets } from './targets.js';

type Received = Pick<ReceivePlan, 'sentMarks' | 'expectedRates' | 'streams' | 'places' | 'mediaOutputs' | 'recovery'>;

const MEASURED_SCHEMES: ReadonlySet<Scheme> = new Set<Scheme>(['probe', 'iperf', 'udp', 'rtp', 'mold', 'mdp', 'xdp']);
/** Behind the port of RTP: RTCP (RFC 3550 section 11), column and row FEC (SMPTE ST 2022-1 section 8). */
const COMPANIONS = [
  { role: 'control', offset: 1 },
  { role: 'fec', offset: 2 },
  { role: 'fec', offset: 4 },
] as const;
export const COMPANION_OFFSETS: readonly number[] = COMPANIONS.map(({ offset }) => offset);

/** What is wrong is appended to `problems`. */
export function receiveStreams({ list, run }: Targets, problems: McastError[]): Received {
  const received = {
    streams: [],
    places: [],
    mediaOutputs: [],
    recovery: [],
    sentMarks: [],
    expectedRates: [],
  } as Mutable<Received>;
  const isForSeveral = list.length > 1 && hasOutputs(run);
  if (isForSeveral) {
    const message = 'save, play, hls and forward are for one stream: of several, say it in the endpoint, as /save=a.ts';
    problems.push(new McastError('ERR_USAGE', message));
  }
  for (const target of list) addTarget(received, target, run, problems);
  const taken = new Set(received.streams.map(placeKey));
  for (const [index, address] of [...received.streams].entries()) {
    if (address.scheme !== 'rtp') continue;
    for (const { role, offset } of COMPANIONS) {
      const beside = { ...address, port: address.port + offset };
      // A port that is a stream of its own is that.
      if (beside.port > 65_535 || taken.has(placeKey(beside))) continue;
      taken.add(placeKey(beside));
      received.streams.push(beside);
      received.places.push({ ...received.places[index]!, role });
      received.mediaOutputs.push(null);
      received.recovery.push(null);
      received.sentMarks.push(received.sentMarks[index]!);
      received.expectedRates.push(null);
    }
  }
  if (!isForSeveral) checkOutputs(received, run, problems);
  return received;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

function addTarget(received: Mutable<Received>, target: Target, run: OptionValues, problems: McastError[]): void {
  const { endpoint, legB } = target;
  const wrong = (message: string): void => {
    problems.push(new McastError('ERR_USAGE', `endpoint "${endpoint.text}": ${message}`));
  };
  if (endpoint.scheme !== null && !MEASURED_SCHEMES.has(endpoint.scheme)) {
    wrong(`${endpoint.scheme}:// is not analysed by this version: udp:// counts and meters any datagrams`);
  }
  const outputs = outputsOf(endpoint.scheme, target.own, run, problems);
  const recovery = receiveRecovery(target.own, run, endpoint.scheme, wrong);
  const first = received.streams.length;
  const hasLegs = legB !== null;
  const add = (of: Omit<Target, 'legB'>, scheme: Scheme | null, leg: 0 | 1): void => {
    const tos = sentTos(of.own, run, wrong);
    for (const [index, address] of streamAddresses({ ...of, legB: null }, scheme, run).entries()) {
      received.streams.push(address);
      received.places.push({ role: 'media', leg, position: first + index, hasLegs } satisfies StreamPlace);
      received.mediaOutputs.push(leg === 0 ? outputs : null);
      received.recovery.push(leg === 0 ? recovery : null);
      received.expectedRates.push(statedBitPerSecond({ ...of, legB: null }));
      received.sentMarks.push({ ttl: of.own.ttl ?? run.ttl ?? null, dscp: tos === null ? null : tos >>> 2 });
    }
  };
  add(target, endpoint.scheme, 0);
  if (legB !== null) add(legB, endpoint.scheme ?? 'rtp', 1);
  if (outputs !== null && endpoint.groups > 1)
    wrong('save, play, hls and forward are for one group: name each by itself');
}

function hasOutputs({ save, hls, play, forward }: OptionValues): boolean {
  return save !== undefined || hls !== undefined || play !== undefined || forward !== undefined;
}

function outputsOf(
  scheme: Scheme | null,
  own: OptionValues,
  run: OptionValues,
  problems: McastError[],
): MediaOutputPlan | null {
  if (!hasOutputs(own) && !hasOutputs(run)) return null;
  const text = own.forward ?? run.forward;
  const forward = text === undefined ? null : forwardPlan(text, scheme, own, run, problems);
  return {
    save: own.save ?? run.save ?? null,
    hls: own.hls ?? run.hls ?? null,
    play: own.play ?? run.play ?? null,
    forward: forward === null ? [] : [forward],
  };
}

/** What the outputs of a run must not have in common. */
function checkOutputs({ streams, mediaOutputs }: Received, run: OptionValues, problems: McastError[]): void {
  const wrong = (message: string): void => void problems.push(new McastError('ERR_USAGE', message));
  const paths = new Set<string>();
  for (const outputs of new Set(mediaOutputs)) {
    if (outputs === null) continue;
    const { save, hls, forward } = outputs;
    if (save === '-' && (run.json === '-' || run.capture === '-')) {
      wrong(`--save and --${run.json === '-' ? 'json' : 'capture'} cannot both be stdout: give one of them a file`);
    }
    for (const path of [save, hls]) {
      if (path !== null && paths.has(path))
        wrong(`two streams cannot both go to ${path}: name another for one of them`);
      if (path !== null) paths.add(path);
    }
    for (const one of forward) {
      if (one.kind !== 'datagrams' || !streams.some((stream) => isSamePlace(stream, one.address))) continue;
      const place = `${one.address.group} port ${one.address.port}`;
      wrong(`${place} is received and cannot be forwarded to: that is a loop`);
    }
  }
}

function isSamePlace(a: StreamAddress, b: StreamAddress): boolean {
  return a.group === b.group && a.port === b.port;
}

function placeKey({ group, port, iface }: StreamAddress): string {
  return `${group} ${port} ${iface ?? ''}`;
}
