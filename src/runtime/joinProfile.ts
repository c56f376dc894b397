import { McastError } from '../core/errors.js';
import { endpointOptions, withProfileOptions, type Profile } from '../profile/profile.js';
import type { PlannedEndpoint } from '../profile/profileParts.js';
import type { GivenOptions } from '../profile/readOptions.js';
import type { PlanContext } from '../profile/targets.js';

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
): Asked {
  const { name, endpoints } = profile;
  const all = withProfileOptions(given, profile);
  if (endpoints === null) {
    const standsAlone = operands.length === 0 || operands.includes(name);
    const tellsGroups = given.command === 'send' && all.values.input !== undefined && operands.length === 0;
    if (standsAlone && !tellsGroups) {
      throw new McastError('ERR_USAGE', `the profile "${name}" has no endpoints: name one beside it`);
    }
    return { operands, given: all, context, profile };
  }
  const planned = endpoints.map((one) => ({ ...one, options: endpointOptions(one, given.command) }));
  const profileEndpoints = (operand: string): readonly PlannedEndpoint[] | null => (operand === name ? planned : null);
  return {
    operands: operands.length === 0 ? [name] : operands,
    given: all,
    context: { ...context, files: { ...context.files, profileEndpoints } },
    profile,
  };
}
