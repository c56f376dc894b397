import type { Codec } from './codec.js';
import type { FormatName } from './formatNames.js';
import { iperfCodec } from './iperfCodec.js';
import { iperfReportCodec } from './iperfReport.js';
import { mdp3Codec } from './mdp3Codec.js';
import { moldRequestCodec, moldUdp64Codec } from './moldudp64Codec.js';
import { mpegtsCodec } from './mpegtsCodec.js';
import { probeCodec } from './probeCodec.js';
import { rtcpCodec } from './rtcp.js';
import { rtpCodec } from './rtp.js';
import { sapCodec } from './sap.js';
import { smpteFecCodec } from './smpteFec.js';
import { xdpCodec } from './xdpCodec.js';

export interface RegisteredCodec {
  /** The recognised format whose octets begin with this codec's header. */
  readonly format: FormatName;
  readonly codec: Codec<object>;
}

/** Every format with a codec: what `dump` can describe and the fuzzers attack. A new codec is a new row here. */
export const CODECS: readonly RegisteredCodec[] = [
  { format: 'probe', codec: probeCodec },
  { format: 'mpeg-ts', codec: mpegtsCodec },
  { format: 'rtp', codec: rtpCodec },
  { format: 'rtp/mpeg-ts', codec: rtpCodec },
  { format: 'rtp/smpte-2022-1', codec: smpteFecCodec },
  { format: 'rtcp', codec: rtcpCodec },
  { format: 'sap', codec: sapCodec },
  { format: 'iperf', codec: iperfCodec },
  { format: 'iperf/report', codec: iperfReportCodec },
  { format: 'moldudp64', codec: moldUdp64Codec },
  { format: 'moldudp64/request', codec: moldRequestCodec },
  { format: 'mdp3', codec: mdp3Codec },
  { format: 'xdp', codec: xdpCodec },
];

/** The codec of a recognised format; `undefined`: recognised only. */
export function codecOf(format: FormatName): Codec<object> | undefined {
  return CODECS.find((entry) => entry.format === format)?.codec;
}
