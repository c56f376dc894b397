import { formatRealtime } from '../core/time.js';
import { HISTOGRAM_IDS, METRIC_IDS } from '../metrics/catalog.js';
import type { TransportSnapshot } from '../metrics/transportSnapshot.js';
import type { AnalyzePlan } from '../profile/plan.js';
import { assembleResult } from '../result/assemble.js';
import { buildTransport } from '../result/buildTransport.js';
import { OFFLINE_HEALTH } from '../result/health.js';
import { IntervalJudge } from '../result/intervalJudge.js';
import type { HealthReason, RunResult, Stream, StreamHistograms } from '../result/model.js';
import { noMetrics } from '../result/noMetrics.js';
import { plural } from './captureText.js';
import { runSection, UNKNOWN_SYNCHRONISATION } from './document.js';
import type { Judge } from './messages.js';
import { hostFacts, toolFacts } from './toolFacts.js';
import type { TransportFile } from './transportFile.js';

const NOTHING_ARRIVED = 'nothing arrived: the stream was read from a file';

/** The document of a transport stream that was read from a file: one stream, of which only the content is known. */
export function transportFileResult(
  plan: AnalyzePlan,
  judge: Judge,
  file: TransportFile,
  complete: boolean,
): RunResult {
  const { clock } = file;
  const snapshot = file.snapshot();
  const notes = notesOf(file, snapshot);
  return assembleResult({
    tool: toolFacts(),
    host: hostFacts([]),
    clock: {
      epoch: formatRealtime(clock.epoch, 0),
      epoch_uncertainty_ns: clock.epoch.uncertaintyNs,
      source: 'the program clock',
      receive_time: null,
      synchronisation: UNKNOWN_SYNCHRONISATION,
      send_time: null,
      send_time_bound_ns: null,
      steps: [],
      offsets: [],
      slew_ppm: null,
      shared_time_datagrams: 0,
      user_time_datagrams: 0,
    },
    run: runSection(
      plan,
      { name: 'file', capabilities: null, clock },
      {
        runId: file.runId,
        role: 'analyzer',
        endpoints: [],
        startMonoNs: 0,
        endMonoNs: clock.monoNs(),
        startRealNs: 0,
        endRealNs: clock.realNs(),
        complete,
        notes,
      },
    ),
    memberships: [],
    sockets: [],
    arbitration: null,
    taps: null,
    sender: null,
    receivers: [],
    streams: [streamOf(file, snapshot)],
    others: null,
    detail: plan.detail,
    events: [],
    eventCounts: {},
    evidence: { host_counters: {}, processors: null, threads: [], notes: [] },
    limits: judge.limits,
    // Its time goes by in no intervals.
    eachLimits: new IntervalJudge(judge.eachLimits, plan.intervalNs).results(() => true, 0),
    // Nothing was to arrive.
    judge: { ...judge, allowSilence: true },
    health: {
      ...OFFLINE_HEALTH,
      notes,
      also: reasonsOf(file, complete),
    },
  });
}

function streamOf({ name }: TransportFile, snapshot: TransportSnapshot): Stream {
  const content = buildTransport(snapshot, 0, NaN);
  const unmeasured = [...METRIC_IDS, ...HISTOGRAM_IDS].map((id) => [id, NOTHING_ARRIVED]);
  return {
    id: name,
    name,
    role: 'media',
    leg: null,
    format: 'mpeg-ts',
    unit: 'none',
    source: '',
    source_port: 0,
    group: '',
    port: 0,
    interface: null,
    flow: null,
    sender_run: null,
    local: false,
    start: null,
    end: null,
    start_ns: null,
    end_ns: null,
    expected_from: null,
    ended: false,
    loss_attribution: null,
    send_time: null,
    delay_uncertainty_ns: null,
    delay_correction: null,
    numbers: null,
    super_packets: false,
    metrics: noMetrics(),
    histograms: Object.fromEntries(HISTOGRAM_IDS.map((id) => [id, null])) as StreamHistograms,
    not_measured: {
      ...(Object.fromEntries(unmeasured) as Record<string, string>),
      delay_uncertainty_ns: NOTHING_ARRIVED,
      bursts: NOTHING_ARRIVED,
      ...content.not_measured,
    },
    series: null,
    loss_map: [],
    loss_map_truncated: false,
    bursts: null,
    transport: content.transport,
    mdi: content.mdi,
    tr101290: content.tr101290,
    fec: null,
    recovery: null,
    rtp: null,
    feed: null,
    rtcp: null,
    notes: [],
    after: null,
  };
}

function notesOf({ octets, cutOctets, clock }: TransportFile, { pcr }: TransportSnapshot): string[] {
  const notes = [`${plural(octets, 'octet')} of a transport stream`];
  if (cutOctets > 0) notes.push(`the file ends within a packet: its last ${plural(cutOctets, 'octet')} are none`);
  if (clock.monoNs() === 0) {
    notes.push(`${pcr.length === 0 ? 'no PCR came' : 'too few PCRs came'}: without one, the stream has no time`);
  }
  return notes;
}

function reasonsOf({ fault }: TransportFile, complete: boolean): HealthReason[] {
  // What was left unread on purpose ends anywhere.
  if (fault === null || !complete) return [];
  return [{ code: 'file_damaged', severity: 'degraded', text: `only measured up to where ${fault}` }];
}
