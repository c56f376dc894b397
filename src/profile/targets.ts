/** Operands to endpoints: line-ups opened, texts parsed, their parameters read, everything wrong collected. */
import { McastError } from '../core/errors.js';
import { formatEndpoint, groupAddresses, type Endpoint, type Scheme } from '../core/endpoint.js';
import { parseEndpoint } from '../core/parseEndpoint.js';
import { isMulticast, parseAddress } from '../core/address.js';
import { withoutSecret } from '../core/secret.js';
import type { StreamAddress } from './plan.js';
import { readOperands, type EndpointText, type FileReader } from './operands.js';
import { OPTION_NAMES, OPTIONS, type OptionName, type OptionValues } from './options.js';
import { readOptions, type GivenOptions } from './readOptions.js';

/** More streams than this in one run are surely a slip. */
const MAX_STREAMS = 65_536;

/** What a plan needs from outside. */
export interface PlanContext {
  /** The command line, for the result. */
  readonly argv: readonly string[];
  readonly nowUnixNs: bigint;
  /** Uniform 32-bit number. */
  readonly random: () => number;
  readonly files: FileReader;
}

/** An endpoint with the values of its own parameters. */
export interface Target {
  readonly endpoint: Endpoint;
  /** Parameters that may differ between endpoints. */
  readonly own: OptionValues;
  /** A profile says what it has of its own. */
  readonly isOfProfile: boolean;
  /** The same stream on a second path (SMPTE ST 2022-7); `null`: there is none. */
  readonly legB: Omit<Target, 'legB'> | null;
}

export interface Targets {
  readonly list: readonly Target[];
  /** Flags, and what the endpoints say about the whole run. A parameter goes before a flag. */
  readonly run: OptionValues;
  /** Of those the ones that no profile says. */
  readonly said: ReadonlySet<OptionName>;
}

const PARAMETERS: ReadonlySet<string> = new Set(OPTION_NAMES);

/** Options that the command line says, and no profile. */
export function saidOf({ values, ofProfile }: GivenOptions): Set<OptionName> {
  return new Set((Object.keys(values) as OptionName[]).filter((name) => ofProfile?.has(name) !== true));
}

/** Reads all operands; what is wrong is appended to `problems`. */
export function readTargets(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
  problems: McastError[],
): Targets {
  const flags = given.values;
  const list: Target[] = [];
  const run: Record<string, unknown> = { ...flags };
  const said = saidOf(given);
  const saidBy = new Map<OptionName, { text: string; endpoint: string }>();
  const syntax = {
    parameters: PARAMETERS,
    unicast: flags.unicast === true,
    family: flags.ipv6 === true ? (6 as const) : (4 as const),
    groups: flags.groups ?? 1,
    random: context.random,
  };
  const read = (text: EndpointText, isLeg = false): Omit<Target, 'legB'> | null => {
    const endpoint = parse(() => withOwn(parseEndpoint(text.endpoint, syntax), text, isLeg), text, problems);
    if (endpoint === null) return null;
    const label = `${text.where === null ? '' : `${text.where}: `}endpoint "${endpoint.text}"`;
    const parameters = [...endpoint.parameters].map(([name, value]) => [name as OptionName, [value]] as const);
    const written = new Map<OptionName, readonly string[]>([...text.own, ...parameters]);
    const values = readOptions(written, (name) => `${label}: ${name}`, problems);
    const own: Record<string, unknown> = {};
    const isOfProfile = text.ownIs === 'key';
    for (const name of Object.keys(values) as OptionName[]) {
      if (OPTIONS[name].scope === 'stream') {
        own[name] = values[name];
        continue;
      }
      if (name === 'both') {
        problems.push(new McastError('ERR_USAGE', `${label}: --both stands beside the endpoints, not in one of them`));
      }
      const value = endpoint.parameters.get(name)!;
      const before = saidBy.get(name);
      if (before !== undefined && before.text !== value) {
        problems.push(
          new McastError(
            'ERR_USAGE',
            `${label}: ${name}=${value} holds for the whole run, but "${before.endpoint}" says ${name}=${before.text}`,
          ),
        );
      }
      saidBy.set(name, { text: value, endpoint: endpoint.text });
      run[name] = values[name];
      if (isOfProfile) said.delete(name);
      else said.add(name);
    }
    return { endpoint, own, isOfProfile };
  };
  const texts = readOperands(operands, context.files, problems);
  const legs = secondLegs(texts, flags['leg-b'] ?? [], problems);
  for (const [index, text] of texts.entries()) {
    const target = read(text);
    const leg = legs[index] ?? null;
    const legB = leg === null ? null : read({ ...text, endpoint: leg, own: ownOfLeg(text) }, true);
    if (target === null) continue;
    if (legB !== null) checkLegs(target.endpoint, legB.endpoint, text, problems);
    list.push({ ...target, legB });
  }
  checkTogether(list, problems);
  return { list, run, said };
}

