import { setImmediate } from 'node:timers/promises';
import { beginsInSync, SYNC_EVIDENCE_OCTETS } from '../analysis/mpegts/syncFinder.js';
import { TapComparison, type TapOptions } from '../analysis/tapComparison.js';
import { McastError } from '../core/errors.js';
import { formatRealtime, type Nanos } from '../core/time.js';
import { isCapture, openCaptureOctets, type CaptureFile } from '../io/captureFile.js';
import { CompressionFault, peekOctets, readError } from '../io/captureOctets.js';
import type { Path } from '../io/datagram.js';
import type { AnalyzePlan } from '../profile/plan.js';
import { buildTaps, type TapFacts } from '../result/buildTaps.js';
import type { RunResult } from '../result/model.js';
import { analysisResult } from './analysisResult.js';
import { CaptureInput } from './captureInput.js';
import { CaptureMeasurement } from './captureMeasurement.js';
import { CapturePair, singleCapture } from './capturePair.js';
import { CaptureSelection } from './captureSelection.js';
import { missedFrames } from './captureText.js';
import type { Judge, ReadyInfo } from './messages.js';
import { withResolvers } from './resolvers.js';
import type { Run, RunListener } from './run.js';
import { TransportFile } from './transportFile.js';
import { transportFileResult } from './transportFileResult.js';

/** How far a file has been read: octets of so many; `null`: a pipe, of which nobody knows. */
export type ProgressListener = (name: string, octets: number, totalOctets: number | null) => void;

