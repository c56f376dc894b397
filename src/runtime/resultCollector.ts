import { setTimeout as sleep } from 'node:timers/promises';
import { ResultServer } from '../io/resultServer.js';
import type { Receiver, RunResult } from '../result/model.js';
import { readResults } from '../result/read.js';
import { lossPlaces } from './lossPlaces.js';

/** How long results of receivers that are still heard are waited for, each since the one before it. */
const PATIENCE_MS = 3000;
/** The same of all together: many on one busy host take their time. */
const MOST_PATIENCE_MS = 30_000;
const LOOK_MS = 20;
const MOST_RESULTS = 1024;
/** All documents together, characters of JSON: what comes beyond is kept without series, then not at all. */
const MOST_CHARACTERS = 64 << 20;

/** Where a sender's receivers deliver their results; on the main thread. */
export class ResultCollector {
  readonly #results = new Map<string, RunResult>();
  #server: Promise<ResultServer | null> = Promise.resolve(null);
  #run = '';
  #characters = 0;
  /** Documents that were no results. */
  #refused = 0;
  /** Being read. */
  #reading = 0;
  /** When the last one came, by Date.now. */
  #progressMs = 0;
  /** Why none can come. */
  failure: string | null = null;

  /** Results of `run` may come from now on. */
  open(address: string, port: number, run: string, key: Uint8Array | null): void {
    this.#run = run;
    const take = ({ head, text }: { head: { run: string; receiver: string }; text: string }): boolean => {
      if (head.run !== this.#run || this.#results.size >= MOST_RESULTS) return false;
      if (this.#characters + text.length > MOST_CHARACTERS) return false;
      this.#characters += text.length;
      void this.#read(head.receiver, text);
      return true;
    };
    this.#server = ResultServer.open(address, port, key, take).catch((error: unknown) => {
      this.failure = error instanceof Error ? error.message : String(error);
      return null;
    });
  }

  /** The sender's result with those of its receivers, as far as they come in time. */
  async complete(result: RunResult): Promise<RunResult> {
    const server = await this.#server;
    const { sender } = result;
    if (sender === null || sender.feedback === null) return result;
    const startMs = Date.now();
    this.#progressMs = startMs;
    const isPatient = (): boolean => Date.now() < Math.min(this.#progressMs + PATIENCE_MS, startMs + MOST_PATIENCE_MS);
    const isMissing = ({ report }: Receiver): boolean =>
      report !== null && report.state !== 'silent' && !this.#results.has(report.ssrc);
    if (server !== null) {
      while ((this.#reading > 0 || result.receivers.some(isMissing)) && isPatient()) await sleep(LOOK_MS);
    }
    const receivers = result.receivers.map((receiver) => {
      const own = receiver.report === null ? undefined : this.#results.get(receiver.report.ssrc);
      return own === undefined ? receiver : { ...receiver, result: own };
    });
    const feedback = {
      ...sender.feedback,
      results: receivers.filter((receiver) => receiver.result !== null).length,
      results_refused: (server?.refused ?? 0) + this.#refused,
    };
    return { ...result, receivers, sender: { ...sender, feedback, loss_location: lossPlaces(receivers) } };
  }

  async close(): Promise<void> {
    (await this.#server)?.close();
  }

  async #read(receiver: string, text: string): Promise<void> {
    this.#reading++;
    this.#progressMs = Date.now();
    try {
      const [result] = await readResults(text, 'a receiver');
      if (result === undefined) this.#refused++;
      else this.#results.set(receiver, result);
    } catch {
      // Whatever a receiver sends: it is no result.
      this.#refused++;
    } finally {
      this.#reading--;
    }
  }
}
