/** One file of a profile: what it says, each value with its place and its reason, or all that is wrong with it. */
import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import { parseEndpoint } from '../core/parseEndpoint.js';
import { parseMaxEach, parseMinEach } from '../result/eachLimits.js';
import { parseExpect, parseMax, parseMin } from '../result/limits.js';
import { isLineupName, sapOperand } from './operands.js';
import { OPTION_NAMES, OPTIONS, type CommandName, type OptionName, type OptionRow } from './options.js';
import {
  ENDPOINT_KEYS,
  PROFILE_KEYS,
  PROFILE_SECTIONS,
  VALUE_KEYS,
  type ProfileEndpoint,
  type ProfileFile,
  type ProfileKey,
  type ProfileOptions,
  type ProfileSection,
  type ProfileValue,
  type Sections,
} from './profileParts.js';
import { readYaml, type Place, type YamlEntry, type YamlNode } from './profileYaml.js';

const NO_SECTIONS: Sections = { options: new Map(), sender: new Map(), receiver: new Map() };
const TAKERS: Readonly<Record<ProfileSection, readonly CommandName[]>> = {
  options: ['send', 'recv', 'capacity'],
  sender: ['send', 'capacity'],
  receiver: ['recv'],
};
/** Limits are read in full when the plan is made. */
const LIMIT_READERS: Partial<Record<OptionName, (text: string) => unknown>> = {
  max: parseMax,
  min: parseMin,
  expect: parseExpect,
  'max-each': parseMaxEach,
  'min-each': parseMinEach,
};

/** Whether an option may stand in a section of a profile: a command that the section is for has it. */
export function isProfileOption(name: OptionName, section: ProfileSection): boolean {
  const { commands, hidden }: OptionRow = OPTIONS[name];
  return name !== 'profile' && !hidden && TAKERS[section].some((command) => commands.includes(command));
}

/** Whether an endpoint of a profile may have an option of its own: it may differ between endpoints. */
export function isEndpointOption(name: OptionName, section: ProfileSection): boolean {
  return isProfileOption(name, section) && OPTIONS[name].scope === 'stream';
}

/** Where options are written. */
interface Holder {
  readonly section: ProfileSection;
  /** Of one endpoint. */
  readonly isEndpoint: boolean;
}

const OWNERS: Readonly<Record<ProfileSection, string>> = {
  options: 'send, recv or capacity',
  sender: 'send or capacity',
  receiver: 'recv',
};

function mayHold({ section, isEndpoint }: Holder, name: OptionName): boolean {
  return isEndpoint ? isEndpointOption(name, section) : isProfileOption(name, section);
}

/** Keys that stand among the options and are none. */
function keysBeside({ section, isEndpoint }: Holder): readonly string[] {
  return isEndpoint && section === 'options' ? ENDPOINT_KEYS : [];
}

/** Throws McastError ERR_PROFILE with a line for each problem. `source` names the text in them. */
export async function readProfileFile(text: string, source: string): Promise<ProfileFile> {
  const problems: string[] = [];
  const root = await readYaml(text, source, problems);
  const file = new Reader(source, problems).read(root);
  if (problems.length > 0) throw new McastError('ERR_PROFILE', problems.toSorted(byPlace).join('\n'));
  return file;
}

/** In the order of the file. */
function byPlace(a: string, b: string): number {
  return placeOf(a) - placeOf(b) || 0;
}

function placeOf(problem: string): number {
  const found = /:(\d+):(\d+): /.exec(problem);
  return found === null ? Infinity : Number(found[1]) * 1e6 + Number(found[2]);
}

class Reader {
  readonly #source: string;
  readonly #problems: string[];

  constructor(source: string, problems: string[]) {
    this.#source = source;
    this.#problems = problems;
  }

