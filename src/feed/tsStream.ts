import type { ByteSource } from '../core/byteSource.js';
import { TS_PACKET_OCTETS } from '../wire/mpegts.js';
import { TsClock, TsMark } from './tsClock.js';
import { TsRead, TsReader, type TsReaderOptions } from './tsReader.js';
import { TsReference } from './tsReference.js';
import { TsRestamp } from './tsRestamp.js';

/** Whether packets with a time are there, and why not. */
export const TsStatus = {
  Ready: 0,
  /** The source has nothing more yet. */
  Dry: 1,
  /** All packets of the source were taken. */
  Ended: 2,
  /** The source is no transport stream. */
  NotTs: 3,
  /** Nothing says when packets are due: no PCR, and no rate was given. */
  NoPcr: 4,
} as const;
export type TsStatus = (typeof TsStatus)[keyof typeof TsStatus];

export interface TsStreamOptions {
  readonly source: ByteSource;
  /** PID of the PCRs that decide; `null`: as {@link TsReference} chooses. */
  readonly pcrPid: number | null;
  /** Of the transport stream, 188 octets a packet: for sources without PCR; `null`: not known. */
  readonly muxRateBitPerSecond: number | null;
  /** The given rate decides although there are PCRs. Default false. */
  readonly muxRateDecides?: boolean;
  readonly window?: TsReaderOptions;
}

/**
 * The packets of a source, each with its time and, where the source repeats itself, its clocks and counters going on.
 * Reads ahead up to the next PCR, at most as far as the window can grow: then packets go on at the last rate.
 *
 * Packets [next, clock.timed) are there to be taken.
 */
export class TsStream {
  readonly reader: TsReader;
  readonly clock: TsClock;
  /** `null`: the source does not repeat itself, and nothing is rewritten. */
  readonly restamp: TsRestamp | null;
  /** The next packet to be taken. */
  next = 0;
  readonly #passOctets: number | null;
  /** So many packets without a PCR, and the given rate decides: 1 s. */
  readonly #mostWithoutPcr: number;
  /** `null`: the choice is made. */
  #reference: TsReference | null = null;
  /** The next packet to look at for the choice, and for the clock. */
  #looked = 0;
  #scanned = 0;
  /** The next timed packet whose stamps are not rewritten yet. */
  #stamped = 0;

  constructor(options: TsStreamOptions) {
    const { source, muxRateBitPerSecond: rate } = options;
    this.#passOctets = source.passOctets;
    this.restamp = source.passOctets === null ? null : new TsRestamp();
    this.#mostWithoutPcr = rate === null ? Infinity : Math.ceil(rate / 8 / TS_PACKET_OCTETS);
    this.reader = new TsReader(source, options.window);
    this.clock = new TsClock({
      packets: this.reader.capacity,
      muxRateBitPerSecond: rate,
      muxRateDecides: options.muxRateDecides ?? false,
      isFirstPassPartial: source.passOctets !== null && source.startOctet > 0,
    });
    if (options.pcrPid !== null) this.clock.pid = options.pcrPid;
    // Where the rate decides, PCRs matter only for what is rewritten in later passes.
    else if (options.muxRateDecides !== true || source.passOctets !== null) this.#reference = new TsReference();
  }

