/**
 * Constant-rate transport streams for tests, whole in memory and the same for the same options: every packet stands at
 * its exact time, PCRs tell the position of their octet to the tick, the tables repeat, pictures and sound have stamps.
 * None of the indicators of ETSI TR 101 290 priority 1 and 2 is raised.
 */
import { Random } from '../../src/core/random.js';
import { DescriptorTag, serviceDescriptor, type Descriptor } from '../../src/wire/descriptors.js';
import { PAT_PID, PCR_MODULUS, putNullPacket } from '../../src/wire/mpegts.js';
import { writePat, writePmt } from '../../src/wire/psi.js';
import { RunningStatus, writeSdt } from '../../src/wire/serviceInformation.js';
import { SDT_PID } from '../../src/wire/tableIds.js';
import { AUDIO_FRAME_MS, FRAMES_PER_SECOND, audioUnit, videoUnit } from './elementary.js';
import { PACKET, putPacket, sectionPayloads } from './packet.js';

export interface SyntheticProgram {
  readonly programNumber: number;
  readonly pmtPid: number;
  readonly videoPid: number;
  /** `null`: no sound. */
  readonly audioPid: number | null;
  /** Another one than the video's: a PID of adaptation fields alone. */
  readonly pcrPid: number;
  readonly name: string;
  readonly provider: string;
  readonly language: string;
  /** Of its PES packets, on average. */
  readonly videoBitPerSecond: number;
  /** Ticks at the first octet of the stream, 27 MHz. */
  readonly firstPcrTicks: number;
}

export interface SyntheticOptions {
  /** Of the whole stream, null packets included. Default 4,000,000. */
  readonly rateBitPerSecond?: number;
  /** Whole pictures are sent, 25 in a second; the rest is null packets. Default 2. */
  readonly seconds?: number;
  /** What is not given follows from the place in the list: see {@link programOf}. Default one program. */
  readonly programs?: readonly Partial<SyntheticProgram>[];
  /** Default 20. */
  readonly pcrIntervalMs?: number;
  /** Of PAT and PMT. Default 80. */
  readonly patIntervalMs?: number;
  /** Default 800. */
  readonly sdtIntervalMs?: number;
  readonly transportStreamId?: number;
  readonly firstPcrTicks?: number;
  readonly seed?: number;
}

const DEFAULT_RATE = 4_000_000;
/** A picture is sent within this share of its period, so that the last one is whole before the stream ends. */
const SENT_WITHIN = 0.9;
/** From the arrival of a picture's first octet to its decoding. */
const DECODER_DELAY_TICKS = 45_000;

/** Program `index`: number index + 1, PMT 0x1000 + index, video 0x100 + 16 x index, audio behind it. */
export function programOf(options: SyntheticOptions, index: number): SyntheticProgram {
  const given = options.programs?.[index] ?? {};
  const videoPid = given.videoPid ?? 0x100 + 16 * index;
  return {
    programNumber: index + 1,
    pmtPid: 0x1000 + index,
    videoPid,
    audioPid: videoPid + 1,
    pcrPid: videoPid,
    name: `Program ${index + 1}`,
    provider: 'mcastkit',
    language: 'eng',
    videoBitPerSecond: (0.5 * (options.rateBitPerSecond ?? DEFAULT_RATE)) / (options.programs?.length ?? 1),
    firstPcrTicks: (options.firstPcrTicks ?? 90_000_000) + index * 12_345_678,
    ...given,
  };
}

/** Packets [from, to). */
export interface PacketRange {
  readonly from: number;
  readonly to: number;
}

/** The packets whose first octet is sent at or after `fromMs` and before `toMs`. */
export function packetsBetween(rateBitPerSecond: number, fromMs: number, toMs: number): PacketRange {
  const packetAt = (ms: number): number => Math.ceil((ms * rateBitPerSecond) / (PACKET * 8 * 1000));
  return { from: packetAt(fromMs), to: packetAt(toMs) };
}

