/** Opens the files of messages that feeds send, on the main thread. */
import { open, type FileHandle } from 'node:fs/promises';
import { ByteRing } from '../core/byteRing.js';
import { McastError } from '../core/errors.js';
import { isCaptureFile, refuseCapturedPipe } from '../io/captureHead.js';
import { fileOctets, peekOctets } from '../io/captureOctets.js';
import { HEAD_OCTETS } from '../feed/itchHead.js';
import { fileError } from '../io/fileError.js';
import type { FeedPlan, SendPlan } from '../profile/plan.js';
import { CLAIM_OCTETS, pumpChunks, pumpFile } from './inputPump.js';
import type { MediaInputs } from './mediaInputs.js';
import { isMessages, readMessageHead, unreadable, untilBrokenOff } from './messageHead.js';
import { readShared } from './sharedFile.js';
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

/**
 * Throws McastError ERR_FILE: a file that cannot be read; ERR_FILE_FORMAT: one that holds no messages. What was open by
 * then is closed.
 */
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
  let file: FileHandle | null = null;
  try {
    file = await open(name, 'r');
    const { size } = await file.stat();
    const { bytesRead, buffer } = await file.read(new Uint8Array(HEAD_OCTETS), 0, HEAD_OCTETS, 0);
    const head = buffer.subarray(0, bytesRead);
    if (GZIP_MAGIC.every((octet, i) => head[i] === octet)) {
      await file.close();
      file = null;
      return await openCompressed(name, loop);
    }
    if (size <= MEMORY_OCTETS) {
      const shared: SharedOctets = { kind: 'memory', octets: await readShared(name, size), loop, startOctet: 0 };
      isMessages(name, new Uint8Array(shared.octets), true);
      await file.close();
      return { shared, finished: Promise.resolve(), stop: async () => {} };
    }
    isMessages(name, head, false);
    const ring = ByteRing.allocate(RING_OCTETS, CLAIM_OCTETS);
    const control = { stopped: false };
    const pump = pumpFile(file, name, size, 0, loop, new ByteRing(ring), control);
    return openRing(ring, loop ? size : null, pump, name, control, () => {});
  } catch (error) {
    await file?.close();
    throw fileError(name, 'read', error);
  }
}

async function openCompressed(name: string, loop: boolean): Promise<OpenFeed> {
  if (loop) {
    throw new McastError('ERR_FILE', `${name} is compressed, and cannot be sent over and over`, {
      hint: `Unpack it first: gunzip -k ${name}`,
    });
  }
  const stream = fileOctets(name);
  try {
    const { all } = await peekOctets(stream);
    return await openChunks(all, name, () => void stream.destroy());
  } catch (error) {
    stream.destroy();
    throw unreadable(name, error);
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
    return await openChunks(all, STANDARD_INPUT, closeStandardInput);
  } catch (error) {
    closeStandardInput();
    throw unreadable(STANDARD_INPUT, error);
  }
}

async function openChunks(
  chunks: AsyncGenerator<Uint8Array, void, undefined>,
  name: string,
  close: () => void,
): Promise<OpenFeed> {
  const { head, isBrokenOff } = await readMessageHead(name, chunks);
  const shared = ByteRing.allocate(RING_OCTETS, CLAIM_OCTETS);
  const ring = new ByteRing(shared);
  if (isBrokenOff) ring.breakOff();
  const control = { stopped: false };
  const rest = untilBrokenOff(chunks, () => ring.breakOff());
  return openRing(shared, null, pumpChunks(head, rest, ring, control), name, control, close);
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
