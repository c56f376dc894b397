/** What a command takes of a profile, which is written for senders and receivers. */
import type { CommandName, OptionName } from './options.js';

export interface ProfileUse {
  /** Whose options it takes, as far as it has them. */
  readonly as: CommandName;
  readonly takes: (name: OptionName) => boolean;
}

const all = (): boolean => true;
const LIMITS: ReadonlySet<OptionName> = new Set<OptionName>(['max', 'min', 'expect', 'max-each', 'min-each']);

/** Such a test has no streams that limits of a receiver could be on, and an end of its own. */
const WITHOUT_STREAMS: ProfileUse = {
  as: 'recv',
  takes: (name) => !LIMITS.has(name) && name !== 'duration' && name !== 'wait',
};

const USES: Readonly<Partial<Record<CommandName, ProfileUse>>> = {
  zap: WITHOUT_STREAMS,
  // There it is the capture of the second line.
  analyze: { as: 'recv', takes: (name) => name !== 'leg-b' },
  report: { as: 'recv', takes: (name) => LIMITS.has(name) },
};

export function profileUse(command: CommandName): ProfileUse {
  return USES[command] ?? { as: command, takes: all };
}

/** `hasStreams`: it measures streams, as a receiver does. */
export function benchProfileUse(hasStreams: boolean): ProfileUse {
  return hasStreams ? { as: 'recv', takes: all } : WITHOUT_STREAMS;
}