/** Ticks of the PCR in packet `index`: of the octet with the last bit of its base (ISO/IEC 13818-1 section 2.4.2.2). */
export function pcrOfPacket(index: number, rateBitPerSecond: number, firstPcrTicks: number): number {
  const ticks = firstPcrTicks + Math.floor(((index * PACKET + 10) * 216_000_000) / rateBitPerSecond);
  return ticks % PCR_MODULUS;
}

/** Something that wants slots. Times are seconds from the first octet. */
interface Lane {
  /** Tables and PCRs go before everything else. */
  readonly isUrgent: boolean;
  dueSeconds: number;
  /** Writes the packet of slot `index` and moves `dueSeconds` on. */
  put(index: number): void;
}

export function makeTransportStream(options: SyntheticOptions = {}): Uint8Array {
  const rate = options.rateBitPerSecond ?? DEFAULT_RATE;
  const seconds = options.seconds ?? 2;
  const packets = Math.round((seconds * rate) / (PACKET * 8));
  const out = new Uint8Array(packets * PACKET);
  const slotSeconds = (index: number): number => (index * PACKET * 8) / rate;
  const programs = (options.programs ?? [{}]).map((_, index) => programOf(options, index));
  const patSeconds = (options.patIntervalMs ?? 80) / 1000;

  const lanes: Lane[] = [
    tableLane(out, PAT_PID, patSection(options, programs), patSeconds),
    ...programs.map((program) => tableLane(out, program.pmtPid, pmtSection(program), patSeconds)),
    tableLane(out, SDT_PID, sdtSection(options, programs), (options.sdtIntervalMs ?? 800) / 1000),
  ];
  for (const [index, program] of programs.entries()) {
    const random = new Random(options.seed ?? 1, index);
    lanes.push(...programLanes(out, program, random, rate, seconds, (options.pcrIntervalMs ?? 20) / 1000));
  }

  for (let index = 0; index < packets; index++) {
    const now = slotSeconds(index);
    let next: Lane | null = null;
    for (const lane of lanes) {
      if (lane.dueSeconds > now) continue;
      const isBefore =
        next === null ||
        (lane.isUrgent && !next.isUrgent) ||
        (lane.isUrgent === next.isUrgent && lane.dueSeconds < next.dueSeconds);
      if (isBefore) next = lane;
    }
    if (next === null) putNullPacket(out, index * PACKET);
    else next.put(index);
  }
  if (lanes.some((lane) => !lane.isUrgent && lane.dueSeconds !== Infinity)) {
    throw new Error(`${rate} bit/s is too little for these programs`);
  }
  return out;
}

function tableLane(out: Uint8Array, pid: number, section: Uint8Array, periodSeconds: number): Lane {
  const payloads = sectionPayloads(section);
  let sent = 0;
  return {
    isUrgent: true,
    // Before anything else at the start: who reads from the first octet knows what follows.
    dueSeconds: -1,
    put(index) {
      const part = sent % payloads.length;
      putPacket(out, index * PACKET, { pid, startsUnit: part === 0, counter: sent }, payloads[part]!, 0);
      sent++;
      this.dueSeconds =
        sent % payloads.length === 0 ? (sent / payloads.length) * periodSeconds : Math.max(0, this.dueSeconds);
    },
  };
}

