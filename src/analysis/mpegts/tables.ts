import type { Nanos } from '../../core/time.js';
import { Indicator } from '../../metrics/transportIndicators.js';
import { CAT_PID, PAT_PID } from '../../wire/mpegts.js';
import { readCat, readPat, readPmt } from '../../wire/psi.js';
import { checkSection, hasCrc, isLongForm, sectionCrc } from '../../wire/psiSection.js';
import { SectionAssembler } from '../../wire/section.js';
import { readSdt } from '../../wire/serviceInformation.js';
import { WireStatus } from '../../wire/status.js';
import { EIT_PID, NIT_PID, RST_PID, SDT_PID, TDT_PID, TableId } from '../../wire/tableIds.js';
import type { IndicatorCounts } from './indicatorCounts.js';
import { Services } from './services.js';
import { type Timeout, Timeouts } from './timeouts.js';

/** PIDs whose sections are put together. */
const MOST_ASSEMBLERS = 64;
/** PAT_error_2, PMT_error_2, CAT_error (TR 101 290 section 5.2): 0.5 s. */
const TABLE_LIMIT_NS = 500e6;
/** SI_repetition_error (section 5.2.3, 3.2): the least distance of the same section (EN 300 468 section 5.1.4.1). */
const LEAST_REPETITION_NS = 25e6;
/** Sections of which content and time are remembered, by a hash of their numbers. */
const REMEMBERED = 64;

/** What may stand on a PID of the service information, which table has to repeat, and how often (section 5.2.3). */
const SI: readonly {
  readonly pid: number;
  readonly indicator: number;
  readonly tableId: number;
  readonly limitNs: Nanos;
  readonly allowed: (tableId: number) => boolean;
}[] = [
  { pid: NIT_PID, indicator: Indicator.Nit, tableId: 0x40, limitNs: 10e9, allowed: (id) => id === 0x40 || id === 0x41 },
  {
    pid: SDT_PID,
    indicator: Indicator.Sdt,
    tableId: 0x42,
    limitNs: 2e9,
    allowed: (id) => id === 0x42 || id === 0x46 || id === 0x4a,
  },
  { pid: EIT_PID, indicator: Indicator.Eit, tableId: 0x4e, limitNs: 2e9, allowed: (id) => id >= 0x4e && id <= 0x6f },
  { pid: RST_PID, indicator: Indicator.Rst, tableId: -1, limitNs: Infinity, allowed: (id) => id === 0x71 },
  { pid: TDT_PID, indicator: Indicator.Tdt, tableId: 0x70, limitNs: 30e9, allowed: (id) => id === 0x70 || id === 0x73 },
];

/** Tables whose CRC is judged (TR 101 290 section 5.2.2, 2.2). */
function isJudged(tableId: number): boolean {
  return (
    tableId <= 0x02 ||
    (tableId >= 0x40 && tableId <= 0x42) ||
    tableId === 0x46 ||
    tableId === 0x4a ||
    (tableId >= 0x4e && tableId <= 0x6f) ||
    tableId === TableId.TimeOffset
  );
}

/**
 * Sections of the tables: what is raised by them and by their absence, and the services that they tell of. Sections are
 * read when their content has changed; otherwise nothing is allocated.
 */
export class Tables {
  readonly services = new Services();
  malformed = 0;
  firstPatNs = NaN;
  /** Of the first program of the PAT. */
  firstPmtNs = NaN;
  readonly #counts: IndicatorCounts;
  readonly #timeouts: Timeouts;
  readonly #assemblers = new Map<number, SectionAssembler>();
  readonly #pat: Timeout;
  #maps: Timeout[] = [];
  /** By place in {@link SI}. */
  readonly #si: readonly Timeout[];
  #hasCat = false;
  /** Since when scrambled packets come without a CAT, or where its time last ran out; and the last of them. */
  #scrambledFromNs = NaN;
  #scrambledNs = NaN;
  readonly #keys = new Float64Array(REMEMBERED).fill(-1);
  readonly #crcs = new Float64Array(REMEMBERED);
  readonly #times = new Float64Array(REMEMBERED);

