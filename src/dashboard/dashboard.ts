import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DASHBOARD_SCRIPT } from '../report/dashboard/dashboardScript.js';
import { DASHBOARD_STYLE } from '../report/dashboard/dashboardStyle.js';
import { History } from '../report/dashboard/history.js';
import { ICON } from '../report/dashboard/icon.js';
import { liveParts, type Part } from '../report/dashboard/liveParts.js';
import type { LiveState } from '../report/dashboard/liveState.js';
import { liveTitle } from '../report/dashboard/liveVerdict.js';
import type { PictureOffer } from '../report/dashboard/picture.js';
import { shell } from '../report/dashboard/shell.js';
import { addressOf, viewOf, type View } from '../report/dashboard/view.js';
import { PAGE_STYLE } from '../report/html/pageStyle.js';
import { plainDocument } from '../report/plainDocument.js';
import type { RunResult } from '../result/model.js';
import type { RunMessage } from '../runtime/messages.js';
import type { Preview } from '../runtime/preview.js';
import { EventStream } from './eventStream.js';
import { sendText } from './httpServer.js';
import { answerPicture } from './pictureAnswer.js';
import { gatheredInSlices } from './slices.js';
import { nextUpdateMs } from './updateTime.js';

/** From one update to the next. */
const UPDATE_MS = 1000;
/** Of the time between updates, how long one waits for an answer of the run. */
const PATIENT_SHARE = 0.3;
/** Between the end of an update and the next. */
const LEAST_PAUSE_MS = 50;
/** With more streams a result is asked for less often than each update, so that the run has no more to do for it. */
const STREAMS_EACH_UPDATE = 20;
/** A page that is loaded waits so long for newer figures than those at hand. */
const PATIENCE_MS = 1000;
/** Readers of events; further ones are told that there are too many. */
const MOST_READERS = 12;

const STYLE = PAGE_STYLE + DASHBOARD_STYLE;
const BUILD = createHash('sha256').update(STYLE).update(DASHBOARD_SCRIPT).digest('base64url').slice(0, 16);
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "media-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  '/page.css': ['text/css; charset=utf-8', STYLE],
  '/page.js': ['text/javascript; charset=utf-8', DASHBOARD_SCRIPT],
  '/icon.svg': ['image/svg+xml', ICON],
};

export interface DashboardOptions {
  readonly command: string;
  /** The result so far; `null`: there is none, yet or any more. `streams`: ids of those that are shown in full. */
  readonly ask: (streams: readonly string[]) => Promise<RunResult | null>;
  /** The same with all that it has. */
  readonly askWhole: () => Promise<RunResult | null>;
  /** From one update to the next; default: a second. */
  readonly updateMs?: number;
}

interface Reader {
  readonly view: View;
  readonly events: EventStream;
}

/** Shows a run to browsers while it goes on. The run is asked for figures while somebody looks, and not otherwise. */
export class Dashboard {
  readonly #options: DashboardOptions;
  readonly #updateMs: number;
  readonly #history = new History();
  readonly #readers = new Set<Reader>();
  #result: RunResult | null = null;
  /** When the run was asked last. */
  #askedMs = -Infinity;
  #taken = 0;
  #asking: Promise<void> | null = null;
  #isFinished = false;
  /** The parts of the present result, by address of the view. */
  readonly #rendered = new Map<string, Promise<readonly Part[]>>();
  #timer: NodeJS.Timeout | null = null;
  #isUpdating = false;
  /** An interval was told since the last update; and who waits for that. */
  #isTold = false;
  #toldMs = -Infinity;
  #whenTold: (() => void) | null = null;
  #preview: Preview | null = null;
  #picture: PictureOffer = 'none';

  constructor(options: DashboardOptions) {
    this.#options = options;
    this.#updateMs = options.updateMs ?? UPDATE_MS;
  }

  /** What is received may be watched; `null`: it might, were ffmpeg there. */
  offer(preview: Preview | null): void {
    this.#preview = preview;
    this.#picture = preview === null ? 'no-ffmpeg' : 'offered';
  }

  show(message: RunMessage): void {
    if (message.type !== 'interval') return;
    this.#history.add(message);
    this.#rendered.clear();
    this.#isTold = true;
    this.#toldMs = performance.now();
    this.#whenTold?.();
  }

