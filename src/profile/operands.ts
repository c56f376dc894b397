/** Operands of `send` and `recv`: endpoints as they stand, line-ups read from their files or standard input. */
import { McastError } from '../core/errors.js';
import { parseLineup, type LineupEntry } from './lineup.js';

/** One endpoint to be read: an operand itself (`where` is `null`), or a line of a line-up. */
export type EndpointText = Omit<LineupEntry, 'where'> & { readonly where: string | null };

/** Files, which this layer does not open itself. */
export interface FileReader {
  /** Reads a file whole; `-` is standard input. Throws McastError ERR_FILE. */
  readonly readWhole: (path: string) => Uint8Array;
  /** Whether a file of this name is there. */
  readonly isFile: (path: string) => boolean;
}

/** Endpoints in the order of the operands; what is wrong in line-ups is appended to `problems`. Throws ERR_FILE. */
export function readOperands(operands: readonly string[], files: FileReader, problems: McastError[]): EndpointText[] {
  return operands.flatMap((operand): EndpointText[] => {
    if (!isLineup(operand, files)) return [{ endpoint: operand, name: null, rate: null, where: null }];
    const source = operand === '-' ? 'stdin' : operand;
    return parseLineup(decode(files.readWhole(operand), source), source, problems);
  });
}

/** `-`, a path that is written as one or ends like a line-up, or a file that is there. */
function isLineup(operand: string, files: FileReader): boolean {
  if (operand === '-') return true;
  if (operand.includes('://')) return false;
  if (/\.(csv|m3u8?|txt|list)$/i.test(operand) && !operand.includes('=')) return true;
  if (/^\.{0,2}\//.test(operand) && !/^\/[a-z][a-z0-9-]*=/.test(operand)) return true;
  return files.isFile(operand);
}

function decode(octets: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (error) {
    throw new McastError('ERR_LINEUP', `${source}: this is not text (UTF-8)`, { cause: error });
  }
}
