import { McastError } from '../core/errors.js';
import { endpointOptions, withProfileOptions, type Profile } from '../profile/profile.js';
import type { PlannedEndpoint } from '../profile/profileParts.js';
import { profileUse, type ProfileUse } from '../profile/profileUse.js';
import { throwProblems, type GivenOptions } from '../profile/readOptions.js';
import { readTargets, type PlanContext, type Target } from '../profile/targets.js';

export { loadProfile } from '../profile/profile.js';

/** What is planned, once the profile among it has been read. */
export interface Asked {
  readonly operands: readonly string[];
  readonly given: GivenOptions;
  readonly context: PlanContext;
  /** `null`: there is none, and everything is as it was. */
  readonly profile: Profile | null;
}

/** What was asked for, with a profile that has been read; see `withProfile`. Throws ERR_USAGE. */
export function joinProfile(
  profile: Profile,
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
  use: ProfileUse = profileUse(given.command),
): Asked {
  const { name, endpoints } = profile;
  const all = withProfileOptions(given, profile, use);
  if (endpoints === null) {
    const standsAlone = operands.length === 0 || operands.includes(name);
    const tellsGroups = given.command === 'send' && all.values.input !== undefined && operands.length === 0;
    if (standsAlone && !tellsGroups) {
      throw new McastError('ERR_USAGE', `the profile "${name}" has no endpoints: name one beside it`);
    }
    return { operands, given: all, context, profile };
  }
  const planned = endpoints.map((one) => ({ ...one, options: endpointOptions(one, given.command, use) }));
  const profileEndpoints = (operand: string): readonly PlannedEndpoint[] | null => (operand === name ? planned : null);
  return {
    operands: operands.length === 0 ? [name] : operands,
    given: all,
    context: { ...context, files: { ...context.files, profileEndpoints } },
    profile,
  };
}

/** A profile where no endpoint of its is joined. */
export interface AskedBeside {
  readonly given: GivenOptions;
  /** Endpoints of the profile that have limits of their own. */
  readonly judged: readonly Target[];
  readonly profile: Profile | null;
}

/** For a command whose operands are no endpoints. Throws ERR_USAGE. */
export function profileBeside(
  profile: Profile,
  given: GivenOptions,
  context: PlanContext,
  use: ProfileUse = profileUse(given.command),
): AskedBeside {
  const all = withProfileOptions(given, profile, use);
  const planned = (profile.endpoints ?? [])
    .map((one) => ({ ...one, options: endpointOptions(one, given.command, use) }))
    .filter(({ options }) => options.size > 0);
  const profileEndpoints = (): readonly PlannedEndpoint[] => planned;
  const problems: McastError[] = [];
  const { list } = readTargets(
    planned.length === 0 ? [] : [profile.name],
    // Other flags are of what the operands are.
    { ...given, values: { unicast: all.values.unicast === true } },
    { ...context, files: { ...context.files, profileEndpoints } },
    problems,
  );
  throwProblems(problems);
  return { given: all, judged: list, profile };
}