  constructor(counts: IndicatorCounts) {
    this.#counts = counts;
    this.#timeouts = new Timeouts(counts);
    this.#pat = this.#timeouts.add(Indicator.Pat, PAT_PID, TABLE_LIMIT_NS, NaN);
    this.#si = SI.map(({ indicator, pid, limitNs }) => this.#timeouts.add(indicator, pid, limitNs, NaN));
  }

  /** Whether an indicator of a table that need not be there has had its table. */
  hasTableOf(indicator: number): boolean {
    const at = SI.findIndex((one) => one.indicator === indicator);
    return at >= 0 && this.#si[at]!.anchorNs === this.#si[at]!.anchorNs;
  }

  get hasAnySi(): boolean {
    return this.#si.some(({ anchorNs }) => anchorNs === anchorNs);
  }

  /** The first packet of the stream: from now on the PAT is expected. */
  begin(nowNs: Nanos): void {
    this.#pat.anchorNs = nowNs;
  }

  check(nowNs: Nanos): void {
    this.#timeouts.check(nowNs);
  }

  resynchronise(nowNs: Nanos): void {
    this.#timeouts.resynchronise(nowNs);
    this.#scrambledFromNs = NaN;
    for (const assembler of this.#assemblers.values()) assembler.reset();
  }

  /** Packets of this PID are missing, or cannot be trusted. */
  onBreak(pid: number): void {
    this.#assemblers.get(pid)?.reset();
  }

  /** A packet of any PID with payload that is scrambled. */
  onScrambled(pid: number, nowNs: Nanos): void {
    if (pid === PAT_PID) this.#counts.raise(Indicator.Pat, 1, pid, nowNs);
    else if (this.#map(pid) !== undefined) this.#counts.raise(Indicator.Pmt, 1, pid, nowNs);
    if (this.#hasCat) return;
    const isOn = nowNs - this.#scrambledNs <= TABLE_LIMIT_NS;
    this.#scrambledNs = nowNs;
    if (!isOn || !(this.#scrambledFromNs === this.#scrambledFromNs)) this.#scrambledFromNs = nowNs;
    else if (nowNs - this.#scrambledFromNs > TABLE_LIMIT_NS) {
      this.#scrambledFromNs += TABLE_LIMIT_NS;
      this.#counts.raise(Indicator.Cat, 1, pid, nowNs);
    }
  }

  #map(pid: number): Timeout | undefined {
    for (let i = 0; i < this.#maps.length; i++) if (this.#maps[i]!.pid === pid) return this.#maps[i];
    return undefined;
  }

  /** A packet in clear of a PID with sections, in order, no duplicate. */
  onPacket(pid: number, bytes: Uint8Array, at: number, nowNs: Nanos): void {
    let assembler = this.#assemblers.get(pid);
    if (assembler === undefined) {
      if (this.#assemblers.size === MOST_ASSEMBLERS) return;
      assembler = new SectionAssembler();
      this.#assemblers.set(pid, assembler);
    }
    const malformed = assembler.malformed;
    assembler.add(bytes, at);
    while (assembler.next()) this.#onSection(pid, assembler, nowNs);
    this.malformed += assembler.malformed - malformed;
  }

  #onSection(pid: number, section: SectionAssembler, nowNs: Nanos): void {
    const { bytes, sectionAt: at, sectionOctets: octets } = section;
    const tableId = bytes[at]!;
    if (!this.#occurs(pid, tableId, nowNs)) return;
    const status = checkSection(bytes, at, octets);
    if (status !== WireStatus.Ok) {
      if (status !== WireStatus.BadChecksum) this.malformed++;
      else if (isJudged(tableId)) this.#counts.raise(Indicator.Crc, 1, pid, nowNs);
      return;
    }
    const isNew = this.#isNew(pid, bytes, at, octets, nowNs);
    if (isNew) this.#read(pid, tableId, bytes, at, octets, nowNs);
  }

  /** Counts what its mere occurrence tells; false: it does not belong here. */
  #occurs(pid: number, tableId: number, nowNs: Nanos): boolean {
    if (pid === PAT_PID) {
      if (tableId === TableId.ProgramAssociation) this.#timeouts.occurs(this.#pat, nowNs);
      else this.#counts.raise(Indicator.Pat, 1, pid, nowNs);
      return tableId === TableId.ProgramAssociation;
    }
    if (pid === CAT_PID) {
      if (tableId === TableId.ConditionalAccess) this.#hasCat = true;
      else this.#counts.raise(Indicator.Cat, 1, pid, nowNs);
      return tableId === TableId.ConditionalAccess;
    }
    const map = this.#map(pid);
    if (map !== undefined) {
      if (tableId === TableId.ProgramMap) this.#timeouts.occurs(map, nowNs);
      return true;
    }
    for (let i = 0; i < SI.length; i++) {
      const rule = SI[i]!;
      if (rule.pid !== pid || tableId === TableId.Stuffing) continue;
      if (tableId === rule.tableId) this.#timeouts.occurs(this.#si[i]!, nowNs);
      if (rule.allowed(tableId)) return true;
      this.#counts.raise(rule.indicator, 1, pid, nowNs);
      return false;
    }
    return tableId !== TableId.Stuffing;
  }

  /** Whether its content is another than that of the last one with the same numbers. */
  #isNew(pid: number, bytes: Uint8Array, at: number, octets: number, nowNs: Nanos): boolean {
    const isLong = isLongForm(bytes, at);
    const extension = isLong ? (bytes[at + 3]! << 8) | bytes[at + 4]! : 0;
    const number = isLong ? bytes[at + 6]! : 0;
    const key = ((pid * 256 + bytes[at]!) * 65_536 + extension) * 256 + number;
    const place = (pid ^ (bytes[at]! * 7) ^ (extension * 5) ^ (number * 3)) & (REMEMBERED - 1);
    const crc = hasCrc(bytes, at) ? sectionCrc(bytes, at, octets) : 0;
    const isSame = this.#keys[place] === key;
    if (isSame && nowNs - this.#times[place]! < LEAST_REPETITION_NS && isActual(bytes[at]!)) {
      this.#counts.raise(Indicator.SiRepetition, 1, pid, nowNs);
    }
    const isNew = !isSame || this.#crcs[place] !== crc;
    this.#keys[place] = key;
    this.#crcs[place] = crc;
    this.#times[place] = nowNs;
    return isNew;
  }

  #read(pid: number, tableId: number, bytes: Uint8Array, at: number, octets: number, nowNs: Nanos): void {
    const { services } = this;
    if (pid === PAT_PID) {
      const pat = readPat(bytes, at, octets);
      if (typeof pat === 'number') this.malformed++;
      else {
        const { version } = services;
        services.applyPat(pat);
        // What was read before may have belonged to other programs.
        if (services.version !== version) this.#keys.fill(-1);
        if (!(this.firstPatNs === this.firstPatNs)) this.firstPatNs = nowNs;
        this.#watchMaps(nowNs);
      }
    } else if (pid === CAT_PID) {
      const cat = readCat(bytes, at, octets);
      if (typeof cat === 'number') this.malformed++;
      else services.applyCat(cat);
    } else if (tableId === TableId.ProgramMap && this.#map(pid) !== undefined) {
      const pmt = readPmt(bytes, at, octets);
      if (typeof pmt === 'number') {
        this.malformed++;
        return;
      }
      services.applyPmt(pmt, pid);
      if (!(this.firstPmtNs === this.firstPmtNs) && services.isFirst(pmt.extension)) this.firstPmtNs = nowNs;
    } else if (pid === SDT_PID && tableId === TableId.ServiceActual) {
      const sdt = readSdt(bytes, at, octets);
      if (typeof sdt === 'number') this.malformed++;
      else services.applySdt(sdt);
    }
  }

  #watchMaps(nowNs: Nanos): void {
    const pids = this.services.mapPids;
    for (const map of this.#maps) if (!pids.includes(map.pid)) this.#timeouts.remove(map);
    const known = pids.map((pid) => this.#map(pid));
    this.#maps = pids.map((pid, i) => known[i] ?? this.#timeouts.add(Indicator.Pmt, pid, TABLE_LIMIT_NS, nowNs));
  }
}

/** Tables of the actual stream whose repetition is limited. */
function isActual(tableId: number): boolean {
  return (
    tableId === TableId.NetworkActual ||
    tableId === TableId.ServiceActual ||
    tableId === TableId.EventPresentFollowingActual ||
    tableId === TableId.TimeDate
  );
}
