/**
 * The result of a run: one document, of which every report is a view. Import types from here with
 * `import type`; the schema objects load zod, which only validation needs (`result/read.ts`).
 *
 * Keys are snake_case. Absolute times are RFC 3339 in UTC with nine decimals, spans and times
 * relative to `run.start` are numbers of nanoseconds (`_ns`), 64-bit values are decimal strings.
 * `null` means "not measurable here", never zero.
 */
import * as z from 'zod';
import {
  AggregateSchema,
  count,
  figure,
  instant,
  nullableCount,
  StreamSchema,
  type StreamMetrics,
} from './modelStream.js';
import { BenchSchema } from './modelBench.js';
import { BriefStreamsSchema } from './modelBrief.js';
import { CapacitySchema } from './modelCapacity.js';
import { LinkSchema } from './modelLink.js';
import { ClockOffsetSchema, ReceiverReportSchema, type ReceiverReport } from './modelReceiver.js';
import { ArbitrationSchema, OutputSchema } from './modelRepair.js';
import { SenderSchema } from './modelSender.js';
import { TapsSchema } from './modelTaps.js';
import { ZapSchema } from './modelZap.js';
import { RESULT_SCHEMA } from './version.js';

export type {
  Aggregate,
  HistogramSummary,
  Stream,
  StreamAfter,
  StreamHistograms,
  StreamMetrics,
} from './modelStream.js';
export type { BriefColumn } from './briefColumn.js';
export type { BriefStreams } from './briefStreams.js';
export type { StreamSeries } from './modelStream.js';
export type { Bursts } from './modelBursts.js';
export type { Bench, BenchDelays, BenchMembership } from './modelBench.js';
export type { BenchGroups } from './modelBenchGroups.js';
export type { BenchClass, BenchClasses, BenchForwarding, BenchGroup } from './modelBenchStreams.js';
export type { Capacity, CapacitySearch } from './modelCapacity.js';
export type { Link } from './modelLink.js';
export type { Arbitration, ArbitrationStream, FecReport, Output, RecoveryReport, RtcpReport } from './modelRepair.js';
export type { ClockOffsetReport, DelayCorrection, Feedback, ReceiverReport } from './modelReceiver.js';
export type { LossLocationReport } from './modelLossLocation.js';
export type {
  Impairment,
  Sender,
  SenderInput,
  SenderRecovery,
  SenderStream,
  SentCapture,
  SentMessages,
} from './modelSender.js';
export type { Taps, TapStream } from './modelTaps.js';
export type { Zap, ZapChannel } from './modelZap.js';
export type { IndicatorReport, Transport, TransportPcr, TransportPid, TransportService } from './modelTransport.js';
export { RESULT_SCHEMA } from './version.js';

const ToolSchema = z.object({
  name: z.string(),
  version: z.string(),
  runtime: z.string().describe('node v20.20.2'),
});

const HostSchema = z.object({
  name: z.string(),
  system: z.string().describe('Kernel name and release.'),
  architecture: z.string(),
  cpus: count,
  cpu_model: z.string().nullable(),
  interfaces: z
    .array(
      z.object({
        name: z.string(),
        index: count,
        addresses: z.array(z.string()),
        mtu: nullableCount,
        speed_bit_per_second: figure,
      }),
    )
    .describe('Those that the run used.'),
});

const ClockSchema = z.object({
  epoch: instant.describe('Realtime at the instant from which all times of the run count.'),
  epoch_uncertainty_ns: z.number().describe('How far apart the readings of both clocks at the epoch may be.'),
  source: z.string().describe('Clock of absolute times: CLOCK_REALTIME.'),
  receive_time: z
    .enum(['hardware', 'kernel', 'user', 'capture'])
    .nullable()
    .describe(
      'Who stamped arrivals: NIC, kernel, this program when it read, the capture file; null: nothing was received.',
    ),
  synchronisation: z
    .object({
      state: z.enum(['synchronised', 'unsynchronised', 'unknown']),
      estimated_error_ns: figure,
      maximum_error_ns: figure,
      frequency_ppm: figure,
      evidence: z.string().nullable().describe('Where this was read, e.g. adjtimex.'),
    })
    .describe("Against true time, as the kernel's clock discipline states it."),
  send_time: z.enum(['departure', 'due']).nullable(),
  send_time_bound_ns: figure.describe('By how much a departure may be later than the time its datagram carries.'),
  steps: z.array(z.object({ at_ns: z.number(), by_ns: z.number() })).describe('Steps of realtime during the run.'),
  offsets: z.array(ClockOffsetSchema).describe('The clocks of senders against this one, where they were compared.'),
  slew_ppm: figure.describe('Rate of realtime against CLOCK_MONOTONIC_RAW over the run.'),
  shared_time_datagrams: count.describe('Arrivals whose stamp is that of another segment of their super-packet.'),
  user_time_datagrams: count.describe('Arrivals without a stamp: read time stands in.'),
});

