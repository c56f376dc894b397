import { ReceiveBatch } from '../core/batch.js';
import { copyOctets } from '../core/bytes.js';
import type { Nanos, RunEpoch } from '../core/time.js';
import type { CaptureFile } from '../io/captureFile.js';
import type { Path } from '../io/datagram.js';
import { MAX_PATHS } from '../io/pathTable.js';
import { interfaceNameOf } from './captureText.js';

/** What is measured: a capture, or the captures of two lines as one. */
export interface MeasuredCapture extends AsyncIterable<ReceiveBatch> {
  /** One, or those of both lines. */
  readonly files: readonly CaptureFile[];
  readonly batch: ReceiveBatch;
  /** Payload octets that the captures hold, parallel to the batch's columns. */
  readonly captured: Uint32Array;
  readonly epoch: RunEpoch;
  path(index: number): Path;
  /** Of an interface of a path. */
  interfaceName(index: number): string | null;
  /** The line that a path was captured on; `null`: there is one. */
  legOf(path: number): 0 | 1 | null;
}

export function singleCapture(file: CaptureFile): MeasuredCapture {
  const { batch, captured, epoch } = file;
  return {
    files: [file],
    batch,
    captured,
    epoch,
    path: (index) => file.path(index),
    interfaceName: (index) => interfaceNameOf(file, index),
    legOf: () => null,
    [Symbol.asyncIterator]: () => file[Symbol.asyncIterator](),
  };
}

/** Datagrams of a batch, and octets of its slab, as those of a file. */
const BATCH_SLOTS = 1024;
const SLAB_MESSAGES = 16;
/** Interfaces of the second capture begin here: both number theirs from the same. */
const SECOND_INTERFACES = 2 ** 24;
const UNKNOWN: Path = { source: '', sourcePort: 0, group: '', port: 0, interfaceIndex: 0 };

/** One of two captures, as far as it was handed on. */
interface Cursor {
  readonly file: CaptureFile;
  readonly leg: 0 | 1;
  readonly batches: AsyncIterator<ReceiveBatch>;
  /** What its times are behind the pair's epoch, ns. */
  readonly shiftNs: Nanos;
  /** By path of the file the pair's, 0: none yet. */
  readonly paths: Uint32Array;
  /** Slot that comes next, of `count`. */
  slot: number;
  count: number;
}

/** Two captures, one of each line, in the order of their stamps: of the same, the first one's. Iterate once. */
export class CapturePair implements MeasuredCapture {
  readonly files: readonly CaptureFile[];
  readonly batch = new ReceiveBatch(SLAB_MESSAGES, BATCH_SLOTS);
  readonly captured = new Uint32Array(BATCH_SLOTS);
  /** The earlier one's. */
  readonly epoch: RunEpoch;
  readonly #cursors: readonly [Cursor, Cursor];
  readonly #paths: Path[] = [UNKNOWN];
  readonly #legs: (0 | 1 | null)[] = [null];
  #slabEnd = 0;

  /** Opened, so that their epochs are known. */
  constructor(a: CaptureFile, b: CaptureFile) {
    this.files = [a, b];
    // One without any frame has none.
    const known = [a.epoch, b.epoch].filter(({ realtimeNs }) => realtimeNs > 0n);
    this.epoch = known.toSorted((x, y) => (x.realtimeNs < y.realtimeNs ? -1 : 1))[0] ?? a.epoch;
    this.#cursors = [this.#cursorOf(a, 0), this.#cursorOf(b, 1)];
  }

  path(index: number): Path {
    return this.#paths[index] ?? UNKNOWN;
  }

  interfaceName(index: number): string | null {
    const [a, b] = this.files;
    return index < SECOND_INTERFACES ? interfaceNameOf(a!, index) : interfaceNameOf(b!, index - SECOND_INTERFACES);
  }

  legOf(path: number): 0 | 1 | null {
    return this.#legs[path] ?? null;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReceiveBatch, void, undefined> {
    const [a, b] = this.#cursors;
    const { batch } = this;
    try {
      for (;;) {
        if (a.slot === a.count) await refill(a);
        if (b.slot === b.count) await refill(b);
        const from = earlier(a, b);
        if (from === null) break;
        if (batch.count === BATCH_SLOTS || this.#slabEnd + from.file.batch.length[from.slot]! > batch.bytes.length) {
          yield batch;
          batch.count = 0;
          this.#slabEnd = 0;
        }
        this.#take(from);
      }
      if (batch.count > 0) yield batch;
    } finally {
      await a.batches.return?.();
      await b.batches.return?.();
    }
  }

  #cursorOf(file: CaptureFile, leg: 0 | 1): Cursor {
    const { realtimeNs } = file.epoch;
    const shiftNs = realtimeNs === 0n ? 0 : Number(realtimeNs - this.epoch.realtimeNs);
    const batches = file[Symbol.asyncIterator]();
    return { file, leg, batches, shiftNs, paths: new Uint32Array(MAX_PATHS), slot: 0, count: 0 };
  }

  #take(cursor: Cursor): void {
    const { batch } = this;
    const { file, slot } = cursor;
    const from = file.batch;
    const to = batch.count++;
    const octets = from.length[slot]!;
    copyOctets(from.view, from.offset[slot]!, octets, batch.view, this.#slabEnd);
    batch.offset[to] = this.#slabEnd;
    batch.length[to] = octets;
    batch.flags[to] = from.flags[slot]!;
    batch.timeRealNs[to] = from.timeRealNs[slot]! + cursor.shiftNs;
    batch.path[to] = this.#pathOf(cursor, from.path[slot]!);
    batch.socket[to] = 0;
    batch.tos[to] = from.tos[slot]!;
    batch.ttl[to] = from.ttl[slot]!;
    batch.drops[to] = 0;
    batch.following[to] = 0;
    this.captured[to] = file.captured[slot]!;
    batch.readClock.fill(batch.timeRealNs[to]!);
    this.#slabEnd += octets;
    cursor.slot++;
  }

  /** The pair's index of a file's path; 0: there is no room. */
  #pathOf({ file, leg, paths }: Cursor, index: number): number {
    const known = paths[index]!;
    if (known !== 0 || index === 0 || this.#paths.length === MAX_PATHS) return known;
    const path = file.path(index);
    const interfaceIndex = path.interfaceIndex + (leg === 0 ? 0 : SECOND_INTERFACES);
    this.#legs.push(leg);
    return (paths[index] = this.#paths.push({ ...path, interfaceIndex }) - 1);
  }
}

/** With nothing behind it, count stays 0. */
async function refill(cursor: Cursor): Promise<void> {
  const step = await cursor.batches.next();
  cursor.slot = 0;
  cursor.count = step.done === true ? 0 : step.value.count;
}

/** Whose next datagram comes first; `null`: there is none. */
function earlier(a: Cursor, b: Cursor): Cursor | null {
  if (a.slot === a.count) return b.slot === b.count ? null : b;
  if (b.slot === b.count) return a;
  const aNs = a.file.batch.timeRealNs[a.slot]! + a.shiftNs;
  const bNs = b.file.batch.timeRealNs[b.slot]! + b.shiftNs;
  return bNs < aNs ? b : a;
}
