import { formatRate, formatShortCount } from '../core/format.js';
import { bitPerSecondAt, type RateLayer } from '../core/layers.js';

/** Bandwidth of what a sender is about to send. */
export interface Load {
  readonly packetsPerSecond: number;
  /** UDP payload. */
  readonly sizeOctets: number;
  readonly family: 4 | 6;
}

/**
 * What a run will load the network with, before it does: `1899 datagrams/s in 1 stream, 20.0 Mbit/s of UDP
 * payload`, and below it the rate on the other layers. `count`: of streams, whose parts the loads are; `and`: what they
 * have beside themselves.
 */
export function bandwidthLines(
  loads: readonly Load[],
  count: number = loads.length,
  and: readonly string[] = [],
): string[] {
  const packets = loads.reduce((sum, load) => sum + load.packetsPerSecond, 0);
  const also = and.length === 0 ? '' : ` with ${and.join(' and ')}`;
  const streams = `${count} ${count === 1 ? 'stream' : 'streams'}${also}`;
  if (packets === Infinity) return [`as fast as possible, in ${streams}`];
  const at = (layer: RateLayer): string =>
    formatRate(
      loads.reduce((sum, load) => sum + bitPerSecondAt(load.packetsPerSecond, load.sizeOctets, load.family, layer), 0),
    );
  return [
    `${formatShortCount(packets)} datagrams/s in ${streams}, ${at('payload')} of UDP payload`,
    `  IP ${at('ip')}, Ethernet ${at('ethernet')}, wire ${at('wire')}`,
  ];
}
