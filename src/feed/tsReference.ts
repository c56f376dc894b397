import {
  NULL_PID,
  PAT_PID,
  PCR_HZ,
  PCR_MODULUS,
  TS_PIDS,
  clockDifference,
  hasPcr,
  pcrTicks,
  tsPid,
} from '../wire/mpegts.js';
import { readPat, readPmt } from '../wire/psi.js';
import { SectionAssembler } from '../wire/section.js';

interface Program {
  readonly programNumber: number;
  readonly pmtPid: number;
}

/** For at most so much of the stream (27 MHz ticks, 1 s) tables are waited for; they repeat within 500 ms. */
const LONGEST_WAIT = PCR_HZ;

/**
 * Which PID's PCRs a stream is paced by: the PCR_PID of the lowest program_number that has one (program association and
 * program map, ISO/IEC 13818-1 = ITU-T H.222.0 sections 2.4.4.3 and 2.4.4.8) and on which PCRs really come; without
 * tables the first PID with a PCR. Cold: used until the choice is made.
 */
export class TsReference {
  /** The choice; -1: none yet, or none to be had. */
  pid = -1;
  /** PIDs on which a PCR was seen. */
  readonly #hasPcr = new Uint8Array(TS_PIDS);
  #firstPid = -1;
  #firstPcr = 0;
  readonly #pat = new SectionAssembler();
  /** Per section of the program association; all of them are there when `#patSections` of them are. */
  readonly #programs = new Map<number, readonly Program[]>();
  #patSections = Infinity;
  readonly #pmts = new Map<number, SectionAssembler>();
  /** Per program_number. */
  readonly #pcrPids = new Map<number, number>();

  /** Looks at the next packet, and chooses as soon as enough is known. */
  look(bytes: Uint8Array, at: number): void {
    const pid = tsPid(bytes, at);
    if (pid === PAT_PID) this.#lookAtPat(bytes, at);
    else this.#lookAtPmt(bytes, at, pid);
    if (hasPcr(bytes, at)) this.#lookAtPcr(pid, pcrTicks(bytes, at));
  }

  /** Chooses by what was seen: nothing more will come, or not in time. */
  decide(): void {
    if (this.pid >= 0) return;
    this.pid = this.#firstPid;
    for (const { programNumber } of this.#inOrder()) {
      const pid = this.#pcrPids.get(programNumber);
      if (pid === undefined || this.#hasPcr[pid] === 0) continue;
      this.pid = pid;
      return;
    }
  }

  #lookAtPat(bytes: Uint8Array, at: number): void {
    const pat = this.#pat;
    pat.add(bytes, at);
    while (pat.next()) {
      const section = readPat(pat.bytes, pat.sectionAt, pat.sectionOctets);
      if (typeof section === 'number' || !section.isCurrent) continue;
      this.#programs.set(section.sectionNumber, section.programs);
      this.#patSections = section.lastSectionNumber + 1;
      for (const { pmtPid } of section.programs) {
        if (!this.#pmts.has(pmtPid)) this.#pmts.set(pmtPid, new SectionAssembler());
      }
      this.#choose();
    }
  }

  /** Several programs may share the PID of their program maps. */
  #lookAtPmt(bytes: Uint8Array, at: number, pid: number): void {
    const pmt = this.#pmts.get(pid);
    if (pmt === undefined) return;
    pmt.add(bytes, at);
    while (pmt.next()) {
      const section = readPmt(pmt.bytes, pmt.sectionAt, pmt.sectionOctets);
      if (typeof section === 'number' || !section.isCurrent) continue;
      this.#pcrPids.set(section.extension, section.pcrPid);
      this.#choose();
    }
  }

  #lookAtPcr(pid: number, ticks: number): void {
    if (this.#firstPid < 0) {
      this.#firstPid = pid;
      this.#firstPcr = ticks;
    }
    if (this.#hasPcr[pid] === 0) {
      this.#hasPcr[pid] = 1;
      this.#choose();
    }
    if (pid === this.#firstPid && Math.abs(clockDifference(ticks, this.#firstPcr, PCR_MODULUS)) > LONGEST_WAIT) {
      this.decide();
    }
  }

  /** Not yet, as long as it is not known of a lower program whether it has a PCR. */
  #choose(): void {
    if (this.pid >= 0 || this.#programs.size < this.#patSections) return;
    for (const { programNumber } of this.#inOrder()) {
      const pid = this.#pcrPids.get(programNumber);
      if (pid === NULL_PID) continue;
      if (pid !== undefined && this.#hasPcr[pid] === 1) this.pid = pid;
      return;
    }
  }

  #inOrder(): Program[] {
    return [...this.#programs.values()].flat().sort((a, b) => a.programNumber - b.programNumber);
  }
}