export const CapabilitiesSchema = z.object({
  kernel_time: z.boolean(),
  hardware_time: z.boolean(),
  transmit_time: z.boolean(),
  tos: z.boolean(),
  received_ttl: z.boolean(),
  arrival_interface: z.boolean(),
  drop_counter: z.boolean(),
  join_by_index: z.boolean(),
  refused_sends: z.boolean(),
  deadline: z.boolean(),
  offload: z.boolean(),
  departure_stamp: z.boolean(),
  filter_read_back: z.boolean(),
});

const RunSchema = z.object({
  id: z.string(),
  command: z.string(),
  argv: z.array(z.string()),
  role: z.enum(['sender', 'receiver', 'pair', 'analyzer']).describe('pair: sender and receiver in one process.'),
  endpoint: z.string().nullable().describe('The first endpoint, in canonical form.'),
  endpoints: z.array(z.string()),
  options: z.record(z.string(), z.json()).describe('Options in force, defaults included.'),
  seed: z.number().nullable(),
  name: z.string().nullable(),
  labels: z.record(z.string(), z.string()),
  start: instant,
  end: instant,
  duration_ns: z.number().describe('Monotonic.'),
  interval_ns: figure,
  complete: z.boolean().describe('false: a bounded run was cut short.'),
  injected: z.string().nullable().describe('Deliberate faults of the instrument itself (--inject).'),
  io: z.object({
    implementation: z.string().describe('native, dgram, capture, or file (a transport stream)'),
    capabilities: CapabilitiesSchema.nullable(),
    notes: z.array(z.string()),
  }),
});

const MembershipSchema = z.object({
  group: z.string(),
  port: count,
  interface: z.string(),
  interface_index: count,
  filter_mode: z
    .enum(['include', 'exclude'])
    .nullable()
    .describe('include with sources: source-specific. null: not readable.'),
  sources: z.array(z.string()),
  protocol: z.enum(['IGMPv1', 'IGMPv2', 'IGMPv3', 'MLDv1', 'MLDv2']).nullable(),
  evidence: z.string().describe('Where the kernel was asked.'),
  joined: instant.nullable(),
  socket: count.describe('sockets[].index'),
});

const SocketSchema = z.object({
  index: count,
  direction: z.enum(['receive', 'send']),
  group: z.string().nullable(),
  port: count,
  interface: z.string(),
  receive_time: z.enum(['hardware', 'kernel', 'user', 'capture']).nullable(),
  buffer_octets: nullableCount.describe('As the kernel granted it, in octets of kernel memory.'),
  buffer_datagrams: nullableCount.describe('How many datagrams of the present size that holds.'),
  buffer_ns: figure.describe('How long that lasts at the present rate.'),
  datagrams: count,
  octets: count,
  system_calls: count,
  kernel_drops: nullableCount,
  truncated: count,
  control_truncated: count,
  malformed: z.record(z.string(), count).describe('Datagrams that belong to no stream, by what was wrong with them.'),
  demanded: z.string().nullable().describe('Format that its endpoint demands; null: any.'),
  instead: z
    .string()
    .nullable()
    .describe('Format that the first of those datagrams looks like, where it is another one.'),
  icmp_errors: count,
});

const HealthSchema = z.object({
  verdict: z
    .enum(['valid', 'degraded', 'invalid'])
    .describe('invalid: a count or a time may be wrong. degraded: right, but less precise than promised.'),
  reasons: z.array(z.object({ code: z.string(), severity: z.enum(['invalid', 'degraded', 'note']), text: z.string() })),
  kernel_drops: nullableCount.describe("Datagrams dropped at this run's receive sockets."),
  kernel_drops_other: nullableCount.describe(
    'Those of them that are no lost datagram of a stream: duplicates, markers, foreign ones.',
  ),
  malformed: nullableCount.describe('Datagrams that belong to no stream, at all receive sockets.'),
  stalls: count.describe('Work cycles or overslept waits longer than 10 ms.'),
  cycles: count,
  cycle_max_ns: z.number(),
  overslept_max_ns: z.number(),
  identities_checked: count,
});

const JudgedIntervalSchema = z.object({
  start_ns: z.number().describe('From run.start.'),
  end_ns: z.number(),
  value: z.number(),
});

export const LimitSchema = z.object({
  expression: z.string(),
  stream: z
    .string()
    .nullable()
    .describe('Id of the stream that was judged; null: the run, or the group that was silent.'),
  value: z.union([z.number(), z.string()]).nullable(),
  limit: z.union([z.number(), z.string()]),
  margin: figure.describe('How far within the limit; negative beyond it.'),
  ok: z.boolean(),
  reason: z.string().nullable().describe('Why it is exceeded or cannot be judged.'),
  intervals: z
    .object({
      judged: count,
      exceeded: count,
      first: JudgedIntervalSchema.nullable().describe('The first one that exceeded it.'),
      worst: JudgedIntervalSchema.nullable().describe('The nearest to the limit, or farthest beyond it: value is its.'),
    })
    .optional()
    .describe('Of a limit on every interval: each.'),
});

