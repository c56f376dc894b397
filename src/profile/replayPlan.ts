/** How datagrams of a capture are sent again, with every rule that limits it before the capture is open. */
import { IN_TURN } from '../feed/flowRates.js';
import { McastError } from '../core/errors.js';
import type { FileReader } from './operands.js';
import { OPTIONS, type OptionName, type OptionValues } from './options.js';
import type { InputChoice } from './mediaValues.js';
import type { FlowReplay, ReplayPlan, SendStream } from './plan.js';
import { formatCapturedGroup } from './replayValues.js';
import { sentTos, withSeed } from './streamValues.js';
import { streamAddresses, type Target } from './targets.js';

/** What a capture has of its own. */
const REFUSED = ['rate', 'pps', 'size', 'pattern', 'flows', 'flow-rates'] as const;
/** What only captures have. */
export const REPLAY_ONLY = [
  'select',
  'map',
  'keep-groups',
  'speed',
  'from',
  'to',
  'zone',
] as const satisfies OptionName[];
const FLOWS_ONLY = ['map', 'keep-groups'] as const;
const SPEED = OPTIONS.speed.read(OPTIONS.speed.fallback!);
const ZONE = OPTIONS.zone.fallback!;

/** The file of a capture that is to be sent; `null`: the input is something else. */
export function capturePath(input: InputChoice | undefined, files: FileReader): string | null {
  if (input?.kind !== 'named') return null;
  return files.isCapture?.(input.name) === true ? input.name : null;
}

/** Of addresses that are no files. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/iu;

/** Why an input has nothing to be read, before it is said that it is no capture; `null`: it has, or is no file. */
export function unreadableInput(input: InputChoice | undefined, files: FileReader): McastError | null {
  if (input?.kind !== 'named' || SCHEME.test(input.name)) return null;
  return files.unreadable?.(input.name) ?? null;
}

/** The input alone was to tell where datagrams go, and cannot. */
export function noCapture(input: InputChoice | undefined): McastError {
  if (input?.kind === 'named' && !SCHEME.test(input.name)) {
    return new McastError('ERR_FILE_FORMAT', `${input.name} is not a capture file`, {
      hint: 'Without an endpoint only a capture (pcap, pcapng) as --input tells its groups itself: name one for anything else.',
    });
  }
  const missing = 'an endpoint is missing: only a capture (pcap, pcapng) as --input tells its groups itself';
  const twice = 'a capture is read twice, first for its flows: give a file as --input, not standard input';
  return new McastError('ERR_USAGE', input?.kind === 'stdin' ? twice : missing);
}

/** All of a capture that is selected goes to each group of the endpoint. */
export function replayStreams(
  target: Target,
  scheme: 'probe' | 'iperf' | 'udp' | 'rtp',
  name: string,
  run: OptionValues,
  seed: number,
  wrong: (message: string) => void,
): SendStream[] {
  const { own } = target;
  if (scheme !== 'udp') wrong(`a capture is sent as it is: say udp:// instead of ${scheme}://`);
  if (target.legB !== null) wrong('leg-b is for RTP that is made here: a capture is sent as it is');
  for (const option of FLOWS_ONLY) {
    if (run[option] !== undefined)
      wrong(`--${option} is for captures without an endpoint, which says where all of it goes`);
  }
  const template = replayTemplate(name, own, run, seed, wrong);
  return streamAddresses(target, 'udp', run).map((address) => ({ ...template, address }));
}

/** Each flow of the capture goes to a group of its own. */
export function flowReplay(
  name: string,
  run: OptionValues,
  seed: number,
  wrong: (message: string) => void,
): FlowReplay {
  if (run.iface === 'all') wrong('all interfaces are for receivers: a sender needs one, with --iface');
  if (run.impair !== undefined) wrong('--impair is for one group: say in an endpoint where a flow goes');
  const maps = run.map ?? [];
  const sources = maps.map(({ from }) => formatCapturedGroup(from));
  for (const from of new Set(sources.filter((one, index) => sources.indexOf(one) < index))) {
    wrong(`--map ${from}=... is given twice: what was captured of a group goes to one group`);
  }
  return {
    maps,
    keepGroups: run['keep-groups'] === true,
    template: replayTemplate(name, {}, run, seed, wrong),
  };
}

function replayTemplate(
  name: string,
  own: OptionValues,
  run: OptionValues,
  seed: number,
  wrong: (message: string) => void,
): SendStream {
  for (const option of REFUSED) {
    if ((own[option] ?? run[option]) === undefined) continue;
    const instead =
      option === 'rate' || option === 'pps' ? 'its own times set the pace, which speed changes' : 'it has its own';
    wrong(`${option} is not for a capture: ${instead}`);
  }
  const replay: ReplayPlan = {
    name,
    select: own.select ?? run.select ?? [],
    speed: own.speed ?? run.speed ?? SPEED,
    from: own.from ?? run.from ?? null,
    to: own.to ?? run.to ?? null,
    zone: own.zone ?? run.zone ?? ZONE,
    loop: (own.loop ?? run.loop) === true,
    meanOctets: 0,
  };
  const iface = own.iface ?? run.iface ?? null;
  return {
    address: { scheme: 'udp', family: 4, group: '', port: 0, sources: [], iface, name: null, endpoint: '' },
    ttl: own.ttl ?? run.ttl ?? 1,
    tos: sentTos(own, run, wrong) ?? 0,
    sourcePort: own['source-port'] ?? run['source-port'] ?? 0,
    flows: 1,
    flowRates: IN_TURN,
    sizeOctets: 1,
    packetsPerSecond: 0,
    sizes: null,
    pattern: { kind: 'cbr' },
    payload: null,
    media: null,
    feed: null,
    replay,
    legB: null,
    impair: withSeed(own.impair ?? run.impair ?? null, seed),
  };
}
