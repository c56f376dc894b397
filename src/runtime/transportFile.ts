import { randomBytes } from 'node:crypto';
import { TsAnalyzer } from '../analysis/mpegts/tsAnalyzer.js';
import type { Clock, Nanos, RunEpoch } from '../core/time.js';
import type { TransportSnapshot } from '../metrics/transportSnapshot.js';
import { readEpoch } from '../io/clocks.js';

/** Octets that are read at once as long as the warm-up lasts: its end is to be found. */
const WARM_UP_STEP_OCTETS = 1316;

/** The program clock, laid upon the time at which reading began: a file says nothing of a time of day. */
class ProgramTime implements Clock {
  readonly epoch: RunEpoch = readEpoch();
  readonly #analyzer: TsAnalyzer;

  constructor(analyzer: TsAnalyzer) {
    this.#analyzer = analyzer;
  }

  monoNs(): Nanos {
    return this.#analyzer.nowNs;
  }

  realNs(): Nanos {
    return this.#analyzer.nowNs;
  }
}

/** A transport stream in a file or pipe, analysed by its own program clock, from its first packet on. */
export class TransportFile {
  readonly runId = randomBytes(4).readUInt32BE().toString(16).padStart(8, '0');
  /** As messages name it. */
  readonly name: string;
  readonly clock: ProgramTime;
  octets = 0;
  /** Octets of the packet that the file's end cut, 0: none. */
  cutOctets = 0;
  /** Why it could not be read to its end; `null`: it could. */
  fault: string | null = null;
  readonly #analyzer = new TsAnalyzer();
  readonly #omitNs: Nanos;
  #isWarm: boolean;

  constructor(name: string, omitNs: Nanos) {
    this.name = name;
    this.clock = new ProgramTime(this.#analyzer);
    this.#omitNs = omitNs;
    this.#isWarm = omitNs === 0;
  }

  onOctets(octets: Uint8Array): void {
    this.octets += octets.length;
    let at = 0;
    for (; !this.#isWarm && at < octets.length; at += WARM_UP_STEP_OCTETS) {
      this.#analyzer.onOctets(octets, at, Math.min(WARM_UP_STEP_OCTETS, octets.length - at));
      if (this.#analyzer.nowNs >= this.#omitNs) this.#endWarmUp();
    }
    if (at < octets.length) this.#analyzer.onOctets(octets, at, octets.length - at);
  }

  /** Nothing follows. `isWhole`: because the file ends here. */
  finish(isWhole: boolean): void {
    const before = this.snapshot().strayOctets;
    this.#analyzer.finishOctets();
    const { inSync, strayOctets } = this.snapshot();
    if (isWhole && inSync) this.cutOctets = strayOctets - before;
    // What ends within its warm-up was not measured.
    if (!this.#isWarm) this.#endWarmUp();
  }

  snapshot(): TransportSnapshot {
    return this.#analyzer.snapshot();
  }

  #endWarmUp(): void {
    this.#isWarm = true;
    this.#analyzer.restart();
  }
}