export const EventSchema = z.object({
  event: z
    .string()
    .describe(
      'joined, first_packet, stream_end, gap, restart, silence, foreign_sender, dscp_changed, clock_step, interface, limit, output_failed, output_dropped',
    ),
  time: instant,
  at_ns: z.number().describe('From run.start.'),
  stream: z.string().nullable(),
  text: z.string(),
  detail: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

const EvidenceSchema = z.object({
  host_counters: z
    .record(z.string(), z.number())
    .describe('Growth of host-wide counters over the run, all programs included.'),
  processors: z
    .object({
      time_ns: z.number().describe('Of all processors together, used or not.'),
      stolen_ns: z.number().describe('Of it: what a hypervisor gave to others.'),
    })
    .nullable()
    .describe("The host's processors over the run, in steps of 10 ms (/proc/stat); null: not readable."),
  threads: z
    .array(
      z.object({
        id: z.number().int().describe('As the kernel numbers threads.'),
        role: z.string().describe('measuring, command, or the name of a thread of Node.js.'),
        cpu_ns: z.number().describe('On a processor.'),
        waiting_ns: z.number().describe('Ready to go on while others had the processors.'),
        realtime: z.boolean().describe('Scheduled before all ordinary threads (SCHED_FIFO, SCHED_RR).'),
      }),
    )
    .describe("This process's threads over the run, the busiest first (/proc/self/task/*/schedstat)."),
  notes: z.array(z.string()),
});

const DocumentSchema = z.object({
  schema: z.literal(RESULT_SCHEMA),
  tool: ToolSchema,
  host: HostSchema,
  clock: ClockSchema,
  run: RunSchema,
  memberships: z.array(MembershipSchema),
  sockets: z.array(SocketSchema),
  streams: z
    .array(StreamSchema)
    .describe('One entry per stream and leg, counted before any repair: as many as are told in detail, worst first.'),
  streams_brief: BriefStreamsSchema.nullable().describe(
    'Streams beyond the detail limit, in columns: without histograms, series, maps and reasons. null: there are none.',
  ),
  streams_total: count.describe('Of both.'),
  aggregate: AggregateSchema.nullable().describe('All streams together.'),
  arbitration: ArbitrationSchema.nullable(),
  outputs: z.array(OutputSchema).describe('What was made of received streams: files, programs, forwarded datagrams.'),
  links: z.array(LinkSchema).describe('Links to one peer that were an input or an output: SRT.'),
  taps: TapsSchema.nullable().describe('analyze --against: what happened between two captures.'),
  capacity: CapacitySchema.nullable().describe('capacity: the highest rate that receivers get.'),
  bench: BenchSchema.nullable().describe('bench: how what forwards multicast does.'),
  zap: ZapSchema.nullable().describe('zap: how long changes of the channel took.'),
  sender: SenderSchema.nullable(),
  health: HealthSchema,
  limits: z.array(LimitSchema),
  events: z.array(EventSchema).max(1000),
  event_counts: z.record(z.string(), count).describe('All events, by kind, those beyond events[] included.'),
  evidence: EvidenceSchema,
});

/** A receiver that reported to this sender. */
export interface Receiver {
  name: string;
  address: string;
  /** Its last report; `null`: none came. */
  report: ReceiverReport | null;
  /** Its whole result; `null` when only the report that it exists came. */
  result: RunResult | null;
}
export type RunResult = z.infer<typeof DocumentSchema> & { receivers: Receiver[] };

export const RunResultSchema: z.ZodType<RunResult> = DocumentSchema.extend({
  get receivers() {
    return z.array(
      z.object({
        name: z.string(),
        address: z.string(),
        report: ReceiverReportSchema.nullable(),
        result: RunResultSchema.nullable(),
      }),
    );
  },
}).describe('Result of a run of mcastkit. Definitions of all figures: docs/metrics.md, of the document: docs/json.md.');

export type Tool = RunResult['tool'];
export type Host = RunResult['host'];
export type ClockQuality = RunResult['clock'];
export type Run = RunResult['run'];
export type Membership = RunResult['memberships'][number];
export type SocketReport = RunResult['sockets'][number];
export type Health = RunResult['health'];
export type HealthReason = Health['reasons'][number];
export type LimitResult = z.infer<typeof LimitSchema>;
export type EventRecord = z.infer<typeof EventSchema>;
export type Evidence = RunResult['evidence'];
export type Capabilities = z.infer<typeof CapabilitiesSchema>;
/** Metrics alone, as `aggregate` and `after` carry them too. */
export type MetricValues = StreamMetrics;
