import { viewOf } from '../core/bytes.js';
import { formatUnixNs } from '../core/time.js';
import type { Codec } from './codec.js';
import { FrameField } from './framing.js';
import { MDP3_HEADER_OCTETS, checkMdp3, mdp3Framing } from './mdp3.js';
import { WireStatus } from './status.js';

/** Cold form of the packet header, for dumps, tests and documents. */
export interface Mdp3Header {
  sequence: number;
  /** Unix ns. */
  sendingTimeNs: bigint;
  /** Messages behind the header, 0 in a heartbeat; read, not written. */
  messages: number;
  /** Octets behind the header; read, not written. */
  payloadOctets: number;
}

export const mdp3Codec: Codec<Mdp3Header> = {
  name: 'mdp3',
  reference: mdp3Framing.reference,
  create: () => ({ sequence: 0, sendingTimeNs: 0n, messages: 0, payloadOctets: 0 }),
  check: (bytes, at, length) => checkMdp3(viewOf(bytes), at, length),
  parse(bytes, at, length, out) {
    const view = viewOf(bytes);
    const frame = new Uint32Array(FrameField.Count);
    const status = mdp3Framing.read(view, at, length, frame);
    if (status !== WireStatus.Ok) return status;
    out.sequence = frame[FrameField.SequenceLow]!;
    out.sendingTimeNs = view.getBigUint64(at + 4, true);
    out.messages = frame[FrameField.Messages]!;
    out.payloadOctets = length - MDP3_HEADER_OCTETS;
    return WireStatus.Ok;
  },
  octets: () => MDP3_HEADER_OCTETS,
  write(bytes, at, header) {
    const view = viewOf(bytes);
    view.setUint32(at, header.sequence, true);
    view.setBigUint64(at + 4, header.sendingTimeNs, true);
    return MDP3_HEADER_OCTETS;
  },
  describe({ sequence, sendingTimeNs, messages, payloadOctets }) {
    const kind = messages === 0 ? 'heartbeat' : 'data';
    const what = messages === 0 ? '' : ` messages ${messages} payload ${payloadOctets}`;
    return `mdp3 ${kind} sequence ${sequence} sent ${formatUnixNs(sendingTimeNs)}${what}`;
  },
};