/** The lanes of a program: its PCRs, pictures and sound. */
function programLanes(
  out: Uint8Array,
  program: SyntheticProgram,
  random: Random,
  rate: number,
  seconds: number,
  pcrSeconds: number,
): Lane[] {
  const { videoPid, audioPid, pcrPid } = program;
  const firstStamp = Math.floor(program.firstPcrTicks / 300) + DECODER_DELAY_TICKS;
  const frameOctets = program.videoBitPerSecond / FRAMES_PER_SECOND / 8;
  const video = unitLane(out, videoPid, 1 / FRAMES_PER_SECOND, Math.floor(seconds * FRAMES_PER_SECOND + 1e-6), (n) => {
    const factor = (n % FRAMES_PER_SECOND === 0 ? 1.3 : 0.98) * (0.95 + 0.1 * random.unit());
    return videoUnit(random, n, Math.round(frameOctets * factor), firstStamp);
  });
  video.startsRandomAccess = (n) => n % FRAMES_PER_SECOND === 0;
  const audioFrames = Math.floor((seconds * 1000) / AUDIO_FRAME_MS + 1e-6);
  const audio =
    audioPid === null
      ? null
      : unitLane(out, audioPid, AUDIO_FRAME_MS / 1000, audioFrames, (n) => audioUnit(random, n, firstStamp));
  let pcrs = 0;
  const clock: Lane = {
    isUrgent: true,
    dueSeconds: 0,
    put(index) {
      const pcr = pcrOfPacket(index, rate, program.firstPcrTicks);
      const isDue = video.dueSeconds <= (index * PACKET * 8) / rate;
      if (pcrPid === videoPid && isDue) video.putWith(index, pcr);
      else {
        // No payload: the counter stays where it is (section 2.4.3.3).
        const counter = pcrPid === videoPid ? video.counter + 15 : 0;
        putPacket(out, index * PACKET, { pid: pcrPid, counter, pcr }, new Uint8Array(), 0);
      }
      this.dueSeconds = ++pcrs * pcrSeconds;
    },
  };
  return [clock, video, ...(audio === null ? [] : [audio])];
}

interface UnitLane extends Lane {
  /** continuity_counter of the next packet with payload. */
  counter: number;
  startsRandomAccess(unit: number): boolean;
  putWith(index: number, pcr: number | null): void;
}

/** PES packets `make(0) .. make(count - 1)`, number n spread over its period from n x period on. */
function unitLane(
  out: Uint8Array,
  pid: number,
  periodSeconds: number,
  count: number,
  make: (unit: number) => Uint8Array,
): UnitLane {
  let number = 0;
  let unit = count > 0 ? make(0) : new Uint8Array();
  let sent = 0;
  return {
    isUrgent: false,
    dueSeconds: count > 0 ? 0 : Infinity,
    counter: 0,
    startsRandomAccess: () => false,
    put(index) {
      this.putWith(index, null);
    },
    putWith(index, pcr) {
      const randomAccess = sent === 0 && this.startsRandomAccess(number);
      const fields = { pid, startsUnit: sent === 0, counter: this.counter, randomAccess, pcr };
      sent += putPacket(out, index * PACKET, fields, unit, sent);
      this.counter = (this.counter + 1) % 16;
      if (sent === unit.length) {
        number++;
        sent = 0;
        if (number < count) unit = make(number);
      }
      this.dueSeconds = number < count ? (number + (SENT_WITHIN * sent) / unit.length) * periodSeconds : Infinity;
    },
  };
}

const HEADER = { version: 0, isCurrent: true, sectionNumber: 0, lastSectionNumber: 0 };

function patSection(options: SyntheticOptions, programs: readonly SyntheticProgram[]): Uint8Array {
  return writePat({ ...HEADER, extension: options.transportStreamId ?? 1, programs, networkPid: null });
}

function pmtSection(program: SyntheticProgram): Uint8Array {
  const { videoPid, audioPid, pcrPid } = program;
  const language: Descriptor = {
    tag: DescriptorTag.Language,
    octets: Uint8Array.from([...Array.from(program.language, (letter) => letter.charCodeAt(0)), 0]),
  };
  return writePmt({
    ...HEADER,
    extension: program.programNumber,
    pcrPid,
    descriptors: [],
    streams: [
      { streamType: 0x1b, pid: videoPid, descriptors: [] },
      ...(audioPid === null ? [] : [{ streamType: 0x03, pid: audioPid, descriptors: [language] }]),
    ],
  });
}

function sdtSection(options: SyntheticOptions, programs: readonly SyntheticProgram[]): Uint8Array {
  return writeSdt({
    ...HEADER,
    extension: options.transportStreamId ?? 1,
    originalNetworkId: 0xff01,
    services: programs.map(({ programNumber, name, provider }) => ({
      serviceId: programNumber,
      hasSchedule: false,
      hasPresentFollowing: false,
      runningStatus: RunningStatus.Running,
      isScrambled: false,
      descriptors: [serviceDescriptor({ serviceType: 0x01, provider, name })],
    })),
  });
}
