import { formatRealtime, type Clock } from '../core/time.js';
import type { OutputPlan } from '../profile/makePlan.js';
import { fold } from '../report/fold.js';
import { sessionLines, sessionTable, silenceLine } from '../report/sessionText.js';
import type { TextOptions } from '../report/style.js';
import type { ListedSession, SessionList, SessionState } from '../result/sessionList.js';
import { LineFile } from './output.js';
import { wantsColor } from './terminal.js';

/** Says what is announced: as JSON lines, as text for people, or both. Its methods throw ERR_FILE. */
export class SessionPresenter implements Disposable {
  readonly #output: OutputPlan;
  readonly #runId: string;
  readonly #clock: Clock;
  readonly #json: LineFile | null;
  /** Text goes to standard error when standard output is taken. */
  readonly #stream: NodeJS.WriteStream;
  readonly #options: TextOptions;

  constructor(output: OutputPlan, runId: string, clock: Clock) {
    this.#output = output;
    this.#runId = runId;
    this.#clock = clock;
    this.#json = output.json === null ? null : new LineFile(output.json);
    this.#stream = output.json === '-' ? process.stderr : process.stdout;
    this.#options = {
      color: wantsColor(this.#stream),
      ...(output.utc ? {} : { offsetAt: (unixMs: number) => -new Date(unixMs).getTimezoneOffset() }),
    };
  }

  start(fields: { readonly io: string; readonly interfaces: readonly string[]; readonly loopback: boolean }): void {
    this.#line('start', { command: 'list', ...fields });
  }

  /** Lines for people, folded to a terminal's width; nothing with `--quiet`. */
  say(text: string): void {
    if (!this.#output.quiet) this.#write(fold(text));
  }

  show(state: SessionState, session: ListedSession): void {
    this.#line('session', { state, session });
    if (!this.#output.quiet) this.#write(sessionLines(state, session, this.#now(), this.#options));
  }

  partial(list: SessionList): void {
    this.#line('partial', { result: list });
    if (list.sessions.length > 0) this.#write(sessionTable(list, this.#options));
  }

  /** The result, last of all. Its text is left out where `--quiet` goes with JSON on standard output. */
  finish(list: SessionList, isLoopback: boolean): void {
    this.#line('result', { result: list });
    if (this.#output.quiet && this.#output.json === '-') return;
    if (list.sessions.length > 0) {
      this.#write(`${this.#output.quiet ? '' : '\n'}${sessionTable(list, this.#options)}`);
      return;
    }
    const { malformed = 0, not_readable: notReadable = 0, deleted = 0 } = list.packets;
    if (deleted > 0) this.#write(`no session is announced any more on ${list.interfaces.join(', ')}`);
    else this.#write(silenceLine(list.interfaces, isLoopback, malformed + notReadable));
  }

  reopen(): void {
    this.#json?.reopen();
  }

  [Symbol.dispose](): void {
    this.#json?.[Symbol.dispose]();
  }

  #now(): string {
    return formatRealtime(this.#clock.epoch, this.#clock.realNs());
  }

  #write(text: string): void {
    this.#stream.write(`${text}\n`);
  }

  #line(type: string, fields: object): void {
    this.#json?.write(JSON.stringify({ type, run_id: this.#runId, ...fields, time: this.#now() }));
  }
}
