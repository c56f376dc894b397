/** What `mcast relay <from> <to>` is made of: a sender whose input is SRT, or a receiver that forwards. */
import { McastError } from '../core/errors.js';
import { OPTIONS, type OptionName, type OptionRow } from './options.js';
import type { ProfileUse } from './profileUse.js';
import { throwProblems, type GivenOptions } from './readOptions.js';

export interface RelayRoute {
  /** `send`: from SRT to a group. `receive`: from a group to whatever forwarding reaches. */
  readonly kind: 'send' | 'receive';
  /** The group, of whichever end. */
  readonly endpoint: string;
  /** The options of that command, with the other end among them. */
  readonly given: GivenOptions;
}

/** Marks of what is sent; of a receiver's options they say what was sent. */
const MARKS = ['ttl', 'dscp', 'tos'] as const satisfies readonly OptionName[];
const MARK_NAMES: ReadonlySet<string> = new Set(MARKS);
const DATAGRAMS: ReadonlySet<string> = new Set(['rtp', 'udp']);
const ROUTES = 'from srt:// to rtp:// or udp://, and from rtp:// or udp:// to srt://, rtp:// or udp://';

/** What a relay takes of a profile: the options of what it does. Throws ERR_USAGE where there is no way. */
export function relayProfileUse(from: string, to: string): ProfileUse {
  checkRoute(from, to);
  // SRT has no marks: those of the profile are of the group that is received.
  const isToLink = schemeOf(to) === 'srt';
  return {
    as: schemeOf(from) === 'srt' ? 'send' : 'recv',
    takes: (name) => !(isToLink && MARK_NAMES.has(name)),
  };
}

function checkRoute(from: string, to: string): void {
  const scheme = { from: schemeOf(from), to: schemeOf(to) };
  const isKnown = [scheme.from, scheme.to].every((one) => one === 'srt' || DATAGRAMS.has(one));
  if (isKnown && (scheme.from !== 'srt' || scheme.to !== 'srt')) return;
  throw usage(`a relay goes ${ROUTES}, not from ${named(scheme.from)} to ${named(scheme.to)}`);
}

/** Throws McastError ERR_USAGE, all problems at once. Nothing of an SRT address gets into its messages. */
export function relayRoute(from: string, to: string, given: GivenOptions): RelayRoute {
  checkRoute(from, to);
  const scheme = { from: schemeOf(from), to: schemeOf(to) };
  if (scheme.from === 'srt') {
    checkOptions(given, 'send', 'a relay from srt:// only sends');
    const values = { ...given.values, input: { kind: 'named', name: from } as const };
    return { kind: 'send', endpoint: to, given: { ...given, values } };
  }
  checkOptions(given, 'recv', `a relay to ${scheme.to}:// only receives, and forwards as it comes`);
  const values = Object.fromEntries(Object.entries(given.values).filter(([name]) => !MARK_NAMES.has(name)));
  if (scheme.to === 'srt') {
    const marks = MARKS.filter((name) => given.written.has(name));
    throwProblems(marks.map((name) => usage(`--${name} is for datagrams to a group: SRT has none`)));
  }
  return { kind: 'receive', endpoint: from, given: { ...given, values: { ...values, forward: marked(to, given) } } };
}

function schemeOf(text: string): string {
  return /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase() ?? '';
}

function named(scheme: string): string {
  return scheme === '' ? 'an endpoint without a scheme' : `${scheme}://`;
}

/** What the command behind the relay does not have is for the other direction. */
function checkOptions({ written }: GivenOptions, command: 'send' | 'recv', why: string): void {
  const foreign = [...written.keys()].filter((name) => {
    const row: OptionRow = OPTIONS[name];
    return !row.commands.includes(command);
  });
  throwProblems(foreign.map((name) => usage(`--${name} is for the other direction: ${why}`)));
}

/** The endpoint with the marks of the flags, unless it has its own. */
function marked(to: string, { written }: GivenOptions): string {
  let text = to;
  for (const name of MARKS) {
    const value = written.get(name)?.at(-1);
    if (value === undefined || new RegExp(`[/?&]${name}=`).test(text)) continue;
    text = text.includes('?') ? `${text}&${name}=${value}` : `${text.replace(/\/$/, '')}/${name}=${value}`;
  }
  return text;
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}
