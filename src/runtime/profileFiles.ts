import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { McastError } from '../core/errors.js';
import { didYouMean } from '../core/nearest.js';
import { readWhole } from '../io/wholeFile.js';
import type { ProfileText } from '../profile/profile.js';

/** Those that come with the package. */
const FOLDER = fileURLToPath(new URL('../../profiles/', import.meta.url));
const SUFFIX = '.yaml';
/** Room for some thousand endpoints. */
const MOST_OCTETS = 256 * 1024;

/** Names of the profiles that come with the package, sorted. */
export function shippedProfiles(): readonly string[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(SUFFIX));
  return files.map((file) => file.slice(0, -SUFFIX.length)).toSorted();
}

/** Whether a word is written as a path rather than as the name of a shipped profile. */
export function isProfilePath(word: string): boolean {
  return word === '-' || /[/\\]|\.ya?ml$/i.test(word);
}

/** See {@link ProfileOpener}; `-` is standard input. */
export function openProfile(name: string, from: string | null): ProfileText {
  const isPath = isProfilePath(name);
  if (!isPath && !shippedProfiles().includes(name)) throw unknownProfile(name);
  const file = !isPath ? path.join(FOLDER, `${name}${SUFFIX}`) : from === null ? name : besideOf(from, name);
  const source = !isPath ? `${name}${SUFFIX}` : name === '-' ? 'stdin' : file;
  const id = file === '-' ? '-' : path.resolve(file);
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readWhole(file, MOST_OCTETS)), source, id };
  } catch (error) {
    if (error instanceof McastError) throw error;
    throw new McastError('ERR_PROFILE', `${source}: this is not text (UTF-8)`, { cause: error });
  }
}

/** A path counts from the folder of the file that says it. */
function besideOf(from: string, name: string): string {
  if (name === '-' || from === '-' || path.isAbsolute(name)) return name;
  return path.join(path.dirname(from), name);
}

function unknownProfile(name: string): McastError {
  const names = shippedProfiles();
  const near = didYouMean(name, names);
  const hint = 'A file of your own is named by its path, as ./mine.yaml.';
  return new McastError('ERR_PROFILE', `no profile "${name}"${near === '' ? ` (${names.join(' ')})` : near}`, { hint });
}
