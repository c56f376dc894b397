import type { Nanos } from '../../core/time.js';
import { IndicatorCounts } from './indicatorCounts.js';
import type { Mdi } from './mdi.js';
import type { PcrMeasure } from './pcrMeasure.js';
import { PidTable } from './pidTable.js';
import { Tables } from './tables.js';

/** Places in {@link TsFigures.state}. */
export const State = {
  /** Latest time that was told, ns. */
  Now: 0,
  /** Octets of the stream, in whole packets, before the packet that is being read. */
  Octets: 1,
  Count: 2,
} as const;

/** Everything that is known of one transport stream. Framing and the packets' content write it, the snapshot reads it. */
export class TsFigures {
  readonly counts = new IndicatorCounts();
  readonly pids = new PidTable();
  readonly tables = new Tables(this.counts);
  readonly clocks: PcrMeasure[] = [];
  /** `null`: a file. */
  mdi: Mdi | null = null;
  /** By {@link State}: numbers that change with every packet and so are never objects. */
  readonly state = new Float64Array(State.Count);
  isInSync = false;
  /** Packets that were read, and the octets and datagrams that are none. */
  packets = 0;
  strayOctets = 0;
  oddDatagrams = 0;
  malformedPackets = 0;
  lostDatagrams = 0;
  /** Whether the network's sequence numbers tell of losses. */
  isLossTold = false;
  /** The counted time begins: with `restart`, or with the first packet. */
  beginNs = NaN;
  firstPacketNs = NaN;
  randomAccessNs = NaN;
  randomAccessBy: 'indicator' | 'picture' | null = null;
  /** Since when the tables name everything that they will; NaN: not yet. */
  completeNs = NaN;
  #intervalNs = NaN;

  begin(nowNs: Nanos): void {
    this.firstPacketNs = nowNs;
    this.beginNs = nowNs;
    this.#intervalNs = nowNs;
    this.tables.begin(nowNs);
  }

  /** Ends an interval of the rates per PID. */
  closeInterval(): void {
    const now = this.state[State.Now]!;
    this.pids.closeInterval(now - this.#intervalNs);
    this.#intervalNs = now;
  }

  /** Everything that is counted begins anew; tables, synchronisation and first times stay. */
  restart(): void {
    this.counts.clear();
    this.pids.restart();
    for (const clock of this.clocks) clock.restart();
    this.mdi?.restart();
    this.tables.malformed = 0;
    this.packets = 0;
    this.strayOctets = 0;
    this.oddDatagrams = 0;
    this.malformedPackets = 0;
    this.lostDatagrams = 0;
    this.beginNs = this.state[State.Now]!;
    this.#intervalNs = this.beginNs;
  }
}
