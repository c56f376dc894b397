import { McastError } from '../core/errors.js';
import { nearestNames } from '../core/nearest.js';
import type { GivenOptions } from '../profile/readOptions.js';
import type { PlanContext } from '../profile/targets.js';
import type { ProfileUse } from '../profile/profileUse.js';
import type { Asked, AskedBeside } from './joinProfile.js';
import { isProfilePath, openProfile, shippedProfiles } from './profileFiles.js';

/**
 * Reads the profile that `--profile` names, or that stands in place of an endpoint: its options come behind those that
 * were given, and its endpoints stand where it stands, or where none was given. Without one nothing is loaded. Rejects
 * with ERR_PROFILE, ERR_FILE, ERR_USAGE.
 */
export async function withProfile(
  operands: readonly string[],
  given: GivenOptions,
  context: PlanContext,
  use?: ProfileUse,
): Promise<Asked> {
  const named = [...(given.values.profile === undefined ? [] : [given.values.profile]), ...operands.filter(isProfile)];
  const [name, second] = named;
  if (name === undefined) return { operands, given, context, profile: null };
  if (second !== undefined) {
    const message = `"${name}" and "${second}" are profiles: one holds for a run; a file of your own may extend it`;
    throw new McastError('ERR_USAGE', message);
  }
  const { joinProfile, loadProfile } = await import('./joinProfile.js');
  return joinProfile(await loadProfile(name, openProfile), operands, given, context, use);
}

/** The same for a command whose operands are no endpoints: the options of the profile that `--profile` names, and its limits. */
export async function withProfileBeside(
  given: GivenOptions,
  context: PlanContext,
  use?: ProfileUse,
): Promise<AskedBeside> {
  const name = given.values.profile;
  if (name === undefined) return { given, judged: [], profile: null };
  const { loadProfile, profileBeside } = await import('./joinProfile.js');
  return profileBeside(await loadProfile(name, openProfile), given, context, use);
}

/** Whether an operand is a profile. Throws ERR_PROFILE on what is only nearly the name of one. */
function isProfile(operand: string): boolean {
  if (/\.ya?ml$/i.test(operand)) return isProfilePath(operand) && !/:\/\/|=/.test(operand);
  if (!/^[a-z][a-z0-9-]*$/.test(operand) || operand === 'auto') return false;
  const names = shippedProfiles();
  if (names.includes(operand)) return true;
  if (operand.includes('-') && nearestNames(operand, names).length > 0) openProfile(operand, null);
  return false;
}
