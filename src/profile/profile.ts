/** A profile with all that it extends, and what of it holds for a command. */
import { McastError } from '../core/errors.js';
import { optionsOf, OPTION_NAMES, OPTIONS, type CommandName, type OptionName, type OptionRow } from './options.js';
import { readProfileFile } from './profileFile.js';
import type {
  ProfileEndpoint,
  ProfileFile,
  ProfileOptions,
  ProfileSection,
  ProfileValue,
  Sections,
} from './profileParts.js';
import { profileUse, type ProfileUse } from './profileUse.js';
import { readOptions, throwProblems, type GivenOptions, type WrittenOptions } from './readOptions.js';

export interface Profile {
  /** As it was asked for. */
  readonly name: string;
  /** Of its own file. */
  readonly id: string;
  readonly title: string | null;
  readonly about: string | null;
  /** `null`: none of the files has any. */
  readonly endpoints: readonly ProfileEndpoint[] | null;
  /** The profile itself first, then what it extends. */
  readonly files: readonly ProfileFile[];
}

/** A file of a profile, opened. */
export interface ProfileText {
  readonly text: string;
  /** As messages name it. */
  readonly source: string;
  /** Two that are the same have the same. */
  readonly id: string;
}

/**
 * Opens a shipped profile by its name, or a file by its path, which counts from the folder of `from` (an id) if that is
 * there. Throws ERR_PROFILE, ERR_FILE.
 */
export type ProfileOpener = (name: string, from: string | null) => ProfileText;

/** Profiles that extend each other further are surely a slip. */
const DEEPEST = 8;

/** Rejects with ERR_PROFILE, ERR_FILE: all that is wrong with the first file with which anything is. */
export async function loadProfile(name: string, open: ProfileOpener): Promise<Profile> {
  const files: ProfileFile[] = [];
  const opened: ProfileText[] = [];
  for (let wanted: ProfileValue | null = { text: name, why: null, at: '' }; wanted !== null;) {
    const text = openAt(wanted, opened.at(-1)?.id ?? null, open);
    const before = opened.findIndex(({ id }) => id === text.id);
    opened.push(text);
    if (before >= 0) {
      const circle = opened.slice(before).map(({ source }) => source);
      throw new McastError('ERR_PROFILE', `${wanted.at}: extends: this is a circle: ${circle.join(' extends ')}`);
    }
    if (opened.length > DEEPEST) {
      throw new McastError('ERR_PROFILE', `${wanted.at}: extends: more than ${DEEPEST} profiles extend each other`);
    }
    const file: ProfileFile = await readProfileFile(text.text, text.source);
    files.push(file);
    wanted = file.extends;
  }
  return {
    name,
    id: opened[0]!.id,
    title: files.find(({ title }) => title !== null)?.title ?? null,
    about: files[0]!.about,
    endpoints: files.find(({ endpoints }) => endpoints !== null)?.endpoints ?? null,
    files,
  };
}

function openAt({ text, at }: ProfileValue, from: string | null, open: ProfileOpener): ProfileText {
  try {
    return open(text, from);
  } catch (error) {
    if (!(error instanceof McastError) || at === '') throw error;
    throw new McastError(error.code, `${at}: extends: ${error.message}`, { hint: error.hint, cause: error });
  }
}

const SECTIONS: Readonly<Partial<Record<CommandName, readonly ProfileSection[]>>> = {
  send: ['options', 'sender'],
  recv: ['options', 'receiver'],
  check: ['options', 'receiver', 'sender'],
  capacity: ['options', 'sender'],
};

/** What the sender of a profile is: it has an option that one of them alone has. */
export function senderCommand(profile: Profile): 'send' | 'capacity' {
  const ofSend = profileOptions(profile, 'send');
  const isSearch = [...profileOptions(profile, 'capacity').keys()].some((name) => !ofSend.has(name));
  return isSearch ? 'capacity' : 'send';
}

