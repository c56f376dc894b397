import type { Measurement } from '../analysis/measurement.js';
import { formatHostPort } from '../core/format.js';
import type { Nanos } from '../core/time.js';
import { demandedFormat, insteadOf } from './demandedFormat.js';
import type { EventLog } from './eventLog.js';
import type { OpenSource } from './receiverSetup.js';

/** A scheme is a demand: says once per socket what comes in place of the format that its endpoint names. */
export class DemandWatch {
  /** What was said. */
  readonly notes: string[] = [];
  readonly #measurement: Measurement;
  readonly #log: EventLog;
  /** Sockets that may still be told of. */
  #open: readonly OpenSource[];

  constructor(sources: readonly OpenSource[], measurement: Measurement, log: EventLog) {
    this.#open = sources.filter(
      ({ address, place }) => place.role === 'media' && demandedFormat(address.scheme) !== null,
    );
    this.#measurement = measurement;
    this.#log = log;
  }

  look(nowNs: Nanos): void {
    this.#open = this.#open.filter(({ source, planned, address }) => {
      const snapshot = this.#measurement.socketSnapshot(source.index);
      // Among intact datagrams a stray one says nothing.
      if (snapshot.streams > 0) return false;
      const instead = insteadOf(snapshot, address.scheme);
      if (instead === null) return true;
      const where = formatHostPort(planned.group, planned.port);
      const text = `${where} carries ${instead === 'unknown' ? 'a format that is not known' : instead}, not ${address.scheme}`;
      this.#log.add('first_packet', nowNs, null, text, { format: instead, demanded: address.scheme });
      this.notes.push(text);
      return false;
    });
  }
}
