import type { ServiceSnapshot } from '../../metrics/transportSnapshot.js';
import { type Descriptor, DescriptorTag, descriptorOf, serviceOf } from '../../wire/descriptors.js';
import { CAT_PID, NULL_PID, PAT_PID, TS_PIDS } from '../../wire/mpegts.js';
import type { ConditionalAccess, ElementaryStream, ProgramAssociation, ProgramMap } from '../../wire/psi.js';
import type { ServiceDescription } from '../../wire/serviceInformation.js';
import { type StreamCodec, codecOf } from '../../wire/streamTypes.js';
import { EIT_PID, NIT_PID, RST_PID, SDT_PID, TDT_PID } from '../../wire/tableIds.js';
import { Role } from './pidTable.js';

/** PIDs below are reserved for tables (ISO/IEC 13818-1 table 2-3, EN 300 468 table 1). */
export const FIRST_FREE_PID = 0x20;

const TABLE_PIDS: readonly (readonly [number, string])[] = [
  [PAT_PID, 'PAT'],
  [CAT_PID, 'CAT'],
  [NIT_PID, 'NIT'],
  [SDT_PID, 'SDT'],
  [EIT_PID, 'EIT'],
  [RST_PID, 'RST'],
  [TDT_PID, 'TDT'],
];

interface Program {
  readonly programNumber: number;
  readonly pmtPid: number;
  map: ProgramMap | null;
}

/** What is known of a PID from the tables. */
export interface KnownPid {
  readonly kind: 'table' | 'video' | 'audio' | 'subtitle' | 'data' | null;
  readonly name: string | null;
  readonly language: string | null;
  readonly programNumber: number | null;
  readonly streamType: number;
  /** Whether PID_error watches it. */
  readonly isWatched: boolean;
}

/** Programs, their streams and names as the tables tell them. Cold: changes only with the tables. */
export class Services {
  /** Changes with everything that is told below. */
  version = 0;
  transportStreamId: number | null = null;
  readonly #programs = new Map<number, Program>();
  /** Sections of the current PAT by number, all of one version. */
  #associations: ProgramAssociation[] = [];
  readonly #names = new Map<number, { readonly name: string; readonly provider: string }>();
  #emmPids: number[] = [];
  #known = new Map<number, KnownPid>();
  #told = '';

