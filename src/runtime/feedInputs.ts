/** Opens the files of messages that feeds send, on the main thread. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { ByteRing } from '../core/byteRing.js';
import { McastError } from '../core/errors.js';
import { isCaptureFile, refuseCapturedPipe } from '../io/captureHead.js';
import { peekOctets } from '../io/captureOctets.js';
import { fileError } from '../io/fileError.js';
import type { FeedPlan, SendPlan } from '../profile/plan.js';
import { CLAIM_OCTETS, pumpChunks, pumpFile } from './inputPump.js';
import type { MediaInputs } from './mediaInputs.js';
import type { SharedOctets } from './sharedInput.js';

/** Files up to this are held in memory. */
const MEMORY_OCTETS = 64 << 20;
/** So much of others is on its way to the sender. */
const RING_OCTETS = 16 << 20;
const GZIP_MAGIC = [0x1f, 0x8b] as const;

interface OpenFeed {
  readonly shared: SharedOctets;
  readonly finished: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Throws McastError ERR_FILE: a file that cannot be read; what was open by then is closed. */
export async function openFeedInputs(plan: SendPlan): Promise<MediaInputs> {
  const opened: (OpenFeed | null)[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(opened.map((input) => input?.stop()));
  };
  try {
    for (const { feed } of plan.streams) opened.push(readsFile(feed) ? await openFeed(feed) : null);
  } catch (error) {
    await stop();
    throw error;
  }
  const finished = Promise.all(opened.map((input) => input?.finished)).then(() => undefined);
  finished.catch(() => {});
  return { plan, shared: opened.map((input) => input?.shared ?? null), finished, lines: [], links: () => [], stop };
}

/** Whether the messages of a feed come from a file. */
export function readsFile(feed: FeedPlan | null): feed is FeedPlan {
  return feed !== null && feed.input.kind === 'itch';
}

async function openFeed({ input, loop }: FeedPlan): Promise<OpenFeed> {
  const source = input.kind === 'itch' ? input.source : null;
  if (source === null || source.kind === 'testcard') throw new Error('a feed without a file');
  if (source.kind === 'stdin') return await openStandardInput();
  const { name } = source;
  if (isCaptureFile(name)) {
    throw new McastError('ERR_FILE_FORMAT', `${name} is a capture: a feed takes a file of messages`, {
      hint: 'The datagrams of a capture are sent again to udp://, or without an endpoint.',
    });
  }
  try {
    const file = await open(name, 'r');
    const { size } = await file.stat();
    const head = new Uint8Array(GZIP_MAGIC.length);
    await file.read(head, 0, head.length, 0);
    const isGzip = GZIP_MAGIC.every((octet, i) => head[i] === octet);
    if (size === 0) throw new McastError('ERR_FILE', `${name} is empty`, { hint: 'Name another file.' });
    if (isGzip) {
      await file.close();
      if (loop) {
        throw new McastError('ERR_FILE', `${name} is compressed, and cannot be sent over and over`, {
          hint: `Unpack it first: gunzip -k ${name}`,
        });
      }
      const stream = createReadStream(name);
      const unpacked = stream.pipe(createGunzip());
      stream.on('error', (error) => unpacked.destroy(error));
      return openChunks(unpacked, name, () => {
        stream.destroy();
        unpacked.destroy();
      });
    }
    if (size <= MEMORY_OCTETS) {
      const octets = new SharedArrayBuffer(size);
      const bytes = new Uint8Array(octets);
      for (let at = 0; at < size;) {
        const { bytesRead } = await file.read(bytes, at, size - at, at);
        if (bytesRead === 0) throw new McastError('ERR_FILE', `${name} became shorter while it was read`);
        at += bytesRead;
      }
      await file.close();
      const shared: SharedOctets = { kind: 'memory', octets, loop, startOctet: 0 };
      return { shared, finished: Promise.resolve(), stop: async () => {} };
    }
    const ring = ByteRing.allocate(RING_OCTETS, CLAIM_OCTETS);
    const control = { stopped: false };
    const pump = pumpFile(file, name, size, 0, loop, new ByteRing(ring), control);
    return openRing(ring, loop ? size : null, pump, name, control, () => {});
  } catch (error) {
    throw fileError(name, 'read', error);
  }
}

const STANDARD_INPUT = 'standard input';

function closeStandardInput(): void {
  process.stdin.destroy();
}

async function openStandardInput(): Promise<OpenFeed> {
  try {
    const { head, all } = await peekOctets(process.stdin);
    refuseCapturedPipe(head, STANDARD_INPUT);
    return openChunks(all, STANDARD_INPUT, closeStandardInput);
  } catch (error) {
    closeStandardInput();
    throw fileError(STANDARD_INPUT, 'read', error);
  }
}

function openChunks(readable: AsyncIterable<Uint8Array>, name: string, close: () => void): OpenFeed {
  const ring = ByteRing.allocate(RING_OCTETS, CLAIM_OCTETS);
  const control = { stopped: false };
  const chunks = readable[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
  const pump = pumpChunks(new Uint8Array(), chunks, new ByteRing(ring), control);
  return openRing(ring, null, pump, name, control, close);
}

function openRing(
  ring: SharedArrayBuffer,
  passOctets: number | null,
  pump: Promise<void>,
  name: string,
  control: { stopped: boolean },
  close: () => void,
): OpenFeed {
  const finished = pump.catch((error: unknown) => {
    throw fileError(name, 'read', error);
  });
  finished.catch(() => {});
  return {
    shared: { kind: 'ring', ring, passOctets, startOctet: 0, live: false },
    finished,
    stop: async () => {
      control.stopped = true;
      close();
      await finished.catch(() => {});
    },
  };
}