  /** Reads until `packets` are timed. `Ready`: they are, or the source has ended with at least one. */
  advance(packets: number): TsStatus {
    while (this.clock.timed - this.next < packets) {
      if (this.clock.isHopeless) return TsStatus.NoPcr;
      const read = this.#draw();
      if (read === TsRead.More) continue;
      if (read === TsRead.Dry) return TsStatus.Dry;
      if (read === TsRead.NotTs) return TsStatus.NotTs;
      if (read === TsRead.Full && this.#grow()) continue;
      if (this.#reference !== null) {
        this.#scan(true);
        continue;
      }
      const hasEnded = read === TsRead.Ended;
      if (this.reader.end === this.next) return TsStatus.Ended;
      if (!this.settle(hasEnded ? this.reader.end - this.next : packets)) return TsStatus.NoPcr;
      if (hasEnded) return TsStatus.Ready;
    }
    return TsStatus.Ready;
  }

  /** Takes what the source has, so that its writer is not held up: as far as there is room, or for `ticks` (27 MHz). */
  drain(ticks: number): void {
    for (;;) {
      const read = this.#draw();
      if (read === TsRead.Full && this.bufferedTicks(0) < ticks && this.#grow()) continue;
      if (read !== TsRead.More) return;
    }
  }

  /** `packets` from `next` on are timed by what is known. False: they are not there, or nothing is known. */
  settle(packets: number): boolean {
    const to = this.next + packets;
    if (this.#reference !== null || to > this.reader.end || !this.clock.settle(to)) return false;
    this.#stamp();
    return true;
  }

  /** `packets` timed ones are done with. */
  take(packets: number): void {
    this.next += packets;
    this.reader.first = this.next;
  }

  /** Takes timed packets that are due within `ticks` (27 MHz) from the next one, all but the last `kept`; returns how many. */
  passOver(ticks: number, kept: number): number {
    const { clock, next } = this;
    const mask = clock.ticks.length - 1;
    const untilTicks = clock.ticks[next & mask]! + ticks;
    let to = next;
    while (to < clock.timed - kept && clock.ticks[to & mask]! < untilTicks) to++;
    this.take(to - next);
    return to - next;
  }

  /** How much of the stream there is from `next` on, `further` octets of the source included; 27 MHz ticks, about. */
  bufferedTicks(further: number): number {
    const { clock, reader } = this;
    const timed = Math.max(clock.timed, this.next);
    const packets = reader.end - timed + (reader.stagedOctets + further) / (reader.strideOctets || TS_PACKET_OCTETS);
    const timedTicks = timed === this.next ? 0 : clock.nextTicks - clock.ticks[this.next & (clock.ticks.length - 1)]!;
    return timedTicks + packets * clock.rate;
  }

  #grow(): boolean {
    const { reader } = this;
    if (!reader.grow()) return false;
    this.clock.resize(reader.capacity, reader.first, reader.end);
    return true;
  }

  #draw(): TsRead {
    const read = this.reader.pull();
    if (read === TsRead.More) this.#scan(false);
    return read;
  }

  /** Shows the clock what was read since, once it is known which PID counts. */
  #scan(mustChoose: boolean): void {
    const { reader, clock } = this;
    if (this.#reference !== null && !this.#choose(this.#reference, mustChoose)) return;
    if (this.#passOctets !== null) clock.passPackets = Math.floor(this.#passOctets / reader.strideOctets);
    const { bytes, end } = reader;
    for (let packet = this.#scanned; packet < end; packet++) {
      clock.scan(bytes, reader.octetOf(packet), packet, reader.beginsPass(packet));
      // A rate was given for this: nothing else has told the time for a second.
      if (clock.rate === 0 && packet - clock.first >= this.#mostWithoutPcr) clock.settle(packet + 1);
    }
    this.#scanned = end;
    if (clock.first > this.next) {
      this.take(clock.first - this.next);
      this.#stamped = this.next;
    }
    this.#stamp();
  }

  #choose(reference: TsReference, mustChoose: boolean): boolean {
    const { reader } = this;
    let isLate = mustChoose;
    while (reference.pid < 0 && !isLate && this.#looked < reader.end) {
      reference.look(reader.bytes, reader.octetOf(this.#looked));
      this.#looked++;
      isLate = this.#looked > this.#mostWithoutPcr;
    }
    if (isLate) reference.decide();
    if (reference.pid < 0 && !isLate) return false;
    this.clock.pid = reference.pid;
    this.#reference = null;
    return true;
  }

  #stamp(): void {
    const { reader, clock, restamp } = this;
    if (restamp === null) return;
    const { bytes } = reader;
    const { offset, marks } = clock;
    const mask = offset.length - 1;
    const to = clock.timed;
    for (let packet = this.#stamped; packet < to; packet++) {
      const slot = packet & mask;
      if ((marks[slot]! & TsMark.Pass) !== 0) restamp.beginPass();
      if (offset[slot]! !== restamp.offsetTicks) restamp.offsetTicks = offset[slot]!;
      restamp.stamp(bytes, slot * TS_PACKET_OCTETS);
    }
    this.#stamped = to;
  }
}
