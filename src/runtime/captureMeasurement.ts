import { randomBytes } from 'node:crypto';
import { Measurement } from '../analysis/measurement.js';
import type { ReceiveBatch } from '../core/batch.js';
import { splitNs, type Clock, type Nanos, type RunEpoch } from '../core/time.js';
import type { IoCapabilities, Path } from '../io/datagram.js';
import type { AnalyzePlan } from '../profile/plan.js';
import type { MediaFacts } from '../result/buildTransport.js';
import type { EachLimit } from '../result/eachLimits.js';
import type { Measurement as Provenance } from '../result/measurement.js';
import { PROBE_HEADER_OCTETS } from '../wire/probe.js';
import { checkRtcp } from '../wire/rtcp.js';
import { WireStatus } from '../wire/status.js';
import { MEDIA_HOLD_NS, SEND_TIME_BOUND_NS, SILENCE_NS } from './assumptions.js';
import type { MeasuredCapture } from './capturePair.js';
import { CapturePlaces, type CapturedPlaces } from './capturePlaces.js';
import { SelectedPlaces, type CaptureSelection } from './captureSelection.js';
import { EventLog } from './eventLog.js';
import { LinesHorizon } from './linesHorizon.js';
import { MeasurementTeller } from './measurementTeller.js';
import { MediaReceiver } from './mediaReceiver.js';
import type { RunMessage } from './messages.js';
import { RtcpReceiver } from './rtcpReceiver.js';
import { nextUtcMultiple } from './utcTime.js';

/** A capture tells what its frames hold and when they came, and nothing about a socket. */
export const CAPTURE_CAPABILITIES: IoCapabilities = {
  kernelTime: true,
  hardwareTime: false,
  transmitTime: false,
  tos: true,
  receivedTtl: true,
  arrivalInterface: false,
  dropCounter: false,
  joinByIndex: false,
  refusedSends: false,
  deadline: false,
  offload: false,
  departureStamp: false,
  filterReadBack: false,
};

/** Times this far from the first frame's are damage, or captures of different years in one file: float64 ns end there. */
const BELIEVABLE_NS = 100 * 86_400e9;
/** Time passes for media at least so often, as it does at a receiver that waits for more. */
const MEDIA_STEP_NS = 20e6;
/** A capture of several sockets or queues is out of order by less than this: until then something earlier may come. */
const DISORDER_NS = 100e6;
/** Both lines in one capture, which may be written socket by socket, as far as one of them had filled up meanwhile. */
const LINES_DISORDER_NS = 1e9;
/** Intervals passed at once within a gap of the capture, so that telling them takes bounded memory. */
const INTERVALS_AT_ONCE = 1000;

/** All that is in it comes as through one socket, and is recognised. */
const WHOLE = [{ scheme: null, name: null }] as const;

/** The capture's clock: realtime and monotonic time are both the latest stamp that was read. */
class CaptureClock implements Clock {
  readonly epoch: RunEpoch;
  nowNs: Nanos = 0;

  constructor(epoch: RunEpoch) {
    this.epoch = epoch;
  }

  monoNs(): Nanos {
    return this.nowNs;
  }

  realNs(): Nanos {
    return this.nowNs;
  }
}

/** The pipeline of a receiver, driven by the datagrams of a capture and by its clock. */
export class CaptureMeasurement {
  readonly runId = randomBytes(4).readUInt32BE().toString(16).padStart(8, '0');
  readonly capture: MeasuredCapture;
  readonly clock: CaptureClock;
  readonly measurement: Measurement;
  readonly provenance: Provenance;
  readonly log: EventLog;
  readonly teller: MeasurementTeller;
  readonly media: MediaReceiver;
  readonly rtcp: RtcpReceiver;
  /** Payloads of which the capture kept less than a probe header, though they may have had one. */
  cutHeaders = 0;
  datagrams = 0;
  octets = 0;
  /** Why it stopped before the file's end; `null`: it did not. */
  fault: string | null = null;
  /** `null`: all of it. */
  readonly selection: CaptureSelection | null;
  readonly #pathOf: (path: number) => Path;
  readonly #intervalNs: Nanos;
  readonly #sockets: number;
  /** Of two lines the very first datagrams may wait for the other's. */
  readonly #lines: LinesHorizon | null;
  /** Datagrams that have been measured. */
  #measured = 0;