  /** The result of the whole run: readers are told, and then that nothing newer comes. */
  async finish(result: RunResult): Promise<void> {
    this.#isFinished = true;
    await this.#take(result);
    await Promise.all([...this.#readers].map((reader) => this.#tell(reader)));
    this.close();
  }

  /** Ends all connections of readers. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const { events } of this.#readers) events.end('over');
    void this.#preview?.close();
  }

  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('Referrer-Policy', 'no-referrer');
    response.setHeader('X-Frame-Options', 'DENY');
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    const file = FILES[path];
    if (file !== undefined) send(response, ...file);
    else if (path === '/') await this.#sendPage(viewIn(request), response);
    else if (path === '/events') this.#open(request, response);
    else if (path === '/preview' && this.#preview !== null) await this.#sendPicture(request, response, this.#preview);
    else if (path === '/result.json') await this.#sendResult(response);
    else sendText(response, 404, 'there is nothing here: the dashboard is at /');
  }

  async #sendPage(view: View, response: ServerResponse): Promise<void> {
    await this.#within(PATIENCE_MS, this.#renew());
    const parts = await this.#parts(view);
    const page = shell({ title: liveTitle(this.#state()), parts, build: BUILD });
    send(response, 'text/html; charset=utf-8', page);
  }

  async #sendPicture(request: IncomingMessage, response: ServerResponse, preview: Preview): Promise<void> {
    if (request.method === 'HEAD') {
      // Whether there would be one now.
      response.writeHead(preview.isWatched ? 503 : 200, { 'Content-Type': 'video/mp4' }).end();
      return;
    }
    await this.#renew();
    await answerPicture(response, preview, this.#result, viewIn(request).stream);
  }

  async #sendResult(response: ServerResponse): Promise<void> {
    const result = this.#isFinished ? this.#result : await this.#options.askWhole();
    if (result !== null) {
      send(response, 'application/json', `${JSON.stringify(result)}\n`);
      return;
    }
    response.setHeader('Retry-After', '1');
    sendText(response, 503, 'the run has no figures yet');
  }

  #open(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'HEAD') {
      send(response, 'text/event-stream; charset=utf-8', '');
      return;
    }
    const events = new EventStream(response, BUILD, () => this.#close(reader));
    const reader: Reader = { view: viewIn(request), events };
    if (this.#isFinished || this.#readers.size >= MOST_READERS) {
      events.end(this.#isFinished ? 'over' : 'full');
      return;
    }
    this.#readers.add(reader);
    // It is in outline so far: the run is asked for all of it now.
    if (reader.view.stream !== null) this.#askedMs = -Infinity;
    // Nor does it wait for an interval.
    this.#isTold = true;
    // What is at hand, at once; newer figures when they are there.
    void this.#tell(reader).then(() => this.#update());
  }

  #close(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0 || this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Once a second as long as somebody looks; what takes longer is followed by the next at once. */
  #schedule(afterMs: number): void {
    if (this.#timer !== null || this.#readers.size === 0 || this.#isFinished) return;
    this.#timer = setTimeout(() => void this.#update(), afterMs);
  }

  async #update(): Promise<void> {
    if (this.#isUpdating || this.#isFinished) return;
    this.#isUpdating = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const beganMs = performance.now();
    // Intervals come once a second too: an update just before one would have nothing to say, and the next one two.
    if (!this.#isTold) await this.#within(this.#updateMs * PATIENT_SHARE, this.#nextInterval());
    // An answer that takes longer is for the next update: what intervals told is not to wait for it.
    await this.#within(this.#updateMs * PATIENT_SHARE, this.#renew());
    // What came while the answer was waited for is told with it, and not once more by the next update.
    this.#isTold = false;
    for (const reader of this.#readers) await this.#tell(reader);
    this.#isUpdating = false;
    this.#schedule(Math.max(LEAST_PAUSE_MS, nextUpdateMs(beganMs, this.#updateMs, this.#toldMs) - performance.now()));
  }

  #nextInterval(): Promise<void> {
    return new Promise((resolve) => (this.#whenTold = resolve));
  }

  async #within(ms: number, work: Promise<void>): Promise<void> {
    let patience: NodeJS.Timeout | undefined;
    const tooLong = new Promise<void>((resolve) => (patience = setTimeout(resolve, ms)));
    await Promise.race([work, tooLong]);
    clearTimeout(patience);
  }

  /**
   * The figures of the run so far. One question at a time, however many want an answer; of very many streams not with each
   * update, because their histograms take the run some time: intervals are told each second anyway.
   */
  async #renew(): Promise<void> {
    if (this.#isFinished) return;
    if (this.#asking === null && performance.now() - this.#askedMs < this.#paceMs()) return;
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    await this.#asking;
  }

  #paceMs(): number {
    const streams = (this.#result?.streams_total ?? 0) + (this.#result?.sender?.streams.length ?? 0);
    // A little less: updates are not exactly so far apart.
    return (Math.max(1, streams / STREAMS_EACH_UPDATE) - 0.5) * this.#updateMs;
  }

  async #ask(): Promise<void> {
    this.#askedMs = performance.now();
    const shown = [...this.#readers].flatMap(({ view: { stream } }) => (stream === null ? [] : [stream]));
    const result = await this.#options.ask([...new Set(shown)]);
    // A run that ended meanwhile has left its last result.
    if (result !== null && !this.#isFinished) await this.#take(result);
  }

  async #take(result: RunResult): Promise<void> {
    const order = ++this.#taken;
    const streams = await gatheredInSlices(eachPlain(result.streams));
    const plain = { ...plainDocument({ ...result, streams: [] }), streams };
    // Another one was begun with meanwhile: it is newer.
    if (order !== this.#taken) return;
    this.#result = plain;
    this.#rendered.clear();
  }

  async #tell({ view, events }: Reader): Promise<void> {
    if (!events.isBehind) events.tell(liveTitle(this.#state()), await this.#parts(view));
  }

  async #parts(view: View): Promise<readonly Part[]> {
    const address = addressOf(view);
    let parts = this.#rendered.get(address);
    if (parts === undefined) this.#rendered.set(address, (parts = gatheredInSlices(liveParts(this.#state(), view))));
    return await parts;
  }

  #state(): LiveState {
    const { command } = this.#options;
    const picture = this.#isFinished ? 'none' : this.#picture;
    return { result: this.#result, isFinished: this.#isFinished, history: this.#history, command, picture };
  }
}

function* eachPlain<T>(list: readonly T[]): Generator<T> {
  for (const one of list) yield plainDocument(one);
}

function viewIn({ url = '/' }: IncomingMessage): View {
  return viewOf(/\?([^#]*)/u.exec(url)?.[1] ?? '');
}

function send(response: ServerResponse, type: string, text: string): void {
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
