import { open, type FileHandle } from 'node:fs/promises';
import { ByteRing } from '../core/byteRing.js';
import { emptyRing } from './emptyRing.js';
import { fileError } from './fileError.js';

/** A file that takes what is written into a ring. */
export interface RingFile {
  /**
   * Fulfilled when the ring was closed and all is in the file; rejected with ERR_FILE when the
   * system refused a write: from then on the ring fills up and its writer drops.
   */
  readonly finished: Promise<void>;
}

/**
 * Opens the file (`-`: standard output) and empties the ring into it until the ring is closed.
 * Needs a thread whose event loop turns; writes go through the thread pool. `onWritten`: told of octets that the system took.
 */
export async function openRingFile(
  path: string,
  ring: SharedArrayBuffer,
  onWritten: (octets: number) => void = () => {},
): Promise<RingFile> {
  let file: FileHandle | null = null;
  try {
    if (path !== '-') file = await open(path, 'w');
  } catch (error) {
    throw fileError(path, 'written', error);
  }
  const finished = write(new ByteRing(ring), file, onWritten).catch((error: unknown) => {
    throw fileError(path, 'written', error);
  });
  // Whoever awaits it later still sees the failure.
  finished.catch(() => {});
  return { finished };
}

type OnWritten = (octets: number) => void;

async function write(ring: ByteRing, file: FileHandle | null, onWritten: OnWritten): Promise<void> {
  try {
    await emptyRing(ring, (octets) =>
      file === null ? writeOutput(octets, onWritten) : writeAll(file, octets, onWritten),
    );
  } finally {
    await file?.close();
  }
}

async function writeAll(file: FileHandle, octets: Uint8Array, onWritten: OnWritten): Promise<void> {
  for (let at = 0; at < octets.length;) {
    const { bytesWritten } = await file.write(octets, at, octets.length - at);
    onWritten(bytesWritten);
    at += bytesWritten;
  }
}

async function writeOutput(octets: Uint8Array, onWritten: OnWritten): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(octets, (error) => (error ? reject(error) : resolve()));
  });
  onWritten(octets.length);
}
