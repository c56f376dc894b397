import { Random } from '../../src/core/random.js';
import type { Datagram } from './drive.js';

export interface NetworkOptions {
  readonly seed: number;
  readonly count: number;
  readonly spacingNs: number;
  readonly loss: number;
  /** Mean length of a loss burst. */
  readonly burst: number;
  readonly duplicate: number;
  /** Share of datagrams that come late, by up to `holdNs`. */
  readonly reorder: number;
  readonly holdNs: number;
  readonly delayNs: number;
  readonly jitterNs: number;
  /** Share of numbers that the sender's own host refuses. */
  readonly refused: number;
  /** Share of arrivals that the receive socket drops, in runs of about 8. */
  readonly dropped: number;
  readonly startMarkersLost: boolean;
  readonly endMarkersLost: boolean;
  /** Share of data followed by an announcement of what is next, which may overtake them. */
  readonly announced: number;
  /** Markers may overtake data, and be overtaken. */
  readonly markersAmongData: boolean;
  readonly flow?: number;
}

export interface Truth {
  /** In order of arrival, with the socket's drop counter. */
  readonly arrivals: Datagram[];
  readonly neverSent: number;
  readonly lostInNetwork: number;
  readonly droppedData: number;
  readonly dropped: number;
}

/** What a sender, a network and a receive socket make of one flow, from one seed. Times are whole nanoseconds. */
export function simulate(options: NetworkOptions): Truth {
  const random = new Random(options.seed);
  const { count, spacingNs } = options;
  const sent: Datagram[] = [];
  let notSent = 0;
  let lostInNetwork = 0;
  let inBurst = false;
  const travel = (datagram: Datagram): void => {
    const held = random.unit() < options.reorder ? random.below(options.holdNs) : 0;
    sent.push({ ...datagram, monoNs: datagram.sentNs! + options.delayNs + random.below(options.jitterNs + 1) + held });
  };
  const marker = (kind: 'start' | 'end', number: number, sentNs: number): void => {
    const slowest = options.delayNs + options.jitterNs + options.holdNs;
    const delayNs = options.markersAmongData ? options.delayNs + random.below(options.jitterNs + 1) : slowest;
    sent.push({ kind, number, notSent, sentNs, monoNs: sentNs + delayNs });
  };
  // Without `markersAmongData` the start leaves well before the data: not even jitter lets one overtake it.
  const beginNs = options.markersAmongData ? 0 : 10 * (options.jitterNs + options.holdNs) + 1e6;
  if (!options.startMarkersLost) {
    for (let k = 0; k < 3; k++) marker('start', 0, options.markersAmongData ? random.below(5 * spacingNs) : k * 1000);
  }
  for (let number = 0; number < count; number++) {
    const sentNs = beginNs + number * spacingNs;
    if (random.unit() < options.refused) {
      notSent++;
      continue;
    }
    if (random.unit() < options.announced) marker('end', number + 1, sentNs + 1);
    inBurst = inBurst ? random.unit() >= 1 / options.burst : random.unit() < options.loss / options.burst;
    if (inBurst) {
      lostInNetwork++;
      continue;
    }
    travel({ number, notSent, sentNs, monoNs: 0 });
    while (random.unit() < options.duplicate) travel({ number, notSent, sentNs, monoNs: 0 });
  }
  if (!options.endMarkersLost) for (let k = 0; k < 5; k++) marker('end', count, beginNs + (count + k) * spacingNs);
  const order = sent.map((datagram, at) => ({ datagram, at }));
  order.sort((a, b) => a.datagram.monoNs - b.datagram.monoNs || a.at - b.at);

  const arrivals: Datagram[] = [];
  let drops = 0;
  let droppedData = 0;
  let isFull = false;
  for (const { datagram } of order) {
    isFull = isFull ? random.unit() >= 1 / 8 : random.unit() < options.dropped / 8;
    if (isFull) {
      drops++;
      if (datagram.kind === undefined) droppedData++;
    } else {
      arrivals.push({ ...datagram, drops, flow: options.flow ?? 0 });
    }
  }
  return { arrivals, neverSent: notSent, lostInNetwork, droppedData, dropped: drops };
}
