import { whole } from '../core/steps.js';
import type { Nanos } from '../core/time.js';
import { Histogram } from '../metrics/histogram.js';
import { summarise } from './histogramSummary.js';
import type {
  Feedback,
  HistogramSummary,
  Impairment,
  Sender,
  SenderInput,
  SenderRecovery,
  SenderStream,
} from './model.js';
import { familyOf, ratesOf } from './rates.js';

const FLOWS_LISTED = 16;

/** What became of the datagrams of one sending stream. */
export interface SenderStreamFacts {
  readonly id: string;
  readonly name: string | null;
  readonly leg: string | null;
  readonly format: string;
  readonly group: string;
  readonly port: number;
  readonly source: string | null;
  readonly sourcePort: number;
  readonly interfaceName: string;
  readonly flows: readonly string[];
  readonly ttl: number;
  readonly tos: number;
  /** `null`: varies. */
  readonly sizeOctets: number | null;
  readonly pattern: string;
  /** `null`: it has no flows that share a rate. */
  readonly flowRates: string | null;
  readonly scheduled: number;
  readonly sent: number;
  readonly noBuffers: number;
  readonly tooLate: number;
  readonly failed: number;
  readonly skipped: number;
  readonly markersSent: number;
  readonly octetsSent: number;
  /** First and last departure; NaN when nothing left. */
  readonly firstMonoNs: Nanos;
  readonly lastMonoNs: Nanos;
  readonly departureError: Histogram;
  readonly impairment: Impairment | null;
  readonly impairmentSeed: number | null;
}

export interface SenderFacts {
  /** Run id as eight hexadecimal digits. */
  readonly run: string;
  readonly streams: readonly SenderStreamFacts[];
  /** Most streams in detail. */
  readonly detail: number;
  /** Whether refused sends are seen at all; without it what was not sent is `null`, never 0. */
  readonly seesRefusals: boolean;
  readonly transmitDelay: Histogram | null;
  readonly quantumNs: Nanos;
  readonly maxLateNs: Nanos;
  readonly spinShare: number | null;
  readonly systemCalls: number;
  readonly superPackets: number;
  readonly transmitStampsMissing: number;
  readonly icmpErrors: number;
  /** `null`: requests are not answered. */
  readonly recovery: SenderRecovery | null;
  /** `null`: receivers are asked for nothing. */
  readonly feedback: Feedback | null;
  /** Of the transport streams, in the order of the streams. */
  readonly inputs: readonly SenderInput[];
}

export function buildSender(facts: SenderFacts): Sender {
  return whole(buildSenderInSteps(facts));
}

/** The same, yielding between streams. */
export function* buildSenderInSteps(facts: SenderFacts): Generator<void, Sender> {
  const { streams } = facts;
  const sum = (of: (stream: SenderStreamFacts) => number): number => streams.reduce((total, s) => total + of(s), 0);
  const departureError = new Histogram();
  const built: SenderStream[] = [];
  for (const stream of streams) {
    departureError.add(stream.departureError);
    built.push(buildSenderStream(stream, facts.seesRefusals));
    yield;
  }
  const activeNs = span(streams);
  const octets = sum((stream) => stream.octetsSent);
  // The headers of both families: what is sent to IPv6 groups carries 20 octets more each.
  const v6 = sum((stream) => (familyOf(stream.group) === 6 ? stream.sent : 0));
  const v4 = ratesOf(octets, sum((stream) => stream.sent) - v6, 4, activeNs);
  const more = ratesOf(0, v6, 6, activeNs);
  return {
    run: facts.run,
    scheduled: sum((stream) => stream.scheduled),
    sent: sum((stream) => stream.sent),
    not_sent: facts.seesRefusals ? sum(notSent) : null,
    not_sent_by_reason: {
      no_buffers: facts.seesRefusals ? sum((stream) => stream.noBuffers) : null,
      too_late: sum((stream) => stream.tooLate),
      failed: sum((stream) => stream.failed),
      skipped: sum((stream) => stream.skipped),
    },
    markers_sent: sum((stream) => stream.markersSent),
    octets_sent: octets,
    rate_bit_per_second: v4.rate_bit_per_second,
    rate_ip_bit_per_second: plus(v4.rate_ip_bit_per_second, more.rate_ip_bit_per_second),
    rate_ethernet_bit_per_second: plus(v4.rate_ethernet_bit_per_second, more.rate_ethernet_bit_per_second),
    rate_packets_per_second: plus(v4.rate_packets_per_second, more.rate_packets_per_second),
    active_ns: activeNs,
    departure_error_ns: recorded(departureError),
    transmit_delay_ns: facts.transmitDelay === null ? null : recorded(facts.transmitDelay),
    quantum_ns: facts.quantumNs,
    max_late_ns: facts.maxLateNs,
    spin_share: facts.spinShare,
    system_calls: facts.systemCalls,
    super_packets: facts.superPackets,
    transmit_stamps_missing: facts.transmitStampsMissing,
    icmp_errors: facts.icmpErrors,
    underruns: facts.inputs.reduce((total, { underruns }) => total + underruns, 0),
    impairment: mergeImpairments(streams.map((stream) => stream.impairment)),
    recovery: facts.recovery,
    feedback: facts.feedback,
    // Known when the results of receivers are there.
    loss_location: null,
    inputs: troubledFirst(facts.inputs, facts.detail),
    streams: worstFirst(built, facts.detail),
    streams_total: streams.length,
  };
}

