import type { Nanos } from '../../core/time.js';
import { Indicator } from '../../metrics/transportIndicators.js';
import { NULL_PID, TS_PACKET_OCTETS, pcrTicks, startsUnit, tsPid } from '../../wire/mpegts.js';
import { hasPts, pesAt } from '../../wire/pes.js';
import { Continuity, ContinuityCheck } from './continuity.js';
import { PcrFault, PcrMeasure } from './pcrMeasure.js';
import { Pid, Role } from './pidTable.js';
import type { ProgramClock } from './programClock.js';
import { startsIntraPicture } from './randomAccess.js';
import { State, type TsFigures } from './tsFigures.js';

/** PIDs whose PCRs are measured. */
const MOST_CLOCKS = 32;

/** What is in the packets, wherever they come from: one path for datagrams and files. */
export class PacketContent {
  /** Octets of the datagram behind the packet. */
  octetsBehind = 0;
  /** Of a file, whose time follows its PCRs; `null`: packets arrive. */
  programClock: ProgramClock | null = null;
  readonly #f: TsFigures;
  readonly #continuity: ContinuityCheck;
  readonly #state: Float64Array;
  readonly #pcrRepetitionNs: Nanos;
  #tablesVersion = 0;

  constructor(figures: TsFigures, pcrRepetitionNs: Nanos) {
    this.#f = figures;
    this.#state = figures.state;
    this.#continuity = new ContinuityCheck(figures.pids);
    this.#pcrRepetitionNs = pcrRepetitionNs;
    figures.tables.services.writeRoles(figures.pids.role);
  }

  /** Whether a packet whose header may be wrong says what is expected next of a PID that is known. */
  isPlausible(bytes: Uint8Array, at: number): boolean {
    return this.#continuity.isPlausible(this.#f.pids.find(tsPid(bytes, at)), bytes, at);
  }

  /** The network lost datagrams before the next packet. */
  onNetworkLoss(): void {
    this.#continuity.lossOrdinal = this.#continuity.ordinal + 1;
    this.gap();
  }

  /** The packet at `at`. Its time and octet position are in the figures' state. Hot. */
  packet(bytes: Uint8Array, at: number): void {
    const { pids } = this.#f;
    const v = pids.values;
    const now = this.#state[State.Now]!;
    this.#continuity.ordinal++;
    this.#f.packets++;
    const pid = tsPid(bytes, at);
    const row = pids.row(pid);
    const base = row * Pid.Count;
    v[base + Pid.Packets]!++;
    if (!(v[base + Pid.FirstNs]! <= now)) v[base + Pid.FirstNs] = now;
    if ((bytes[at + 1]! & 0x80) !== 0) this.#onTransportError(row, bytes, at);
    else if (pid === NULL_PID) v[base + Pid.LastNs] = now;
    else this.#content(pid, row, bytes, at);
    this.#state[State.Octets]! += TS_PACKET_OCTETS;
  }

