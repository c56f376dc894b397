import { valueWithoutSecrets } from '../core/secret.js';
import { formatRealtime, type Clock, type Nanos } from '../core/time.js';
import { kernelSync } from '../io/clocks.js';
import type { Io, IoCapabilities } from '../io/datagram.js';
import type { Capabilities, ClockQuality, Run } from '../result/model.js';
import type { ClockWatch } from './clockWatch.js';
import type { RunPlan } from '../profile/plan.js';

/** What the parts of a document that every run has are made from. */
export interface RunFacts {
  readonly runId: string;
  readonly role: Run['role'];
  readonly endpoints: readonly string[];
  readonly startMonoNs: Nanos;
  readonly endMonoNs: Nanos;
  readonly startRealNs: Nanos;
  readonly endRealNs: Nanos;
  readonly complete: boolean;
  readonly notes: readonly string[];
}

/** Where the datagrams came from or went. */
export interface Instrument {
  readonly name: string;
  /** `null`: no datagrams were received or sent. */
  readonly capabilities: IoCapabilities | null;
  readonly clock: Clock;
}

export function runSection(plan: RunPlan, io: Instrument, facts: RunFacts): Run {
  return {
    id: facts.runId,
    command: plan.command,
    argv: [...plan.argv],
    role: facts.role,
    endpoint: facts.endpoints[0] ?? null,
    endpoints: [...facts.endpoints],
    options: optionsInForce(plan),
    seed: plan.seed,
    name: plan.name,
    labels: { ...plan.labels },
    start: formatRealtime(io.clock.epoch, facts.startRealNs),
    end: formatRealtime(io.clock.epoch, facts.endRealNs),
    duration_ns: Math.round(facts.endMonoNs - facts.startMonoNs),
    interval_ns: plan.intervalNs,
    complete: facts.complete,
    injected: plan.inject === null ? null : plan.inject.text,
    io: {
      implementation: io.name,
      capabilities: io.capabilities === null ? null : capabilitiesSection(io.capabilities),
      notes: [...facts.notes],
    },
  };
}

/** The plan's own fields; what names streams, and what other parts of the document say, is left out. */
function optionsInForce(plan: RunPlan): Run['options'] {
  const told = new Set([
    'command',
    'argv',
    'streams',
    'sentMarks',
    'name',
    'labels',
    'seed',
    'inject',
    'intervalNs',
    'feedbackKey',
  ]);
  const options: Run['options'] = {};
  for (const [key, value] of Object.entries(plan)) {
    if (told.has(key)) continue;
    const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    // Infinity ("until stopped", "no limit") has no place in JSON.
    options[name] =
      typeof value === 'bigint'
        ? String(value)
        : value === Infinity
          ? null
          : (valueWithoutSecrets(value) as Run['options'][string]);
  }
  return options;
}

export function capabilitiesSection(of: IoCapabilities): Capabilities {
  return {
    kernel_time: of.kernelTime,
    hardware_time: of.hardwareTime,
    transmit_time: of.transmitTime,
    tos: of.tos,
    received_ttl: of.receivedTtl,
    arrival_interface: of.arrivalInterface,
    drop_counter: of.dropCounter,
    join_by_index: of.joinByIndex,
    refused_sends: of.refusedSends,
    deadline: of.deadline,
    offload: of.offload,
    departure_stamp: of.departureStamp,
    filter_read_back: of.filterReadBack,
  };
}

/** What the run knows of time beyond the host's own clocks. */
export type MeasuredTime = Pick<
  ClockQuality,
  'receive_time' | 'send_time' | 'send_time_bound_ns' | 'shared_time_datagrams' | 'user_time_datagrams'
>;

/** Of a clock that is not this host's. */
export const UNKNOWN_SYNCHRONISATION: ClockQuality['synchronisation'] = {
  state: 'unknown',
  estimated_error_ns: null,
  maximum_error_ns: null,
  frequency_ppm: null,
  evidence: null,
};

export function clockSection(io: Io, watch: ClockWatch, startMonoNs: Nanos, measured: MeasuredTime): ClockQuality {
  const sync = kernelSync();
  const { epoch } = io.clock;
  return {
    epoch: formatRealtime(epoch, 0),
    epoch_uncertainty_ns: epoch.uncertaintyNs,
    source: 'CLOCK_REALTIME',
    synchronisation: {
      state: sync === null ? 'unknown' : sync.synchronised ? 'synchronised' : 'unsynchronised',
      estimated_error_ns: sync?.estimatedErrorNs ?? null,
      maximum_error_ns: sync?.maximumErrorNs ?? null,
      frequency_ppm: sync?.frequencyPpm ?? null,
      evidence: sync === null ? null : 'adjtimex',
    },
    offsets: [],
    steps: watch.steps.map((step) => ({
      at_ns: Math.round(step.atMonoNs - startMonoNs),
      by_ns: Math.round(step.byNs),
    })),
    slew_ppm: watch.slewPpm,
    ...measured,
  };
}
