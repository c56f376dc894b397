import { viewOf } from '../core/bytes.js';
import type { Codec } from './codec.js';
import {
  MOLD_END_OF_SESSION,
  MOLD_HEADER_OCTETS,
  checkMoldRequest,
  checkMoldUdp64,
  moldCount,
  moldSequence,
  moldSession0,
  moldSession1,
  moldSession2,
  moldSessionName,
  putMoldHeader,
} from './moldudp64.js';
import type { SessionWords } from './framing.js';
import { WireStatus } from './status.js';

/** Cold form of the header of either packet, for dumps, tests and documents. */
export interface MoldHeader {
  session: SessionWords;
  /** Below 2^53. */
  sequence: number;
  /** As on the wire: 0xffff ends the session; in a request how many messages are wanted. */
  count: number;
  /** Octets behind the header; read, not written. */
  payloadOctets: number;
}

const REFERENCE = 'MoldUDP64 Protocol Specification 1.00 (Nasdaq)';

export const moldUdp64Codec: Codec<MoldHeader> = {
  name: 'moldudp64',
  reference: REFERENCE,
  create,
  check: (bytes, at, length) => checkMoldUdp64(viewOf(bytes), at, length),
  parse: (bytes, at, length, out) => parse(checkMoldUdp64, bytes, at, length, out),
  octets: () => MOLD_HEADER_OCTETS,
  write,
  describe({ session, sequence, count, payloadOctets }) {
    const isEnd = count === MOLD_END_OF_SESSION;
    const kind = isEnd ? 'end-of-session' : count === 0 ? 'heartbeat' : 'data';
    const what = isEnd || count === 0 ? '' : ` messages ${count} payload ${payloadOctets}`;
    return `moldudp64 ${kind} session ${JSON.stringify(moldSessionName(session))} sequence ${sequence}${what}`;
  },
};

export const moldRequestCodec: Codec<MoldHeader> = {
  name: 'moldudp64/request',
  reference: REFERENCE,
  create,
  check: (bytes, at, length) => checkMoldRequest(viewOf(bytes), at, length),
  parse: (bytes, at, length, out) => parse(checkMoldRequest, bytes, at, length, out),
  octets: () => MOLD_HEADER_OCTETS,
  write,
  describe: ({ session, sequence, count }) =>
    `moldudp64 request session ${JSON.stringify(moldSessionName(session))} sequence ${sequence} messages ${count}`,
};

function create(): MoldHeader {
  return { session: [0, 0, 0], sequence: 0, count: 0, payloadOctets: 0 };
}

function parse(
  check: typeof checkMoldUdp64,
  bytes: Uint8Array,
  at: number,
  length: number,
  out: MoldHeader,
): WireStatus {
  const view = viewOf(bytes);
  const status = check(view, at, length);
  if (status !== WireStatus.Ok) return status;
  out.session = [moldSession0(view, at), moldSession1(view, at), moldSession2(view, at)];
  out.sequence = moldSequence(view, at);
  out.count = moldCount(view, at);
  out.payloadOctets = length - MOLD_HEADER_OCTETS;
  return WireStatus.Ok;
}

function write(bytes: Uint8Array, at: number, { session, sequence, count }: Readonly<MoldHeader>): number {
  putMoldHeader(viewOf(bytes), at, session[0], session[1], session[2], sequence, count);
  return MOLD_HEADER_OCTETS;
}
