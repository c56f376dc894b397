import { deliverResult } from '../io/resultClient.js';
import { boundedJson } from '../result/resultFor.js';
import type { AnswerTo, RunMessage } from './messages.js';

/** Delivers a receiver's results to the senders that asked for them; on the main thread. */
export class ResultDelivery {
  readonly #key: Uint8Array | null;
  readonly #deliveries: Promise<void>[] = [];
  /** What could not be delivered, a line each. */
  readonly failures: string[] = [];

  constructor(key: Uint8Array | null) {
    this.#key = key;
  }

  deliver({ to, result }: Extract<RunMessage, { type: 'answer' }>): void {
    this.#deliveries.push(this.#send(to, boundedJson(result)));
  }

  async #send(to: AnswerTo, text: string): Promise<void> {
    const why = await deliverResult({ ...to, key: this.#key }, text);
    if (why !== null) this.failures.push(`the result could not be delivered to ${to.address}: ${why}`);
  }

  /** All have arrived, or failed. Never rejects. */
  async finished(): Promise<void> {
    await Promise.all(this.#deliveries);
  }
}
