import { TsAnalyzer, type TsAnalyzerOptions } from '../../src/analysis/mpegts/tsAnalyzer.js';
import type { TransportSnapshot } from '../../src/metrics/transportSnapshot.js';

export const RATE = 4_000_000;
export const PACKET = 188;
export const DATAGRAM = 7 * PACKET;

export interface Arrivals {
  readonly rateBitPerSecond?: number;
  /** Whether sequence numbers tell of losses. Default true. */
  readonly isLossTold?: boolean;
  /** Datagrams that the network loses, by number. */
  readonly lost?: readonly number[];
  /** Added to the arrival of datagram `n`, ns. */
  readonly delayNs?: (n: number) => number;
  readonly options?: TsAnalyzerOptions;
  readonly each?: (analyzer: TsAnalyzer, n: number) => void;
}

/** When the last octet of a datagram leaves, at a constant rate; an offset so that no time is near 0. */
export function arrivalNs(lastOctet: number, rateBitPerSecond: number): number {
  return 1e9 + (lastOctet * 8e9) / rateBitPerSecond;
}

/** The stream in datagrams of seven packets, each arriving when its last octet is due. */
export function arrive(stream: Uint8Array, arrivals: Arrivals = {}): TsAnalyzer {
  const analyzer = new TsAnalyzer(arrivals.options);
  const rate = arrivals.rateBitPerSecond ?? RATE;
  const isLossTold = arrivals.isLossTold ?? true;
  const lost = new Set(arrivals.lost);
  let lostBefore = 0;
  for (let at = 0, n = 0; at < stream.length; at += DATAGRAM, n++) {
    const length = Math.min(DATAGRAM, stream.length - at);
    if (lost.has(n)) {
      lostBefore++;
      continue;
    }
    const timeNs = arrivalNs(at + length, rate) + (arrivals.delayNs?.(n) ?? 0);
    analyzer.onPayload(stream, at, length, timeNs, isLossTold ? lostBefore : NaN);
    lostBefore = 0;
    arrivals.each?.(analyzer, n);
  }
  return analyzer;
}

/** The stream as a file, in chunks of `chunk` octets. */
export function fromFile(stream: Uint8Array, chunk = 10_007, options?: TsAnalyzerOptions): TsAnalyzer {
  const analyzer = new TsAnalyzer(options);
  for (let at = 0; at < stream.length; at += chunk) {
    analyzer.onOctets(stream, at, Math.min(chunk, stream.length - at));
  }
  analyzer.finishOctets();
  return analyzer;
}

/** Indicators that were raised, and how often. */
export function raised({ indicators }: TransportSnapshot): Record<string, number> {
  return Object.fromEntries(indicators.filter(({ count }) => count > 0).map(({ id, count }) => [id, count]));
}
