/** What a row of the table of options says. */

export const COMMANDS = [
  'send',
  'recv',
  'check',
  'analyze',
  'demo',
  'dump',
  'list',
  'report',
  'zap',
  'relay',
  'capacity',
  'bench',
  'doctor',
  'profiles',
  'completion',
] as const;
export type CommandName = (typeof COMMANDS)[number];

export const SECTIONS = [
  'Where',
  'What is sent',
  'Video',
  'Feeds',
  'Captures',
  'When it ends',
  'Feedback',
  'Capacity',
  'Benchmarks',
  'Results',
  'Export',
  'Limits',
  'Engine',
] as const;
export type Section = (typeof SECTIONS)[number];

export interface OptionRow<T = unknown, Many extends boolean = boolean> {
  readonly section: Section;
  /** One letter or digit, without its dash. Those that iperf has mean what they mean there. */
  readonly short: string | null;
  /** Placeholder of the value, as `<bit/s>`; `null`: a flag. `[=<file>]`: an optional value, only behind `=`. */
  readonly value: string | null;
  readonly read: (text: string) => T;
  /** Of an optional value: words that are meant as one where they stand behind a blank. `null`: none. */
  readonly astray: RegExp | null;
  /** Values, or beginnings of some, that a shell may propose. */
  readonly words: readonly string[];
  /** May be given several times. */
  readonly many: Many;
  /** Of many: each is `<name><operator><value>`, and goes before one of the same name that a profile has. */
  readonly keyed: boolean;
  /** What holds without it, as it would be written; `null`: described in the help. */
  readonly fallback: string | null;
  readonly commands: readonly CommandName[];
  /** `stream`: each endpoint may have its own. `run`: one for the whole run, whichever endpoint says it. */
  readonly scope: 'stream' | 'run';
  /** On the one screen of `-h` of these commands. */
  readonly brief: readonly CommandName[];
  /** What `-h` says there, at most 48 characters; `help` itself when it is short enough. */
  readonly gist: string | null;
  /** Documented, but not in any help. */
  readonly hidden: boolean;
  readonly help: string;
}

type Spec = Partial<Omit<OptionRow, 'read' | 'many' | 'section'>> & {
  readonly commands: readonly CommandName[];
  readonly help: string;
};

const DEFAULTS = {
  short: null,
  value: null,
  astray: null,
  fallback: null,
  scope: 'run',
  keyed: false,
  brief: [],
  gist: null,
  hidden: false,
} as const;

/** An option of which the last one counts. */
export function one<T>(section: Section, read: (text: string) => T, spec: Spec): OptionRow<T, false> {
  return { ...DEFAULTS, words: wordsOf(read), ...spec, section, read, many: false };
}

/** An option of which all count. */
export function several<T>(section: Section, read: (text: string) => T, spec: Spec): OptionRow<T, true> {
  return { ...DEFAULTS, words: wordsOf(read), ...spec, section, read, many: true };
}

/** Those of a reader that takes no others. */
function wordsOf(read: ((text: string) => unknown) & { readonly words?: readonly string[] }): readonly string[] {
  return read.words ?? [];
}

/** Commands that share options. */
export const PAIR: readonly CommandName[] = ['send', 'recv', 'check'];
export const SENDERS: readonly CommandName[] = ['send', 'check', 'demo'];
export const LIVE: readonly CommandName[] = ['send', 'recv', 'check', 'demo', 'relay'];
export const RECEIVERS: readonly CommandName[] = ['recv', 'check', 'demo'];
export const MEASURING: readonly CommandName[] = ['recv', 'check', 'analyze', 'demo'];
export const MEASURED: readonly CommandName[] = [
  'send',
  'recv',
  'check',
  'analyze',
  'demo',
  'zap',
  'relay',
  'capacity',
  'bench',
];
export const RESULTS: readonly CommandName[] = [...MEASURED, 'report'];
/** What is told interval by interval. */
export const TOLD: readonly CommandName[] = ['send', 'recv', 'check', 'analyze', 'relay'];
export const JUDGED: readonly CommandName[] = [
  'send',
  'recv',
  'check',
  'analyze',
  'report',
  'zap',
  'relay',
  'capacity',
  'bench',
];
