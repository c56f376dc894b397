import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RtcpCompound } from '../wire/rtcp.js';
import { PROOF_PACKET_OCTETS, PROOF_OCTETS, proofPacket, readProof } from '../wire/feedback.js';
import { rtcpCodec, type RtcpPacket } from '../wire/rtcp.js';

const NO_OCTETS = new Uint8Array();

/** Datagrams of feedback, with a proof (HMAC-SHA-256) behind them where there is a key. */
export class FeedbackProof {
  readonly #key: Uint8Array | null;

  constructor(key: Uint8Array | null) {
    this.#key = key;
  }

  get hasKey(): boolean {
    return this.#key !== null;
  }

  /** Writes a compound packet at `bytes[at]`; returns its octets. */
  write(bytes: Uint8Array, at: number, ssrc: number, packets: readonly RtcpPacket[]): number {
    const all = this.#key === null ? packets : [...packets, proofPacket(ssrc)];
    const octets = rtcpCodec.write(bytes, at, { packets: all, padding: NO_OCTETS });
    if (this.#key !== null) {
      const end = at + octets;
      bytes.set(this.#proofOf(bytes.subarray(at, end - PROOF_PACKET_OCTETS)), end - PROOF_OCTETS);
    }
    return octets;
  }

  /** The packets of a datagram; `null`: it is no RTCP, or lacks the proof. */
  read(bytes: Uint8Array, at: number, octets: number): readonly RtcpPacket[] | null {
    const compound: RtcpCompound = rtcpCodec.create();
    if (rtcpCodec.parse(bytes, at, octets, compound) !== 0) return null;
    const { packets } = compound;
    if (this.#key === null) return packets;
    const last = packets.at(-1);
    const proof = last?.kind === 'app' ? readProof(last) : null;
    if (proof === null) return null;
    const expected = this.#proofOf(bytes.subarray(at, at + octets - PROOF_PACKET_OCTETS));
    return timingSafeEqual(proof, expected) ? packets : null;
  }

  #proofOf(octets: Uint8Array): Uint8Array {
    return createHmac('sha256', this.#key!).update(octets).digest();
  }
}
