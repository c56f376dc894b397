/**
 * What senders and receivers of mcastkit tell each other about a run, as data of RTCP APP packets (RFC 3550 section 6.7)
 * named `MCFB`, the last or the last but one of a compound packet. All numbers are big-endian, times ns since 1970 in 64
 * bits, figures IEEE 754 doubles whose NaN means "not measurable". The SSRC is that of who speaks; of an announcement it is
 * the run id.
 *
 *     announcement (subtype 0)  run, number, port 16, flags 16, receivers 16, spread 16 ms, report interval 32 us,
 *                               report bandwidth 32 bit/s, sent 64, not sent 64, and a place of 20 octets for each group:
 *                               address (IPv4 mapped), port 16, how many groups from there 16
 *     report (subtype 1)        run, number, flags 16, streams 16, then doubles in the order of ReportField, and of each
 *                               of the latest flows of probes 32 bits each: flow, received, lost in the socket buffer,
 *                               lost in the application, and a double: least delay of its last datagrams
 *     question (subtype 2)      run, number, t1
 *     answer (subtype 3)        run, number, t1 as it was asked, t2 when the question came, t3 when this left
 *     proof (subtype 31)        HMAC-SHA-256 of all octets of the datagram before this packet
 *
 * A number rises by one with each announcement, report and question of who speaks: an old one that comes again is known.
 */
import { putU16be, putU32be, u16be, u32be, viewOf } from '../core/bytes.js';
import type { RtcpApp } from './rtcpByeApp.js';

export const FEEDBACK_NAME = 'MCFB';
export const FeedbackType = { Announcement: 0, Report: 1, Question: 2, Answer: 3, Proof: 31 } as const;
export const FeedbackFlag = {
  /** An announcement: nothing but what is under way comes any more. A report: the last one, and the result is on its way. */
  Last: 1,
  /** An announcement: what is not proved by the key is not read. */
  Proved: 2,
} as const;
export const PROOF_OCTETS = 32;
/** The packet around it. */
export const PROOF_PACKET_OCTETS = 12 + PROOF_OCTETS;
/** Within any MTU. */
export const MOST_PLACES = 32;

/** Consecutive groups of one port. */
export interface FeedbackPlace {
  /** 16 octets, IPv4 as mapped. */
  readonly address: Uint8Array;
  readonly port: number;
  readonly groups: number;
}

export interface FeedbackAnnouncement {
  readonly kind: 'announcement';
  readonly run: number;
  readonly number: number;
  /** Where reports, questions and (TCP) results go, at the address that the announcement comes from. */
  readonly port: number;
  readonly flags: number;
  /** Receivers that the sender knows of. */
  readonly receivers: number;
  /** Over so long receivers spread what all of them have to do at once. */
  readonly spreadMs: number;
  /** The shortest interval of reports. */
  readonly reportIntervalUs: number;
  /** Of all receivers together, at the IP layer. */
  readonly reportBitPerSecond: number;
  /** Datagrams offered to the network so far, and given up. */
  readonly sent: number;
  readonly notSent: number;
  /** Empty: whatever comes from this source. */
  readonly places: readonly FeedbackPlace[];
}

/** Index of each figure of a report. Counts are of whole runs, over all streams of the sender's run. */
export const ReportField = {
  Received: 0,
  Expected: 1,
  Lost: 2,
  LossNetwork: 3,
  LossSocketBuffer: 4,
  LossApplication: 5,
  Duplicated: 6,
  Reordered: 7,
  Late: 8,
  Octets: 9,
  /** Since the report before, ns, by the receiver's clock less the sender's as they are. */
  DelayMin: 10,
  DelayP50: 11,
  DelayP99: 12,
  DelayMax: 13,
  JitterNs: 14,
  /** The receiver's clock less the sender's, ns, now; and how well that is known. */
  ClockOffset: 15,
  ClockUncertainty: 16,
  ClockDriftPpm: 17,
  RoundTripMin: 18,
  Exchanges: 19,
  Count: 20,
} as const;

export interface FeedbackReport {
  readonly kind: 'report';
  readonly run: number;
  readonly number: number;
  readonly flags: number;
  readonly streams: number;
  /** By {@link ReportField}. */
  readonly figures: Float64Array;
  /** Of the latest flows of probes, at most {@link MOST_LATEST}. */
  readonly latest: readonly FlowReport[];
}