  /** `capture`: opened, so that its epoch is known. */
  constructor(
    plan: AnalyzePlan,
    capture: MeasuredCapture,
    post: (message: RunMessage) => void,
    eachLimits: readonly EachLimit[] = [],
    selection: CaptureSelection | null = null,
  ) {
    this.capture = capture;
    this.selection = selection;
    this.#pathOf = (path) => capture.path(path);
    const sockets = selection === null ? WHOLE : selection.sockets;
    this.#sockets = sockets.length;
    const isPair = capture.files.length > 1;
    const hasLegs = isPair || selection?.hasLegs === true;
    this.#lines = hasLegs ? new LinesHorizon(isPair ? DISORDER_NS : LINES_DISORDER_NS) : null;
    this.#intervalNs = plan.intervalNs;
    this.clock = new CaptureClock(capture.epoch);
    this.measurement = new Measurement({
      epoch: splitNs(capture.epoch.realtimeNs),
      pathOf: (path) => capture.path(path),
      maxStreams: plan.maxStreams,
      detail: plan.detail,
      drain: plan.drain,
      messageTimeZone: plan.messageTimeZone,
      reorderWindowNs: plan.reorderWindowNs,
      reorderWindowPackets: plan.reorderWindowPackets,
      omitNs: plan.omitNs,
      startMonoNs: 0,
      firstBoundaryMonoNs: nextUtcMultiple(this.clock, plan.intervalNs),
      intervalNs: plan.intervalNs,
      silenceNs: SILENCE_NS,
      batchCapacity: capture.batch.capacity,
      clockOffsetNs: 0,
    });
    const places: CapturedPlaces =
      selection === null
        ? new CapturePlaces(this.measurement, (path) => capture.legOf(path))
        : new SelectedPlaces(this.measurement, selection, this.#pathOf);
    for (const [index, { scheme, name }] of sockets.entries()) {
      this.measurement.addSocket({
        index,
        scheme,
        joinRealNs: NaN,
        hasDropCounter: false,
        name,
        tosSent: null,
        ttlSent: null,
        isCompanion: (stream) => places.roleOf(stream) !== 'media',
      });
    }
    this.rtcp = new RtcpReceiver(this.measurement, capture.epoch.realtimeNs, () => this.media);
    this.media = new MediaReceiver({
      measurement: this.measurement,
      placeOf: (stream) => places.placeOf(stream),
      holdNs: Math.min(plan.reorderWindowNs, MEDIA_HOLD_NS),
      mergeWindowNs: plan.mergeWindowNs,
      endpoints: 1,
      // Its last datagram does.
      silenceEnds: false,
      outputsOf: () => [],
      recoveryOf: () => null,
      control: this.rtcp,
    });
    this.provenance = {
      epoch: capture.epoch,
      startMonoNs: 0,
      capabilities: CAPTURE_CAPABILITIES,
      receiveTime: () => 'capture',
      interfaceName: (index) => capture.interfaceName(index),
      // Whose addresses were the capturing host's own, its file does not tell.
      isLocal: () => false,
      sentMark: () => ({ ttl: null, dscp: null }),
      place: ({ index }) => ({ role: places.roleOf(index), leg: places.legOf(index) }),
      sendTimeBoundNs: SEND_TIME_BOUND_NS,
    };
    this.log = new EventLog(this.clock, 0, (event) => post({ type: 'event', event }));
    this.teller = new MeasurementTeller({
      measurement: this.measurement,
      provenance: this.provenance,
      clock: this.clock,
      log: this.log,
      intervalNs: plan.intervalNs,
      detail: plan.detail,
      summaries: false,
      post,
      media: this.media,
      eachLimits,
      contentOf: (stream) => this.contentOf(stream.index),
    });
  }

  /** As all of {@link steps}; false: nothing behind it can be measured, see {@link fault}. */
  onBatch(batch: ReceiveBatch): boolean {
    for (const _ of this.steps(batch)) continue;
    return this.fault === null;
  }

  /** Measures the batch, which is used up. A long gap takes time: it is passed in pieces, between which others may have a turn. */
  *steps(batch: ReceiveBatch): Generator<void, void, undefined> {
    const believed = this.#believed(batch);
    if (believed < batch.count) {
      this.fault = 'the times of its frames jump by more than 100 days: damage, or captures of different times joined';
      batch.count = believed;
    }
    this.#count(batch);
    while (batch.count > 0) {
      const all = batch.count;
      batch.count = this.#oneStep(batch);
      const taken = batch.count;
      if (taken === 0) yield* this.#pass(batch.timeRealNs[0]!);
      else {
        this.measurement.onBatch(batch);
        this.media.onBatch(batch);
        this.#measured += taken;
      }
      this.#timePasses();
      batch.count = all;
      batch.dropFirst(taken);
    }
  }

  /** What is known of a stream's content: as at a receiver, but for the join. */
  contentOf(stream: number): MediaFacts | null {
    const transport = this.media.transport(stream);
    const repair = this.media.repair(stream);
    if (transport === null && repair === null) return null;
    return { transport, repair, outputs: [], rtcp: this.rtcp.snapshot(stream), joinMonoNs: NaN };
  }

  /** The capture is over. */
  finish(): void {
    // What came last belongs to the last interval.
    const endNs = this.datagrams === 0 ? this.clock.nowNs : this.clock.nowNs + 1;
    this.measurement.finish(endNs);
    this.media.finish(endNs);
    this.teller.finish();
  }

  /** Slots before the first one whose time is not to be believed. */
  #believed(batch: ReceiveBatch): number {
    for (let i = 0; i < batch.count; i++) if (!(Math.abs(batch.timeRealNs[i]!) <= BELIEVABLE_NS)) return i;
    return batch.count;
  }

