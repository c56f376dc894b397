/** Exported figures of streams: what the catalogue lists, and what the document says of one stream beside it. */
import {
  HISTOGRAM_IDS,
  HISTOGRAMS,
  METRIC_IDS,
  METRICS,
  type HistogramId,
  type MetricId,
  type MetricUnit,
} from '../../metrics/catalog.js';
import { TRANSPORT_INDICATORS } from '../../metrics/transportIndicators.js';
import { REPAIRED_METRICS } from '../../result/buildRepair.js';
import { MDI_FIGURES } from '../../result/transportFigures.js';
import { figuresOf, type ExportedFigure, type ExportUnit, type FigureRow } from './exportedFigure.js';

const UNITS: Readonly<Record<MetricUnit, ExportUnit>> = {
  packets: 'packets',
  messages: 'messages',
  units: 'none',
  octets: 'octets',
  ratio: 'ratio',
  'bit/s': 'bit/s',
  'packets/s': 'packets/s',
  ns: 'ns',
  periods: 'none',
  dscp: 'none',
  ttl: 'none',
  hops: 'none',
};

/** Metrics of the catalogue, as `streams[].metrics` and its likes have them. */
function metricFigures(path: string, subject: string, ids: readonly MetricId[]): readonly ExportedFigure[] {
  const rows = ids.map((id): readonly [string, FigureRow] => {
    const { kind, unit, definition } = METRICS[id];
    if (kind === 'distribution') return [`${id}{dscp}`, ['counter', 'packets', definition]];
    // A definition says how many bits it is.
    const help = unit === 'bit/s' ? `${definition} Here in octets a second.` : definition;
    return [id, [kind, UNITS[unit], help]];
  });
  return figuresOf(path, subject, Object.fromEntries(rows));
}

/** Above the smallest delay so far: whenever a smaller one comes, all that is recorded moves. */
const SHIFTING: ReadonlySet<HistogramId> = new Set(['pdv_ns']);
const SIGNED: ReadonlySet<HistogramId> = new Set(['one_way_delay_ns', 'ipdv_ns', 'departure_error_ns']);

function histogramFigures(path: string, subject: string): readonly ExportedFigure[] {
  const rows = HISTOGRAM_IDS.map((id): readonly [string, FigureRow] => [
    id,
    [SHIFTING.has(id) ? 'shifting' : 'distribution', 'ns', HISTOGRAMS[id].definition, { signed: SIGNED.has(id) }],
  ]);
  return figuresOf(path, subject, Object.fromEntries(rows));
}

function burstFigures(path: string, subject: string): readonly ExportedFigure[] {
  return [
    ...figuresOf(`${path}.windows[]`, subject, {
      peak_octets: ['gauge', 'octets', 'Most UDP payload within any position of a window of this length.'],
      peak_datagrams: ['gauge', 'packets', 'Most datagrams within any position of a window of this length.'],
      peak_bit_per_second: [
        'gauge',
        'bit/s',
        'Peak rate of UDP payload in a window of this length.',
        { base: 'peak_rate' },
      ],
      excess_ns: ['gauge', 'ns', 'The peak is at most that of a window longer by so much; 0: exact.'],
    }),
    ...figuresOf(path, subject, {
      'queue.drain_bit_per_second': [
        'gauge',
        'bit/s',
        'Rate that empties the queue (--drain).',
        { base: 'queue_drain' },
      ],
      'queue.max_octets': ['gauge', 'octets', 'Largest backlog before a link of that rate.', { base: 'queue_backlog' }],
      'queue.max_ns': ['gauge', 'ns', 'Time in which that backlog leaves.', { base: 'queue_longest' }],
      'queue.delay_ns': [
        'distribution',
        'ns',
        'How long each arrival would have taken to leave.',
        { base: 'queue_delay' },
      ],
      clamped_datagrams: ['counter', 'packets', 'Arrivals stamped earlier than one before them.'],
    }),
  ];
}

const STREAM = 'streams[]';

const MDI = figuresOf(
  `${STREAM}.mdi`,
  'stream_mdi',
  Object.fromEntries(
    MDI_FIGURES.map(({ id, unit, definition }): readonly [string, FigureRow] => {
      const kind = id === 'intervals' || id === 'errored_seconds' ? 'counter' : 'gauge';
      if (unit !== 'packets/s') return [id, [kind, unit === 'intervals' ? 'none' : unit, definition]];
      return [id, [kind, unit, definition, { base: id.replace('rate', 'rate_packets') }]];
    }),
  ),
);

const INDICATORS = figuresOf(
  `${STREAM}.tr101290`,
  'stream_tr101290',
  Object.fromEntries(
    TRANSPORT_INDICATORS.map(({ id, priority }): readonly [string, FigureRow] => [
      id,
      [
        'counter',
        'none',
        'Errors by indicator of ETSI TR 101 290; no sample where there was nothing to judge.',
        {
          base: 'errors',
          labels: [
            ['indicator', id],
            ['priority', String(priority)],
          ],
        },
      ],
    ]),
  ),
);

