import { OPTIONS, type OptionName, type OptionRow } from '../profile/options.js';
import type { GivenOptions } from '../profile/readOptions.js';
import type { Asked } from '../runtime/joinProfile.js';
import { profileLine } from './profileLine.js';

/** A profile in a run of which the other end may have it too. */
export interface ProfileAtBothEnds {
  readonly line: string;
  /** Of the receiver's command line, which has the endpoints from the profile too; `null`: it names them. */
  readonly words: readonly string[] | null;
  readonly name: string;
}

/** `operands`, `given`: as they were written. `null`: there is no profile. */
export function profileAtBothEnds(
  { profile, operands: planned, given: { command } }: Asked,
  operands: readonly string[],
  given: GivenOptions,
): ProfileAtBothEnds | null {
  if (profile === null) return null;
  const { name, endpoints } = profile;
  const isAlone = endpoints !== null && planned.length === 1 && planned[0] === name && command !== 'recv';
  const flags = [...given.written].flatMap(([option, texts]) => (isShared(option) ? wordsOf(option, texts) : []));
  return { name, line: profileLine(profile), words: isAlone ? [...operands, ...flags] : null };
}

/** What is to be the same at both ends, and cannot be found out. */
function isShared(name: OptionName): boolean {
  const { commands, section }: OptionRow = OPTIONS[name];
  const isOfBoth = commands.includes('send') && commands.includes('recv');
  return isOfBoth && (section === 'Where' || section === 'What is sent' || name === 'leg-b');
}

function wordsOf(name: OptionName, texts: readonly string[]): string[] {
  const { value }: OptionRow = OPTIONS[name];
  return value === null ? [`--${name}`] : texts.flatMap((text) => [`--${name}`, text]);
}
