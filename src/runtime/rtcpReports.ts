import type { Measurement } from '../analysis/measurement.js';
import { StreamFormat } from '../analysis/streamTable.js';
import { SendBatch, SendOutcome } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';
import type { DatagramSink, Io } from '../io/datagram.js';
import { StreamCounter } from '../metrics/counters.js';
import { PTS_HZ } from '../wire/mpegts.js';
import type { Agent } from './agent.js';
import { MOST_TRACED, RTCP_RESPONSE_OCTETS, RtcpResponder } from './rtcpResponder.js';
import type { RtcpListener, RtcpReceiver } from './rtcpReceiver.js';

/** Streams that are reported on at a time. */
const MOST_STREAMS = 64;
/** New streams are looked for this often; reports are seconds apart. */
const LOOK_NS = 1e9;
/** A stream's rate, which the share of RTCP is of, is known after so long. */
const MEASURED_NS = 1e9;
/** And nothing of it for so long: five intervals at the least (RFC 3550 section 6.3.5), it is over. */
const SILENT_NS = 25e9;
/** Of a stream that hardly sends, bit/s. */
const LEAST_RATE = 1000;
/** What hosts use for unicast (RFC 1700). */
const TTL = 64;
/** A host with no other address than loopback's sends multicast from it. */
const NO_ADDRESSES: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

export interface RtcpReportsOptions {
  readonly io: Io;
  readonly measurement: Measurement;
  readonly rtcp: RtcpReceiver;
  /** What goes beside media is not reported on. */
  readonly isMedia: (stream: number) => boolean;
  /** Of our own SSRCs and of the intervals. */
  readonly seed: number;
  readonly cname: string;
  /** It leaves the sessions when all of these have finished. */
  readonly others: readonly Agent[];
}

/** Where the reports on one stream go. */
interface Reporter {
  readonly stream: number;
  readonly responder: RtcpResponder;
  readonly address: string;
  readonly interfaceIndex: number;
  /** `null`: being opened, or it could not be. */
  sink: DatagramSink | null;
  port: number;
}

/** A sender's last report before its stream is reported on. */
interface EarlyReport {
  readonly ntp: bigint;
  readonly sourcePort: number;
  readonly monoNs: Nanos;
}

/**
 * Receiver reports on the RTP streams of a run, each sent by unicast to where its sender hears RTCP; with BYE at the
 * end. At most 64 streams.
 */
export class RtcpReports implements Agent, RtcpListener {
  finished = false;
  /** Compound packets that left, and those that did not. */
  sent = 0;
  notSent = 0;
  readonly #options: RtcpReportsOptions;
  readonly #reporters = new Map<number, Reporter>();
  readonly #early = new Map<number, EarlyReport>();
  /** Streams that are, or were, reported on. */
  readonly #adopted = new Set<number>();
  readonly #failures = new Set<string>();
  readonly #batch = new SendBatch(1, RTCP_RESPONSE_OCTETS);
  #lookNs: Nanos = -Infinity;
  #refused = 0;

  constructor(options: RtcpReportsOptions) {
    this.#options = options;
  }

  doWork(nowMonoNs: Nanos): number {
    if (this.#options.others.every((agent) => agent.finished)) {
      this.#leave(nowMonoNs);
      return 0;
    }
    if (nowMonoNs >= this.#lookNs) {
      this.#lookNs = nowMonoNs + LOOK_NS;
      this.#look(nowMonoNs);
    }
    for (const reporter of this.#reporters.values()) {
      if (nowMonoNs >= reporter.responder.dueMonoNs) this.#report(reporter, nowMonoNs);
    }
    return 0;
  }

