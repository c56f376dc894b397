import type { ByteSource } from '../core/byteSource.js';
import { PCR_HZ, TS_PACKET_OCTETS } from '../wire/mpegts.js';
import { TsStatus, TsStream } from './tsStream.js';

/** So much of a stream is looked at: what it does in its first seconds. */
const MOST_PACKETS = 20_000;
const STEP_PACKETS = 64;

export interface TsRate {
  /** `Ready`: the rate is known. `Dry`: the source has to bring more first. */
  readonly status: TsStatus;
  /** Of the transport stream at its beginning, on average; 0: not known. */
  readonly bitPerSecond: number;
}

/** How fast a source's clock makes it, by its first packets. The source is read for this alone. */
export function transportRate(source: ByteSource, pcrPid: number | null, muxRateBitPerSecond: number | null): TsRate {
  const stream = new TsStream({ source, pcrPid, muxRateBitPerSecond });
  const { clock } = stream;
  let packets = 0;
  let ticks = 0;
  let status: TsStatus = TsStatus.Ready;
  while (packets < MOST_PACKETS) {
    status = stream.advance(STEP_PACKETS);
    if (status !== TsStatus.Ready) break;
    const there = Math.min(STEP_PACKETS, clock.timed - stream.next);
    packets += there;
    stream.take(there);
    ticks = clock.nextTicks;
  }
  // What has ended has shown all that there is.
  const known = packets > 0 && ticks > 0 && (status === TsStatus.Ready || status === TsStatus.Ended);
  if (!known) return { status: status === TsStatus.Ready ? TsStatus.Dry : status, bitPerSecond: 0 };
  const timed = clock.timed;
  return { status: TsStatus.Ready, bitPerSecond: (timed * TS_PACKET_OCTETS * 8 * PCR_HZ) / ticks };
}
