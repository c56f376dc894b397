/** What a sender's table of receivers holds, for the document and the interval lines. */
import type { FeedbackTable, KnownReceiver } from '../control/feedbackTable.js';
import type { Nanos } from '../core/time.js';
import { distinctlyNamed } from '../result/distinctNames.js';
import type { Receiver, ReceiverReport } from '../result/model.js';
import { ReportField } from '../wire/feedback.js';

/** Those that have reported, in the order in which they came. */
export function reportedReceivers(table: FeedbackTable, nowMonoNs: Nanos): Receiver[] {
  const receivers: Receiver[] = [];
  for (const receiver of table.receivers()) {
    if (receiver.reports === 0) continue;
    const { name, address } = receiver;
    const isSilent = !receiver.isDone && table.isSilent(receiver, nowMonoNs);
    const state = receiver.isDone ? 'done' : isSilent ? 'silent' : 'reporting';
    receivers.push({ name, address, report: reportOf(receiver, state), result: null });
  }
  return distinctlyNamed(receivers);
}

function reportOf({ ssrc, figures, streams, reports }: KnownReceiver, state: ReceiverReport['state']): ReceiverReport {
  const figure = (field: number): number | null => (Number.isFinite(figures[field]!) ? figures[field]! : null);
  // What a receiver says need not make sense.
  const count = (field: number): number | null =>
    Number.isSafeInteger(figures[field]!) && figures[field]! >= 0 ? figures[field]! : null;
  const received = count(ReportField.Received);
  const lost = count(ReportField.Lost);
  const settled = (received ?? 0) + (lost ?? 0);
  return {
    ssrc: ssrc.toString(16).padStart(8, '0'),
    state,
    reports,
    streams,
    received,
    expected: count(ReportField.Expected),
    lost,
    loss_network: count(ReportField.LossNetwork),
    loss_socket_buffer: count(ReportField.LossSocketBuffer),
    loss_application: count(ReportField.LossApplication),
    duplicated: count(ReportField.Duplicated),
    reordered: count(ReportField.Reordered),
    late: count(ReportField.Late),
    octets: count(ReportField.Octets),
    loss_ratio: received === null || lost === null || settled === 0 ? null : lost / settled,
    one_way_delay_p50_ns: figure(ReportField.DelayP50),
    one_way_delay_p99_ns: figure(ReportField.DelayP99),
    jitter_ns: figure(ReportField.JitterNs),
    clock_offset_ns: figure(ReportField.ClockOffset),
    clock_uncertainty_ns: figure(ReportField.ClockUncertainty),
    clock_drift_ppm: figure(ReportField.ClockDriftPpm),
    round_trip_min_ns: figure(ReportField.RoundTripMin),
    exchanges: count(ReportField.Exchanges),
  };
}
