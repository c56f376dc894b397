import type { Nanos } from '../core/time.js';
import type { EventLog } from './eventLog.js';
import type { ReceiverOutputs } from './receiverOutputs.js';

/** Says once of each output that it does not take all it is given. */
export class OutputWatch {
  readonly #outputs: ReceiverOutputs;
  readonly #log: EventLog;
  readonly #told = new Set<string>();

  constructor(outputs: ReceiverOutputs, log: EventLog) {
    this.#outputs = outputs;
    this.#log = log;
  }

  look(nowNs: Nanos): void {
    for (const { name, dropped } of this.#outputs.snapshots()) {
      if (dropped === 0 || this.#told.has(name)) continue;
      this.#told.add(name);
      const text = `${name} does not take all: ${dropped} ${dropped === 1 ? 'datagram' : 'datagrams'} dropped so far`;
      this.#log.add('output_dropped', nowNs, null, text, { output: name, dropped });
    }
  }
}
