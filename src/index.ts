/**
 * mcastkit for programs: `import { openReceiver, openSender, exceeded } from 'mcastkit'`. What stands here is
 * what may be relied on; `docs/api.md` is the guide. Nothing here ends the process, prints, or handles signals.
 */

// Runs
export { analyzeCapture, openReceiver, openSender, OpenRun } from './runtime/openRun.js';
export type { OpenOptions, ReceiverOptions, RunUpdate } from './runtime/openRun.js';
export type { FeedMessage } from './runtime/feedMessages.js';
export type { ReadyInfo } from './runtime/messages.js';
export type { OptionInput, RunOptions } from './profile/optionObject.js';

// Results
export { exceeded, judgeLimits } from './result/judge.js';
export type { JudgeOptions } from './result/judge.js';
export { parseExpect, parseMax, parseMin } from './result/limits.js';
export type { Limit } from './result/limits.js';
export { everyStream } from './result/briefStreams.js';
export { readResults } from './result/read.js';
export { RESULT_SCHEMA } from './result/version.js';
export { HISTOGRAMS, METRICS } from './metrics/catalog.js';
export type { HistogramId, MetricDescriptor, MetricId } from './metrics/catalog.js';
export { histogramOf, summarise } from './result/histogramSummary.js';
export { aggregateReceivers } from './result/merge.js';
export type { IntervalRow, SenderIntervalRow } from './result/interval.js';
export type { IntervalOthers } from './result/intervalOthers.js';
export type {
  Aggregate,
  EventRecord,
  Health,
  HistogramSummary,
  LimitResult,
  Link,
  RunResult,
  Sender,
  SenderStream,
  Stream,
  StreamMetrics,
  Taps,
  TapStream,
  Zap,
  ZapChannel,
} from './result/model.js';
export { renderReport } from './report/render.js';
export { renderText } from './report/text.js';
export type { TextOptions } from './report/text.js';
export { REPORT_FORMATS } from './result/reportFormats.js';
export type { ReportFormat } from './result/reportFormats.js';

// Errors
export { ERROR_CODES, McastError } from './core/errors.js';
export type { ErrorCode } from './core/errors.js';

// Endpoints and time
export { formatEndpoint } from './core/endpoint.js';
export type { Endpoint, Scheme } from './core/endpoint.js';
export { parseEndpoint } from './core/parseEndpoint.js';
export type { EndpointSyntax } from './core/parseEndpoint.js';
export { formatRealtime, formatUnixNs, ManualClock, splitNs } from './core/time.js';
export type { Clock, Nanos, RunEpoch, SplitTime } from './core/time.js';

// Wire formats
export { checkProbe, PROBE_HEADER_OCTETS, ProbeFlag, putProbe } from './wire/probe.js';
export { iperfCodec } from './wire/iperfCodec.js';
export type { IperfHeader, IperfSettings } from './wire/iperfCodec.js';
export { iperfReportCodec } from './wire/iperfReport.js';
export type { IperfReport } from './wire/iperfReport.js';
export { probeCodec } from './wire/probeCodec.js';
export type { ProbeHeader } from './wire/probeCodec.js';
export type { Codec } from './wire/codec.js';
export { FORMAT_NAMES } from './wire/formatNames.js';
export type { FormatName } from './wire/formatNames.js';
export { recogniseFormat } from './wire/recognise.js';
export { WireStatus } from './wire/status.js';
export { checkItch } from './wire/itch50.js';
export { itchCodec } from './wire/itch50Codec.js';
export type { ItchMessage, ItchValue } from './wire/itch50Codec.js';
export { CaptureRecord, CaptureStatus } from './wire/capture.js';
export type { CaptureInterface, CaptureReader } from './wire/capture.js';
export { PcapReader } from './wire/pcap.js';
export { PcapngReader } from './wire/pcapng.js';
export { FrameStatus, locateUdp, UdpLocation } from './wire/ip.js';

// Captures as batches
export { openCapture, openCaptureOctets } from './io/captureFile.js';
export type { CaptureCounts, CaptureFile, CaptureFileOptions } from './io/captureFile.js';

// Analyzers, driven by whoever has batches
export { ReceiveBatch, SendBatch, SlotFlag } from './core/batch.js';
export { Measurement } from './analysis/measurement.js';
export type { MeasurementOptions, SocketFacts } from './analysis/measurement.js';
export { TapComparison } from './analysis/tapComparison.js';
export type { TapOptions } from './analysis/tapComparison.js';
export { Histogram, HISTOGRAM_PARAMETERS } from './metrics/histogram.js';
export { StreamCounter } from './metrics/counters.js';
export type { IntervalSnapshot, LossDetail, StreamSnapshot } from './metrics/snapshot.js';
export type { TapSnapshot, TapStreamSnapshot } from './metrics/tapSnapshot.js';

// Messages of market data: made up, or out of a file
export { ItchFile } from './feed/itchFile.js';
export type { ItchFileOptions, ItchFileTiming } from './feed/itchFile.js';
export { MessageTimes } from './feed/messageRates.js';
export type { RatePoint, RateProfile } from './feed/messageRates.js';
export { parseRateProfile, parseRateTrace } from './feed/messageRateText.js';
export { SourceStatus } from './feed/messageSource.js';
export type { MessageSource } from './feed/messageSource.js';
export { SyntheticItch } from './feed/syntheticItch.js';
export type { SyntheticItchOptions } from './feed/syntheticItch.js';

// Impairment and a link in memory, for tests without a network
export { Impair } from './impair/impair.js';
export type { ImpairOptions } from './impair/impair.js';
export { parseImpair } from './impair/spec.js';
export type { ImpairSpec } from './impair/spec.js';
export { Random } from './core/random.js';
export { MemoryIo } from './io/memory.js';
export type { MemoryOptions } from './io/memory.js';