  nextDueNs(): Nanos {
    let dueNs = this.#lookNs;
    for (const { responder } of this.#reporters.values()) dueNs = Math.min(dueNs, responder.dueMonoNs);
    return dueNs;
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  stop(): void {}

  onSenderReport(stream: number, ntp: bigint, path: number, octets: number, monoNs: Nanos): void {
    const { sourcePort } = this.#options.io.path(path);
    const reporter = this.#reporters.get(stream);
    if (reporter === undefined) {
      const hasRoom = this.#early.size < MOST_STREAMS || this.#early.has(stream);
      if (hasRoom && !this.#adopted.has(stream)) this.#early.set(stream, { ntp, sourcePort, monoNs });
      return;
    }
    reporter.responder.onSenderReport(ntp, sourcePort, monoNs);
    reporter.responder.onCompound(octets, false);
    this.#aim(reporter);
  }

  /** What was not reported, in words for the result. */
  get notes(): string[] {
    const notes = [...this.#failures].map((failure) => `no receiver reports: ${failure}`);
    if (this.#refused > 0)
      notes.push(`no receiver reports on ${this.#refused} streams: at most ${MOST_STREAMS} get them`);
    if (this.notSent > 0) notes.push(`receiver reports that could not be sent: ${this.notSent}`);
    return notes;
  }

  #look(nowMonoNs: Nanos): void {
    const { measurement, isMedia } = this.#options;
    const { table, decoder } = measurement;
    for (const [stream, { sink }] of this.#reporters) {
      if (nowMonoNs - decoder.rtp.highestMonoNs(stream) < SILENT_NS) continue;
      sink?.close();
      this.#reporters.delete(stream);
    }
    for (let stream = 0; stream < measurement.streamCount; stream++) {
      if (table.format(stream) !== StreamFormat.Rtp || this.#adopted.has(stream) || !isMedia(stream)) continue;
      const { counters, firstMonoNs } = measurement.snapshot(stream);
      if (nowMonoNs - firstMonoNs < MEASURED_NS) continue;
      this.#adopted.add(stream);
      if (this.#reporters.size >= MOST_STREAMS) this.#refused++;
      else this.#adopt(stream, (counters[StreamCounter.OctetsReceived]! * 8e9) / (nowMonoNs - firstMonoNs), nowMonoNs);
      this.#early.delete(stream);
    }
  }

  #adopt(stream: number, rateBitPerSecond: number, nowMonoNs: Nanos): void {
    const { io, measurement, seed, cname } = this.#options;
    const { source, sourcePort, interfaceIndex } = io.path(measurement.table.path(stream));
    if (source === '' || NO_ADDRESSES.has(source)) {
      this.#failures.add(`a sender's address is ${source === '' ? 'not known' : source}`);
      return;
    }
    const random = new Random(seed, stream);
    const firstNumber = measurement.table.originLow(stream);
    const { sequence } = measurement;
    const trace = (first: number, came: Uint8Array): void => sequence.trace(stream, first - firstNumber, came);
    const responder = new RtcpResponder({
      ssrc: random.uint32(),
      cname,
      reportedSsrc: measurement.table.flow(stream),
      rateBitPerSecond: Math.max(LEAST_RATE, rateBitPerSecond),
      family: source.includes(':') ? 6 : 4,
      clockHz: PTS_HZ,
      dataSourcePort: sourcePort,
      startMonoNs: nowMonoNs,
      seed: random.uint32(),
      // Beyond the reorder window it is not known which numbers came.
      trace: sequence.window.packets(stream) < MOST_TRACED ? null : trace,
    });
    const early = this.#early.get(stream);
    if (early !== undefined) responder.onSenderReport(early.ntp, early.sourcePort, early.monoNs);
    const reporter: Reporter = { stream, responder, address: source, interfaceIndex, sink: null, port: -1 };
    this.#reporters.set(stream, reporter);
    this.#aim(reporter);
  }

  /** Opens the socket to where the sender hears RTCP, anew where that has changed. */
  #aim(reporter: Reporter): void {
    const { responder, address } = reporter;
    const port = responder.destinationPort;
    if (port === reporter.port || port > 65_535) return;
    reporter.sink?.close();
    reporter.sink = null;
    reporter.port = port;
    const family = address.includes(':') ? 6 : 4;
    // A link's own addresses are of that link; all others the kernel knows the way to.
    const interfaceIndex = /^fe[89ab]/i.test(address) ? reporter.interfaceIndex : 0;
    const failed = (error: unknown): void => {
      if (!(error instanceof McastError)) throw error;
      this.#failures.add(error.message);
    };
    const opened = (sink: DatagramSink): void => {
      // Meanwhile the run may be over, or the sender elsewhere.
      if (this.finished || reporter.port !== port || !this.#reporters.has(reporter.stream)) sink.close();
      else reporter.sink = sink;
    };
    try {
      const sink = this.#options.io.openSink({
        family,
        destinations: [{ address, port, interfaceIndex, source: null, ttl: TTL, tos: 0 }],
        interfaceName: '',
        source: null,
        sourcePort: 0,
        loopback: false,
        sendBufferOctets: 0,
        stampFormat: 'ntp-64',
        transmitTimestamps: false,
        dontFragment: false,
      });
      if (sink instanceof Promise) void sink.then(opened, failed);
      else opened(sink);
    } catch (error) {
      failed(error);
    }
  }

  #report({ stream, responder, sink }: Reporter, nowMonoNs: Nanos): void {
    const batch = this.#batch;
    const octets = responder.write(nowMonoNs, this.#options.rtcp.figures(stream), batch.bytes, 0);
    if (octets === 0) return;
    batch.length[0] = octets;
    // A refusal of an earlier report, because nobody listens there, may be told instead: once more.
    if (sink !== null && (this.#send(sink) || this.#send(sink))) this.sent++;
    else this.notSent++;
  }

  #send(sink: DatagramSink): boolean {
    const { outcome } = this.#batch;
    outcome[0] = SendOutcome.Pending;
    sink.send(this.#batch, 0, 1, 1);
    if (outcome[0] !== SendOutcome.Sent) sink.drainErrors();
    return outcome[0] === SendOutcome.Sent;
  }

  #leave(nowMonoNs: Nanos): void {
    this.finished = true;
    for (const reporter of this.#reporters.values()) {
      reporter.responder.leave(nowMonoNs);
      if (nowMonoNs >= reporter.responder.dueMonoNs) this.#report(reporter, nowMonoNs);
      reporter.sink?.close();
    }
  }
}
