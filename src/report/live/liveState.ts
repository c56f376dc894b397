/** What the live view shows: made of the intervals and events of a run, in bounded memory, no figure of its own. */
import type { IntervalRow, SenderIntervalRow } from '../../result/interval.js';
import type { EventRecord, Receiver } from '../../result/model.js';
import { StreamLabels } from '../intervalLine.js';
import { lostInInterval } from '../lostInInterval.js';
import { receivedOutcome, sentOutcome, type ReceivedFigures } from './history.js';
import { LiveTable, type LiveRow, type RowKind } from './liveTable.js';
import { ReceiverReports, REPORTED } from './receiverReports.js';

/** One end's closed interval, as runs post it. */
export interface LiveInterval {
  /** Its end, RFC 3339. */
  readonly time: string;
  /** Its end, from the start of the run. */
  readonly endNs: number;
  readonly rows: readonly IntervalRow[];
  /** The streams without a row, together; `null` or missing: there are none that go on. */
  readonly others?: (Partial<ReceivedFigures> & { readonly streams: number }) | null;
  readonly senderRows: readonly SenderIntervalRow[];
  /** Of a sender with feedback: what each has reported so far. */
  readonly receivers?: readonly Receiver[];
}

/** By what a run ends, as far as it can be told how near that is; `null`: not by this. */
export interface RunBounds {
  readonly durationNs: number | null;
  /** The duration counts from the first datagram, not from the start of the run. */
  readonly fromFirst: boolean;
  /** Datagrams. */
  readonly count: number | null;
  /** They are of each stream, not of all together. */
  readonly countsEach: boolean;
  readonly endAtUnixMs: number | null;
}

export const UNBOUNDED: RunBounds = {
  durationNs: null,
  fromFirst: false,
  count: null,
  countsEach: false,
  endAtUnixMs: null,
};

const RECEIVED: RowKind<Partial<ReceivedFigures>> = {
  countsOf: (row) => ({
    received: row.packets_received,
    lost: lostInInterval(row),
    network: row.loss_network,
    socketBuffer: row.loss_socket_buffer,
    application: row.loss_application,
    neverSent: row.never_sent,
    duplicated: row.packets_duplicated,
    reordered: row.packets_reordered,
    late: row.packets_late,
  }),
  rateOf: (row) => row.rate_bit_per_second ?? 0,
  outcomeOf: receivedOutcome,
};

const SENT: RowKind<SenderIntervalRow> = {
  countsOf: (row) => ({ sent: row.sent, notSent: row.not_sent }),
  rateOf: (row) => row.rate_bit_per_second ?? 0,
  outcomeOf: sentOutcome,
};

export class LiveState {
  readonly bounds: RunBounds;
  received = new LiveTable(RECEIVED);
  sent = new LiveTable(SENT);
  receivers = new LiveTable(REPORTED);
  /** End of the last interval, RFC 3339; `null`: there was none. */
  time: string | null = null;
  /** The same from the start of the run; of a sender and its receiver the sender's. */
  endNs = 0;
  /** First datagram, from the start of the run; `null`: none yet. */
  firstNs: number | null = null;
  readonly #labels = new StreamLabels();
  readonly #senderLabels = new StreamLabels();
  readonly #reports = new ReceiverReports();

  constructor(bounds: RunBounds = UNBOUNDED) {
    this.bounds = bounds;
  }

  add(interval: LiveInterval, end: 'recv' | 'send'): void {
    this.time = interval.time;
    if (end === 'send' || this.sent.last < 0) this.endNs = interval.endNs;
    const { rows, senderRows, others = null, receivers = [] } = interval;
    if (end === 'recv') {
      this.received.add(labelled(rows, this.#labels), others);
      return;
    }
    this.sent.add(labelled(senderRows, this.#senderLabels));
    if (receivers.length === 0 && this.receivers.size === 0) return;
    const reported = this.#reports.rows(receivers);
    this.receivers.add(reported);
    for (const { id, figures } of reported) if (figures.state === 'done') this.receivers.end(id);
  }

  tell(event: Pick<EventRecord, 'event' | 'stream' | 'at_ns'>): void {
    if (event.event === 'stream_end' && event.stream !== null) this.received.end(event.stream);
    if (event.event === 'first_packet') this.firstNs ??= event.at_ns;
  }

  /** As it is now: what comes later does not change it. */
  copy(): LiveState {
    const copy = new LiveState(this.bounds);
    copy.received = this.received.copy();
    copy.sent = this.sent.copy();
    copy.receivers = this.receivers.copy();
    copy.time = this.time;
    copy.endNs = this.endNs;
    copy.firstNs = this.firstNs;
    return copy;
  }
}

function labelled<Row extends IntervalRow | SenderIntervalRow>(
  rows: readonly Row[],
  labels: StreamLabels,
): LiveRow<Row>[] {
  const texts = labels.of(rows);
  return rows.map((row, i) => ({ id: row.stream, label: texts[i]!, port: row.port, figures: row }));
}
