import { FREQUENT_EVENTS } from '../analysis/eventRing.js';
import { eventLine, streamEndLine } from '../report/eventLine.js';
import { fold } from '../report/fold.js';
import {
  intervalHeader,
  intervalLines,
  receiverReportLines,
  senderIntervalHeader,
  senderIntervalLines,
  StreamLabels,
} from '../report/intervalLine.js';
import { benchHeader, benchLine } from '../report/textBench.js';
import { onlyStyled, type TextOptions } from '../report/style.js';
import { renderStream, renderTables, renderText } from '../report/text.js';
import { zapHeader, zapLine } from '../report/textZap.js';
import type { IntervalRow } from '../result/interval.js';
import type { EventRecord, RunResult } from '../result/model.js';
import { resultJson } from '../result/resultText.js';

import type { StreamAddress } from '../profile/plan.js';
import type { RunMessage } from '../runtime/messages.js';
import type { OutputQueue } from '../runtime/receiverOutputs.js';
import type { OutputPlan } from '../profile/makePlan.js';
import { takesStandardOutput } from '../profile/reportPlan.js';
import type { ConductedRun, End } from './conductedRun.js';
import type { Follower } from './follower.js';
import { openFollowers } from './followers.js';
import type { LiveView } from './live/liveView.js';
import type { RunBounds } from '../report/live/liveState.js';
import { LineFile } from './output.js';
import { Snapshots } from './snapshots.js';
import { canRedraw, wantsAscii, wantsColor } from './terminal.js';

/** A heading is said again after so many lines, about a screen. */
const HEADING_EVERY = 24;
/** Of gaps and changed marks, in one interval. */
const FREQUENT_LINES = 3;
/** Of other events of streams. */
const EVENT_LINES = 8;
/** Of streams that ended. */
const END_LINES = 20;

function isIdle(row: IntervalRow): boolean {
  return row.packets_received === 0 && (row.packets_lost ?? 0) === 0 && (row.packets_duplicated ?? 0) === 0;
}

export interface PresenterOptions {
  readonly command: string;
  /** Standard output carries something else than JSON lines too: text goes to standard error. */
  readonly outputTaken?: boolean;
  /** Interval lines name their stream from the first one on: there will be several. */
  readonly several?: boolean;
  /** Both ends are shown: their lines say which one it is. */
  readonly bothEnds?: boolean;
  /** A stream that ends is summarised at once, because the run may go on for long. */
  readonly summaries?: boolean;
  /** No text at all: the command has its own. */
  readonly silent?: boolean;
  /** On a terminal its runs, which end by this, are shown in place of interval lines. */
  readonly live?: RunBounds;
}

/** Says what happens in a run: as JSON lines, as text for people, and to whatever else follows it. Its methods throw ERR_FILE. */
export class Presenter implements AsyncDisposable {
  readonly #output: OutputPlan;
  readonly #about: PresenterOptions;
  readonly #json: LineFile | null;
  /** Text goes to standard error when standard output is taken. */
  readonly #stream: NodeJS.WriteStream;
  readonly #options: TextOptions;
  #runId = '';
  #linesSinceHeading = HEADING_EVERY;
  #several: boolean;
  #said = false;
  readonly #labels = new StreamLabels();
  readonly #snapshots = new Snapshots();
  #followers: readonly Follower[] = [];
  #view: LiveView | null = null;
  /** Ids of streams that have ended: no more than are told apart. */
  readonly #ended = new Set<string>();
  /** Since the last interval. */
  #frequentTold = 0;
  #eventsTold = 0;
  #endsTold = 0;

