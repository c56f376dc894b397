import {
  PCR_HZ,
  PCR_MODULUS,
  TS_PACKET_OCTETS,
  clockDifference,
  hasPcr,
  isDiscontinuity,
  pcrTicks,
  tsPid,
} from '../wire/mpegts.js';

/** Bits of {@link TsClock.marks}. */
export const TsMark = {
  /** With this packet the clock begins anew. */
  Discontinuity: 1,
  /** With this packet the source repeats itself. */
  Pass: 2,
} as const;

export interface TsClockOptions {
  /** Room for so many packets at first; a power of two. */
  readonly packets: number;
  /** Bit rate of the packets where there is no PCR; `null`: not known. */
  readonly muxRateBitPerSecond: number | null;
  /** That rate decides, PCR or not. Default false. */
  readonly muxRateDecides?: boolean;
  /** Reading began within a pass: where that one is too short to have a clock, the stream begins with the next one. */
  readonly isFirstPassPartial?: boolean;
}

/** A PCR that is further than this from the one before (27 MHz ticks, 1 s) is another clock's; at most 100 ms are allowed. */
const LONGEST_STEP = PCR_HZ;

/**
 * When each packet is due: one PID's program clock references (ISO/IEC 13818-1 = ITU-T H.222.0 section 2.4.2.2) map
 * packets to time, linearly from one to the next, so that a packet has a time when the next PCR has been seen. Before the
 * first PCR and behind the last one the neighbouring interval's rate goes on.
 *
 * A PCR behind a discontinuity_indicator of its PID (section 2.4.3.5), one that steps back, and one more than a second
 * ahead are of a new clock: time goes on at the rate of before and is anchored anew. One that stands still says nothing.
 *
 * Where the source repeats itself, the gap from the last PCR to the first one of the next pass is measured at the last
 * rate: `offset` is what continues the clock, exact to the tick.
 *
 * Columns are indexed by packet modulo their length, as the reader's ring, and hold for packets from `first` to `timed`.
 */
export class TsClock {
  /** Since the stream's first packet, 27 MHz. */
  ticks: Float64Array;
  /** What is to be added to the clocks in the packet so that they go on from pass to pass, 27 MHz, modulo 2^33 x 300. */
  offset: Float64Array;
  /** Bits of {@link TsMark}. */
  marks: Uint8Array;
  /** PID whose PCRs count; -1: none. Set before the first {@link scan}. */
  pid = -1;
  /** The stream's first packet. */
  first = 0;
  /** Packets before this one have a time. */
  timed = 0;
  /** Time of packet {@link timed}, as far as it is known. */
  nextTicks = 0;
  /** Of one packet, ticks; 0: not known. */
  rate = 0;
  /** Packets of a whole pass; for sources that repeat themselves. */
  passPackets = 0;
  discontinuities = 0;
  /** A whole pass went by without a clock, and no rate is given. */
  isHopeless = false;
  readonly #muxTicks: number;
  /** No PCR decides when a packet is due, for good. */
  #isConstant: boolean;
  #isPartial: boolean;
  #lastPcr = 0;
  /** Packet of the last PCR; -1: none. */
  #lastPacket = -1;
  /** Its time. */
  #lastTicks = 0;
  /** Ticks of a packet by PCR; 0: not known. */
  #pcrRate = 0;
  /** The PID has announced a discontinuity since its last PCR. */
  #isBroken = false;
  /** First packet of the pass whose first PCR is awaited; -1: none. */
  #joinAt = -1;
  #offset = 0;
  /** From the next pass on. */
  #nextOffset = 0;

