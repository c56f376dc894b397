import type { Nanos } from '../../core/time.js';
import { Indicator } from '../../metrics/transportIndicators.js';
import type { FirstTimes, MdiInterval, TransportSnapshot } from '../../metrics/transportSnapshot.js';
import { TS_PACKET_OCTETS, TS_SYNC } from '../../wire/mpegts.js';
import { type Framing, framePayload } from './framing.js';
import { Mdi } from './mdi.js';
import { PacketContent } from './packetContent.js';
import { checkPids } from './pidTimeouts.js';
import { ProgramClock } from './programClock.js';
import { SYNC_PACKETS, SyncFinder } from './syncFinder.js';
import { State, TsFigures } from './tsFigures.js';
import { firstTimes, makeSnapshot } from './tsSnapshot.js';

/** Time-outs are looked at this often. */
const CHECK_NS = 10e6;
/** Packets in a row without sync byte that lose synchronisation (TR 101 290 section 5.2.1, 1.1). */
const LOSS_PACKETS = 2;

export interface TsAnalyzerOptions {
  /** PCR_repetition_error. Default 40 ms (TR 101 290 up to V1.3.1; V1.4.1: 100 ms). */
  readonly pcrRepetitionNs?: Nanos;
  /** PID_error. Default 5 s, the most that TR 101 290 section 5.2.1 recommends for video and audio. */
  readonly pidTimeoutNs?: Nanos;
  /** Of the media delivery index. Default: from the PCR. */
  readonly mediaRateBitPerSecond?: number;
}

/**
 * One transport stream: ETSI TR 101 290 section 5.2, PCR, services, RFC 4445. Either datagrams that arrive (`onPayload`,
 * with `onTime` when nothing comes) or octets of a file (`onOctets`, time by PCR), never both. Bounded memory; per
 * packet nothing is allocated.
 */
export class TsAnalyzer {
  readonly #f = new TsFigures();
  readonly #content: PacketContent;
  readonly #framing: Framing = { from: 0, stride: TS_PACKET_OCTETS, packets: 0 };
  readonly #pidTimeoutNs: Nanos;
  #finder: SyncFinder | null = null;
  /** Whether there ever was synchronisation. */
  #hasBegun = false;
  #badRun = 0;
  /** Packets of that run that were counted as stray. */
  #strayRun = 0;
  #goodRun = 0;
  #packetsPerDatagram = 0;
  #nextCheckNs = -Infinity;
  /** Errors of priority 1 and 2 up to the last arrival. */
  #severe = 0;

  constructor(options: TsAnalyzerOptions = {}) {
    this.#content = new PacketContent(this.#f, options.pcrRepetitionNs ?? 40e6);
    this.#pidTimeoutNs = options.pidTimeoutNs ?? 5e9;
    this.#f.mdi = new Mdi(options.mediaRateBitPerSecond ?? NaN);
  }

  /** Changes when services, streams or names change. */
  get tablesVersion(): number {
    return this.#f.tables.services.version;
  }

  /** Whether PAT, PMTs and the names of all services came. */
  get hasAllTables(): boolean {
    return this.#f.tables.services.isComplete && this.#f.tables.services.isNamed;
  }

  /** By `Indicator`, a view that goes on counting. */
  get indicatorCounts(): Readonly<Float64Array> {
    return this.#f.counts.counts;
  }