  /** With everything that the output asks for. Rejects with ERR_FILE, ERR_SOCKET. */
  static async open(output: OutputPlan, about: PresenterOptions): Promise<Presenter> {
    const presenter = new Presenter(output, about);
    try {
      presenter.#view = await presenter.#openView();
      presenter.#followers = await openFollowers(output, about.command, presenter.#snapshots, (text) =>
        presenter.#sayBeside(text),
      );
    } catch (error) {
      await presenter[Symbol.asyncDispose]();
      throw error;
    }
    return presenter;
  }

  private constructor(output: OutputPlan, about: PresenterOptions) {
    this.#output = output;
    this.#about = about;
    this.#several = about.several === true;
    this.#json = output.json === null ? null : new LineFile(output.json);
    this.#stream = takesStandardOutput(output) || about.outputTaken === true ? process.stderr : process.stdout;
    this.#options = {
      color: wantsColor(this.#stream),
      ...(output.utc ? {} : { offsetAt: (unixMs: number) => -new Date(unixMs).getTimezoneOffset() }),
    };
  }

  /** Lines for people, folded to a terminal's width; nothing with `--quiet`. */
  say(text: string): void {
    this.sayAsIs(fold(text));
  }

  /** The same, not folded: a command to paste, columns. */
  sayAsIs(text: string): void {
    if (!this.#output.quiet) this.#write(`${text}\n`);
  }

  /** Where followers are: beside the one line that is all a silent command says, too. */
  #sayBeside(text: string): void {
    if (this.#about.silent !== true) this.say(text);
    else if (!this.#output.quiet) process.stderr.write(onlyStyled(`${text}\n`, false));
  }

  /** Whether intervals are shown in a live view. */
  get isLive(): boolean {
    return this.#view !== null;
  }

  /**
   * The runs that are under way, of which results so far may be asked for; they are shown live until that is disposed.
   * `interrupt`: what SIGINT does.
   */
  attach(runs: readonly ConductedRun[], interrupt: () => void): Disposable | null {
    this.#snapshots.attach(runs);
    return this.#view?.begin(interrupt) ?? null;
  }

  /** Where the media of a receiver are to go, so that they may be watched; `null`: nobody will. */
  preview(streams: readonly StreamAddress[]): OutputQueue | null {
    for (const follower of this.#followers) {
      const queue = follower.preview?.(streams) ?? null;
      if (queue !== null) return queue;
    }
    return null;
  }

  /** The results so far are to be shown. */
  askPartials(): void {
    this.#snapshots.askToShow();
  }

  /** Everything that a run posts but its result. */
  show(message: RunMessage, end: End = 'recv'): void {
    for (const follower of this.#followers) follower.show?.(message, end);
    const isSeen = this.#view?.show(message, end) === true;
    switch (message.type) {
      case 'ready':
        this.#showReady(message.info);
        break;
      case 'interval':
        this.#showInterval(message, end, isSeen);
        break;
      case 'event': {
        const { event } = message;
        this.#line('event', event.time, event);
        if (event.event === 'stream_end' && event.stream !== null) this.#ended.add(event.stream);
        if (this.#wantsLine(event)) {
          this.sayAsIs(this.#prefix(end) + eventLine(event, { ...this.#options, several: this.#several }));
        }
        break;
      }
      case 'said':
        this.say(message.text);
        break;
      case 'tables': {
        const { services, pids } = message;
        this.#line('tables', message.time, { stream: message.stream, services, pids });
        if (!this.#several) this.sayAsIs(renderTables(services, pids, this.#options).trimEnd());
        break;
      }
      case 'zap':
        this.#line('zap', message.time, message.row);
        this.#sayBelow(zapHeader(this.#options), zapLine(message.row, message.time, this.#options));
        break;
      case 'bench':
        this.#line('bench', message.time, message.row);
        this.#sayBelow(benchHeader(this.#options), benchLine(message.row, message.time, this.#options));
        break;
      case 'stream_end':
        if (this.#about.summaries !== true) break;
        if (this.#several) {
          if (this.#endsTold++ < END_LINES) this.sayAsIs(streamEndLine(message.stream, this.#options));
        } else {
          this.sayAsIs(renderStream(message.stream, this.#options).trimEnd());
          this.#linesSinceHeading = HEADING_EVERY;
        }
        break;
      case 'outline':
        this.#snapshots.takeOutline(message.result, end);
        break;
      case 'partial':
        if (!this.#snapshots.take(message.result, end)) break;
        this.#resultLine('partial', message.result);
        this.say('result so far:');
        this.#text(message.result);
        this.#linesSinceHeading = HEADING_EVERY;
        break;
      default:
        break;
    }
  }

  /** The result, last of all. Its text is left out where `--quiet` goes with JSON on standard output. */
  async finish(result: RunResult): Promise<void> {
    this.#resultLine('result', result);
    if (!(this.#output.quiet && takesStandardOutput(this.#output))) this.#text(result);
    // What waits for others waits for all of them at once.
    await Promise.all(this.#followers.map((follower) => follower.finish?.(result)));
  }

  reopen(): void {
    this.#json?.reopen();
    for (const follower of this.#followers) follower.reopen?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#snapshots.end();
    this.#json?.[Symbol.dispose]();
    await Promise.all(this.#followers.map((follower) => follower.close()));
  }

  async #openView(): Promise<LiveView | null> {
    const { live, command } = this.#about;
    if (live === undefined || this.#output.quiet || this.#output.plain) return null;
    if (this.#stream !== process.stdout || !canRedraw(this.#stream)) return null;
    const { LiveView } = await import('./live/liveView.js');
    return new LiveView(this.#stream, live, { ...this.#options, title: `mcast ${command}`, ascii: wantsAscii() });
  }

  #showReady(info: Extract<RunMessage, { type: 'ready' }>['info']): void {
    this.#runId = info.runId;
    this.#line('start', info.time, {
      command: this.#about.command,
      io: info.io,
      interfaces: info.interfaces,
      loopback: info.loopback,
    });
    for (const text of info.lines) this.say(text);
    for (const text of info.warnings) this.say(`warning: ${text}`);
    const { readyFile } = this.#output;
    if (readyFile === null) return;
    using file = new LineFile(readyFile);
    file.write(JSON.stringify(info));
  }

  #showInterval(message: Extract<RunMessage, { type: 'interval' }>, end: End, isSeen: boolean): void {
    const { time, startNs, endNs, rows, others, senderRows, receivers, transportRows } = message;
    const span = { start_ns: startNs, end_ns: endNs };
    if (end === 'send') this.#line('interval', time, { ...span, sender: senderRows, receivers });
    else this.#line('interval', time, { ...span, streams: rows, others, transport: transportRows });
    // The run of a sender that has ended makes no second stream of its next one.
    const told = rows.filter((row) => !this.#ended.has(row.stream) || !isIdle(row));
    const going = told.filter((row) => !this.#ended.has(row.stream));
    if (!this.#several && (going.length > 1 || senderRows.length > 1)) {
      this.#several = true;
      this.#linesSinceHeading = HEADING_EVERY;
    }
    this.#frequentTold = this.#eventsTold = this.#endsTold = 0;
    if (isSeen) {
      this.#linesSinceHeading = HEADING_EVERY;
      return;
    }
    const indent = this.#prefix(end).length;
    const options = { ...this.#options, several: this.#several, labels: this.#labels, indent };
    const lines = [
      ...intervalLines(told, time, { ...options, others }),
      ...senderIntervalLines(senderRows, time, options),
      ...receiverReportLines(receivers, this.#options),
    ];
    if (lines.length > 0 && this.#linesSinceHeading >= HEADING_EVERY) {
      this.#linesSinceHeading = 0;
      const both = this.#about.bothEnds === true;
      if (both || end === 'recv') this.sayAsIs(this.#prefix('recv') + intervalHeader(options));
      if (both || end === 'send') this.sayAsIs(this.#prefix('send') + senderIntervalHeader(options));
    }
    for (const line of lines) this.sayAsIs(this.#prefix(end) + line);
    this.#linesSinceHeading += lines.length;
  }

  /** A line of columns, and their heading once in a while. */
  #sayBelow(heading: string, text: string): void {
    if (this.#linesSinceHeading++ >= HEADING_EVERY) {
      this.#linesSinceHeading = 1;
      this.sayAsIs(heading);
    }
    this.sayAsIs(text);
  }

  /** Ends and joins are said otherwise; of what comes often a few, because the interval's line counts them. */
  #wantsLine({ event, stream }: EventRecord): boolean {
    if (event === 'joined' || event === 'stream_end') return false;
    if (FREQUENT_EVENTS.has(event)) return this.#frequentTold++ < FREQUENT_LINES;
    return stream === null || this.#eventsTold++ < EVENT_LINES;
  }

  #prefix(end: End): string {
    return this.#about.bothEnds === true ? `${end} ` : '';
  }

  /** A whole report, set off from what was said before. */
  #text(result: RunResult): void {
    this.#write(`${this.#said ? '\n' : ''}${renderText(result, this.#options)}`);
  }

  #write(text: string): void {
    if (this.#about.silent === true) return;
    this.#said = true;
    const safe = onlyStyled(text, this.#options.color === true);
    if (this.#view !== null) this.#view.say(safe);
    else this.#stream.write(safe);
  }

  #resultLine(type: 'result' | 'partial', result: RunResult): void {
    if (this.#json === null) return;
    const head = JSON.stringify({ type, run_id: this.#runId }).slice(0, -1);
    this.#json.write(`${head},"result":${resultJson(result)},"time":${JSON.stringify(result.run.end)}}`);
  }

  #line(type: string, time: string, fields: object): void {
    this.#json?.write(JSON.stringify({ type, run_id: this.#runId, ...fields, time }));
  }
}