  read(root: YamlNode | null): ProfileFile {
    const keys = new Map<ProfileKey, YamlNode>();
    if (root === null || root.kind !== 'map') {
      if (this.#problems.length === 0) {
        this.#wrong(root?.at ?? this.#source, `this is no profile: write keys as ${PROFILE_KEYS.join(', ')}`);
      }
    } else {
      for (const { key, at, value } of root.entries) {
        const known = PROFILE_KEYS.find((name) => name === key);
        if (known !== undefined) keys.set(known, value);
        else this.#unknownKey(key, at);
      }
    }
    const extended = keys.get('extends');
    const ofSection = (section: ProfileSection): ProfileOptions =>
      this.#options(keys.get(section), { section, isEndpoint: false });
    const endpoints = keys.get('endpoints');
    return {
      source: this.#source,
      title: this.#words(keys.get('title'), 'title'),
      about: this.#words(keys.get('about'), 'about'),
      extends: extended === undefined ? null : this.#value(extended, 'extends'),
      endpoints: endpoints === undefined ? null : this.#endpoints(endpoints),
      sections: { options: ofSection('options'), sender: ofSection('sender'), receiver: ofSection('receiver') },
    };
  }

  #wrong(at: Place, message: string): void {
    this.#problems.push(`${at}: ${message}`);
  }

  #unknownKey(key: string, at: Place): void {
    const isOption = OPTION_NAMES.some((name) => name === key);
    const near = isOption
      ? `; ${key} is an option: write it below options, sender or receiver`
      : didYouMean(key, PROFILE_KEYS);
    this.#wrong(at, `unknown key "${key}"${near} (${PROFILE_KEYS.join(' ')})`);
  }

  #words(node: YamlNode | undefined, key: string): string | null {
    if (node === undefined) return null;
    if (node.kind === 'scalar' && node.text !== null && node.text !== '') return node.text;
    this.#wrong(node.at, `${key} is text`);
    return null;
  }

  #options(node: YamlNode | undefined, place: Holder): ProfileOptions {
    const options = new Map<OptionName, readonly ProfileValue[]>();
    if (node === undefined || (node.kind === 'scalar' && (node.text ?? '') === '')) return options;
    if (node.kind !== 'map') {
      this.#wrong(node.at, `${place.section} holds options, a line each, as "rate: 8M"`);
      return options;
    }
    const besides = keysBeside(place);
    for (const entry of node.entries) {
      if (besides.some((key) => key === entry.key)) continue;
      const name = OPTION_NAMES.find((option) => option === entry.key);
      if (name !== undefined && mayHold(place, name)) options.set(name, this.#values(name, entry));
      else this.#noOption(entry, name, place);
    }
    return options;
  }

  #noOption({ key, at }: YamlEntry, name: OptionName | undefined, place: Holder): void {
    if (name === undefined) {
      const own = OPTION_NAMES.filter((option) => mayHold(place, option));
      const near = didYouMean(key, [...own, ...keysBeside(place)]);
      this.#wrong(at, `unknown option "${key}"${near === '' ? didYouMean(key.replaceAll('_', '-'), own) : near}`);
    } else if (OPTIONS[name].hidden) this.#wrong(at, `${key} is for tests: give it on the command line`);
    else if (name === 'profile') this.#wrong(at, 'a profile takes over another one with extends');
    else if (isProfileOption(name, place.section)) {
      this.#wrong(at, `${key} holds for the whole run: write it below options, sender or receiver`);
    } else
      this.#wrong(at, `${key} is no option of ${OWNERS[place.section]}, but of ${OPTIONS[name].commands.join(', ')}`);
  }

  /** What an option has; nothing where null says so. */
  #values(name: OptionName, { value: node, at }: YamlEntry): readonly ProfileValue[] {
    if (node.kind === 'scalar' && node.text === null) return [];
    const row: OptionRow = OPTIONS[name];
    const isSeveral = node.kind === 'list';
    if (isSeveral && !row.many) {
      this.#wrong(node.at, `${name}: one value is all it takes`);
      return [];
    }
    const nodes = isSeveral ? node.items : [node];
    if (nodes.length === 0)
      this.#wrong(at, `${name}: a value is missing; null takes away what an extended profile says`);
    return nodes.flatMap((one) => {
      const value = this.#value(one, name);
      if (value === null) return [];
      this.#check(
        value,
        (text) => {
          row.read(text);
          LIMIT_READERS[name]?.(text);
        },
        name,
      );
      return [value];
    });
  }

  /** A scalar, or a map of `value` and `why`. */
  #value(node: YamlNode, key: string): ProfileValue | null {
    if (node.kind === 'list') {
      this.#wrong(node.at, `${key}: a value is no list`);
      return null;
    }
    if (node.kind === 'scalar') {
      if (node.text !== null && node.text !== '') return { text: node.text, why: null, at: node.at };
      this.#wrong(node.at, `${key}: a value is missing`);
      return null;
    }
    const parts = new Map<string, YamlNode>();
    for (const entry of node.entries) {
      if (VALUE_KEYS.some((known) => known === entry.key)) parts.set(entry.key, entry.value);
      else {
        this.#wrong(entry.at, `${key}: unknown key "${entry.key}"${didYouMean(entry.key, VALUE_KEYS)} (value why)`);
      }
    }
    const value = parts.get('value');
    const why = this.#words(parts.get('why'), 'why');
    if (value?.kind === 'scalar' && value.text !== null && value.text !== '')
      return { text: value.text, why, at: value.at };
    this.#wrong(value?.at ?? node.at, `${key}: its value is missing, as { value: 8M, why: ... }`);
    return null;
  }

  #endpoints(node: YamlNode): readonly ProfileEndpoint[] {
    if (node.kind === 'scalar' && (node.text === null || node.text === '')) {
      this.#wrong(node.at, 'endpoints: none is there');
      return [];
    }
    const nodes = node.kind === 'list' ? node.items : [node];
    if (nodes.length === 0) this.#wrong(node.at, 'endpoints: none is there');
    return nodes.flatMap((one) => this.#endpoint(one) ?? []);
  }

  #endpoint(node: YamlNode): ProfileEndpoint | null {
    if (node.kind !== 'map') {
      const endpoint = this.#value(node, 'endpoints');
      if (endpoint === null) return null;
      this.#checkEndpoint(endpoint, 'endpoint');
      return { endpoint, name: null, legB: null, sections: NO_SECTIONS };
    }
    const find = (key: string): YamlNode | undefined => node.entries.find((entry) => entry.key === key)?.value;
    const sections = {
      options: this.#options(node, { section: 'options', isEndpoint: true }),
      sender: this.#options(find('sender'), { section: 'sender', isEndpoint: true }),
      receiver: this.#options(find('receiver'), { section: 'receiver', isEndpoint: true }),
    };
    const why = this.#words(find('why'), 'why');
    const name = this.#words(find('name'), 'name');
    const written = find('endpoint');
    const endpoint = written === undefined ? null : this.#value(written, 'endpoint');
    if (written === undefined)
      this.#wrong(node.at, 'endpoints: the endpoint is missing, as "endpoint: rtp://239.1.1.1:5004"');
    const second = find('leg-b');
    const legB = second === undefined ? null : this.#value(second, 'leg-b');
    if (legB !== null) this.#checkEndpoint(legB, 'leg-b');
    if (endpoint === null) return null;
    this.#checkEndpoint(endpoint, 'endpoint');
    if (
      isLineupName(endpoint.text) &&
      (name !== null || legB !== null || PROFILE_SECTIONS.some((section) => sections[section].size > 0))
    ) {
      this.#wrong(endpoint.at, `"${endpoint.text}" is a line-up, whose lines say their names, second legs and options`);
    }
    return { endpoint: { ...endpoint, why: endpoint.why ?? why }, name, legB: legB?.text ?? null, sections };
  }

  /** As far as it can be said before it is known what the command line says. */
  #checkEndpoint(endpoint: ProfileValue, key: string): void {
    if (isLineupName(endpoint.text)) return;
    if (sapOperand(endpoint.text) !== null) {
      this.#wrong(endpoint.at, `${endpoint.text}: announced sessions are named on the command line of mcast recv`);
      return;
    }
    this.#check(
      endpoint,
      (text) => {
        const { parameters } = parseEndpoint(text, SYNTAX);
        for (const [name, value] of parameters) OPTIONS[name as OptionName].read(value);
      },
      key,
    );
  }

  #check({ text, at }: ProfileValue, read: (text: string) => void, key: string): void {
    try {
      read(text);
    } catch (error) {
      if (!(error instanceof McastError)) throw error;
      const { message } = error;
      // Limits name their option by themselves, endpoints what they are.
      this.#wrong(at, /^(--|endpoint ")/.test(message) ? message.replace(/^--/, '') : `${key}: ${message}`);
    }
  }
}

const SYNTAX = { parameters: new Set<string>(OPTION_NAMES), unicast: true, random: () => 0 };