function parse(read: () => Endpoint, text: EndpointText, problems: McastError[]): Endpoint | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    const located = text.where === null ? error.message : `${text.where}: ${error.message}`;
    problems.push(new McastError(error.code, located, { hint: error.hint }));
    return null;
  }
}

/** What stands beside the endpoint as parameters of it; of a second leg its own parameters go first. */
function withOwn(endpoint: Endpoint, { own, ownIs, name }: EndpointText, isLeg: boolean): Endpoint {
  const parameters = new Map(endpoint.parameters);
  for (const [option, values] of own) {
    const said = option === 'rate' || option === 'pps' ? ['rate', 'pps'] : [option];
    if (!isLeg && said.some((one) => endpoint.parameters.has(one))) {
      const article = /^[aeio]/.test(option) ? 'an' : 'a';
      const what = `endpoint "${endpoint.text}" and the ${ownIs} ${option} both give ${article} ${option}`;
      throw new McastError(ownIs === 'key' ? 'ERR_PROFILE' : 'ERR_LINEUP', what);
    }
    // Of several values none is a parameter.
    if (values.length === 1 && !parameters.has(option)) parameters.set(option, values[0]!);
  }
  return { ...endpoint, parameters, name };
}

/** Columns tell of the stream, keys of a profile of each of its datagrams, whichever way they go. */
function ownOfLeg({ own, ownIs }: EndpointText): EndpointText['own'] {
  return ownIs === 'column' ? new Map() : own;
}

/** The second leg of each endpoint: what its line says; of the flag as many as there are endpoints without that, in their order. */
function secondLegs(
  texts: readonly EndpointText[],
  flags: readonly string[],
  problems: McastError[],
): readonly (string | null)[] {
  const own = texts.map(({ legB }) => legB);
  if (flags.length === 0) return own;
  const without = own.filter((legB) => legB === null).length;
  if (flags.length === without) {
    let next = 0;
    return own.map((legB) => legB ?? flags[next++]!);
  }
  const which =
    without === texts.length ? `${without} endpoints` : `${without} of the endpoints, those without one in a line-up`;
  problems.push(new McastError('ERR_USAGE', `--leg-b is given ${flags.length} times for ${which}: each needs its own`));
  return [];
}

const TWO_LEGGED: ReadonlySet<Scheme> = new Set<Scheme>(['rtp', 'mold', 'mdp', 'xdp']);

/** What the second leg shares with the first one. */
function checkLegs(a: Endpoint, b: Endpoint, { legB, where }: EndpointText, problems: McastError[]): void {
  const wrong = (message: string): void => {
    const leg = legB === null ? '--leg-b' : `${where}: leg_b`;
    problems.push(new McastError('ERR_USAGE', `${leg} "${b.text}": ${message}`));
  };
  if (a.scheme === null || !TWO_LEGGED.has(a.scheme)) {
    wrong(`two legs carry RTP (SMPTE 2022-7) or a feed: say rtp://, mold://, mdp:// or xdp:// in "${a.text}"`);
  } else if (b.scheme !== null && b.scheme !== a.scheme) wrong(`the second leg is ${a.scheme}:// like the first`);
  if (a.groups !== b.groups) wrong(`${b.groups} groups beside ${a.groups} of "${a.text}"`);
}

function checkTogether(list: readonly Target[], problems: McastError[]): void {
  const hosts = list.filter(({ endpoint }) => !isMulticast(parseAddress(endpoint.group)!));
  if (hosts.length > 0 && hosts.length < list.length) {
    problems.push(
      new McastError(
        'ERR_USAGE',
        `"${hosts[0]!.endpoint.text}" is a single host: groups and hosts cannot be mixed in one run`,
      ),
    );
  }
  const total = list.reduce((sum, { endpoint }) => sum + endpoint.groups, 0);
  if (total > MAX_STREAMS) {
    problems.push(new McastError('ERR_USAGE', `${total} groups are too many for one run: at most ${MAX_STREAMS}`));
  }
}

/** Whether this run speaks to single hosts. */
export function isUnicast(targets: Targets): boolean {
  const first = targets.list[0];
  return first !== undefined && !isMulticast(parseAddress(first.endpoint.group)!);
}

/** One address for each group of an endpoint; of several, the name gets the group behind it. */
export function streamAddresses(target: Target, scheme: Scheme | null, run: OptionValues): StreamAddress[] {
  const { endpoint } = target;
  const canonical = withoutSecret(formatEndpoint({ ...endpoint, scheme }));
  return groupAddresses(endpoint.group, endpoint.groups).map((group) => ({
    scheme,
    family: endpoint.family,
    group,
    port: endpoint.port,
    sources: endpoint.sources,
    iface: target.own.iface ?? run.iface ?? null,
    name: endpoint.name === null || endpoint.groups === 1 ? endpoint.name : `${endpoint.name} ${group}`,
    endpoint: canonical,
  }));
}
