/** What the readers of capture files have in common: chunks of any size go in, packet records come out. */

/** Larger records are taken for damage: no capture tool writes them, and memory stays bounded. */
export const MAX_RECORD_OCTETS = 16 * 1024 * 1024;

export const CaptureStatus = {
  /** Everything pushed so far has been read. */
  NeedMore: 0,
  Record: 1,
  /** What follows cannot be read: {@link CaptureReader.fault} says why. */
  Fault: 2,
} as const;
export type CaptureStatus = (typeof CaptureStatus)[keyof typeof CaptureStatus];

/** One captured frame. Reused by the caller, filled by `next`; `bytes` holds it until the next `push`. */
export class CaptureRecord {
  bytes: Uint8Array = new Uint8Array(0);
  /** The same memory as `bytes`. */
  view = new DataView(this.bytes.buffer);
  at = 0;
  /** Octets of the frame that the file holds. */
  capturedOctets = 0;
  /** Octets of the frame on the wire. */
  originalOctets = 0;
  /** LINKTYPE_ number. */
  linkType = 0;
  /** Index in {@link CaptureReader.interfaces}. */
  interfaceId = 0;
  /** Whether the record has a time; pcapng's simple packets have none. */
  timed = false;
  /** Seconds since 1970-01-01T00:00:00Z, and nanoseconds within the second. */
  seconds = 0;
  nanoseconds = 0;
}

export interface CaptureInterface {
  readonly name: string | null;
  readonly linkType: number;
  /** Most octets kept of a frame; 0: not limited. */
  readonly snapOctets: number;
  /** Frames that the capture itself says it missed; `null`: not told. */
  dropped: number | null;
}

export interface CaptureReader {
  readonly format: 'pcap' | 'pcapng';
  readonly interfaces: readonly CaptureInterface[];
  /** Why `next` answered `Fault`, in one sentence; else `null`. */
  readonly fault: string | null;
  /** Hands over the next octets of the file; they are copied. */
  push(chunk: Uint8Array): void;
  next(record: CaptureRecord): CaptureStatus;
  /** After the last chunk: `null` when the file ended where it may, else what is missing. */
  finish(): string | null;
}

/** Octets pushed and not yet taken. Grows to the largest record, at most. */
export class ChunkBuffer {
  bytes: Uint8Array = new Uint8Array(128 * 1024);
  view = new DataView(this.bytes.buffer);
  /** Octets `[at, end)` are there. */
  at = 0;
  end = 0;
  /** Octets of the file taken so far. */
  taken = 0;
  #toSkip = 0;

  get available(): number {
    return this.end - this.at;
  }

  /** Octets still missing of what {@link take} was asked for. */
  get owed(): number {
    return this.#toSkip;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    if (this.#toSkip > 0) {
      from = Math.min(this.#toSkip, chunk.length);
      this.#toSkip -= from;
      this.taken += from;
    }
    const octets = chunk.length - from;
    if (this.end + octets > this.bytes.length) this.#makeRoom(octets);
    this.bytes.set(from === 0 ? chunk : chunk.subarray(from), this.end);
    this.end += octets;
  }

  /** Moves on by `octets`, which may not have come yet. */
  take(octets: number): void {
    const now = Math.min(octets, this.available);
    this.at += now;
    this.taken += now;
    this.#toSkip = octets - now;
  }

  #makeRoom(octets: number): void {
    const kept = this.available;
    if (kept + octets <= this.bytes.length) {
      this.bytes.copyWithin(0, this.at, this.end);
    } else {
      const grown = new Uint8Array(Math.max(kept + octets, this.bytes.length * 2));
      grown.set(this.bytes.subarray(this.at, this.end));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    this.at = 0;
    this.end = kept;
  }
}