  /**
   * The payload of a datagram, in order of sequence. `timeMonoNs`: its arrival. `lostDatagramsBefore`: between the last
   * one and this, as the network's sequence numbers tell; NaN: there are none. Hot.
   */
  onPayload(bytes: Uint8Array, at: number, length: number, timeMonoNs: Nanos, lostDatagramsBefore: number): void {
    const f = this.#f;
    const { state } = f;
    if (timeMonoNs > state[State.Now]! || !this.#hasBegun) state[State.Now] = timeMonoNs;
    f.isLossTold = lostDatagramsBefore === lostDatagramsBefore;
    const framing = this.#framing;
    const stray = framePayload(bytes, at, length, framing);
    if (stray > 0) f.oddDatagrams++;
    f.strayOctets += stray;
    const { packets, stride, from } = framing;
    f.mdi!.onArrival(state, packets * TS_PACKET_OCTETS);
    if (state[State.Now]! >= this.#nextCheckNs) this.#check();
    if (lostDatagramsBefore > 0) {
      f.lostDatagrams += lostDatagramsBefore;
      f.mdi!.onLost(lostDatagramsBefore * (this.#packetsPerDatagram || packets));
      this.#content.onNetworkLoss();
    }
    this.#packetsPerDatagram = packets;
    if (!f.isInSync && !this.#acquires(bytes, framing)) {
      f.strayOctets += packets * TS_PACKET_OCTETS;
    } else {
      for (let i = 0; i < packets; i++) {
        const behind = (packets - 1 - i) * TS_PACKET_OCTETS;
        this.#content.octetsBehind = behind;
        this.#framed(bytes, from + i * stride);
        if (f.isInSync) continue;
        f.strayOctets += behind;
        break;
      }
    }
    this.#noteErrors();
  }

  /** Octets of a file, cut anywhere. Times are those of the program clock from its first PCR. */
  onOctets(bytes: Uint8Array, at: number, length: number): void {
    this.#f.mdi = null;
    this.#finder ??= new SyncFinder();
    this.#content.programClock ??= new ProgramClock();
    for (let done = 0; done < length;) {
      done += this.#finder.add(bytes, at + done, length - done);
      this.#drain(this.#finder, this.#content.programClock);
    }
  }

  /** No more octets follow. */
  finishOctets(): void {
    if (this.#finder === null || this.#content.programClock === null) return;
    this.#finder.finish();
    this.#drain(this.#finder, this.#content.programClock);
  }

  #drain(finder: SyncFinder, clock: ProgramClock): void {
    const { state } = this.#f;
    const stray = finder.strayOctets;
    while (finder.next()) {
      state[State.Now] = clock.at(state[State.Octets]!);
      if (finder.isFirst) this.#acquired();
      if (state[State.Now]! >= this.#nextCheckNs) this.#check();
      this.#framed(finder.bytes, finder.at);
      if (this.#f.isInSync) continue;
      // The finder looks at them again.
      this.#f.strayOctets -= this.#strayRun * TS_PACKET_OCTETS;
      finder.search();
    }
    this.#f.strayOctets += finder.strayOctets - stray;
  }

  /** Time passes, whether something comes or not: the time-outs. Not for files. */
  onTime(nowMonoNs: Nanos): void {
    const { state, mdi } = this.#f;
    if (!this.#hasBegun || !(nowMonoNs > state[State.Now]!)) return;
    state[State.Now] = nowMonoNs;
    mdi?.onTime(nowMonoNs);
    this.#check();
    this.#noteErrors();
  }

  #noteErrors(): void {
    const { severe } = this.#f.counts;
    if (severe === this.#severe) return;
    this.#severe = severe;
    this.#f.mdi?.onError();
  }

  /** Not in synchronisation: whether the datagram brings it. */
  #acquires(bytes: Uint8Array, { from, stride, packets }: Framing): boolean {
    let good = 0;
    for (let i = 0; i < packets; i++) {
      if (bytes[from + i * stride] === TS_SYNC) good++;
      else good = this.#goodRun = 0;
    }
    this.#goodRun += good;
    // At the very beginning the datagram's own boundary is evidence enough.
    const isEnough = !this.#hasBegun || this.#goodRun >= SYNC_PACKETS;
    if (packets === 0 || good < packets || !isEnough) return false;
    this.#acquired();
    return true;
  }

  #acquired(): void {
    const f = this.#f;
    const now = f.state[State.Now]!;
    if (this.#hasBegun) {
      f.pids.resynchronise(now);
      f.tables.resynchronise(now);
      for (const clock of f.clocks) clock.resynchronise();
      f.mdi?.onGap();
    } else {
      f.begin(now);
    }
    this.#hasBegun = true;
    f.isInSync = true;
    this.#badRun = 0;
    this.#strayRun = 0;
    this.#nextCheckNs = now + CHECK_NS;
  }

  /** A packet where one is due. */
  #framed(bytes: Uint8Array, at: number): void {
    if (bytes[at] === TS_SYNC) {
      this.#badRun = 0;
      this.#strayRun = 0;
      this.#content.packet(bytes, at);
      return;
    }
    const f = this.#f;
    const now = f.state[State.Now]!;
    f.counts.raise(Indicator.SyncByte, 1, -1, now);
    if (++this.#badRun < LOSS_PACKETS && this.#content.isPlausible(bytes, at)) {
      // Only the sync byte was hit: the header goes on where its PID was.
      this.#content.packet(bytes, at);
      return;
    }
    this.#strayRun++;
    f.strayOctets += TS_PACKET_OCTETS;
    f.state[State.Octets]! += TS_PACKET_OCTETS;
    this.#content.unreadable();
    if (this.#badRun < LOSS_PACKETS) return;
    f.counts.raise(Indicator.TsSyncLoss, 1, -1, now);
    f.isInSync = false;
    this.#goodRun = 0;
  }

  #check(): void {
    const { pids, tables, clocks, counts, state, isInSync, completeNs } = this.#f;
    const now = state[State.Now]!;
    this.#nextCheckNs = now + CHECK_NS;
    // Without synchronisation no other indicator means anything (section 5.2.1).
    if (!isInSync) return;
    tables.check(now);
    checkPids(pids, clocks, counts, now, this.#pidTimeoutNs, completeNs);
  }

  /** Ends an interval of the rates per PID. */
  closeInterval(): void {
    this.#f.closeInterval();
  }

  /** Intervals of the media delivery index that were closed since the last call. */
  takeMdi(): MdiInterval[] {
    return this.#f.mdi?.take() ?? [];
  }

  /** End of a warm-up: everything that is counted begins anew; tables, synchronisation and first times stay. */
  restart(): void {
    this.#f.restart();
    this.#severe = 0;
  }

  /** Latest time that was told; of a file that of the packet read last. */
  get nowNs(): Nanos {
    return this.#f.state[State.Now]!;
  }

  /** Of {@link snapshot}, which costs far more. */
  get first(): FirstTimes {
    return firstTimes(this.#f);
  }

  snapshot(): TransportSnapshot {
    return makeSnapshot(this.#f);
  }
}
