import { ByteRing } from '../core/byteRing.js';
import { copyBytes } from '../core/copyBytes.js';
import type { OutputSnapshot } from '../metrics/repairSnapshot.js';
import type { MediaOutput } from './mediaChannel.js';
import { claimLength, lengthsRing, publishLength } from './outputProgress.js';

/** Octets between the receiving thread and whoever takes them: a second at 60 Mbit/s. */
const QUEUE_OCTETS = 8 << 20;
export const LARGEST_PAYLOAD_OCTETS = 65_536;

/** A queue of payloads to the main thread, which hands them to a file, a player or a link. */
export interface OutputQueue {
  /** Endpoint whose media it takes. */
  readonly position: number;
  /** As the operator named it. */
  readonly name: string;
  readonly ring: SharedArrayBuffer;
  /** Of what is in the ring, for who counts what comes out of it; left out: nobody does. */
  readonly lengths?: SharedArrayBuffer;
  /** Records of messages go into it, which {@link MessageOutput} writes. Default: payloads. */
  readonly takesMessages?: boolean;
  /**
   * Of a preview, which is no output of the result: whose transport stream goes into it, the position of the endpoint
   * plus 1; 0: nobody's. The main thread changes it.
   */
  readonly watched?: Int32Array<SharedArrayBuffer>;
}

export function outputQueue(position: number, name: string): OutputQueue {
  return { position, name, ring: ByteRing.allocate(QUEUE_OCTETS, LARGEST_PAYLOAD_OCTETS) };
}

/** The same, of which is counted what comes out at the other end. */
export function countedQueue(position: number, name: string): OutputQueue & { readonly lengths: SharedArrayBuffer } {
  return { ...outputQueue(position, name), lengths: lengthsRing() };
}

/** An output of a receiver, and what became of what it was given. */
export interface ReceiverOutput extends MediaOutput {
  /** Endpoint whose media it takes. */
  readonly position: number;
  readonly name: string;
  /** Datagrams taken, and octets of their payloads. */
  readonly datagrams: number;
  readonly octets: number;
  readonly dropped: number;
  /** Nothing more will come. */
  close(): void;
}

/** Puts whole payloads into a queue, and never waits: what finds no room is dropped and counted. */
class QueueOutput implements ReceiverOutput {
  readonly position: number;
  readonly name: string;
  datagrams = 0;
  octets = 0;
  dropped = 0;
  readonly #ring: ByteRing;
  readonly #lengths: ByteRing | null;

  constructor({ position, name, ring, lengths }: OutputQueue) {
    this.position = position;
    this.name = name;
    this.#ring = new ByteRing(ring);
    this.#lengths = lengths === undefined ? null : new ByteRing(lengths);
  }

  put(bytes: Uint8Array, at: number, length: number, _lost: number): void {
    const ring = this.#ring;
    const lengths = this.#lengths;
    const to = ring.claim(length);
    if (to < 0 || (lengths !== null && !claimLength(lengths, length))) {
      this.dropped++;
      return;
    }
    copyBytes(bytes, at, length, ring.bytes, to);
    // Who finds a datagram finds its length.
    if (lengths !== null) publishLength(lengths);
    ring.publish(length);
    this.datagrams++;
    this.octets += length;
  }

  close(): void {
    this.#ring.close();
  }
}

/** Puts payloads of an endpoint into the queue of the preview as long as it is watched. */
class PreviewOutput implements MediaOutput {
  readonly #watched: Int32Array<SharedArrayBuffer>;
  readonly #ring: ByteRing;
  readonly #position: number;

  constructor({ ring }: OutputQueue, watched: Int32Array<SharedArrayBuffer>, position: number) {
    this.#ring = new ByteRing(ring);
    this.#watched = watched;
    this.#position = position;
  }

  put(bytes: Uint8Array, at: number, length: number, _lost: number): void {
    if (this.#watched[0] !== this.#position + 1) return;
    const to = this.#ring.claim(length);
    if (to < 0) return;
    copyBytes(bytes, at, length, this.#ring.bytes, to);
    this.#ring.publish(length);
  }
}

/** All outputs of a receiver, in its thread. */
export class ReceiverOutputs {
  readonly #outputs: readonly ReceiverOutput[];
  readonly #preview: OutputQueue | null;

  /** `others`: those that take no payloads through a queue; they are closed with the rest. */
  constructor(queues: readonly OutputQueue[], others: readonly ReceiverOutput[] = []) {
    const payloads = queues.filter(({ takesMessages, watched }) => takesMessages !== true && watched === undefined);
    this.#preview = queues.find(({ watched }) => watched !== undefined) ?? null;
    this.#outputs = [...payloads.map((queue) => new QueueOutput(queue)), ...others];
  }

  /** Those of the endpoint at `position`. */
  of(position: number): readonly MediaOutput[] {
    return this.#outputs.filter((output) => output.position === position);
  }

  /** What takes the transport stream of the endpoint at `position` to who watches it; `null`: nobody will. */
  previewOf(position: number): MediaOutput | null {
    const queue = this.#preview;
    return queue?.watched === undefined ? null : new PreviewOutput(queue, queue.watched, position);
  }

  /** Nothing more will come. */
  close(): void {
    for (const output of this.#outputs) output.close();
    if (this.#preview !== null) new ByteRing(this.#preview.ring).close();
  }

  /** Of the endpoint at `position`, or of all. Why one failed, the main thread adds. */
  snapshots(position: number | null = null): OutputSnapshot[] {
    return this.#outputs
      .filter((output) => position === null || output.position === position)
      .map(({ name, datagrams, octets, dropped }) => ({
        name,
        datagrams,
        octets,
        dropped,
        failure: null,
        failed: false,
      }));
  }
}
