import { randomBytes } from 'node:crypto';
import { withoutSecret } from '../core/secret.js';
import { isCaptureFile, unreadableFile } from '../io/captureHead.js';
import { isFile, readWhole } from '../io/wholeFile.js';
import type { PlanContext } from '../profile/targets.js';

/** What planning needs from outside: time, randomness, files. `argv`: the command line, for the result, which tells no passphrase. */
export function planContext(argv: readonly string[]): PlanContext {
  return {
    argv: argv.map(withoutSecret),
    nowUnixNs: BigInt(Date.now()) * 1_000_000n,
    random: () => randomBytes(4).readUInt32BE(),
    files: { readWhole, isFile, isCapture: isCaptureFile, unreadable: unreadableFile },
  };
}
