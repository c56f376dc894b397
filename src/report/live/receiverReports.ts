/** Receivers of a sender with feedback, as the live view takes them: what each report brought beyond the one before it. */
import type { Receiver, ReceiverReport } from '../../result/model.js';
import { Outcome, receivedOutcome, type OutcomeOf } from './history.js';
import type { LiveRow, RowKind } from './liveTable.js';

/** What reports count since the run began. */
type Counted =
  | 'received'
  | 'lost'
  | 'loss_network'
  | 'loss_socket_buffer'
  | 'loss_application'
  | 'duplicated'
  | 'reordered'
  | 'late';

export interface ReportedFigures extends Pick<
  ReceiverReport,
  'state' | 'one_way_delay_p50_ns' | 'one_way_delay_p99_ns' | 'jitter_ns'
> {
  /** It has reported since the last interval. */
  readonly isNew: boolean;
  /** Since the report before; what was lost may have come after all. `null`: not measured, or nothing reported. */
  readonly growth: Readonly<Record<Counted, number | null>>;
}

export const REPORTED: RowKind<ReportedFigures> = {
  countsOf: ({ growth }) => ({
    received: growth?.received,
    lost: growth?.lost,
    network: growth?.loss_network,
    socketBuffer: growth?.loss_socket_buffer,
    application: growth?.loss_application,
    duplicated: growth?.duplicated,
    reordered: growth?.reordered,
    late: growth?.late,
  }),
  // Reports come when they come: a rate would be of a time that is not known.
  rateOf: () => 0,
  outcomeOf,
};

function outcomeOf({ state, isNew = false, growth }: Partial<ReportedFigures>): OutcomeOf {
  if (state === 'silent') return Outcome.Silent;
  if (!isNew || growth === undefined) return Outcome.None;
  return receivedOutcome({
    packets_received: growth.received ?? 0,
    packets_lost: growth.lost,
    loss_network: growth.loss_network,
    loss_socket_buffer: growth.loss_socket_buffer,
    loss_application: growth.loss_application,
    packets_duplicated: growth.duplicated,
    packets_reordered: growth.reordered,
    packets_late: growth.late,
  });
}

/** Remembers the last report of each receiver of the last interval. */
export class ReceiverReports {
  #last: ReadonlyMap<string, ReceiverReport> = new Map();

  /** Of an interval; who has reported nothing yet, or brings a result without a report, is not there. */
  rows(receivers: readonly Receiver[]): LiveRow<ReportedFigures>[] {
    const rows: LiveRow<ReportedFigures>[] = [];
    const told = new Map<string, ReceiverReport>();
    const labels = labelsOf(receivers);
    for (const [i, { report }] of receivers.entries()) {
      if (report === null) continue;
      const before = this.#last.get(report.ssrc);
      told.set(report.ssrc, report);
      const { state, one_way_delay_p50_ns, one_way_delay_p99_ns, jitter_ns } = report;
      const figures: ReportedFigures = {
        state,
        one_way_delay_p50_ns,
        one_way_delay_p99_ns,
        jitter_ns,
        isNew: report.reports !== before?.reports,
        growth: growthOf(report, before),
      };
      rows.push({ id: report.ssrc, label: labels[i]!, port: null, figures });
    }
    this.#last = told;
    return rows;
  }
}

/** Names; with the address where two have one name, and with the number of the source where that is not enough. */
function labelsOf(receivers: readonly Receiver[]): string[] {
  const names = receivers.map(({ name, address }) => (name === '' ? address : name));
  const places = apart(names, (i) => `${names[i]!} ${receivers[i]!.address}`);
  return apart(places, (i) => `${names[i]!} #${receivers[i]!.report?.ssrc ?? ''}`);
}

/** What stands several times is said in more words. */
function apart(labels: readonly string[], inMoreWords: (index: number) => string): string[] {
  const times = new Map<string, number>();
  for (const label of labels) times.set(label, (times.get(label) ?? 0) + 1);
  return labels.map((label, i) => (times.get(label) === 1 ? label : inMoreWords(i)));
}

function growthOf(now: ReceiverReport, before: ReceiverReport | undefined): ReportedFigures['growth'] {
  const grown = (count: Counted): number | null => (now[count] === null ? null : now[count] - (before?.[count] ?? 0));
  return {
    received: grown('received'),
    lost: grown('lost'),
    loss_network: grown('loss_network'),
    loss_socket_buffer: grown('loss_socket_buffer'),
    loss_application: grown('loss_application'),
    duplicated: grown('duplicated'),
    reordered: grown('reordered'),
    late: grown('late'),
  };
}