/**
 * Measures a capture, or a transport stream, on this thread, between reads of the file. {@link Run.stop} ends a file at
 * once and cuts the run short; of a pipe it reads what is still written.
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
    endWhenSilent: () => {},
    snapshot: () => analysis.snapshot(),
    outline: () => analysis.snapshot(),
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
  /** `null`: all of it. */
  readonly #selection: CaptureSelection | null;
  /** What is being read: of two lines two. */
  #inputs: readonly CaptureInput[] = [];
  #stopped = false;
  /** A file was left unread. */
  #cutShort = false;
  #measured: CaptureMeasurement | null = null;
  /** In place of both: what was read is a transport stream. */
  #transport: TransportFile | null = null;
  #taps: RunResult['taps'] = null;
  readonly #span = new TimeSpan();

  constructor(plan: AnalyzePlan, judge: Judge, listener: RunListener, onProgress: ProgressListener) {
    this.#plan = plan;
    this.#judge = judge;
    this.#listener = listener;
    this.#onProgress = onProgress;
    this.#selection = plan.streams.length === 0 ? null : new CaptureSelection(plan);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const input of this.#inputs) {
      this.#cutShort ||= input.totalOctets !== null && input.octets < input.totalOctets;
      input.end();
    }
  }

  snapshot(): void {
    if (this.#measured !== null || this.#transport !== null)
      this.#listener({ type: 'partial', result: this.#result() });
  }

  async run(): Promise<RunResult> {
    const input = this.#openInput(this.#plan.capture);
    const octets = await this.#reading(input, peekOctets(input, wantedOctets));
    if (octets.head.length > 0 && !isCapture(octets.head)) {
      if (!beginsInSync(octets.head)) {
        await octets.all.return();
        throw unknownFile(input.name);
      }
      await this.#analyseTransport(input.name, octets.all);
    } else await this.#analyseCapture(await this.#openCapture(input, octets.all));
    const result = this.#result();
    this.#listener({ type: 'result', result });
    return result;
  }

  async #analyseCapture(file: CaptureFile): Promise<void> {
    const { against, legB } = this.#plan;
    const capture = legB === null ? singleCapture(file) : new CapturePair(file, await this.#openSecond(legB));
    const measured = new CaptureMeasurement(
      this.#plan,
      capture,
      this.#listener,
      this.#judge.eachLimits,
      this.#selection,
    );
    this.#measured = measured;
    const lines = capture.files.map(({ name, format }) => `${name}: ${format}, by its own stamps`);
    this.#tellReady(measured.runId, formatRealtime(capture.epoch, 0), 'capture', lines);
    const comparison = against === null ? null : new TapComparison(this.#tapOptions(file));
    for await (const batch of capture) {
      if (this.#leaves()) break;
      this.#span.include(batch.timeRealNs, batch.count);
      comparison?.onFirst(batch);
      for (const _ of measured.steps(batch)) {
        await setImmediate();
        if (this.#leaves()) break;
      }
      if (measured.fault !== null) break;
    }
    measured.finish();
    if (comparison !== null && against !== null) {
      if (this.#stopped) this.#cutShort = true;
      else await this.#compare(comparison, file, against);
    }
  }

  async #analyseTransport(name: string, octets: AsyncIterable<Uint8Array>): Promise<void> {
    const { against, legB, omitNs } = this.#plan;
    if (against !== null || legB !== null || this.#selection !== null) {
      const what =
        against !== null
          ? '--against compares captures'
          : legB === null
            ? 'endpoints say what of a capture is measured'
            : '--leg-b is the capture of another line';
      const message = `${name} is a transport stream: ${what}`;
      throw new McastError('ERR_FILE_FORMAT', message, { hint: '' });
    }
    const file = new TransportFile(name, omitNs);
    this.#transport = file;
    const time = formatRealtime(file.clock.epoch, 0);
    this.#tellReady(file.runId, time, 'file', [`${name}: a transport stream, by its program clock`]);
    try {
      for await (const chunk of octets) {
        if (this.#leaves()) break;
        file.onOctets(chunk);
      }
    } catch (error) {
      if (!(error instanceof CompressionFault)) throw readError(name, error);
      file.fault = error.message;
    }
    file.finish(!this.#cutShort && file.fault === null);
  }

  async #compare(comparison: TapComparison, first: CaptureFile, path: string): Promise<void> {
    const input = this.#openInput(path);
    const second = await this.#openCapture(input, input);
    const span = new TimeSpan();
    comparison.beginSecond(this.#tapOptions(second));
    for await (const batch of second) {
      if (this.#leaves()) break;
      span.include(batch.timeRealNs, batch.count);
      comparison.onSecond(batch);
    }
    this.#taps = buildTaps(comparison.finish(), tapFacts(first, this.#span), tapFacts(second, span), this.#plan.detail);
  }

  #openInput(path: string): CaptureInput {
    const input = new CaptureInput(path, ({ name, octets, totalOctets }) =>
      this.#onProgress(name, octets, totalOctets),
    );
    this.#inputs = [input];
    return input;
  }

  /** The other line's, read beside the first. */
  async #openSecond(path: string): Promise<CaptureFile> {
    const first = this.#inputs;
    const input = this.#openInput(path);
    this.#inputs = [...first, input];
    return await this.#openCapture(input, input);
  }

  #openCapture(input: CaptureInput, octets: AsyncIterable<Uint8Array>): Promise<CaptureFile> {
    const selection = this.#selection;
    const accept = (path: Path): boolean => selection === null || selection.positionOf(path) >= 0;
    const options = { groupsOnly: !this.#plan.unicast, accept };
    return this.#reading(input, openCaptureOctets(input.name, octets, options));
  }

  /** The beginning of a file. */
  async #reading<T>({ name }: CaptureInput, read: Promise<T>): Promise<T> {
    try {
      return await read;
    } catch (error) {
      if (!this.#stopped) throw readError(name, error);
      throw new McastError('ERR_FILE', `${name}: stopped before anything was read`, { cause: error, hint: '' });
    }
  }

  /** Whether what is left of a file is not to be read: of a pipe everything is. */
  #leaves(): boolean {
    const leaves = this.#stopped && this.#inputs.every(({ totalOctets }) => totalOctets !== null);
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

  #tellReady(runId: string, time: string, io: string, lines: readonly string[]): void {
    const info: ReadyInfo = {
      runId,
      time,
      io,
      lines,
      interfaces: [],
      loopback: false,
      sdp: null,
      warnings: [],
    };
    this.#listener({ type: 'ready', info });
    this.ready.resolve(info);
  }

  #result(): RunResult {
    const complete = !this.#cutShort;
    if (this.#transport !== null) return transportFileResult(this.#plan, this.#judge, this.#transport, complete);
    const endNs: Nanos = Math.max(0, this.#span.lastNs);
    return analysisResult(this.#plan, this.#judge, {
      measured: this.#measured!,
      taps: this.#taps,
      startNs: 0,
      endNs,
      complete,
    });
  }
}

/** A capture that comes through a pipe is known at once; anything else is looked at more closely. */
function wantedOctets(head: Uint8Array): number {
  return isCapture(head) ? 0 : SYNC_EVIDENCE_OCTETS;
}

function unknownFile(name: string): McastError {
  return new McastError('ERR_FILE_FORMAT', `${name} is not a capture file nor a transport stream`);
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
