import { formatRealtime, type Nanos } from '../core/time.js';
import type { CaptureCounts } from '../io/captureFile.js';
import type { AnalyzePlan } from '../profile/plan.js';
import { whole } from '../core/steps.js';
import { assembleInSteps } from '../result/assemble.js';
import { digestStream } from '../result/build.js';
import { buildArbitration } from '../result/buildArbitration.js';
import { OFFLINE_HEALTH } from '../result/health.js';
import type { ClockQuality, HealthReason, RunResult, SocketReport } from '../result/model.js';
import { CAPTURE_CAPABILITIES, type CaptureMeasurement } from './captureMeasurement.js';
import { missedFrames, plural, skippedText } from './captureText.js';
import { runSection, UNKNOWN_SYNCHRONISATION } from './document.js';
import type { Judge } from './messages.js';
import { ReceivedStreams } from './receivedStreams.js';
import { malformedSection } from './demandedFormat.js';
import { eventCounts, legPairs, overflowOf } from './receiverResult.js';
import { tellStreams } from './tellStreams.js';
import { hostFacts, toolFacts } from './toolFacts.js';

export interface AnalysisState {
  readonly measured: CaptureMeasurement;
  readonly taps: RunResult['taps'];
  /** `run.start` and `run.end` on the capture's clock, ns since its epoch. */
  readonly startNs: Nanos;
  readonly endNs: Nanos;
  readonly complete: boolean;
}

/** The document of an analysed capture: as a receiver's, without what only a receiver knows. */
export function analysisResult(plan: AnalyzePlan, judge: Judge, state: AnalysisState): RunResult {
  const { measured } = state;
  const { files } = measured.capture;
  const { measurement } = measured;
  const { series } = measured.teller;
  const streams = new ReceivedStreams(judge.limits, plan.detail);
  whole(
    tellStreams(measurement, measured.provenance, streams, (index) => {
      const content = measured.contentOf(index);
      return digestStream(measurement.snapshot(index), measured.provenance, series.get(index) ?? null, content);
    }),
  );
  const notes = notesOf(measured, plan);
  return whole(
    assembleInSteps({
      tool: toolFacts(),
      host: hostFacts([]),
      clock: clockOf(state, streams),
      run: runSection(
        plan,
        { name: 'capture', capabilities: CAPTURE_CAPABILITIES, clock: measured.clock },
        {
          runId: measured.runId,
          role: 'analyzer',
          endpoints: [...new Set(plan.streams.map(({ endpoint }) => endpoint))],
          startMonoNs: state.startNs,
          endMonoNs: state.endNs,
          startRealNs: state.startNs,
          endRealNs: state.endNs,
          complete: state.complete,
          notes,
        },
      ),
      memberships: [],
      sockets: [socketOf(measured)],
      arbitration: buildArbitration(legPairs(measured.media, streams), plan.detail),
      taps: state.taps,
      sender: null,
      receivers: [],
      streams: streams.tally,
      others: measurement.aggregate(),
      events: measured.log.events,
      eventCounts: eventCounts(measured.log.counts, measurement.suppressedEvents),
      evidence: { host_counters: {}, processors: null, threads: [], notes: [] },
      eachLimits: measured.teller.judge.results((id) => streams.hasEnded(id), state.endNs),
      judge: { ...judge, expected: plan.streams.filter((_, position) => plan.places[position]!.role === 'media') },
      health: {
        ...OFFLINE_HEALTH,
        streamTableOverflow: overflowOf(measurement),
        pathTableOverflow: files.reduce((sum, { counts }) => sum + counts.pathOverflow, 0),
        notes,
        also: reasonsOf(state, streams),
      },
    }),
  );
}

function clockOf({ measured }: AnalysisState, streams: ReceivedStreams): ClockQuality {
  return {
    epoch: formatRealtime(measured.capture.epoch, 0),
    epoch_uncertainty_ns: 0,
    source: 'the capture',
    receive_time: streams.count === 0 ? null : 'capture',
    synchronisation: UNKNOWN_SYNCHRONISATION,
    send_time_bound_ns: measured.provenance.sendTimeBoundNs,
    steps: [],
    offsets: [],
    slew_ppm: null,
    ...streams.stamps.section(),
  };
}