const TRANSPORT = figuresOf(`${STREAM}.transport`, 'transport', {
  in_sync: ['gauge', 'truth', 'Whether the transport stream is in sync.'],
  packets: ['counter', 'packets', 'Transport packets.'],
  null_packets: ['counter', 'packets', 'Null packets among them.'],
  rate_bit_per_second: ['gauge', 'bit/s', 'Rate of whole packets of 188 octets.'],
  stray_octets: ['counter', 'octets', 'Octets outside of synchronisation, or in datagrams of no whole packets.'],
  odd_datagrams: ['counter', 'packets', 'Datagrams that are no whole number of transport packets.'],
  malformed_packets: ['counter', 'packets', 'Packets whose adaptation field does not fit.'],
  malformed_sections: ['counter', 'none', 'Sections that cannot be read.'],
  lost_datagrams: ['counter', 'packets', 'Datagrams that were lost before the transport stream was read.'],
  continuity_errors: ['counter', 'none', 'Breaks of the continuity counter, all PIDs.'],
  missing_packets: ['counter', 'packets', 'Transport packets missing by the continuity counter; at least as many.'],
  continuity_errors_explained: ['counter', 'none', 'Breaks behind a loss that sequence numbers told.'],
  pids_overflowed: ['counter', 'none', 'PIDs beyond the table.'],
  first_pat_after_join_ns: ['gauge', 'ns', 'From the join to the first PAT.'],
  first_pmt_after_join_ns: ['gauge', 'ns', 'From the join to the first PMT.'],
  first_random_access_after_join_ns: ['gauge', 'ns', 'From the join to the first random access point of a video.'],
});

const PIDS = [
  ...figuresOf(`${STREAM}.transport.services[]`, 'transport_service', {
    rate_bit_per_second: ['gauge', 'bit/s', 'Rate of a service: its PMT, PCR and elementary streams.'],
  }),
  ...figuresOf(`${STREAM}.transport.pids[]`, 'transport_pid', {
    packets: ['counter', 'packets', 'Transport packets of a PID.'],
    rate_bit_per_second: ['gauge', 'bit/s', 'Rate of a PID.'],
    scrambled: ['counter', 'packets', 'Scrambled packets of a PID.'],
    transport_errors: ['counter', 'packets', 'Packets of a PID with transport_error_indicator.'],
    continuity_errors: ['counter', 'none', 'Breaks of the continuity counter of a PID.'],
    missing_packets: ['counter', 'packets', 'Packets of a PID missing by its continuity counter; at least as many.'],
    continuity_errors_explained: ['counter', 'none', 'Breaks of a PID behind a loss that sequence numbers told.'],
    missing_packets_explained: ['counter', 'packets', 'Missing packets of a PID behind such a loss.'],
    duplicates: ['counter', 'packets', 'Second copies of packets of a PID.'],
    pcrs: ['counter', 'none', 'Program clock references on a PID.'],
    pts_count: ['counter', 'none', 'Presentation time stamps on a PID.', { base: 'pts' }],
  }),
  ...figuresOf(`${STREAM}.transport.pcr[]`, 'transport_pcr', {
    pcrs: ['counter', 'none', 'Program clock references.', { base: 'references' }],
    interval_ns: ['distribution', 'ns', 'Differences of consecutive PCRs.'],
    discontinuities: ['counter', 'none', 'Discontinuities of the program clock.'],
    accuracy_ns: ['distribution', 'ns', 'PCR_AC: magnitude of the deviation from the value by octet position.'],
    accuracy_min_ns: ['gauge', 'ns', 'Largest PCR_AC to the negative side.', { base: 'accuracy_lowest' }],
    accuracy_max_ns: ['gauge', 'ns', 'Largest PCR_AC to the positive side.', { base: 'accuracy_highest' }],
    rate_bit_per_second: ['gauge', 'bit/s', 'Rate of the transport stream by PCR and octet position.'],
    // The open block is fitted anew each time.
    jitter_ns: ['shifting', 'ns', 'Arrival less PCR less the fitted line, above the least of its block.'],
    drift_ppm: ['gauge', 'ppm', "How much faster the program clock runs than the receiver's."],
    drift_error_ppm: ['gauge', 'ppm', 'Twice the standard error of the drift.'],
    drift_over_ns: ['gauge', 'ns', 'What the drift was measured over.'],
  }),
];

