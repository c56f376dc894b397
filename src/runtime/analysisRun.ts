import { TapComparison, type TapOptions } from '../analysis/tapComparison.js';
import { McastError } from '../core/errors.js';
import { formatRealtime, type Nanos } from '../core/time.js';
import { openCaptureOctets, type CaptureFile } from '../io/captureFile.js';
import type { AnalyzePlan } from '../profile/plan.js';
import { buildTaps, type TapFacts } from '../result/buildTaps.js';
import type { RunResult } from '../result/model.js';
import { analysisResult } from './analysisResult.js';
import { CaptureInput } from './captureInput.js';
import { CaptureMeasurement } from './captureMeasurement.js';
import { missedFrames } from './captureText.js';
import type { Judge, ReadyInfo } from './messages.js';
import { withResolvers } from './resolvers.js';
import type { Run, RunListener } from './run.js';

/** How far a file has been read: octets of so many; `null`: a pipe, of which nobody knows. */
export type ProgressListener = (name: string, octets: number, totalOctets: number | null) => void;

/**
 * Measures a capture on this thread, between reads of the file. {@link Run.stop} ends a file at once and
 * cuts the run short; of a pipe it reads what is still written.
 */
export function startAnalysis(
  plan: AnalyzePlan,
  judge: Judge,
  listener: RunListener = () => {},
  onProgress: ProgressListener = () => {},
): Run {
  const analysis = new Analysis(plan, judge, listener, onProgress);
  const finished = analysis.run();
  finished.catch((error: unknown) => analysis.ready.reject(error));
  const exited = Promise.allSettled([finished]).then(() => undefined);
  return {
    ready: analysis.ready.promise,
    finished,
    exited,
    stop: () => analysis.stop(),
    snapshot: () => analysis.snapshot(),
    reopen: () => {},
    abandon: async () => {
      analysis.stop();
      await exited;
    },
  };
}

/** From when to when a capture's datagrams go, ns since its epoch. */
class TimeSpan {
  firstNs = Infinity;
  lastNs = -Infinity;

  include(times: Float64Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const timeNs = times[i]!;
      if (timeNs < this.firstNs) this.firstNs = timeNs;
      if (timeNs > this.lastNs) this.lastNs = timeNs;
    }
  }
}

class Analysis {
  readonly ready = withResolvers<ReadyInfo>();
  readonly #plan: AnalyzePlan;
  readonly #judge: Judge;
  readonly #listener: RunListener;
  readonly #onProgress: ProgressListener;
  #input: CaptureInput | null = null;
  #stopped = false;
  /** A file was left unread. */
  #cutShort = false;
  #file: CaptureFile | null = null;
  #measured: CaptureMeasurement | null = null;
  #taps: RunResult['taps'] = null;
  readonly #span = new TimeSpan();

  constructor(plan: AnalyzePlan, judge: Judge, listener: RunListener, onProgress: ProgressListener) {
    this.#plan = plan;
    this.#judge = judge;
    this.#listener = listener;
    this.#onProgress = onProgress;
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const input = this.#input;
    if (input === null) return;
    this.#cutShort = input.totalOctets !== null && input.octets < input.totalOctets;
    input.end();
  }

  snapshot(): void {
    if (this.#measured !== null) this.#listener({ type: 'partial', result: this.#result() });
  }

  async run(): Promise<RunResult> {
    const { against, capture } = this.#plan;
    const file = await this.#open(capture);
    this.#file = file;
    const measured = new CaptureMeasurement(this.#plan, file, this.#listener);
    this.#measured = measured;
    this.#tellReady(file, measured);
    const comparison = against === null ? null : new TapComparison(this.#tapOptions(file));
    for await (const batch of file) {
      if (this.#leaves()) break;
      this.#span.include(batch.timeRealNs, batch.count);
      comparison?.onFirst(batch);
      if (!measured.onBatch(batch)) break;
    }
    measured.finish();
    if (comparison !== null && against !== null) {
      if (this.#stopped) this.#cutShort = true;
      else await this.#compare(comparison, file, against);
    }
    const result = this.#result();
    this.#listener({ type: 'result', result });
    return result;
  }

  async #compare(comparison: TapComparison, first: CaptureFile, path: string): Promise<void> {
    const second = await this.#open(path);
    const span = new TimeSpan();
    comparison.beginSecond(this.#tapOptions(second));
    for await (const batch of second) {
      if (this.#leaves()) break;
      span.include(batch.timeRealNs, batch.count);
      comparison.onSecond(batch);
    }
    this.#taps = buildTaps(comparison.finish(), tapFacts(first, this.#span), tapFacts(second, span), this.#plan.detail);
  }

  async #open(path: string): Promise<CaptureFile> {
    this.#input = new CaptureInput(path, ({ name, octets, totalOctets }) =>
      this.#onProgress(name, octets, totalOctets),
    );
    const input = this.#input;
    try {
      return await openCaptureOctets(input.name, input, { groupsOnly: !this.#plan.unicast });
    } catch (error) {
      if (!this.#stopped) throw error;
      throw new McastError('ERR_FILE', `${input.name}: stopped before anything was read`, { cause: error, hint: '' });
    }
  }

  /** Whether what is left of a file is not to be read: of a pipe everything is. */
  #leaves(): boolean {
    const leaves = this.#stopped && this.#input?.totalOctets !== null;
    this.#cutShort ||= leaves;
    return leaves;
  }

  #tapOptions(file: CaptureFile): TapOptions {
    return {
      epoch: file.epoch,
      pathOf: (path) => file.path(path),
      batchCapacity: file.batch.capacity,
      maxStreams: this.#plan.maxStreams,
    };
  }

  #tellReady(file: CaptureFile, measured: CaptureMeasurement): void {
    const info: ReadyInfo = {
      runId: measured.runId,
      time: formatRealtime(file.epoch, 0),
      io: 'capture',
      lines: [`${file.name}: ${file.format}, by its own stamps`],
      interfaces: [],
      loopback: false,
      sdp: null,
      warnings: [],
    };
    this.#listener({ type: 'ready', info });
    this.ready.resolve(info);
  }

  #result(): RunResult {
    const endNs: Nanos = Math.max(0, this.#span.lastNs);
    return analysisResult(this.#plan, this.#judge, {
      file: this.#file!,
      measured: this.#measured!,
      taps: this.#taps,
      startNs: 0,
      endNs,
      complete: !this.#cutShort,
    });
  }
}

function tapFacts(file: CaptureFile, { firstNs, lastNs }: TimeSpan): TapFacts {
  const instant = (ns: Nanos): string | null => (Number.isFinite(ns) ? formatRealtime(file.epoch, ns) : null);
  return {
    capture: file.name,
    format: file.format,
    start: instant(firstNs),
    end: instant(lastNs),
    datagrams: file.counts.datagrams,
    missed: missedFrames(file),
    fault: file.fault,
  };
}