/** What has come of one flow so far, modulo 2^32. */
export interface FlowReport {
  readonly flow: number;
  readonly received: number;
  readonly lossSocketBuffer: number;
  readonly lossApplication: number;
  /** Least one-way delay of its last datagrams, by clocks that need not agree, ns; NaN: not known. */
  readonly lastDelayNs: number;
}

export interface FeedbackQuestion {
  readonly kind: 'question';
  readonly run: number;
  readonly number: number;
  readonly t1UnixNs: bigint;
}

export interface FeedbackAnswer {
  readonly kind: 'answer';
  readonly run: number;
  readonly number: number;
  readonly t1UnixNs: bigint;
  readonly t2UnixNs: bigint;
  readonly t3UnixNs: bigint;
}

export type Feedback = FeedbackAnnouncement | FeedbackReport | FeedbackQuestion | FeedbackAnswer;

const ANNOUNCEMENT_OCTETS = 40;
const PLACE_OCTETS = 20;
const REPORT_OCTETS = 12 + 8 * ReportField.Count;
const QUESTION_OCTETS = 16;
const ANSWER_OCTETS = 32;
const FLOW_OCTETS = 24;
export const MOST_LATEST = 16;
const TWO_32 = 4_294_967_296;

/** What an APP packet says; `null`: nothing of ours, or malformed. */
export function readFeedback({ name, subtype, data }: RtcpApp): Feedback | null {
  if (name !== FEEDBACK_NAME) return null;
  switch (subtype) {
    case FeedbackType.Announcement:
      return readAnnouncement(data);
    case FeedbackType.Report:
      return readReport(data);
    case FeedbackType.Question:
      return data.length === QUESTION_OCTETS ? { kind: 'question', ...head(data), t1UnixNs: u64(data, 8) } : null;
    case FeedbackType.Answer:
      if (data.length !== ANSWER_OCTETS) return null;
      return {
        kind: 'answer',
        ...head(data),
        t1UnixNs: u64(data, 8),
        t2UnixNs: u64(data, 16),
        t3UnixNs: u64(data, 24),
      };
    default:
      return null;
  }
}

/** The packet of what is to be said by `ssrc`. */
export function feedbackPacket(ssrc: number, said: Feedback): RtcpApp {
  switch (said.kind) {
    case 'announcement':
      return packet(ssrc, FeedbackType.Announcement, announcementData(said));
    case 'report':
      return packet(ssrc, FeedbackType.Report, reportData(said));
    case 'question': {
      const data = headed(said, QUESTION_OCTETS);
      putU64(data, 8, said.t1UnixNs);
      return packet(ssrc, FeedbackType.Question, data);
    }
    case 'answer': {
      const data = headed(said, ANSWER_OCTETS);
      putU64(data, 8, said.t1UnixNs);
      putU64(data, 16, said.t2UnixNs);
      putU64(data, 24, said.t3UnixNs);
      return packet(ssrc, FeedbackType.Answer, data);
    }
  }
}

/** The packet that the proof of a datagram stands in, last of all. `proof`: 32 octets, or none yet. */
export function proofPacket(ssrc: number, proof: Uint8Array = new Uint8Array(PROOF_OCTETS)): RtcpApp {
  return packet(ssrc, FeedbackType.Proof, proof);
}

/** The proof that an APP packet holds; `null`: it is none. */
export function readProof({ name, subtype, data }: RtcpApp): Uint8Array | null {
  return name === FEEDBACK_NAME && subtype === FeedbackType.Proof && data.length === PROOF_OCTETS ? data : null;
}

function packet(ssrc: number, subtype: number, data: Uint8Array): RtcpApp {
  return { kind: 'app', subtype, ssrc, name: FEEDBACK_NAME, data };
}

function headed({ run, number }: { readonly run: number; readonly number: number }, octets: number): Uint8Array {
  const data = new Uint8Array(octets);
  putU32be(data, 0, run);
  putU32be(data, 4, number);
  return data;
}

function head(data: Uint8Array): { run: number; number: number } {
  return { run: u32be(data, 0), number: u32be(data, 4) };
}

