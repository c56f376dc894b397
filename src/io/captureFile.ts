import { MAX_SEGMENTS, ReceiveBatch, SlotFlag } from '../core/batch.js';
import { copyOctets, u32be } from '../core/bytes.js';
import { McastError } from '../core/errors.js';
import type { Nanos, RunEpoch } from '../core/time.js';
import { CaptureRecord, CaptureStatus } from '../wire/capture.js';
import type { CaptureInterface, CaptureReader } from '../wire/capture.js';
import { FrameStatus, UdpLocation, locateUdp } from '../wire/ip.js';
import { PcapReader, isPcapMagic } from '../wire/pcap.js';
import { BlockType, PcapngReader } from '../wire/pcapng.js';
import { SuperPacket } from '../wire/superPacket.js';
import { CompressionFault, fileOctets, peekOctets, readError } from './captureOctets.js';
import type { PeekedOctets } from './captureOctets.js';
import { CapturePaths } from './capturePaths.js';
import type { Path } from './datagram.js';

/** Datagrams of a batch, and octets of its slab: room for one of the largest after every other. */
const BATCH_SLOTS = 1024;
const SLAB_MESSAGES = 16;
const LARGEST_PAYLOAD_OCTETS = 65_535;

export interface CaptureFileOptions {
  /** Datagrams to single hosts are only counted: they take no room in the path table. Default: false. */
  readonly groupsOnly?: boolean;
  /** Asked once per path; datagrams of refused paths are only counted. Default: all. */
  readonly accept?: (path: Path) => boolean;
}

/** Frames of the file by what became of them; grows while the file is read. */
export interface CaptureCounts {
  frames: number;
  /** Handed over in batches. */
  datagrams: number;
  /** UDP, but to a single host, where only groups were wanted. */
  toHosts: number;
  /** UDP, but not of an accepted path. */
  filtered: number;
  notIp: number;
  notUdp: number;
  /** Fragments of IP datagrams, first ones included. They are not reassembled. */
  fragments: number;
  /** Frames that the capture cut within their headers. */
  cutHeaders: number;
  malformed: number;
  /** Frames of link layers that are not read. */
  unknownLink: number;
  /** Frames of several datagrams one behind the other, as offload makes them; each of these is one of `datagrams`. */
  superPackets: number;
  /** Among `datagrams`: payloads that the capture cut (snap length). */
  truncated: number;
  /** Among `datagrams`: without a time of their own. */
  untimed: number;
  /** Among `datagrams`: later-coming records with an earlier time. */
  backwards: number;
  /** Of paths that found no room in the path table. */
  pathOverflow: number;
}

/**
 * The UDP datagrams of a capture file, pcap or pcapng, plain or gzip, in the order of the file.
 *
 * Iterating refills one batch for ever: a batch is valid until the next one is asked for. Times are
 * the capture's, counted from {@link epoch}; both clocks of a batch are that time. A slot's `length` is
 * the payload's on the wire; octets that the capture did not keep are 0, and {@link captured} says how
 * many it kept. Datagrams that offload had put into one frame are slots of their own: the further ones with the flag
 * TimeShared. A datagram without a time (pcapng simple packets) carries its predecessor's with the
 * flags TimeUser and TimeShared. Iterate once.
 */
export class CaptureFile implements AsyncIterable<ReceiveBatch> {
  readonly batch = new ReceiveBatch(SLAB_MESSAGES, BATCH_SLOTS);
  /** Payload octets that the capture holds, parallel to the batch's columns. */
  readonly captured = new Uint32Array(BATCH_SLOTS);
  readonly counts: CaptureCounts = {
    frames: 0,
    datagrams: 0,
    toHosts: 0,
    filtered: 0,
    notIp: 0,
    notUdp: 0,
    fragments: 0,
    cutHeaders: 0,
    malformed: 0,
    unknownLink: 0,
    superPackets: 0,
    truncated: 0,
    untimed: 0,
    backwards: 0,
    pathOverflow: 0,
  };
  readonly paths = new CapturePaths();
  /** For messages: the path, or "standard input". */
  readonly name: string;
  readonly #reader: CaptureReader;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #accept: (path: Path) => boolean;
  readonly #groupsOnly: boolean;
  /** By path index: 0 not asked yet, 1 accepted, 2 refused. */
  #accepted = new Uint8Array(1024);
  readonly #record = new CaptureRecord();
  readonly #location = new UdpLocation();
  readonly #superPacket = new SuperPacket();
  #fault: string | null = null;
  #epoch: RunEpoch | null = null;
  #epochSeconds = 0;
  #epochNanoseconds = 0;
  #lastNs: Nanos = 0;
  /** A record was read that found no room in the batch. */
  #held = false;
  #began = false;
  #ended = false;
  #slabEnd = 0;

