import { SocketCounter, type DatagramSource } from '../io/datagram.js';
import type { HealthFacts } from '../result/health.js';

const TIME_SOURCES = ['user', 'kernel', 'hardware'] as const satisfies readonly DatagramSource['timeSource'][];

/** What sockets that are closed again have counted. */
export class SocketTally {
  readonly notes = new Set<string>();
  /** By {@link SocketCounter}. */
  readonly #totals = new Float64Array(SocketCounter.Count);
  /** Position in {@link TIME_SOURCES} of the least exact one. */
  #timeSource = Infinity;

  /** Takes over what a socket has counted, and leaves and closes it. */
  close(source: DatagramSource): void {
    this.#timeSource = Math.min(this.#timeSource, TIME_SOURCES.indexOf(source.timeSource));
    for (const note of source.notes) this.notes.add(note);
    const drops = source.readDrops();
    if (drops !== null) source.counters[SocketCounter.KernelDrops] = drops;
    for (let counter = 0; counter < SocketCounter.Count; counter++) this.#totals[counter]! += source.counters[counter]!;
    source.leave();
    source.close();
  }

  get timeSource(): DatagramSource['timeSource'] | null {
    return TIME_SOURCES[this.#timeSource] ?? null;
  }

  /** `hasDrops`: the implementation counts what the kernel dropped. */
  health(
    hasDrops: boolean,
  ): Pick<HealthFacts, 'kernelDrops' | 'truncated' | 'controlTruncated' | 'pathTableOverflow' | 'ringOverflow'> {
    const total = (counter: number): number => this.#totals[counter]!;
    return {
      kernelDrops: hasDrops ? total(SocketCounter.KernelDrops) : null,
      truncated: total(SocketCounter.Truncated),
      controlTruncated: total(SocketCounter.ControlTruncated),
      // Who sends a channel is no matter here.
      pathTableOverflow: 0,
      ringOverflow: total(SocketCounter.Discarded),
    };
  }
}