function readAnnouncement(data: Uint8Array): FeedbackAnnouncement | null {
  const placeOctets = data.length - ANNOUNCEMENT_OCTETS;
  if (placeOctets < 0 || placeOctets % PLACE_OCTETS !== 0 || placeOctets / PLACE_OCTETS > MOST_PLACES) return null;
  const places: FeedbackPlace[] = [];
  for (let at = ANNOUNCEMENT_OCTETS; at < data.length; at += PLACE_OCTETS) {
    places.push({ address: data.slice(at, at + 16), port: u16be(data, at + 16), groups: u16be(data, at + 18) });
  }
  return {
    kind: 'announcement',
    ...head(data),
    port: u16be(data, 8),
    flags: u16be(data, 10),
    receivers: u16be(data, 12),
    spreadMs: u16be(data, 14),
    reportIntervalUs: u32be(data, 16),
    reportBitPerSecond: u32be(data, 20),
    sent: count(data, 24),
    notSent: count(data, 32),
    places,
  };
}

function announcementData(said: FeedbackAnnouncement): Uint8Array {
  const data = headed(said, ANNOUNCEMENT_OCTETS + PLACE_OCTETS * said.places.length);
  putU16be(data, 8, said.port);
  putU16be(data, 10, said.flags);
  putU16be(data, 12, said.receivers);
  putU16be(data, 14, said.spreadMs);
  putU32be(data, 16, said.reportIntervalUs);
  putU32be(data, 20, said.reportBitPerSecond);
  putCount(data, 24, said.sent);
  putCount(data, 32, said.notSent);
  for (const [index, place] of said.places.entries()) {
    const at = ANNOUNCEMENT_OCTETS + PLACE_OCTETS * index;
    data.set(place.address, at);
    putU16be(data, at + 16, place.port);
    putU16be(data, at + 18, place.groups);
  }
  return data;
}

function readReport(data: Uint8Array): FeedbackReport | null {
  const flowOctets = data.length - REPORT_OCTETS;
  if (flowOctets < 0 || flowOctets % FLOW_OCTETS !== 0 || flowOctets / FLOW_OCTETS > MOST_LATEST) return null;
  const view = viewOf(data);
  const latest: FlowReport[] = [];
  for (let at = REPORT_OCTETS; at < data.length; at += FLOW_OCTETS) {
    latest.push({
      flow: u32be(data, at),
      received: u32be(data, at + 4),
      lossSocketBuffer: u32be(data, at + 8),
      lossApplication: u32be(data, at + 12),
      lastDelayNs: view.getFloat64(at + 16),
    });
  }
  const figures = Float64Array.from({ length: ReportField.Count }, (_, field) => view.getFloat64(12 + 8 * field));
  return { kind: 'report', ...head(data), flags: u16be(data, 8), streams: u16be(data, 10), figures, latest };
}

function reportData(said: FeedbackReport): Uint8Array {
  const data = headed(said, REPORT_OCTETS + FLOW_OCTETS * said.latest.length);
  putU16be(data, 8, said.flags);
  putU16be(data, 10, Math.min(said.streams, 0xffff));
  const view = viewOf(data);
  for (let field = 0; field < ReportField.Count; field++) view.setFloat64(12 + 8 * field, said.figures[field]!);
  for (const [index, flow] of said.latest.entries()) {
    const at = REPORT_OCTETS + FLOW_OCTETS * index;
    putU32be(data, at, flow.flow);
    putU32be(data, at + 4, flow.received);
    putU32be(data, at + 8, flow.lossSocketBuffer);
    putU32be(data, at + 12, flow.lossApplication);
    view.setFloat64(at + 16, flow.lastDelayNs);
  }
  return data;
}

/** Counts stay below 2^53. */
function count(data: Uint8Array, at: number): number {
  return u32be(data, at) * TWO_32 + u32be(data, at + 4);
}

function putCount(data: Uint8Array, at: number, value: number): void {
  putU32be(data, at, Math.floor(value / TWO_32));
  putU32be(data, at + 4, value % TWO_32);
}

function u64(data: Uint8Array, at: number): bigint {
  return viewOf(data).getBigUint64(at);
}

function putU64(data: Uint8Array, at: number, value: bigint): void {
  viewOf(data).setBigUint64(at, value);
}
