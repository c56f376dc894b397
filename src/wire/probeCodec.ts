import { viewOf } from '../core/bytes.js';
import { formatUnixNs } from '../core/time.js';
import type { Codec } from './codec.js';
import {
  PROBE_HEADER_OCTETS,
  PROBE_SEND_TIME_AT,
  ProbeFlag,
  checkProbe,
  probeConstantCheck,
  probeFlags,
  probeFlow,
  probeNotSent,
  probeRunId,
  probeTos,
  probeTtl,
  putProbeSendTime,
  putProbeWords,
} from './probe.js';
import { WireStatus } from './status.js';

const SEQUENCE_AT = 20;
const TOTAL_AT = 36;

/** Cold form of the header, for dumps, tests and documents. */
export interface ProbeHeader {
  flags: number;
  tos: number;
  ttl: number;
  runId: number;
  flow: number;
  sequence: bigint;
  /** Unix ns. */
  sendTimeNs: bigint;
  total: bigint;
  notSent: number;
}

export const probeCodec: Codec<ProbeHeader> = {
  name: 'probe',
  reference: 'docs/protocols/probe.md',
  create: () => ({
    flags: 0,
    tos: 0,
    ttl: 0,
    runId: 0,
    flow: 0,
    sequence: 0n,
    sendTimeNs: 0n,
    total: 0n,
    notSent: 0,
  }),
  check: (bytes, at, length) => checkProbe(viewOf(bytes), at, length),
  parse(bytes, at, length, out) {
    const view = viewOf(bytes);
    const status = checkProbe(view, at, length);
    if (status !== WireStatus.Ok) return status;
    out.flags = probeFlags(view, at);
    out.tos = probeTos(view, at);
    out.ttl = probeTtl(view, at);
    out.runId = probeRunId(view, at);
    out.flow = probeFlow(view, at);
    out.sequence = view.getBigUint64(at + SEQUENCE_AT);
    out.sendTimeNs = view.getBigUint64(at + PROBE_SEND_TIME_AT);
    out.total = view.getBigUint64(at + TOTAL_AT);
    out.notSent = probeNotSent(view, at);
    return WireStatus.Ok;
  },
  octets: () => PROBE_HEADER_OCTETS,
  write(bytes, at, header) {
    const { flags, tos, ttl, runId, flow, notSent } = header;
    const view = viewOf(bytes);
    putProbeWords(
      view,
      at,
      probeConstantCheck(flags, tos, ttl, runId, flow),
      flags,
      tos,
      ttl,
      runId,
      flow,
      upper(header.sequence),
      lower(header.sequence),
      upper(header.total),
      lower(header.total),
      notSent,
    );
    putProbeSendTime(view, at, upper(header.sendTimeNs), lower(header.sendTimeNs));
    return PROBE_HEADER_OCTETS;
  },
  describe(header) {
    const { flags } = header;
    const kind = flags & ProbeFlag.Start ? 'start' : flags & ProbeFlag.End ? 'end' : 'data';
    const clock = flags & ProbeFlag.DueTime ? 'due' : 'sent';
    return (
      `probe ${kind} run ${header.runId.toString(16).padStart(8, '0')} flow ${header.flow}` +
      ` sequence ${header.sequence} total ${header.total} not-sent ${header.notSent}` +
      ` ${clock} ${formatUnixNs(header.sendTimeNs)} tos-sent 0x${header.tos.toString(16).padStart(2, '0')}` +
      ` ttl-sent ${header.ttl}${flags & ProbeFlag.SuperPacket ? ' super-packets' : ''}`
    );
  },
};

function upper(value: bigint): number {
  return Number(value >> 32n);
}

function lower(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}
