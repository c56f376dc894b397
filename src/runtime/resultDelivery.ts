import { deliverResult } from '../io/resultClient.js';
import type { RunResult } from '../result/model.js';
import { boundedJson, resultFor } from '../result/resultFor.js';
import type { AnswerTo, RunMessage } from './messages.js';

/** Delivers a receiver's results to the senders that asked for them; on the main thread. */
export class ResultDelivery {
  readonly #key: Uint8Array | null;
  readonly #deliveries: Promise<void>[] = [];
  /** Who gets the last result. */
  readonly #waiting: AnswerTo[] = [];
  /** What could not be delivered, a line each. */
  readonly failures: string[] = [];

  constructor(key: Uint8Array | null) {
    this.#key = key;
  }

  deliver({ to, result }: Extract<RunMessage, { type: 'answer' }>): void {
    if (result === null) this.#waiting.push(to);
    else this.#deliveries.push(this.#send(to, result));
  }

  async #send(to: AnswerTo, result: RunResult): Promise<void> {
    const why = await deliverResult({ ...to, key: this.#key }, boundedJson(result));
    if (why !== null) this.failures.push(`the result could not be delivered to ${to.address}: ${why}`);
  }

  /** All have arrived, or failed, those that waited for the `last` result too. Never rejects. */
  async finished(last: RunResult): Promise<void> {
    for (const to of this.#waiting.splice(0)) {
      this.#deliveries.push(this.#send(to, resultFor(last, to.source, to.run, to.sinceNs)));
    }

    await Promise.all(this.#deliveries);
  }
}
