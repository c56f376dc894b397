/** The beginning of a feed's input, which must be of messages behind their lengths. */
import { McastError } from '../core/errors.js';
import { lookAtItch } from '../feed/itchHead.js';
import { CompressionFault } from '../io/captureOctets.js';
import { fileError } from '../io/fileError.js';

/** Of an input that is read in pieces. */
export interface MessageHead {
  readonly head: Uint8Array;
  /** Behind the head the compressed octets are damaged. */
  readonly isBrokenOff: boolean;
}

/**
 * Whether it is known to be a file of messages; `false`: not by so little. `isAll`: `head` is all there is. Throws ERR_FILE:
 * it is empty; ERR_FILE_FORMAT: it holds something else.
 */
export function isMessages(name: string, head: Uint8Array, isAll: boolean): boolean {
  const found = lookAtItch(head, isAll);
  if (found.kind === 'empty') throw new McastError('ERR_FILE', `${name} is empty`, { hint: 'Name another file.' });
  if (found.kind !== 'foreign') return found.kind === 'messages';
  throw new McastError('ERR_FILE_FORMAT', `${name} is no file of messages: ${found.why}`, {
    hint: 'A feed takes messages, each behind its length in two octets, as files of ITCH 5.0 have them.',
  });
}

/** Reads as little as tells what it is. Throws as {@link isMessages} does, and what is wrong with compressed octets. */
export async function readMessageHead(
  name: string,
  chunks: AsyncIterator<Uint8Array, void, undefined>,
): Promise<MessageHead> {
  let head = Buffer.alloc(0);
  for (;;) {
    const step = await chunks.next().catch((error: unknown) => faultOf(error));
    const fault = step instanceof CompressionFault ? step : null;
    const next = step instanceof CompressionFault || step.done === true ? null : step.value;
    if (next !== null) head = Buffer.concat([head, next]);
    try {
      const isKnown = isMessages(name, head, next === null);
      if (isKnown || fault !== null) return { head, isBrokenOff: fault !== null };
    } catch (error) {
      // Of what is damaged nothing can be read.
      throw fault ?? error;
    }
  }
}

/** Until the compressed octets are damaged, of which `onFault` is told. */
export async function* untilBrokenOff(
  chunks: AsyncIterator<Uint8Array, void, undefined>,
  onFault: () => void,
): AsyncGenerator<Uint8Array, undefined, undefined> {
  try {
    for (;;) {
      const step = await chunks.next();
      if (step.done === true) return;
      yield step.value;
    }
  } catch (error) {
    faultOf(error);
    onFault();
  } finally {
    await chunks.return?.();
  }
}

/** An error of reading `name`, as the operator is to see it. */
export function unreadable(name: string, error: unknown): unknown {
  if (!(error instanceof CompressionFault)) return fileError(name, 'read', error);
  return new McastError('ERR_FILE_FORMAT', `${name}: ${error.message}`, { hint: 'Not one message of it can be read.' });
}

function faultOf(error: unknown): CompressionFault {
  if (error instanceof CompressionFault) return error;
  throw error;
}
