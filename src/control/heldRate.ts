import type { Nanos } from '../core/time.js';
import type { ReceiverObservation, StepObservation } from './rateJudgement.js';

/** Of one receiver: counts, and how far delay was up after the first and after the last step. */
interface Held {
  received: number;
  lostSocketBuffer: number;
  lostApplication: number;
  /** In the steps that it answered: what was sent, and how many there were. */
  sent: number;
  answers: number;
  firstRiseNs: Nanos | null;
  lastRiseNs: Nanos | null;
  readDelayNs: Nanos | null;
}

/**
 * Successive steps at one rate, taken as one: counts add up, and delay counts by what it rose from the first of them to
 * the last. A receiver of which single reports were lost counts by the steps that it answered.
 */
export class HeldRate {
  durationNs: Nanos = 0;
  #sent = 0;
  #notSent = 0;
  #steps = 0;
  #firstSenderRiseNs: Nanos | null = null;
  #lastSenderRiseNs: Nanos | null = null;
  readonly #receivers = new Map<string, Held>();

  add(observation: StepObservation, durationNs: Nanos): void {
    this.durationNs += durationNs;
    this.#sent += observation.sent;
    this.#notSent += observation.notSent;
    this.#steps++;
    this.#lastSenderRiseNs = observation.senderDelayRiseNs;
    this.#firstSenderRiseNs ??= observation.senderDelayRiseNs;
    for (const one of observation.receivers) this.#addReceiver(one, observation.sent);
  }

  #addReceiver(one: ReceiverObservation, sent: number): void {
    let held = this.#receivers.get(one.receiver);
    if (held === undefined) {
      const none = { received: 0, lostSocketBuffer: 0, lostApplication: 0, sent: 0, answers: 0 };
      held = { ...none, firstRiseNs: null, lastRiseNs: null, readDelayNs: null };
      this.#receivers.set(one.receiver, held);
    }
    // No step can lend another what it got too much.
    held.received += Math.min(one.received, sent);
    held.lostSocketBuffer += one.lostSocketBuffer;
    held.lostApplication += one.lostApplication;
    held.sent += sent;
    held.answers++;
    held.firstRiseNs ??= one.delayRiseNs;
    held.lastRiseNs = one.delayRiseNs ?? held.lastRiseNs;
    held.readDelayNs = one.readDelayNs;
  }

  /** All steps as one, `step` being its number. */
  observation(step: number): StepObservation {
    return {
      step,
      sent: this.#sent,
      notSent: this.#notSent,
      senderDelayRiseNs: rise(this.#firstSenderRiseNs, this.#lastSenderRiseNs),
      receivers: [...this.#receivers].flatMap(([receiver, held]) => {
        if (held.answers < this.#steps / 2) return [];
        const all = held.sent > 0 ? this.#sent / held.sent : 1;
        return {
          receiver,
          received: held.received * all,
          lostSocketBuffer: held.lostSocketBuffer * all,
          lostApplication: held.lostApplication * all,
          delayRiseNs: rise(held.firstRiseNs, held.lastRiseNs),
          readDelayNs: held.readDelayNs,
        };
      }),
    };
  }
}

function rise(firstNs: Nanos | null, lastNs: Nanos | null): Nanos | null {
  return firstNs === null || lastNs === null ? null : lastNs - firstNs;
}
