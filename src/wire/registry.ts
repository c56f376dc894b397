import type { Codec } from './codec.js';
import { probeCodec } from './probeCodec.js';
import type { FormatName } from './recognise.js';
import { rtpCodec } from './rtp.js';

export interface RegisteredCodec {
  /** The recognised format whose octets begin with this codec's header. */
  readonly format: FormatName;
  readonly codec: Codec<object>;
}

/** Every format with a codec: what `dump` can describe and the fuzzers attack. A new codec is a new row here. */
export const CODECS: readonly RegisteredCodec[] = [
  { format: 'probe', codec: probeCodec },
  { format: 'rtp', codec: rtpCodec },
  { format: 'rtp/mpeg-ts', codec: rtpCodec },
];

/** The codec of a recognised format; `undefined`: recognised only. */
export function codecOf(format: FormatName): Codec<object> | undefined {
  return CODECS.find((entry) => entry.format === format)?.codec;
}