  /** A packet that can be read, of no null PID. */
  #content(pid: number, row: number, bytes: Uint8Array, at: number): void {
    const { pids } = this.#f;
    const v = pids.values;
    const base = row * Pid.Count;
    const control = bytes[at + 3]! & 0x30;
    const hasPayload = (control & 0x10) !== 0;
    let flags = 0;
    let isMalformed = control === 0;
    if ((control & 0x20) !== 0) {
      const octets = bytes[at + 4]!;
      if (octets > (hasPayload ? 182 : 183)) isMalformed = true;
      else if (octets > 0) flags = bytes[at + 5]!;
      // A PCR that does not fit is none.
      if (octets < 7) flags &= ~0x10;
    }
    if (isMalformed) {
      this.#f.malformedPackets++;
      this.unreadable();
    }
    // A decoder discards packets with the reserved control (ISO/IEC 13818-1 section 2.4.3.3).
    if (control === 0) return;
    let state: number = Continuity.Next;
    if (row > 0) {
      state = this.#continuity.judge(row, bytes, at, hasPayload, (flags & 0x80) !== 0);
      if (state !== Continuity.Next && this.#onDisorder(state, pid, row)) return;
      if ((flags & 0x90) !== 0) this.#onClock(pid, row, flags, bytes, at);
    }
    const before = v[base + Pid.LastNs]!;
    v[base + Pid.LastNs] = this.#state[State.Now]!;
    if (!hasPayload || isMalformed) return;
    if ((bytes[at + 3]! & 0xc0) !== 0) {
      v[base + Pid.Scrambled]!++;
      v[base + Pid.PtsAnchorNs] = NaN;
      this.#f.tables.onScrambled(pid, this.#state[State.Now]!);
      return;
    }
    const role = pids.role[pid]!;
    if (role === Role.Section) {
      if (state !== Continuity.Next) this.#f.tables.onBreak(pid);
      this.#f.tables.onPacket(pid, bytes, at, this.#state[State.Now]!);
      if (this.#f.tables.services.version !== this.#tablesVersion) this.#onTables();
      return;
    }
    if (startsUnit(bytes, at)) this.#onUnit(row, role, bytes, at, before);
    if (role === Role.Video && this.#f.randomAccessBy === null) this.#onVideo(pid, flags, bytes, at);
  }

  /** Of the packet nothing else is derived (TR 101 290 section 5.2.2, 2.1); its counter, where it is the expected one. */
  #onTransportError(row: number, bytes: Uint8Array, at: number): void {
    const pid = tsPid(bytes, at);
    this.#f.counts.raise(Indicator.Transport, 1, pid, this.#state[State.Now]!);
    this.#f.pids.values[row * Pid.Count + Pid.TransportErrors]!++;
    if (this.#continuity.isPlausible(row, bytes, at)) this.#continuity.accept(row, bytes, at);
    this.unreadable();
    this.#f.tables.onBreak(pid);
  }

  /** A packet is there, but its content is not: what it should have brought is not missed. */
  unreadable(): void {
    this.#continuity.unreadableOrdinal = this.#continuity.ordinal;
    for (let i = 0; i < this.#f.clocks.length; i++) this.#f.clocks[i]!.isBroken = true;
  }

  /** Packets are missing: octet positions are not known across here. */
  gap(): void {
    for (let i = 0; i < this.#f.clocks.length; i++) this.#f.clocks[i]!.gap();
    this.#f.mdi?.onGap();
  }

  /** Whether the packet is to be left alone. */
  #onDisorder(state: number, pid: number, row: number): boolean {
    const v = this.#f.pids.values;
    const base = row * Pid.Count;
    if (state === Continuity.Duplicate) {
      v[base + Pid.Duplicates]!++;
      return true;
    }
    if (state === Continuity.Excused) return false;
    const { missing, isExplained } = this.#continuity;
    this.#f.counts.raise(Indicator.ContinuityCount, 1, pid, this.#state[State.Now]!);
    v[base + Pid.ContinuityErrors]!++;
    if (isExplained) v[base + Pid.ErrorsExplained]!++;
    if (state === Continuity.CopyTooMany) return true;
    v[base + Pid.Missing]! += missing;
    if (isExplained) v[base + Pid.MissingExplained]! += missing;
    else this.gap();
    if (!this.#f.isLossTold) this.#f.mdi?.onLost(missing);
    return false;
  }

  #onClock(pid: number, row: number, flags: number, bytes: Uint8Array, at: number): void {
    const { pids } = this.#f;
    const v = pids.values;
    if (pids.pcrIndex[row]! < 0) {
      if ((flags & 0x10) === 0 || this.#f.clocks.length === MOST_CLOCKS) return;
      pids.pcrIndex[row] = this.#f.clocks.length;
      this.#f.clocks.push(new PcrMeasure(pid, this.#pcrRepetitionNs, this.programClock === null, !this.#f.isLossTold));
    }
    const index = pids.pcrIndex[row]!;
    const clock = this.#f.clocks[index]!;
    if ((flags & 0x80) !== 0) clock.isAnnounced = true;
    if ((flags & 0x10) === 0) return;
    v[row * Pid.Count + Pid.Pcrs]!++;
    const pcr = pcrTicks(bytes, at);
    const octets = this.#state[State.Octets]!;
    if (this.programClock !== null) {
      this.#state[State.Now] = this.programClock.onPcr(pid, pcr, octets, clock.isAnnounced);
    }
    const now = this.#state[State.Now]!;
    const faults = clock.onPcr(pcr, now, octets, this.octetsBehind);
    if ((faults & PcrFault.Repetition) !== 0) this.#f.counts.raise(Indicator.PcrRepetition, 1, pid, now);
    if ((faults & PcrFault.Discontinuity) !== 0) this.#f.counts.raise(Indicator.PcrDiscontinuity, 1, pid, now);
    if (clock.accuracyErrors > 0) this.#f.counts.raise(Indicator.PcrAccuracy, clock.accuracyErrors, pid, now);
    if (index !== 0) return;
    this.#f.mdi?.onPcr(octets, clock.ticks);
  }

  /** A PES packet may begin here. `beforeNs`: last packet of the PID before this one. */
  #onUnit(row: number, role: number, bytes: Uint8Array, at: number, beforeNs: Nanos): void {
    const pes = pesAt(bytes, at);
    if (pes < 0 || !hasPts(bytes, pes)) return;
    const v = this.#f.pids.values;
    const base = row * Pid.Count;
    v[base + Pid.PtsCount]!++;
    if (role !== Role.Video && role !== Role.Audio) return;
    this.#f.pids.judgePts(row, this.#state[State.Now]!, beforeNs, this.#f.counts);
    v[base + Pid.PtsAnchorNs] = this.#state[State.Now]!;
  }

  #onVideo(pid: number, flags: number, bytes: Uint8Array, at: number): void {
    if ((flags & 0x40) !== 0) this.#f.randomAccessBy = 'indicator';
    else if (startsUnit(bytes, at)) {
      const type = this.#f.tables.services.known(pid)?.streamType ?? -1;
      if (startsIntraPicture(bytes, at, type)) this.#f.randomAccessBy = 'picture';
    }
    if (this.#f.randomAccessBy !== null) this.#f.randomAccessNs = this.#state[State.Now]!;
  }

  /** The tables tell something else than before. */
  #onTables(): void {
    const { services } = this.#f.tables;
    this.#tablesVersion = services.version;
    services.writeRoles(this.#f.pids.role);
    this.#f.pids.watch(services.watchedPids, this.#state[State.Now]!);
    this.#f.completeNs = services.isComplete ? this.#state[State.Now]! : NaN;
  }
}
