import type { Nanos } from '../core/time.js';

/** Up to this rate of a worker every datagram leaves by itself, when it is due. */
export const QUANTUM_FREE_PACKETS_PER_SECOND = 60_000;
/** Candidates in order, ns. */
export const QUANTA_NS: readonly Nanos[] = [20e3, 50e3, 100e3, 200e3, 500e3, 1000e3];

/** What sending costs the worker, ns. */
export interface SendCost {
  /** Each call into the sink: the loop, waiting, spinning. */
  readonly callNs: number;
  /** Each system-call message: a datagram, or a super-packet. */
  readonly messageNs: number;
  /** Each datagram of a super-packet, and each of its octets. */
  readonly segmentNs: number;
  readonly segmentOctetNs: number;
  /** Share of the quantum that may be spent. */
  readonly share: number;
}

/**
 * Linux 6.18, two cores, multicast over loopback (receiver's half included): a datagram of a sendmmsg
 * 2.9 us, super-packets of 128 x 64 octets 40 ns and of 49 x 1316 octets 240 ns per datagram; feeding one
 * datagram takes 30 ns. Proposals: another machine differs, the result states the quantum chosen.
 */
export const SEND_COST: SendCost = {
  callNs: 3_000,
  messageNs: 2_900,
  segmentNs: 50,
  segmentOctetNs: 0.13,
  share: 0.8,
};

/** Share of a quantum that its call may cost when the rate asks for more than there is. */
const CHEAP_CALLS = 0.05;

/** Datagrams of `sizeOctets` that fit one super-packet: at most 128 and 65,507 octets (Linux UDP_SEGMENT). */
export function segmentsFor(sizeOctets: number): number {
  return Math.max(1, Math.min(128, Math.floor(65_507 / sizeOctets)));
}

/**
 * The worker's quantum, ns: 0 up to 60,000 datagrams/s and without a rate, then the smallest of 20 us ..
 * 1 ms in which that rate can be sent at the given cost. When none will do, the smallest in which the calls themselves
 * are cheap: longer ones would only make bursts. `segments`: most datagrams of one super-packet, 1 without offload;
 * `streams`: among how many destinations they are shared out evenly, each with super-packets of its own.
 */
export function chooseQuantumNs(
  packetsPerSecond: number,
  sizeOctets: number,
  segments: number,
  streams = 1,
  cost: SendCost = SEND_COST,
): Nanos {
  if (packetsPerSecond <= QUANTUM_FREE_PACKETS_PER_SECOND || packetsPerSecond === Infinity) return 0;
  for (const quantumNs of QUANTA_NS) {
    if (costNs((packetsPerSecond * quantumNs) / 1e9, sizeOctets, segments, streams, cost) <= cost.share * quantumNs) {
      return quantumNs;
    }
  }
  return QUANTA_NS.find((quantumNs) => cost.callNs <= CHEAP_CALLS * quantumNs) ?? QUANTA_NS.at(-1)!;
}

/** What it takes to send so many datagrams (a mean, not whole) as one call. */
function costNs(datagrams: number, sizeOctets: number, segments: number, streams: number, cost: SendCost): number {
  if (segments === 1) return cost.callNs + datagrams * cost.messageNs;
  // Of each stream one, however few datagrams are in it.
  const superPackets = Math.max(Math.ceil(datagrams / segments), Math.min(datagrams, streams));
  return cost.callNs + superPackets * cost.messageNs + datagrams * (cost.segmentNs + sizeOctets * cost.segmentOctetNs);
}
