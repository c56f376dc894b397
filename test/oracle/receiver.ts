/**
 * A slow and obvious receiver of probe datagrams: sets and maps, one number at a time.
 *
 * - duplicate, RFC 5560: a further copy of a number that was received;
 * - reordered, RFC 4737 section 3.3: the first copy of a number below NextExp;
 * - lost, RFC 7680: not received before the reorder window passed it (so many numbers, or so long since
 *   a later number was heard), or at all;
 * - late: any copy of a number that was declared lost, or further than the window behind the highest.
 */
import { WireStatus } from '../../src/wire/status.js';
import { ProbeFlag } from '../../src/wire/probe.js';
import { type ProbeHeader, probeCodec } from '../../src/wire/probeCodec.js';

export interface FlowCounts {
  readonly expected: number;
  readonly received: number;
  readonly lost: number;
  readonly neverSent: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly late: number;
}

class FlowOracle {
  readonly received = new Set<number>();
  readonly lost = new Set<number>();
  /** Missing numbers, and when a later one was heard. */
  readonly open = new Map<number, number>();
  /** Number after the highest heard of. */
  next = 0;
  nextExpected = 0;
  duplicated = 0;
  reordered = 0;
  late = 0;
  notSent = 0;
  readonly #windowNs: number;
  readonly #windowPackets: number;

  constructor(windowNs: number, windowPackets: number) {
    this.#windowNs = windowNs;
    this.#windowPackets = windowPackets;
  }

  hear(header: ProbeHeader, timeNs: number): void {
    const number = Number(header.sequence);
    this.notSent = Math.max(this.notSent, header.notSent);
    for (const [missing, sinceNs] of this.open) if (sinceNs + this.#windowNs <= timeNs) this.#declare(missing);
    if ((header.flags & (ProbeFlag.Start | ProbeFlag.End)) !== 0) {
      this.#heardUpTo(number, timeNs);
      return;
    }
    const isBehind = number < this.next - this.#windowPackets;
    this.#heardUpTo(number, timeNs);
    if (this.lost.has(number) || isBehind) {
      this.late++;
    } else if (this.received.has(number)) {
      this.duplicated++;
    } else {
      this.received.add(number);
      this.open.delete(number);
      if (number < this.nextExpected) this.reordered++;
      else this.nextExpected = number + 1;
      this.next = Math.max(this.next, number + 1);
    }
    for (const missing of this.open.keys()) if (missing < this.next - this.#windowPackets) this.#declare(missing);
  }

  close(): FlowCounts {
    const missing = this.lost.size + this.open.size;
    const neverSent = Math.min(missing, this.notSent);
    const received = this.received.size;
    const lost = missing - neverSent;
    const { duplicated, reordered, late } = this;
    return { expected: received + lost, received, lost, neverSent, duplicated, reordered, late };
  }

  #heardUpTo(number: number, timeNs: number): void {
    for (; this.next < number; this.next++) this.open.set(this.next, timeNs);
  }

  #declare(number: number): void {
    this.open.delete(number);
    this.lost.add(number);
  }
}

export class OracleReceiver {
  malformed = 0;
  arrivals = 0;
  readonly #flows = new Map<number, FlowOracle>();
  readonly #windowNs: number;
  readonly #windowPackets: number;

  constructor(windowNs = 1e9, windowPackets = 65_536) {
    this.#windowNs = windowNs;
    this.#windowPackets = windowPackets;
  }

  hear(octets: Uint8Array, timeNs: number): void {
    const header = probeCodec.create();
    if (probeCodec.parse(octets, 0, octets.length, header) !== WireStatus.Ok) {
      this.malformed++;
      return;
    }
    if ((header.flags & (ProbeFlag.Start | ProbeFlag.End)) === 0) this.arrivals++;
    let flow = this.#flows.get(header.flow);
    if (flow === undefined) {
      flow = new FlowOracle(this.#windowNs, this.#windowPackets);
      this.#flows.set(header.flow, flow);
    }
    flow.hear(header, timeNs);
  }

  /** Ends: what is open is lost. */
  close(): Map<number, FlowCounts> {
    return new Map([...this.#flows].map(([flow, counts]) => [flow, counts.close()]));
  }
}