  /** Program map PIDs, each once. */
  get mapPids(): number[] {
    return [...new Set([...this.#programs.values()].map(({ pmtPid }) => pmtPid))];
  }

  /** Whether the PAT and all PMTs that it names came. */
  get isComplete(): boolean {
    if (this.transportStreamId === null) return false;
    for (const { map } of this.#programs.values()) if (map === null) return false;
    return true;
  }

  /** Whether all services have a name. */
  get isNamed(): boolean {
    for (const programNumber of this.#programs.keys()) if (!this.#names.has(programNumber)) return false;
    return true;
  }

  /** Whether `programNumber` is the first of the PAT. */
  isFirst(programNumber: number): boolean {
    return this.#programs.keys().next().value === programNumber;
  }

  applyPat(pat: ProgramAssociation): void {
    if (!pat.isCurrent) return;
    const first = this.#associations[0];
    if (first?.version !== pat.version || first.extension !== pat.extension) this.#associations = [];
    this.#associations = this.#associations.filter(({ sectionNumber }) => sectionNumber !== pat.sectionNumber);
    this.#associations.push(pat);
    this.#associations.sort((a, b) => a.sectionNumber - b.sectionNumber);
    this.transportStreamId = pat.extension;
    const before = new Map(this.#programs);
    this.#programs.clear();
    for (const { programNumber, pmtPid } of this.#associations.flatMap(({ programs }) => programs)) {
      const old = before.get(programNumber);
      const map = old?.pmtPid === pmtPid ? old.map : null;
      this.#programs.set(programNumber, { programNumber, pmtPid, map });
    }
    this.#tell();
  }

  applyPmt(pmt: ProgramMap, pid: number): void {
    const program = this.#programs.get(pmt.extension);
    if (!pmt.isCurrent || program?.pmtPid !== pid) return;
    program.map = pmt;
    this.#tell();
  }

  applySdt(sdt: ServiceDescription): void {
    if (!sdt.isCurrent) return;
    for (const { serviceId, descriptors } of sdt.services) {
      const told = serviceOf(descriptors);
      if (told !== null) this.#names.set(serviceId, { name: told.name, provider: told.provider });
    }
    this.#tell();
  }

  applyCat(cat: ConditionalAccess): void {
    if (!cat.isCurrent) return;
    this.#emmPids = conditionalAccessPids(cat.descriptors);
    this.#tell();
  }

  #tell(): void {
    this.#known = this.#knownPids();
    const told = JSON.stringify([this.transportStreamId, this.snapshot(), [...this.#known]]);
    if (told === this.#told) return;
    this.#told = told;
    this.version++;
  }

  #knownPids(): Map<number, KnownPid> {
    const known = new Map<number, KnownPid>();
    for (const [pid, name] of TABLE_PIDS) known.set(pid, table(name, null));
    const shares = new Set<number>();
    for (const { programNumber, pmtPid } of this.#programs.values()) {
      if (!isFree(pmtPid)) continue;
      if (known.has(pmtPid)) shares.add(pmtPid);
      known.set(pmtPid, table('PMT', shares.has(pmtPid) ? null : programNumber));
    }
    for (const { programNumber, map } of this.#programs.values()) {
      if (map === null) continue;
      for (const stream of map.streams) add(known, stream.pid, knownStream(stream, programNumber));
      add(known, map.pcrPid, { ...named('PCR', programNumber), isWatched: true });
      const all = [map.descriptors, ...map.streams.map(({ descriptors }) => descriptors)];
      for (const pid of all.flatMap(conditionalAccessPids)) add(known, pid, named('ECM', programNumber));
    }
    for (const pid of this.#emmPids) add(known, pid, named('EMM', null));
    return known;
  }

  /** `undefined`: the tables do not name it. */
  known(pid: number): KnownPid | undefined {
    return this.#known.get(pid);
  }

  /** {@link Role} of every PID, written anew. */
  writeRoles(role: Uint8Array): void {
    role.fill(Role.Unknown, 0, TS_PIDS);
    for (const [pid] of TABLE_PIDS) role[pid] = Role.Section;
    for (const [pid, { kind }] of this.#known) {
      role[pid] =
        kind === 'table' ? Role.Section : kind === 'video' ? Role.Video : kind === 'audio' ? Role.Audio : Role.Other;
    }
  }

  /** PIDs that PID_error watches. */
  get watchedPids(): number[] {
    return [...this.#known].filter(([, { isWatched }]) => isWatched).map(([pid]) => pid);
  }

  snapshot(): ServiceSnapshot[] {
    return [...this.#programs.values()].map(({ programNumber, pmtPid, map }) => ({
      programNumber,
      name: this.#names.get(programNumber)?.name ?? null,
      provider: this.#names.get(programNumber)?.provider ?? null,
      pmtPid,
      pcrPid: map === null || map.pcrPid === NULL_PID ? null : map.pcrPid,
      hasPmt: map !== null,
      streams: (map?.streams ?? []).map(({ pid, streamType, descriptors }) => {
        const codec = codecOf(streamType, descriptors);
        return { pid, streamType, kind: kindOf(codec), name: codec.name, language: codec.language };
      }),
    }));
  }
}

function table(name: string, programNumber: number | null): KnownPid {
  return { kind: 'table', name, language: null, programNumber, streamType: -1, isWatched: false };
}

function isFree(pid: number): boolean {
  return pid >= FIRST_FREE_PID && pid !== NULL_PID;
}

/** The first who names a PID says what it is; of several programs it is nobody's own. */
function add(known: Map<number, KnownPid>, pid: number, as: KnownPid): void {
  if (!isFree(pid)) return;
  const before = known.get(pid);
  if (before === undefined) known.set(pid, as);
  else if (before.programNumber !== as.programNumber) known.set(pid, { ...before, programNumber: null });
}

function named(name: string, programNumber: number | null): KnownPid {
  return { kind: 'data', name, language: null, programNumber, streamType: -1, isWatched: false };
}

function kindOf(codec: StreamCodec): KnownPid['kind'] & ServiceSnapshot['streams'][number]['kind'] {
  return codec.kind === 'unknown' ? null : codec.kind;
}

/**
 * PID_error is for video and audio: data, and sound for a purpose (audio_type above 0, ISO/IEC 13818-1 section 2.6.19),
 * may be silent (TR 101 290 section 5.2.1, 1.6).
 */
function knownStream(stream: ElementaryStream, programNumber: number): KnownPid {
  const codec = codecOf(stream.streamType, stream.descriptors);
  const audioType = descriptorOf(stream.descriptors, DescriptorTag.Language)?.octets[3] ?? 0;
  return {
    kind: kindOf(codec),
    name: codec.name,
    language: codec.language,
    programNumber,
    streamType: stream.streamType,
    isWatched: codec.kind === 'video' || (codec.kind === 'audio' && audioType === 0),
  };
}

/** CA_PIDs (ISO/IEC 13818-1 section 2.6.16). */
function conditionalAccessPids(descriptors: readonly Descriptor[]): number[] {
  return descriptors
    .filter(({ tag, octets }) => tag === DescriptorTag.ConditionalAccess && octets.length >= 4)
    .map(({ octets }) => ((octets[2]! & 0x1f) << 8) | octets[3]!);
}