  constructor(options: TsClockOptions) {
    const { packets, muxRateBitPerSecond } = options;
    this.ticks = new Float64Array(packets);
    this.offset = new Float64Array(packets);
    this.marks = new Uint8Array(packets);
    this.#muxTicks = muxRateBitPerSecond === null ? 0 : (TS_PACKET_OCTETS * 8 * PCR_HZ) / muxRateBitPerSecond;
    this.#isConstant = options.muxRateDecides === true && this.#muxTicks > 0;
    this.#isPartial = options.isFirstPassPartial ?? false;
    if (this.#isConstant) this.rate = this.#muxTicks;
  }

  /** Room for `packets`, a power of two; [from, to) are kept. */
  resize(packets: number, from: number, to: number): void {
    const { ticks, offset, marks } = this;
    this.ticks = new Float64Array(packets);
    this.offset = new Float64Array(packets);
    this.marks = new Uint8Array(packets);
    for (let packet = from; packet < to; packet++) {
      const old = packet & (ticks.length - 1);
      const slot = packet & (packets - 1);
      this.ticks[slot] = ticks[old]!;
      this.offset[slot] = offset[old]!;
      this.marks[slot] = marks[old]!;
    }
  }

  /** Looks at the next packet, `bytes[at ..]`, in order and each once. Hot. */
  scan(bytes: Uint8Array, at: number, packet: number, beginsPass: boolean): void {
    this.marks[packet & (this.marks.length - 1)] = beginsPass ? TsMark.Pass : 0;
    if (beginsPass) this.#beginPass(packet);
    if (tsPid(bytes, at) === this.pid) {
      if (isDiscontinuity(bytes, at)) this.#isBroken = true;
      if (hasPcr(bytes, at)) this.#reference(packet, pcrTicks(bytes, at));
    }
    if (this.#isConstant && this.#joinAt < 0) this.#timeTo(packet + 1, this.rate);
  }

  /**
   * No further PCR can be waited for: packets up to `to` are timed at the last rate, or for good at the given one. False:
   * there is none. The offset of packets behind an end of a pass is then that of before, up to the next PCR.
   */
  settle(to: number): boolean {
    if (this.rate === 0) {
      if (this.#muxTicks === 0) return false;
      this.#isConstant = true;
      this.rate = this.#muxTicks;
    }
    this.#timeTo(to, this.rate);
    return true;
  }

  #beginPass(packet: number): void {
    const isPartial = this.#isPartial;
    this.#isPartial = false;
    if (this.#pcrRate === 0 && isPartial && this.timed === this.first) {
      // Too short to have a clock of its own: nobody misses it.
      this.first = packet;
      this.timed = packet;
      this.#lastPacket = -1;
      this.marks[packet & (this.marks.length - 1)] = 0;
      return;
    }
    if (this.rate === 0) {
      if (this.#muxTicks === 0) {
        this.isHopeless = true;
        return;
      }
      this.settle(packet);
    }
    if (this.#lastPacket >= 0) this.#joinAt = packet;
    else this.#nextOffset = Math.round(this.#offset + this.passPackets * this.rate) % PCR_MODULUS;
  }

  #reference(packet: number, value: number): void {
    const last = this.#lastPacket;
    if (last >= 0) {
      const packets = packet - last;
      let step = clockDifference(value, this.#lastPcr, PCR_MODULUS);
      if (this.#joinAt >= 0) {
        step = Math.round(packets * (this.#pcrRate > 0 ? this.#pcrRate : this.rate));
        this.#join(step - clockDifference(value, this.#lastPcr, PCR_MODULUS));
      } else if (!this.#isBroken && step === 0) {
        return;
      } else if (this.#isBroken || step < 0 || step > LONGEST_STEP) {
        this.#markDiscontinuity(packet);
        step = packets * this.rate;
      } else {
        this.#pcrRate = step / packets;
      }
      if (!this.#isConstant) this.#advance(packet, step);
    }
    this.#isBroken = false;
    this.#lastPcr = value;
    this.#lastPacket = packet;
  }

  /** `ticks`: how much further the clocks of this pass must stand than those of the one before. */
  #join(ticks: number): void {
    const offset = (this.#offset + ticks) % PCR_MODULUS;
    this.#nextOffset = offset < 0 ? offset + PCR_MODULUS : offset;
    if (this.timed > this.#joinAt) this.#offset = this.#nextOffset;
    this.#joinAt = -1;
  }

  #markDiscontinuity(packet: number): void {
    this.marks[packet & (this.marks.length - 1)]! |= TsMark.Discontinuity;
    this.discontinuities++;
  }

  /** Times what lies before `packet`, which is due `step` after the last PCR. */
  #advance(packet: number, step: number): void {
    if (this.rate === 0) {
      if (this.#pcrRate === 0) return;
      // The first interval: what lies before it has its rate.
      this.#timeTo(this.#lastPacket, this.#pcrRate);
      this.#lastTicks = this.nextTicks;
    }
    if (this.#pcrRate > 0) this.rate = this.#pcrRate;
    let due = this.#lastTicks + step;
    if (due < this.nextTicks) {
      // Packets have gone ahead of the clock at another rate: it never goes back.
      this.#markDiscontinuity(packet);
      due = this.nextTicks + (packet - this.timed) * this.rate;
    }
    this.#timeTo(packet, (due - this.nextTicks) / (packet - this.timed));
    this.nextTicks = due;
    this.#lastTicks = due;
  }

  /** Times packets before `to`, each `slope` ticks behind the one before. */
  #timeTo(to: number, slope: number): void {
    const { ticks, offset, marks } = this;
    const mask = ticks.length - 1;
    const from = this.timed;
    const fromTicks = this.nextTicks;
    for (let packet = from; packet < to; packet++) {
      const slot = packet & mask;
      if ((marks[slot]! & TsMark.Pass) !== 0) this.#offset = this.#nextOffset;
      ticks[slot] = fromTicks + (packet - from) * slope;
      offset[slot] = this.#offset;
    }
    if (to > from) {
      this.timed = to;
      this.nextTicks = fromTicks + (to - from) * slope;
    }
  }
}
