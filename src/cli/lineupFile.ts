/** Operands of `send` and `recv`: endpoints as they stand, line-ups read from their files or standard input. */
import { readFileSync, statSync } from 'node:fs';
import { McastError } from '../core/errors.js';
import { parseLineup, type LineupEntry } from '../profile/lineup.js';

/** Larger is no line-up. */
const MAX_OCTETS = 16 * 1024 * 1024;

/** One endpoint to be read: an operand itself (`where` is `null`), or a line of a line-up. */
export type EndpointText = Omit<LineupEntry, 'where'> & { readonly where: string | null };

/** What reads a file whole; `-` is standard input. Throws McastError ERR_FILE. */
export type FileReader = (path: string) => Uint8Array;

/** Endpoints in the order of the operands. Throws ERR_LINEUP or ERR_FILE. */
export function readOperands(operands: readonly string[], readFile: FileReader = readWhole): EndpointText[] {
  return operands.flatMap((operand): EndpointText[] => {
    if (!isLineup(operand)) return [{ endpoint: operand, name: null, rate: null, where: null }];
    const source = operand === '-' ? 'stdin' : operand;
    return parseLineup(decode(readFile(operand), source), source);
  });
}

/** `-`, a path that is written as one or ends like a line-up, or a file that is there. */
function isLineup(operand: string): boolean {
  if (operand === '-') return true;
  if (operand.includes('://')) return false;
  if (/\.(csv|m3u8?|txt|list)$/i.test(operand) && !operand.includes('=')) return true;
  if (/^\.{0,2}\//.test(operand) && !/^\/[a-z][a-z0-9-]*=/.test(operand)) return true;
  return statSync(operand, { throwIfNoEntry: false })?.isFile() === true;
}

function decode(octets: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (error) {
    throw new McastError('ERR_LINEUP', `${source}: this is not text (UTF-8)`, { cause: error });
  }
}

/** A whole file, bounded. */
export function readWhole(path: string): Uint8Array {
  try {
    const octets = readFileSync(path === '-' ? 0 : path);
    if (octets.length <= MAX_OCTETS) return octets;
  } catch (error) {
    throw new McastError('ERR_FILE', `${path === '-' ? 'stdin' : path}: ${(error as Error).message}`, { cause: error });
  }
  throw new McastError('ERR_FILE', `${path}: too large, at most 16 MiB`);
}
