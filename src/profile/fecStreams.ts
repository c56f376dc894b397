/** The streams that protect a stream by SMPTE ST 2022-1. */
import { RTP_FIXED_OCTETS } from '../wire/rtp.js';
import { SMPTE_FEC_OCTETS } from '../wire/smpteFec.js';
import { mediaSizeOctets } from './mediaPlan.js';
import type { SendStream } from './plan.js';

/** Of an FEC packet more than of the media packet that it protects. */
export const FEC_HEADER_OCTETS = SMPTE_FEC_OCTETS - RTP_FIXED_OCTETS;

/** Columns on port + 2, rows on port + 4 (SMPTE ST 2022-1 section 8); none where the stream is not protected. */
export function fecStreams(stream: SendStream): SendStream[] {
  const { media, address } = stream;
  if (media === null || media.fec === null) return [];
  const { columns, rows, hasRows } = media.fec;
  const sizeOctets = mediaSizeOctets(media) + FEC_HEADER_OCTETS;
  const at = (portOffset: number, share: number): SendStream => ({
    ...stream,
    address: { ...address, port: address.port + portOffset },
    sizeOctets,
    packetsPerSecond: stream.packetsPerSecond * share,
  });
  return hasRows ? [at(2, 1 / rows), at(4, 1 / columns)] : [at(2, 1 / rows)];
}