  #count(batch: ReceiveBatch): void {
    const { capture, selection } = this;
    const { captured } = capture;
    this.datagrams += batch.count;
    for (let i = 0; i < batch.count; i++) {
      this.octets += batch.length[i]!;
      if (selection !== null) batch.socket[i] = selection.socketOf(batch.path[i]!, this.#pathOf);
      if (captured[i]! < PROBE_HEADER_OCTETS && batch.length[i]! >= PROBE_HEADER_OCTETS) this.cutHeaders++;
    }
  }

  /**
   * Slots before the first one that comes after a long gap, or through another socket, or that media must not hear of before time has passed, and no
   * further than to a report, which tells of what came before it; moves the clock to the last of them.
   */
  #oneStep(batch: ReceiveBatch): number {
    const gapNs = INTERVALS_AT_ONCE * this.#intervalNs;
    const isFree = this.media.isIdle && this.#lines === null;
    const socket = batch.socket[0];
    const stepEndNs = isFree ? Infinity : Math.max(this.clock.nowNs, batch.timeRealNs[0]!) + MEDIA_STEP_NS;
    let { nowNs } = this.clock;
    let slot = 0;
    for (; slot < batch.count; slot++) {
      const timeNs = batch.timeRealNs[slot]!;
      if (timeNs - nowNs > gapNs || timeNs >= stepEndNs || batch.socket[slot] !== socket) break;
      if (timeNs > nowNs) nowNs = timeNs;
      if (checkRtcp(batch.bytes, batch.offset[slot]!, batch.length[slot]!) !== WireStatus.Ok) continue;
      slot++;
      break;
    }
    this.clock.nowNs = nowNs;
    return slot;
  }

  /** Passes the intervals of a gap, a bounded number at a time. */
  *#pass(untilNs: Nanos): Generator<void, void, undefined> {
    const stepNs = INTERVALS_AT_ONCE * this.#intervalNs;
    while (this.clock.nowNs < untilNs) {
      this.clock.nowNs = Math.min(untilNs, this.clock.nowNs + stepNs);
      this.#timePasses();
      yield;
    }
  }

  /** All up to the clock's time has been read. */
  #timePasses(): void {
    const { nowNs } = this.clock;
    for (let socket = 0; socket < this.#sockets; socket++) this.measurement.socketReadPast(socket, nowNs);
    const beforeNs = this.#lines === null ? nowNs - DISORDER_NS : this.#lines.beforeNs(nowNs, this.#measured);
    this.media.onTime(nowNs - DISORDER_NS, beforeNs);
    this.teller.tell();
  }
}
