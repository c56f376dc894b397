/**
 * Several datagrams in one frame. Where a capture is made on the host that sends or receives, segmentation or receive
 * offload may have the datagrams of a stream as one behind the other in one frame (udp(7), UDP_SEGMENT and UDP_GRO): all of
 * one length, but for the last one, which may be shorter. Nothing in the frame says so; what is in it does.
 */
import { MAX_SEGMENTS } from '../core/batch.js';
import { type FeedFraming, FrameField } from './framing.js';
import { FRAMINGS } from './framings.js';
import { checkProbe, PROBE_HEADER_OCTETS, PROBE_MAGIC } from './probe.js';
import { RTP_FIXED_OCTETS } from './rtp.js';
import { WireStatus } from './status.js';

const RTP_SEQUENCE_AT = 2;
const RTP_SSRC_AT = 8;
/** Most UDP payload of a frame of Ethernet: several RTP packets are looked for beyond, for none says how long it is. */
const ETHERNET_PAYLOAD_OCTETS = 1472;

/** Finds the datagrams of a frame: of probes, feeds and RTP, where every header goes on from the one before. */
export class SuperPacket {
  readonly #frame = new Uint32Array(FrameField.Count);

  /** Octets of each datagram in `view[at .. at + length)`, the last one may be shorter; 0: it is one, for all that is known. */
  segmentOctets(view: DataView, at: number, length: number): number {
    const end = at + length;
    if (length >= PROBE_HEADER_OCTETS && view.getInt32(at) === PROBE_MAGIC) return probeOctets(view, at, end);
    for (const framing of FRAMINGS) {
      const isRead = framing.read(view, at, length, this.#frame) === WireStatus.Ok;
      // A header that counts messages says where its datagram ends; any other may be followed by what reads like messages.
      if (isRead && framing.unit === 'message') return 0;
      const octets = this.#feedOctets(framing, view, at, end);
      if (octets > 0) return octets;
    }
    return length > ETHERNET_PAYLOAD_OCTETS && view.getUint8(at) >>> 6 === 2 ? rtpOctets(view, at, end) : 0;
  }

  #feedOctets(framing: FeedFraming, view: DataView, at: number, end: number): number {
    const { headerOctets, blockHeaderOctets } = framing;
    // The first one ends where one of its blocks does.
    for (let next = at + headerOctets; next <= end - headerOctets;) {
      if (this.#isOneFeed(framing, view, at, next - at, end)) return next - at;
      const block = framing.blockOctets(view, next);
      if (block < blockHeaderOctets) return 0;
      next += block;
    }
    return 0;
  }

  #isOneFeed(framing: FeedFraming, view: DataView, at: number, octets: number, end: number): boolean {
    const frame = this.#frame;
    if (end - at > MAX_SEGMENTS * octets) return false;
    // The second one first: mostly there is none.
    const second = Math.min(octets, end - at - octets);
    if (framing.read(view, at + octets, second, frame) !== WireStatus.Ok) return false;
    if (framing.read(view, at, octets, frame) !== WireStatus.Ok) return false;
    const { Session0, Session1, Session2, SequenceLow, Span } = FrameField;
    const [session0, session1, session2] = [frame[Session0], frame[Session1], frame[Session2]];
    for (let next = at + octets; next < end; next += octets) {
      const expected = (frame[SequenceLow]! + frame[Span]!) >>> 0;
      if (framing.read(view, next, Math.min(octets, end - next), frame) !== WireStatus.Ok) return false;
      if (frame[SequenceLow] !== expected || frame[Session0] !== session0) return false;
      if (frame[Session1] !== session1 || frame[Session2] !== session2) return false;
    }
    return true;
  }
}

/** Of several flows, too: they may share a destination. */
function probeOctets(view: DataView, at: number, end: number): number {
  for (let next = at + PROBE_HEADER_OCTETS; next <= end - PROBE_HEADER_OCTETS; next++) {
    if (view.getInt32(next) === PROBE_MAGIC && areProbes(view, at, next - at, end)) return next - at;
  }
  return 0;
}

function areProbes(view: DataView, at: number, octets: number, end: number): boolean {
  if (end - at > MAX_SEGMENTS * octets) return false;
  for (let next = at; next < end; next += octets) {
    if (checkProbe(view, next, Math.min(octets, end - next)) !== WireStatus.Ok) return false;
  }
  return true;
}

function rtpOctets(view: DataView, at: number, end: number): number {
  const ssrc = view.getUint32(at + RTP_SSRC_AT);
  for (let next = at + RTP_FIXED_OCTETS; next <= end - RTP_FIXED_OCTETS; next++) {
    if (view.getUint32(next + RTP_SSRC_AT) === ssrc && isOneRtp(view, at, next - at, end)) return next - at;
  }
  return 0;
}

function isOneRtp(view: DataView, at: number, octets: number, end: number): boolean {
  if (end - at > MAX_SEGMENTS * octets) return false;
  const ssrc = view.getUint32(at + RTP_SSRC_AT);
  let sequence = view.getUint16(at + RTP_SEQUENCE_AT);
  for (let next = at + octets; next < end; next += octets) {
    sequence = (sequence + 1) & 0xffff;
    if (end - next < RTP_FIXED_OCTETS || view.getUint8(next) >>> 6 !== 2) return false;
    if (view.getUint16(next + RTP_SEQUENCE_AT) !== sequence) return false;
    if (view.getUint32(next + RTP_SSRC_AT) !== ssrc) return false;
  }
  return true;
}
