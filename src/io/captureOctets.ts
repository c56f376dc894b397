import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { McastError } from '../core/errors.js';
import { fileError } from './fileError.js';

/** Octets per read, also of compressed ones: a step's output is held in memory, and deflate may expand a thousandfold. */
const CHUNK_OCTETS = 64 * 1024;

/** The octets of a file, its beginning looked at. */
export interface PeekedOctets {
  /** The first octets, as many as asked for or as there are. */
  readonly head: Uint8Array;
  /** All octets in chunks, the first ones included. */
  readonly all: AsyncGenerator<Uint8Array, void, undefined>;
}

/** Compressed octets are damaged or end too early; what could be uncompressed has come before. */
export class CompressionFault extends Error {}

/** Octets of a path, also of a named pipe, or of standard input for `-`. */
export function fileOctets(path: string): Readable {
  return path === '-' ? process.stdin : createReadStream(path, { highWaterMark: CHUNK_OCTETS });
}

/** Octets that tell what file it is. */
const MAGIC_OCTETS = 4;

/**
 * Looks at the first octets, uncompressed when they are gzip (RFC 1952): at four, or at as many as `wanted` says when it
 * has seen those.
 */
export async function peekOctets(
  input: AsyncIterable<Uint8Array>,
  wanted: (head: Uint8Array) => number = () => MAGIC_OCTETS,
): Promise<PeekedOctets> {
  const raw = await peeked(input[Symbol.asyncIterator](), MAGIC_OCTETS);
  const isGzip = raw.head[0] === 0x1f && raw.head[1] === 0x8b;
  const plain = isGzip ? await peeked(gunzipped(raw.all), MAGIC_OCTETS) : raw;
  const octets = wanted(plain.head);
  return plain.head.length >= octets ? plain : peeked(plain.all, octets);
}

/** An error of reading `name`, as the operator is to see it. */
export function readError(name: string, error: unknown): unknown {
  if (error instanceof CompressionFault) return new McastError('ERR_FILE_FORMAT', `${name}: ${error.message}`);
  return fileError(name, 'read', error);
}

async function peeked(chunks: AsyncIterator<Uint8Array>, octets: number): Promise<PeekedOctets> {
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < octets) {
    const step = await chunks.next();
    if (step.done === true) break;
    head = head.length === 0 ? step.value : Buffer.concat([head, step.value]);
  }
  return { head, all: withHead(head, chunks) };
}

async function* withHead(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (head.length > 0) yield head;
    for (;;) {
      const step = await rest.next();
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    await rest.return?.();
  }
}

/**
 * Uncompressed octets. Driven chunk by chunk rather than piped, because a stream that fails throws away
 * what it had already uncompressed, and of a truncated file that is worth reading.
 */
async function* gunzipped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const gunzip = createGunzip();
  let ready: Uint8Array[] = [];
  let fault: Error | null = null;
  let settle: (() => void) | null = null;
  gunzip.on('data', (octets: Uint8Array) => ready.push(octets));
  gunzip.on('error', (error) => {
    fault = error;
    settle?.();
  });
  const step = async (start: (done: () => void) => void): Promise<Uint8Array[]> => {
    await new Promise<void>((resolve) => {
      settle = resolve;
      start(resolve);
    });
    const now = ready;
    ready = [];
    return now;
  };
  try {
    for await (const chunk of chunks) {
      yield* await step((done) => gunzip.write(chunk, () => done()));
      if (fault !== null) break;
    }
    // Not the callback of `end`: whether more octets were due shows only after it.
    if (fault === null) yield* await step((done) => gunzip.once('end', done).end());
    if (fault !== null) throw new CompressionFault(`the compressed octets are damaged: ${(fault as Error).message}`);
  } finally {
    gunzip.destroy();
  }
}
