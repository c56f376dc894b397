import type { ByteSource } from '../core/byteSource.js';
import { copyOctets, viewOf } from '../core/bytes.js';
import { itchTimestampNs } from '../wire/itch50.js';
import { ITCH_HEADER_OCTETS } from '../wire/itch50Messages.js';
import type { MessageTimes } from './messageRates.js';
import { type MessageSource, SourceStatus } from './messageSource.js';

/** When the messages of a file are due. */
export type ItchFileTiming =
  /** By their own timestamps, the first one at 0, so many times as fast; Infinity: all at 0. */
  { readonly kind: 'stamps'; readonly speed: number } | { readonly kind: 'rate'; readonly times: MessageTimes };

export interface ItchFileOptions {
  /** Its octets; one that repeats itself is sent again and again. */
  readonly source: ByteSource;
  readonly timing: ItchFileTiming;
}

const LENGTH_OCTETS = 2;
/** Room for the longest message and a good piece behind it. */
const STAGE_OCTETS = 1 << 18;

/**
 * Messages out of a file as Nasdaq offers them: each behind its length, 16 bits big-endian. They are sent as they are,
 * whatever type and time they have. What is wrong with the file is counted.
 */
export class ItchFile implements MessageSource {
  readonly dueNs = new Float64Array(1);
  octets = 0;
  /** Times that the file has begun anew. */
  passes = 0;
  /** Lengths of 0 before the end of the file. The last one may mark the end. */
  emptyMessages = 0;
  /** Messages that the end of the file cuts off. */
  truncatedMessages = 0;
  /** Messages with a timestamp before that of an earlier one: they are due with it. */
  backwardMessages = 0;
  readonly #source: ByteSource;
  readonly #times: MessageTimes | null;
  readonly #speed: number = 1;
  readonly #bytes = new Uint8Array(STAGE_OCTETS);
  readonly #view = viewOf(this.#bytes);
  /** Staged octets that have not been sent: those of [from, to). */
  #from = 0;
  #to = 0;
  /** Of this pass, that are not read yet. */
  #passLeft = Infinity;
  #hasMessages = false;
  /** The first pass, of which some was left out before reading began. */
  #isPartialPass = false;
  #isReady = false;
  #hasEnded = false;
  /** Lengths of 0 at the end of what has been seen. */
  #emptyRun = 0;
  /** [0]: first timestamp of this pass; [1]: when it is due. */
  readonly #origin = new Float64Array(2);
  #isPassBegun = false;

  constructor({ source, timing }: ItchFileOptions) {
    this.#source = source;
    this.#times = timing.kind === 'rate' ? timing.times : null;
    if (timing.kind === 'stamps') this.#speed = timing.speed;
    if (source.passOctets === null) return;
    this.#passLeft = source.passOctets - (source.startOctet % source.passOctets);
    this.#isPartialPass = this.#passLeft < source.passOctets;
  }

  look(): SourceStatus {
    if (this.#isReady) return SourceStatus.Ready;
    if (this.#times?.ended === true) this.#hasEnded = true;
    while (!this.#hasEnded) {
      if (this.#find()) {
        this.#place();
        this.#isReady = true;
        return SourceStatus.Ready;
      }
      if (this.#passLeft === 0) {
        this.#endPass();
        continue;
      }
      const octets = this.#read();
      if (octets === 0) return SourceStatus.Dry;
      if (octets < 0) {
        this.#countTruncated();
        this.#hasEnded = true;
      }
    }
    return SourceStatus.Ended;
  }

  take(view: DataView, at: number): void {
    copyOctets(this.#view, this.#from + LENGTH_OCTETS, this.octets, view, at);
    this.#from += LENGTH_OCTETS + this.octets;
    this.#isReady = false;
    this.#times?.advance();
  }

  /** Whether a whole message is staged, and its octets. */
  #find(): boolean {
    while (this.#to - this.#from >= LENGTH_OCTETS) {
      const octets = this.#view.getUint16(this.#from);
      if (octets > 0) {
        this.emptyMessages += this.#emptyRun;
        this.#emptyRun = 0;
        this.octets = octets;
        return this.#to - this.#from >= LENGTH_OCTETS + octets;
      }
      this.#emptyRun++;
      this.#from += LENGTH_OCTETS;
    }
    return false;
  }

  /** Reads behind the staged octets, which move to the front; returns what the source's `read` does. */
  #read(): number {
    this.#bytes.copyWithin(0, this.#from, this.#to);
    this.#to -= this.#from;
    this.#from = 0;
    const octets = this.#source.read(this.#bytes, this.#to, Math.min(STAGE_OCTETS - this.#to, this.#passLeft));
    if (octets > 0) {
      this.#to += octets;
      this.#passLeft -= octets;
    }
    return octets;
  }

  #place(): void {
    const { dueNs } = this;
    const origin = this.#origin;
    this.#hasMessages = true;
    if (this.#times !== null) {
      dueNs[0] = this.#times.dueNs[0]!;
      return;
    }
    // Too short for a timestamp: with the one before.
    if (this.octets < ITCH_HEADER_OCTETS) return;
    const stampNs = itchTimestampNs(this.#view, this.#from + LENGTH_OCTETS);
    if (!this.#isPassBegun) {
      // A new pass goes on where the last one was.
      this.#isPassBegun = true;
      origin[0] = stampNs;
      origin[1] = dueNs[0]!;
    }
    const nextNs = origin[1]! + Math.floor((stampNs - origin[0]!) / this.#speed + 0.5);
    if (nextNs < dueNs[0]!) this.backwardMessages++;
    else dueNs[0] = nextNs;
  }

  #countTruncated(): void {
    if (this.#to > this.#from) this.truncatedMessages++;
    // More than the one that marks the end.
    if (this.#emptyRun > 1) this.emptyMessages += this.#emptyRun - 1;
    this.#emptyRun = 0;
    this.#from = this.#to;
  }

  /** A pass without a message would be followed by others. */
  #endPass(): void {
    this.#countTruncated();
    if (!this.#hasMessages && !this.#isPartialPass) this.#hasEnded = true;
    this.#isPartialPass = false;
    this.passes++;
    this.#hasMessages = false;
    this.#isPassBegun = false;
    this.#passLeft = this.#source.passOctets!;
  }
}