  constructor(
    name: string,
    reader: CaptureReader,
    chunks: AsyncIterator<Uint8Array>,
    options: CaptureFileOptions = {},
  ) {
    this.name = name;
    this.#reader = reader;
    this.#chunks = chunks;
    this.#accept = options.accept ?? ((): boolean => true);
    this.#groupsOnly = options.groupsOnly ?? false;
  }

  get format(): 'pcap' | 'pcapng' {
    return this.#reader.format;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.#reader.interfaces;
  }

  /** Why reading ended before the file did, or what is missing at its end; `null`: nothing. */
  get fault(): string | null {
    return this.#fault;
  }

  /** The time of the first frame that has one; that of 1970 before one was read. */
  get epoch(): RunEpoch {
    return this.#epoch ?? { realtimeNs: 0n, monotonicNs: 0n, uncertaintyNs: 0 };
  }

  path(index: number): Path {
    return this.paths.path(index);
  }

  /** Reads up to the first datagrams; {@link openCapture} has done so. */
  async begin(): Promise<void> {
    this.#began = await this.#next();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ReceiveBatch, void, undefined> {
    try {
      if (!this.#began) return;
      do yield this.batch;
      while (await this.#next());
    } finally {
      await this.#chunks.return?.();
    }
  }

  /** Refills the batch; false: the file has no more. A batch never waits for a later chunk to be fuller. */
  async #next(): Promise<boolean> {
    const { batch } = this;
    while (!this.#ended) {
      this.#fill();
      if (batch.count > 0) {
        batch.readClock.fill(this.#lastNs);
        return true;
      }
      if (!this.#ended) await this.#readOn();
    }
    batch.count = 0;
    return false;
  }

  /** Puts what has been read into the batch, until the octets or the room are used up. */
  #fill(): void {
    const { batch } = this;
    batch.count = 0;
    this.#slabEnd = 0;
    for (;;) {
      if (this.#held) this.#held = false;
      else {
        const status = this.#reader.next(this.#record);
        if (status === CaptureStatus.NeedMore) return;
        if (status === CaptureStatus.Fault) {
          this.#fault = this.#reader.fault;
          this.#ended = true;
          return;
        }
      }
      if (batch.count > BATCH_SLOTS - MAX_SEGMENTS || this.#slabEnd + LARGEST_PAYLOAD_OCTETS > batch.bytes.length) {
        this.#held = true;
        return;
      }
      this.#take();
    }
  }

  async #readOn(): Promise<void> {
    try {
      const step = await this.#chunks.next();
      if (step.done !== true) return this.#reader.push(step.value);
      this.#fault = this.#reader.finish();
    } catch (error) {
      if (!(error instanceof CompressionFault)) throw readError(this.name, error);
      this.#fault = error.message;
    }
    this.#ended = true;
  }

  /** Puts the record's datagram into the next slot, when it is one. */
  #take(): void {
    const { counts } = this;
    const record = this.#record;
    const location = this.#location;
    counts.frames++;
    const timeNs = this.#timeOf(record);
    const status = locateUdp(record.bytes, record.at, record.capturedOctets, record.linkType, location);
    if (status !== FrameStatus.Udp) return this.#countOther(status);
    if (this.#groupsOnly && !isToGroup(record.bytes, location)) {
      counts.toHosts++;
      return;
    }
    // Cooked captures name the interface of each frame; pcapng numbers its own from 0, pcap has one.
    const numbered = this.format === 'pcapng' ? record.interfaceId + 1 : 0;
    const path = this.paths.intern(record.bytes, location, location.interfaceIndex || numbered);
    if (path === 0) counts.pathOverflow++;
    if (!this.#isAccepted(path)) {
      counts.filtered++;
      return;
    }
    const { batch } = this;
    const { payloadOctets, capturedOctets } = location;
    const at = this.#slabEnd;
    copyOctets(record.view, location.payloadAt, capturedOctets, batch.view, at);
    this.#slabEnd = at + payloadOctets;
    if (!record.timed) counts.untimed++;
    if (timeNs < this.#lastNs) counts.backwards++;
    this.#lastNs = timeNs;
    const flags = record.timed ? SlotFlag.TimeKernel : SlotFlag.TimeUser | SlotFlag.TimeShared;
    if (capturedOctets < payloadOctets) {
      batch.bytes.fill(0, at + capturedOctets, at + payloadOctets);
      counts.truncated++;
      this.#put(at, payloadOctets, path, flags);
      return;
    }
    const octets = this.#superPacket.segmentOctets(batch.view, at, payloadOctets);
    if (octets === 0) {
      this.#put(at, payloadOctets, path, flags);
      return;
    }
    counts.superPackets++;
    for (let from = 0; from < payloadOctets; from += octets) {
      const shared = from === 0 ? 0 : SlotFlag.TimeShared;
      this.#put(at + from, Math.min(octets, payloadOctets - from), path, flags | shared);
    }
  }

  /** A datagram of the frame, whose `octets` are in the slab at `at`. */
  #put(at: number, octets: number, path: number, flags: number): void {
    const { batch } = this;
    const location = this.#location;
    const slot = batch.count++;
    this.counts.datagrams++;
    batch.offset[slot] = at;
    batch.length[slot] = octets;
    batch.timeRealNs[slot] = this.#lastNs;
    batch.flags[slot] = flags;
    batch.path[slot] = path;
    batch.socket[slot] = 0;
    batch.tos[slot] = location.tos;
    batch.ttl[slot] = location.ttl;
    batch.drops[slot] = 0;
    batch.following[slot] = 0;
    this.captured[slot] = Math.min(octets, location.capturedOctets);
  }

  /** Since the epoch, which the first frame with a time sets. */
  #timeOf(record: CaptureRecord): Nanos {
    if (!record.timed) return this.#lastNs;
    if (this.#epoch === null) {
      this.#epochSeconds = record.seconds;
      this.#epochNanoseconds = record.nanoseconds;
      const realtimeNs = BigInt(record.seconds) * 1_000_000_000n + BigInt(record.nanoseconds);
      this.#epoch = { realtimeNs, monotonicNs: 0n, uncertaintyNs: 0 };
    }
    return (record.seconds - this.#epochSeconds) * 1e9 + (record.nanoseconds - this.#epochNanoseconds);
  }

  #isAccepted(path: number): boolean {
    if (path >= this.#accepted.length) {
      const grown = new Uint8Array(Math.max(path + 1, this.#accepted.length * 2));
      grown.set(this.#accepted);
      this.#accepted = grown;
    }
    // Paths beyond the table share index 0 and cannot be told apart: they are asked about as nobody's.
    if (this.#accepted[path] === 0) this.#accepted[path] = this.#accept(this.paths.path(path)) ? 1 : 2;
    return this.#accepted[path] === 1;
  }

  #countOther(status: FrameStatus): void {
    const { counts } = this;
    switch (status) {
      case FrameStatus.NotIp:
        counts.notIp++;
        break;
      case FrameStatus.NotUdp:
        counts.notUdp++;
        break;
      case FrameStatus.Fragment:
        counts.fragments++;
        break;
      case FrameStatus.Cut:
        counts.cutHeaders++;
        break;
      case FrameStatus.Malformed:
        counts.malformed++;
        break;
      default:
        counts.unknownLink++;
    }
  }
}

/** The destination is one of 224.0.0.0/4 or ff00::/8. */
function isToGroup(bytes: Uint8Array, { destinationAt, family }: UdpLocation): boolean {
  return family === 4 ? bytes[destinationAt]! >>> 4 === 14 : bytes[destinationAt] === 0xff;
}

/**
 * Opens a capture, a path, also of a named pipe, or `-` for standard input, and reads up to its first
 * datagrams, so that the epoch is known. Throws ERR_FILE, ERR_FILE_FORMAT.
 */
export async function openCapture(path: string, options: CaptureFileOptions = {}): Promise<CaptureFile> {
  return openCaptureOctets(path === '-' ? 'standard input' : path, fileOctets(path), options);
}

/** As {@link openCapture}, of octets that come from elsewhere. */
export async function openCaptureOctets(
  name: string,
  input: AsyncIterable<Uint8Array>,
  options: CaptureFileOptions = {},
): Promise<CaptureFile> {
  let octets: PeekedOctets;
  try {
    octets = await peekOctets(input);
  } catch (error) {
    throw readError(name, error);
  }
  const file = new CaptureFile(name, readerFor(octets.head, name), octets.all, options);
  await file.begin();
  return file;
}

/** Whether a file that begins so is a capture. */
export function isCapture(head: Uint8Array): boolean {
  return readerOf(head) !== null;
}

function readerOf(head: Uint8Array): CaptureReader | null {
  const magic = head.length < 4 ? 0 : u32be(head, 0);
  if (isPcapMagic(magic)) return new PcapReader();
  return magic === BlockType.SectionHeader ? new PcapngReader() : null;
}

function readerFor(head: Uint8Array, name: string): CaptureReader {
  if (head.length === 0) throw new McastError('ERR_FILE_FORMAT', `${name} is empty`);
  const reader = readerOf(head);
  if (reader !== null) return reader;
  throw new McastError('ERR_FILE_FORMAT', `${name} is not a capture file`);
}