const REPAIR = [
  ...figuresOf(`${STREAM}.fec`, 'fec', {
    columns: ['gauge', 'none', 'L of the FEC matrix.'],
    rows: ['gauge', 'none', 'D of the FEC matrix.'],
    packets_heard: ['counter', 'packets', 'FEC packets heard.'],
    packets_malformed: ['counter', 'packets', 'Of those: no FEC packets.'],
    packets_out_of_window: ['counter', 'packets', 'Of those: about media packets out of reach.'],
    packets_inconsistent: ['counter', 'packets', 'Of those: contradicting the media.'],
    packets_recovered: ['counter', 'packets', 'Media packets that FEC gave back.'],
  }),
  ...figuresOf(`${STREAM}.recovery`, 'recovery', {
    messages_missed: ['counter', 'messages', 'Messages that were found to be missing.'],
    messages_came: ['counter', 'messages', 'Of those: a line brought them by itself.'],
    messages_recovered: ['counter', 'messages', 'Of those: an answer brought them.'],
    messages_unrecovered: ['counter', 'messages', 'Of those: given up.'],
    messages_pending: ['gauge', 'messages', 'Of those: not decided yet.'],
    gaps_closed: ['counter', 'none', 'Gaps of which nothing is missing any more.'],
    gaps_torn: ['counter', 'none', 'Gaps of which something was given up.'],
    requests: ['counter', 'none', 'Requests, retries included.'],
    retries: ['counter', 'none', 'Requests about messages that an earlier one brought nothing of.'],
    timeouts: ['counter', 'none', 'Requests that nothing came of in time.'],
    short_answers: ['counter', 'none', 'Requests that less came of than was asked for.'],
    requests_not_sent: ['counter', 'none', 'Requests that never left this host.'],
    answers: ['counter', 'packets', 'Datagrams that came in answer.'],
    recovery_ns: [
      'distribution',
      'ns',
      'From when a gap was found to the last that answers brought.',
      { base: 'time' },
    ],
  }),
];

const SAID = [
  ...figuresOf(STREAM, 'stream', {
    start: ['gauge', 'instant', 'First arrival, since 1970.', { base: 'first_arrival_time' }],
    end: ['gauge', 'instant', 'Last arrival, since 1970.', { base: 'last_arrival_time' }],
    ended: ['gauge', 'truth', 'Whether the sender announced the end.'],
    delay_uncertainty_ns: ['gauge', 'ns', 'How far one-way delay may be off; no sample: not known.'],
  }),
  ...figuresOf(`${STREAM}.delay_correction`, 'stream_delay_by_one_clock', {
    offset_ns: ['gauge', 'ns', "What this host's clock is ahead of the sender's."],
    uncertainty_ns: ['gauge', 'ns', 'The delays by one clock are within so much of the truth.'],
    min_ns: ['gauge', 'ns', 'Least one-way delay by one clock.', { base: 'least' }],
    p50_ns: ['gauge', 'ns', 'Median of one-way delay by one clock.'],
    p99_ns: ['gauge', 'ns', '99th percentile of one-way delay by one clock.'],
    max_ns: ['gauge', 'ns', 'Greatest one-way delay by one clock.', { base: 'greatest' }],
  }),
  ...figuresOf(`${STREAM}.rtp`, 'rtp', {
    payload_type: ['gauge', 'none', 'Payload type of the latest packet.'],
    timestamp_discontinuities: ['counter', 'none', 'Steps of the time stamp by more than a second.'],
  }),
  ...figuresOf(`${STREAM}.feed`, 'feed', {
    messages_arrived: ['counter', 'messages', 'Messages that came, in all copies.'],
    heartbeats: ['counter', 'packets', 'Datagrams without messages.'],
    beginnings: ['counter', 'none', 'How often the numbers of the session had begun anew before.'],
  }),
  ...figuresOf(`${STREAM}.rtcp`, 'rtcp', {
    reports: ['counter', 'none', 'Sender reports heard.'],
    packets_total: ['gauge', 'packets', 'Packets that the sender says it has sent in all.', { base: 'packets_in_all' }],
    packets_sent: ['gauge', 'packets', 'Packets that the sender sent since its first report.'],
    packets_arrived: ['gauge', 'packets', 'Distinct packets that arrived of those.'],
    packets_behind: ['gauge', 'packets', 'Sent behind the highest number that arrived: tail loss.'],
    octets_sent: ['gauge', 'octets', 'Payload that the sender sent since its first report.'],
    octets_arrived: ['gauge', 'octets', 'Payload that arrived of those.'],
    restarts: ['counter', 'none', "Restarts of the sender's counts."],
    clock_hz: ['gauge', 'hz', "Frequency of the RTP time stamps by the sender's wall clock."],
    clock_difference_ns: ['gauge', 'ns', "This host's clock minus the sender's, plus the shortest way of a report."],
  }),
];

export const STREAM_FIGURES: readonly ExportedFigure[] = [
  ...metricFigures(`${STREAM}.metrics`, 'stream', METRIC_IDS),
  ...histogramFigures(`${STREAM}.histograms`, 'stream'),
  ...SAID,
  ...metricFigures(
    `${STREAM}.after.metrics`,
    'stream_after_repair',
    METRIC_IDS.filter((id) => REPAIRED_METRICS.has(id)),
  ),
  ...burstFigures(`${STREAM}.bursts`, 'stream_burst'),
  ...MDI,
  ...INDICATORS,
  ...TRANSPORT,
  ...PIDS,
  ...REPAIR,
  ...metricFigures('aggregate.metrics', 'aggregate', METRIC_IDS),
  ...histogramFigures('aggregate.histograms', 'aggregate'),
  ...burstFigures('aggregate.bursts', 'aggregate_burst'),
];