/** What a profile says of the options of a command, in the order of their table: the nearer file before the farther. */
export function profileOptions(
  { files }: Profile,
  command: CommandName,
  use: ProfileUse = profileUse(command),
): ProfileOptions {
  return optionsIn(
    files.toReversed().map(({ sections }) => sections),
    command,
    use,
  );
}

/** What an endpoint of a profile has of its own for a command. */
export function endpointOptions(
  { sections }: ProfileEndpoint,
  command: CommandName,
  use: ProfileUse = profileUse(command),
): ProfileOptions {
  return optionsIn([sections], command, use);
}

/** `levels`: the farthest first. */
function optionsIn(levels: readonly Sections[], command: CommandName, { as, takes }: ProfileUse): ProfileOptions {
  const wanted = SECTIONS[as] ?? [];
  let all: ProfileOptions = new Map();
  for (const level of levels) for (const section of wanted) all = over(all, level[section]);
  const own = new Set<OptionName>(optionsOf(command));
  const mayHave = new Set<OptionName>(optionsOf(as).filter((name) => own.has(name) && takes(name)));
  return new Map(OPTION_NAMES.flatMap((name) => (mayHave.has(name) && all.has(name) ? [[name, all.get(name)!]] : [])));
}

/** The options of a command line, or of a call, over those of a profile. Throws ERR_USAGE. */
export function withProfileOptions(
  given: GivenOptions,
  profile: Profile,
  use: ProfileUse = profileUse(given.command),
): GivenOptions {
  const flags = new Map([...given.written].map(([name, texts]) => [name, texts.map(unexplained)]));
  const written: WrittenOptions = new Map(
    [...over(profileOptions(profile, given.command, use), flags)].map(([name, values]) => [
      name,
      values.map(({ text }) => text),
    ]),
  );
  const problems: McastError[] = [];
  const values = readOptions(written, (name) => `--${name}`, problems);
  throwProblems(problems);
  const ofProfile = new Set([...written.keys()].filter((name) => !given.written.has(name)));
  return { command: given.command, values, written, ofProfile };
}

function unexplained(text: string): ProfileValue {
  return { text, why: null, at: '' };
}

/** Options that say the same in other words: a nearer one goes before the others, too. */
const ALTERNATIVES: readonly (readonly OptionName[])[] = [
  ['rate', 'pps'],
  ['dscp', 'tos'],
  ['input', 'payload'],
];
/** A value that sets the rate by itself, and the options that would. */
const RATE_SETTERS: readonly (readonly [name: OptionName, begins: string, others: readonly OptionName[]])[] = [
  ['pattern', 'burst:', ['rate', 'pps']],
  ['arrivals', 'trace:', ['mps']],
];

/** Nearer options over farther ones. */
function over(farther: ProfileOptions, nearer: ProfileOptions): ProfileOptions {
  const result = new Map(farther);
  const saidInstead = (others: readonly OptionName[]): boolean =>
    others.some((name) => (nearer.get(name)?.length ?? 0) > 0);
  for (const group of ALTERNATIVES) {
    if (saidInstead(group)) for (const name of group) result.delete(name);
  }
  for (const [name, prefix, others] of RATE_SETTERS) {
    if (begins(nearer, name, prefix)) for (const other of others) result.delete(other);
    if (begins(result, name, prefix) && saidInstead(others)) result.delete(name);
  }
  for (const [name, values] of nearer) {
    const row: OptionRow = OPTIONS[name];
    const kept = row.keyed
      ? (result.get(name) ?? []).filter((value) => !values.some((own) => keyOf(own) === keyOf(value)))
      : [];
    if (values.length === 0) result.delete(name);
    else result.set(name, [...kept, ...values]);
  }
  return result;
}

function begins(options: ProfileOptions, name: OptionName, prefix: string): boolean {
  return options.get(name)?.some(({ text }) => text.startsWith(prefix)) === true;
}

/** What a limit, or a label, is for. */
function keyOf({ text }: ProfileValue): string {
  return /^[^<>=!]*/.exec(text)![0].trim();
}