function buildSenderStream(stream: SenderStreamFacts, seesRefusals: boolean): SenderStream {
  const activeNs = span([stream]);
  return {
    id: stream.id,
    name: stream.name,
    leg: stream.leg,
    format: stream.format,
    group: stream.group,
    port: stream.port,
    source: stream.source,
    source_port: stream.sourcePort,
    interface: stream.interfaceName,
    flows: stream.flows.slice(0, FLOWS_LISTED),
    flow_count: stream.flows.length,
    ttl: stream.ttl,
    dscp: stream.tos >>> 2,
    size_octets: stream.sizeOctets,
    pattern: stream.pattern,
    flow_rates: stream.flowRates,
    scheduled: stream.scheduled,
    sent: stream.sent,
    not_sent: seesRefusals ? notSent(stream) : null,
    octets_sent: stream.octetsSent,
    ...ratesOf(stream.octetsSent, stream.sent, familyOf(stream.group), activeNs),
    active_ns: activeNs,
    departure_error_ns: recorded(stream.departureError),
    impairment: stream.impairment,
    impairment_seed: stream.impairmentSeed,
  };
}

function notSent(stream: SenderStreamFacts): number {
  return stream.noBuffers + stream.tooLate + stream.failed + stream.skipped;
}

/** First to last departure over all; `null` when nothing left. */
function span(streams: readonly SenderStreamFacts[]): Nanos | null {
  const active = streams.filter((stream) => !Number.isNaN(stream.firstMonoNs));
  if (active.length === 0) return null;
  let first = Infinity;
  let last = -Infinity;
  for (const stream of active) {
    first = Math.min(first, stream.firstMonoNs);
    last = Math.max(last, stream.lastMonoNs);
  }
  return last - first;
}

function recorded(histogram: Histogram): HistogramSummary | null {
  return histogram.count === 0 && histogram.clamped === 0 ? null : summarise(histogram);
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

/** Sums; `null` when none was impaired. */
export function mergeImpairments(impairments: readonly (Impairment | null)[]): Impairment | null {
  const done = impairments.filter((one) => one !== null);
  if (done.length === 0) return null;
  const sum = { lost: 0, duplicated: 0, reordered: 0, delayed: 0, corrupted: 0 };
  for (const one of done) for (const key of Object.keys(sum) as (keyof Impairment)[]) sum[key] += one[key];
  return sum;
}

/** At most `detail` streams: as they were given while all fit, else those with most not sent, then latest. */
export function worstFirst(streams: readonly SenderStream[], detail: number): SenderStream[] {
  if (streams.length <= detail) return [...streams];
  return streams
    .toSorted(
      (a, b) =>
        (b.not_sent ?? 0) - (a.not_sent ?? 0) ||
        (b.departure_error_ns?.p99 ?? -Infinity) - (a.departure_error_ns?.p99 ?? -Infinity) ||
        0,
    )
    .slice(0, detail);
}

function failed({ failure }: SenderInput): number {
  return failure === null ? 0 : 1;
}

/** At most `detail` inputs: as they were given while all fit, else those that failed, then those with most octets skipped. */
export function troubledFirst(inputs: readonly SenderInput[], detail: number): SenderInput[] {
  if (inputs.length <= detail) return [...inputs];
  return inputs
    .toSorted((a, b) => failed(b) - failed(a) || b.skipped_octets - a.skipped_octets || b.underruns - a.underruns)
    .slice(0, detail);
}