/** The whole capture, or both, in the place of a socket. */
function socketOf(measured: CaptureMeasurement): SocketReport {
  const { capture, measurement, datagrams, octets } = measured;
  const selected = measured.selection?.sockets ?? [{ scheme: null }];
  const names = capture.files
    .flatMap(({ interfaces }) => interfaces.map(({ name }) => name))
    .filter((name) => name !== null);
  return {
    index: 0,
    direction: 'receive',
    group: null,
    port: 0,
    interface: [...new Set(names)].join(' '),
    receive_time: 'capture',
    buffer_octets: null,
    buffer_datagrams: null,
    buffer_ns: null,
    datagrams,
    octets,
    system_calls: 0,
    kernel_drops: null,
    truncated: 0,
    control_truncated: 0,
    ...malformedSection(
      selected.map((_, socket) => measurement.socketSnapshot(socket)),
      selected.map(({ scheme }) => scheme),
    ),
    icmp_errors: 0,
  };
}

function notesOf(measured: CaptureMeasurement, plan: AnalyzePlan): string[] {
  const { files } = measured.capture;
  const sum = (count: (counts: CaptureCounts) => number): number =>
    files.reduce((total, { counts }) => total + count(counts), 0);
  const [toHosts, superPackets, truncated, backwards] = [
    sum((counts) => counts.toHosts),
    sum((counts) => counts.superPackets),
    sum((counts) => counts.truncated),
    sum((counts) => counts.backwards),
  ];
  const notes = files.map(({ name, format, counts }) => {
    const skipped = skippedText(counts);
    const which = files.length === 1 ? '' : `${name}: `;
    return `${which}${plural(counts.frames, 'frame')} of ${format}${skipped === '' ? '' : `; left out: ${skipped}`}`;
  });
  if (toHosts > 0 && !plan.unicast) notes.push('--unicast measures datagrams to single hosts too');
  if (superPackets > 0) {
    notes.push(
      `${plural(superPackets, 'frame')} of several datagrams each, as offload makes them on the host of the capture: datagrams of one have one time`,
    );
  }
  if (measured.cutHeaders > 0) {
    notes.push(
      `${plural(measured.cutHeaders, 'payload')} kept less than the 52 octets of a probe header (snap length): they are counted, but numbers and times in them cannot be read; capture at least 128 octets a frame`,
    );
  } else if (truncated > 0) {
    notes.push(`${plural(truncated, 'payload')} cut by the snap length: what is measured stands before the cut`);
  }
  if (backwards > 0) {
    notes.push(`${plural(backwards, 'frame')} stamped earlier than the one before: several queues or captures merged`);
  }
  return notes;
}

/** What the capture says against itself. */
function reasonsOf({ measured, complete }: AnalysisState, streams: ReceivedStreams): HealthReason[] {
  const reasons: HealthReason[] = [];
  const { files } = measured.capture;
  const damaged = files.find(({ fault }) => fault !== null);
  const which = files.length === 1 || damaged === undefined ? '' : `${damaged.name}: `;
  const fault = measured.fault ?? (damaged === undefined ? null : `${which}${damaged.fault}`);
  // What was left unread on purpose ends anywhere.
  if (fault !== null && complete) {
    reasons.push({ code: 'capture_damaged', severity: 'degraded', text: `only measured up to where ${fault}` });
  }
  const missed = files.reduce((sum, file) => sum + (missedFrames(file) ?? 0), 0);
  if (missed > 0) {
    // What the capture missed was not lost: with a loss, or without numbers, a count may be wrong.
    const doubtful = streams.mayLack;
    const text = `the capture itself missed ${plural(missed, 'frame')}: ${doubtful ? 'what it missed counts as lost, or is not counted' : 'none of a stream that numbers its datagrams'}`;
    reasons.push({ code: 'capture_missed', severity: doubtful ? 'invalid' : 'note', text });
  }
  return reasons;
}
