import { styleOf, type TextOptions } from '../report/style.js';
import { intervalHeader, intervalLine, senderIntervalHeader, senderIntervalLine } from '../report/intervalLine.js';
import { renderStream, renderText } from '../report/text.js';
import type { RunResult } from '../result/model.js';
import type { RunMessage } from '../runtime/messages.js';
import { LineFile } from './output.js';
import type { OutputPlan } from '../profile/makePlan.js';
import { wantsColor } from './terminal.js';

/** A heading is said again after so many lines, about a screen. */
const HEADING_EVERY = 24;

/** Says what happens in a run: as JSON lines, as text for people, or both. */
export class Presenter implements Disposable {
  readonly #output: OutputPlan;
  readonly #json: LineFile | null;
  /** Text goes to standard error when standard output is taken. */
  readonly #stream: NodeJS.WriteStream;
  readonly #options: TextOptions;
  #runId = '';
  #linesSinceHeading = HEADING_EVERY;
  #several = false;

  constructor(output: OutputPlan, outputTaken = output.json === '-') {
    this.#output = output;
    this.#json = output.json === null ? null : new LineFile(output.json);
    this.#stream = outputTaken ? process.stderr : process.stdout;
    this.#options = {
      color: wantsColor(this.#stream),
      ...(output.utc ? {} : { offsetAt: (unixMs: number) => -new Date(unixMs).getTimezoneOffset() }),
    };
  }

  /** A line for people; nothing with `--quiet`. */
  say(text: string): void {
    if (!this.#output.quiet) this.#stream.write(`${text}\n`);
  }

  /** Everything that a run posts but its result. `several`: intervals name their stream. */
  show(message: RunMessage, command: string, several: boolean): void {
    this.#several ||= several;
    switch (message.type) {
      case 'ready':
        this.#runId = message.info.runId;
        this.#line('start', message.info.time, {
          command,
          io: message.info.io,
          interfaces: message.info.interfaces,
          loopback: message.info.loopback,
        });
        for (const text of message.info.lines) this.say(text);
        break;
      case 'interval':
        this.#showInterval(message);
        break;
      case 'event':
        this.#line('event', message.event.time, message.event);
        if (message.event.event !== 'joined' && message.event.event !== 'stream_end') {
          this.say(styleOf(this.#options.color ?? false).dim(`${message.event.event}: ${message.event.text}`));
        }
        break;
      case 'stream_end':
        if (this.#several) break;
        this.say(renderStream(message.stream, this.#options).trimEnd());
        this.#linesSinceHeading = HEADING_EVERY;
        break;
      case 'partial':
        this.#line('partial', message.result.run.end, { result: message.result });
        this.say(renderText(message.result, this.#options));
        break;
      default:
        break;
    }
  }

  /** The result, last of all. */
  finish(result: RunResult, text: string = renderText(result, this.#options)): void {
    this.#line('result', result.run.end, { result });
    if (this.#output.quiet) return;
    this.#stream.write(`\n${text}`);
  }

  get textOptions(): TextOptions {
    return this.#options;
  }

  reopen(): void {
    this.#json?.reopen();
  }

  [Symbol.dispose](): void {
    this.#json?.[Symbol.dispose]();
  }

  #showInterval(message: Extract<RunMessage, { type: 'interval' }>): void {
    const { time, startNs, endNs, rows, senderRows } = message;
    const span = { start_ns: startNs, end_ns: endNs };
    if (senderRows.length > 0) this.#line('interval', time, { ...span, sender: senderRows });
    else this.#line('interval', time, { ...span, streams: rows });
    const several = this.#several || rows.length > 1 || senderRows.length > 1;
    const options = { ...this.#options, several };
    const lines = [
      ...rows.map((row) => intervalLine(row, time, options)),
      ...senderRows.map((row) => senderIntervalLine(row, time, options)),
    ];
    for (const line of lines) {
      if (this.#linesSinceHeading >= HEADING_EVERY) {
        this.say(senderRows.length > 0 ? senderIntervalHeader(options) : intervalHeader(options));
        this.#linesSinceHeading = 0;
      }
      this.#linesSinceHeading++;
      this.say(line);
    }
  }

  #line(type: string, time: string, fields: object): void {
    this.#json?.write(JSON.stringify({ type, run_id: this.#runId, ...fields, time }));
  }
}
