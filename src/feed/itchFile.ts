import type { ByteSource } from '../core/byteSource.js';
import { copyOctets, viewOf } from '../core/bytes.js';
import { formatCount } from '../core/format.js';
import { ITCH_OCTETS, itchTimestampNs } from '../wire/itch50.js';
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
/** After so many messages of ITCH 5.0 a file is taken for one of those. */
const SURE_MESSAGES = 8;
/** What tells of a message whether it is one of ITCH 5.0: its length and type. */
const LOOK_OCTETS = LENGTH_OCTETS + 1;
/** Longer is no message of a feed, as far as is known: it would fill a datagram of Ethernet. */
export const LIKELY_OCTETS = 1472;

/**
 * Messages out of a file as Nasdaq offers them: each behind its length, 16 bits big-endian. They are sent as they are,
 * whatever type and time they have, those of no octets too; but a length of 0 at the end of the file marks that. Where a
 * file of ITCH 5.0 goes on with lengths that make no sense, it ends.
 */
export class ItchFile implements MessageSource {
  readonly dueNs = new Float64Array(1);
  octets = 0;
  /** Times that the file has begun anew. */
  passes = 0;
  /** Messages of no octets. */
  emptyMessages = 0;
  /** Messages that the end of the file cuts off. */
  truncatedMessages = 0;
  /** What was found wrong first, and where; `null`: nothing. */
  fault: string | null = null;
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
  /** The source has come to its end; what is staged may not be sent yet. */
  #isDrained = false;
  /** Of ITCH 5.0, so far. */
  #sureMessages = 0;
  /** [0]: first timestamp of this pass; [1]: when it is due; [2]: octet of the pass with which the stage begins. */
  readonly #origin = new Float64Array(3);
  #isPassBegun = false;

  constructor({ source, timing }: ItchFileOptions) {
    this.#source = source;
    this.#times = timing.kind === 'rate' ? timing.times : null;
    if (timing.kind === 'stamps') this.#speed = timing.speed;
    if (source.passOctets === null) return;
    this.#origin[2] = source.startOctet % source.passOctets;
    this.#passLeft = source.passOctets - this.#origin[2];
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
      if (this.#hasEnded) break;
      if (this.#passLeft === 0) {
        this.#endPass();
        continue;
      }
      if (this.#isDrained) {
        this.#judgeEnd();
        this.#hasEnded = true;
        break;
      }
      const octets = this.#read();
      if (octets === 0) return SourceStatus.Dry;
      // What is staged may have waited for what would follow.
      if (octets < 0) this.#isDrained = true;
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
    const staged = this.#to - this.#from;
    if (staged < LENGTH_OCTETS) return false;
    const octets = this.#view.getUint16(this.#from);
    // Whether it is a message of no octets or the end is known by what follows.
    if (staged < LENGTH_OCTETS + Math.max(octets, 1)) return false;
    this.octets = octets;
    if (this.#isItch(this.#from)) {
      this.#sureMessages++;
      return true;
    }
    return this.#sureMessages < SURE_MESSAGES || !this.#isDoubtful(this.#from) || this.#isFollowed(staged);
  }

  /** Whether a message of ITCH 5.0 is at a place in the stage, by its length and type. */
  #isItch(at: number): boolean {
    const octets = this.#view.getUint16(at);
    return octets > 0 && octets === ITCH_OCTETS[this.#view.getUint8(at + LENGTH_OCTETS)];
  }

  /** Whether a length that is none of ITCH 5.0 may be damaged. */
  #isDoubtful(at: number): boolean {
    const octets = this.#view.getUint16(at);
    return octets === 0 || octets > LIKELY_OCTETS || ITCH_OCTETS[this.#view.getUint8(at + LENGTH_OCTETS)] !== 0;
  }

  /** Whether what stands behind the doubtful message lets its length be true; where not, or not yet, it is not sent. */
  #isFollowed(staged: number): boolean {
    const next = this.#from + LENGTH_OCTETS + this.octets;
    if (staged < LENGTH_OCTETS + this.octets + LOOK_OCTETS) return this.#isDrained || this.#passLeft === 0;
    // A message of no octets says nothing itself: neither need the next one be known.
    const isPlausible = this.#isItch(next) || (this.octets === 0 && !this.#isDoubtful(next));
    if (isPlausible && !this.#fitsItsType(staged)) return true;
    this.fault ??= this.#senselessText();
    this.#hasEnded = true;
    return false;
  }

  #senselessText(): string {
    return `the length of the message at octet ${this.#octetText(this.#from)} makes no sense`;
  }

  /** Whether a message of the length that its type has is followed by one of ITCH 5.0: chance hardly makes that. */
  #fitsItsType(staged: number): boolean {
    if (staged < LOOK_OCTETS || this.#view.getUint16(this.#from) === 0) return false;
    const octets = ITCH_OCTETS[this.#view.getUint8(this.#from + LENGTH_OCTETS)]!;
    const end = LENGTH_OCTETS + octets;
    return octets > 0 && staged >= end + LOOK_OCTETS && this.#isItch(this.#from + end);
  }

  /** Octet of the file at a place in the stage. */
  #octetText(at: number): string {
    return formatCount(this.#origin[2]! + at);
  }

  /** Reads behind the staged octets, which move to the front; returns what the source's `read` does. */
  #read(): number {
    this.#bytes.copyWithin(0, this.#from, this.#to);
    this.#origin[2]! += this.#from;
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
    if (this.octets === 0) this.emptyMessages++;
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

  /** What is left behind the last whole message. */
  #judgeEnd(): void {
    const left = this.#to - this.#from;
    const marksEnd = left === LENGTH_OCTETS && this.#view.getUint16(this.#from) === 0;
    const isCut = left > 0 && !marksEnd;
    if (isCut) this.truncatedMessages++;
    if (this.#source.isBrokenOff === true) {
      this.fault ??= `the compressed octets are damaged: of what they hold ${this.#octetText(this.#to)} octets can be read`;
    } else if (isCut) {
      const isSenseless = this.#sureMessages >= SURE_MESSAGES && this.#fitsItsType(left);
      this.fault ??= isSenseless
        ? this.#senselessText()
        : `it ends within the message at octet ${this.#octetText(this.#from)}`;
    }
    this.#from = this.#to;
  }

  /** A pass without a message would be followed by others. */
  #endPass(): void {
    this.#judgeEnd();
    // The next one begins behind what is staged.
    this.#origin[2] = -this.#to;
    if (!this.#hasMessages && !this.#isPartialPass) this.#hasEnded = true;
    this.#isPartialPass = false;
    this.passes++;
    this.#hasMessages = false;
    this.#isPassBegun = false;
    this.#passLeft = this.#source.passOctets!;
  }
}
