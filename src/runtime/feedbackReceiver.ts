import { Seq } from '../analysis/sequenceState.js';
import { isNumbered, StreamFormat } from '../analysis/streamTable.js';
import type { Measurement } from '../analysis/measurement.js';
import { addToAddress, parseAddress } from '../core/address.js';
import { ReceiveBatch } from '../core/batch.js';
import { Random } from '../core/random.js';
import type { Nanos } from '../core/time.js';
import type { DatagramPort, DatagramSource, Io, Path } from '../io/datagram.js';
import { StreamCounter } from '../metrics/counters.js';
import type { IntervalSnapshot } from '../metrics/snapshot.js';
import {
  type FeedbackAnnouncement,
  FeedbackFlag,
  feedbackPacket,
  type FlowReport,
  MOST_LATEST,
  readFeedback,
  ReportField,
} from '../wire/feedback.js';
import { PTS_HZ } from '../wire/mpegts.js';
import type { RtcpPacket } from '../wire/rtcp.js';
import { sdesItem, SdesType } from '../wire/rtcpSdes.js';
import type { Agent } from './agent.js';
import { FeedbackPeer } from './feedbackPeer.js';
import type { FeedbackProof } from './feedbackProof.js';
import { emptyReport } from './feedbackSender.js';
import type { RtcpTap } from './rtcpReceiver.js';
import { addUp, worstInterval, worstJitterNs } from './reportFigures.js';

/** Answers are looked for this often while they may come. */
const LOOK_NS = 5e6;
const READ_AT_ONCE = 32;
/** Runs that are reported on at the same time; those that are over make room. */
const MOST_PEERS = 16;
const MESSAGES = 16;
const REPORT_OCTETS = 1280;
/** Behind the end of a run, beside the reorder window: datagrams that are under way. */
const UNDER_WAY_NS = 0.3e9;
/** Without a stream of its own for so long, an announcement is nobody's whom we receive. */
const PATIENCE_NS = 60e9;

export interface FeedbackReceiverOptions {
  readonly io: Io;
  /** Of announcements. */
  readonly sources: readonly DatagramSource[];
  readonly ports: ReadonlyMap<4 | 6, DatagramPort>;
  readonly measurement: Measurement;
  /** Whether a stream is what the run is about, not its FEC or RTCP. */
  readonly isMedia: (stream: number) => boolean;
  readonly proof: FeedbackProof;
  readonly name: string;
  readonly cname: string;
  readonly seed: number;
  readonly reorderWindowNs: Nanos;
  /** `--inject`: how wrong this receiver's clock is to be, ns, now. */
  readonly clockErrorNs: () => number;
  /** The result as it is now is to go to who asked for it. */
  readonly deliver: (to: FeedbackPeer) => void;
  readonly others: readonly Agent[];
}

/**
 * A receiver's side of the feedback: hears announcements, reports by unicast to where they come from, and compares clocks.
 * It answers nobody but the source of the announcement, and once streams come only where they come from.
 */
export class FeedbackReceiver implements Agent, RtcpTap {
  finished = false;
  /** Datagrams on the announcements' ports that are none, or lack the proof. */
  foreign = 0;
  readonly #options: FeedbackReceiverOptions;
  readonly #sources: DatagramSource[] = [];
  readonly #batch = new ReceiveBatch(MESSAGES, MESSAGES);
  readonly #bytes = new Uint8Array(REPORT_OCTETS);
  readonly #random: Random;
  readonly #peers: FeedbackPeer[] = [];
  /** Of the interval closed last, by stream. */
  readonly #intervals = new Map<number, IntervalSnapshot>();
  /** The highest stream among them; -1: there is none. */
  #lastInterval = -1;
  #lookNs: Nanos = -Infinity;

  constructor(options: FeedbackReceiverOptions) {
    this.#options = options;
    this.#random = new Random(options.seed, 0x6662);
    for (const source of options.sources) this.#sources[source.index] = source;
  }

  /** Runs that are, or were, reported on. */
  get peers(): readonly FeedbackPeer[] {
    return this.#peers;
  }

  get wantsIntervals(): boolean {
    return this.#peers.length > 0;
  }

  onInterval(interval: IntervalSnapshot): void {
    this.#intervals.set(interval.index, interval);
    this.#lastInterval = Math.max(this.#lastInterval, interval.index);
  }

  doWork(nowMonoNs: Nanos, ready: number): number {
    if (this.#options.others.every(({ finished }) => finished)) {
      this.finished = true;
      return 0;
    }
    for (let i = 0; i < ready; i++) {
      const source = this.#sources[this.#options.io.ready[i]!];
      if (source !== undefined) this.#readSource(source, nowMonoNs);
    }
    if (nowMonoNs >= this.#lookNs) this.#look(nowMonoNs);
    return 0;
  }

  nextDueNs(): Nanos {
    let dueNs = this.#lookNs;
    for (const peer of this.#peers) dueNs = Math.min(dueNs, peer.nextDueNs());
    return Math.max(dueNs, this.#lookNs);
  }

  gatherNs(): Nanos {
    return Infinity;
  }

  stop(): void {}

  /** The run is over: whoever was not told is told now, with the result that the caller then hands over. */
  leave(nowMonoNs: Nanos): readonly FeedbackPeer[] {
    const rest = this.#peers.filter((peer) => !peer.isDelivered && peer.streams.length > 0);
    for (const peer of rest) peer.delivered(nowMonoNs);
    // What was not said again is said once more now.
    for (const peer of this.#peers) if (!peer.isOver) this.#report(peer, nowMonoNs);
    return rest;
  }

  #readSource(source: DatagramSource, nowMonoNs: Nanos): void {
    const count = source.receive(this.#batch);
    for (let slot = 0; slot < count; slot++) this.#readSlot(this.#batch, slot, nowMonoNs);
  }

  /** RTCP has the only socket of this port. */
  onControl(batch: ReceiveBatch, slot: number): void {
    this.#readSlot(batch, slot, this.#options.io.clock.monoNs());
  }

  #readSlot(batch: ReceiveBatch, slot: number, nowMonoNs: Nanos): void {
    const { io, proof } = this.#options;
    const packets = proof.read(batch.bytes, batch.offset[slot]!, batch.length[slot]!);
    if (packets === null) this.foreign++;
    else this.#hear(packets, io.path(batch.path[slot]!), nowMonoNs);
  }

  #hear(packets: readonly RtcpPacket[], { source }: Path, nowMonoNs: Nanos): void {
    for (const packet of packets) {
      const said = packet.kind === 'app' ? readFeedback(packet) : null;
      if (said === null || said.kind !== 'announcement' || source === '') continue;
      const peer = this.#peerOf(source, said, nowMonoNs);
      if (peer === null) continue;
      peer.hear(said, nowMonoNs, this.#realNs);
      const report = packets[0];
      if (report?.kind === 'sr' && report.ssrc === said.run) peer.onSenderReport(report.ntp, nowMonoNs);
      return;
    }
  }

  #peerOf(address: string, first: FeedbackAnnouncement, nowMonoNs: Nanos): FeedbackPeer | null {
    const known = this.#peers.find((peer) => peer.run === first.run && peer.address === address);
    if (known !== undefined) return known;
    // A run that is over has nothing to be asked for.
    if ((first.flags & FeedbackFlag.Last) !== 0) return null;
    if (this.#peers.length >= MOST_PEERS) {
      const over = this.#peers.findIndex(({ isOver }) => isOver);
      if (over < 0) return null;
      this.#peers.splice(over, 1);
    }
    const family = address.includes(':') ? 6 : 4;
    if (!this.#options.ports.has(family)) return null;
    const peer = new FeedbackPeer({
      address,
      family,
      first,
      seed: this.#random.uint32(),
      nowMonoNs,
      nowRealNs: this.#realNs,
    });
    this.#peers.push(peer);
    return peer;
  }

  #look(nowMonoNs: Nanos): void {
    const { ports, deliver } = this.#options;
    for (const port of ports.values()) this.#readPort(port);
    let isBusy = false;
    for (const peer of this.#peers) {
      this.#adopt(peer);
      if (peer.isOver || this.#isForeign(peer, nowMonoNs)) continue;
      isBusy = true;
      if (peer.isQuestionDue(nowMonoNs)) this.#ask(peer, nowMonoNs);
      if (!Number.isNaN(peer.overNs) && this.#hasSettled(peer, nowMonoNs)) peer.settle(nowMonoNs);
      if (peer.isDeliveryDue(nowMonoNs)) {
        if (peer.streams.length > 0) deliver(peer);
        peer.delivered(nowMonoNs);
      }
      if (peer.isReportDue(nowMonoNs)) this.#report(peer, nowMonoNs);
    }
    this.#lookNs = isBusy ? nowMonoNs + LOOK_NS : nowMonoNs + 20 * LOOK_NS;
  }

  #readPort(port: DatagramPort): void {
    const { io, proof, clockErrorNs } = this.#options;
    const { epoch } = io.clock;
    for (let read = 0; read < READ_AT_ONCE; read++) {
      const octets = port.receive(this.#bytes);
      if (octets < 0) return;
      const packets = proof.read(this.#bytes, 0, octets);
      for (const packet of packets ?? []) {
        const said = packet.kind === 'app' ? readFeedback(packet) : null;
        if (said === null || said.kind !== 'answer') continue;
        const peer = this.#peers.find(({ run, address }) => run === said.run && address === port.sourceAddress);
        if (peer === undefined || !peer.take(said.number, said.t1UnixNs)) continue;
        const since = (unixNs: bigint): Nanos => Number(unixNs - epoch.realtimeNs);
        const receivedNs = port.receivedRealNs + clockErrorNs();
        peer.clock.add(since(said.t1UnixNs), since(said.t2UnixNs), since(said.t3UnixNs), receivedNs);
      }
    }
  }

  /** By this receiver's clock, injected errors included. */
  get #realNs(): Nanos {
    return this.#options.io.clock.realNs() + this.#options.clockErrorNs();
  }

  #ask(peer: FeedbackPeer, nowMonoNs: Nanos): void {
    const t1UnixNs = this.#options.io.clock.epoch.realtimeNs + BigInt(Math.round(this.#realNs));
    const number = peer.ask(t1UnixNs, nowMonoNs);
    this.#send(peer, [
      emptyReport(peer.ssrc),
      this.#description(peer),
      feedbackPacket(peer.ssrc, { kind: 'question', run: peer.run, number, t1UnixNs }),
    ]);
  }

  #report(peer: FeedbackPeer, nowMonoNs: Nanos): void {
    this.#adopt(peer);
    this.#count(peer);
    const { figures } = peer;
    const jitterNs = figures[ReportField.JitterNs]!;
    const jitter = Number.isNaN(jitterNs) ? 0 : (jitterNs * PTS_HZ) / 1e9;
    const summary = peer.summary();
    const extended: RtcpPacket[] =
      summary === null ? [] : [{ kind: 'xr', ssrc: peer.ssrc, reserved: 0, blocks: [summary] }];
    const octets = this.#send(peer, [
      { kind: 'rr', ssrc: peer.ssrc, blocks: [peer.block(jitter, nowMonoNs)], extension: new Uint8Array() },
      this.#description(peer),
      ...extended,
      feedbackPacket(peer.ssrc, {
        kind: 'report',
        run: peer.run,
        number: peer.nextNumber,
        flags: peer.isDelivered ? FeedbackFlag.Last : 0,
        streams: peer.streams.length,
        figures,
        latest: this.#latestFlows(peer),
      }),
    ]);
    peer.reported(octets, nowMonoNs);
  }

  /** Octets of UDP payload, whether they left or not: what is lost here is lost as on the way. */
  #send(peer: FeedbackPeer, packets: readonly RtcpPacket[]): number {
    const { ports, proof } = this.#options;
    const port = ports.get(peer.address.includes(':') ? 6 : 4)!;
    const octets = proof.write(this.#bytes, 0, peer.ssrc, packets);
    // A refusal of an earlier one, because nobody listens there, may be told instead: once more.
    if (!port.send(this.#bytes, octets, peer.address, peer.said.port))
      port.send(this.#bytes, octets, peer.address, peer.said.port);
    return octets;
  }

  #description({ ssrc }: FeedbackPeer): RtcpPacket {
    const { cname, name } = this.#options;
    return {
      kind: 'sdes',
      chunks: [{ ssrc, items: [sdesItem(SdesType.Cname, cname), sdesItem(SdesType.Name, name)] }],
    };
  }

  /** Looks which of the streams that are new belong to the run. */
  #adopt(peer: FeedbackPeer): void {
    const { measurement, isMedia, io } = this.#options;
    const { table, streamCount } = measurement;
    for (; peer.lookedAt < streamCount; peer.lookedAt++) {
      const stream = peer.lookedAt;
      if (table.format(stream) === StreamFormat.Others || !isMedia(stream)) continue;
      const path = io.path(table.path(stream));
      if (path.source !== peer.address) continue;
      const isOfRun =
        table.format(stream) === StreamFormat.Probe
          ? table.run(stream) === peer.run
          : isAnnounced(peer.said, path) && !this.#isEarlier(peer, stream);
      if (isOfRun) peer.streams.push(stream);
    }
  }

  /** It was over before the run was announced: another run of that host, of which only probes tell the number. */
  #isEarlier(peer: FeedbackPeer, stream: number): boolean {
    const { measurement } = this.#options;
    const { table, sequence } = measurement;
    const endedNs = isNumbered(table.format(stream))
      ? sequence.states.values[stream * Seq.Count + Seq.EndedMonoNs]!
      : NaN;
    return endedNs === endedNs ? endedNs < peer.sinceMonoNs : measurement.hasStreamSettled(stream, peer.sinceMonoNs);
  }

  /** Streams come, but none from there: whoever announces that is not to be answered. */
  #isForeign(peer: FeedbackPeer, nowMonoNs: Nanos): boolean {
    return peer.streams.length === 0 && nowMonoNs - peer.beganMonoNs > PATIENCE_NS;
  }

  #hasSettled(peer: FeedbackPeer, nowMonoNs: Nanos): boolean {
    const { measurement, reorderWindowNs } = this.#options;
    if (nowMonoNs - peer.overNs > reorderWindowNs + UNDER_WAY_NS) return true;
    if (nowMonoNs - peer.overNs < UNDER_WAY_NS) return false;
    return peer.streams.every((stream) => measurement.hasStreamSettled(stream, nowMonoNs));
  }

  /** Of runs with many streams the latest ones. */
  #latestFlows({ streams }: FeedbackPeer): FlowReport[] {
    const { table, counters } = this.#options.measurement;
    return streams
      .slice(-MOST_LATEST)
      .filter((stream) => table.format(stream) === StreamFormat.Probe)
      .map((stream) => {
        const at = stream * StreamCounter.Count;
        return {
          flow: table.flow(stream),
          received: counters.values[at + StreamCounter.Received]!,
          lossSocketBuffer: counters.values[at + StreamCounter.LossSocketBuffer]!,
          lossApplication: counters.values[at + StreamCounter.LossApplication]!,
          lastDelayNs: this.#options.measurement.timing.lastDelayNs(stream),
        };
      });
  }

  #count({ streams, figures, clock }: FeedbackPeer): void {
    const { measurement } = this.#options;
    figures.fill(NaN, ReportField.DelayMin);
    addUp(figures, streams, measurement.counters);
    figures[ReportField.JitterNs] = worstJitterNs(streams, measurement.timing);
    const worst = worstInterval(streams, this.#intervals, this.#lastInterval);
    if (worst !== null) {
      figures[ReportField.DelayMin] = worst.delayMinNs;
      figures[ReportField.DelayP50] = worst.delayP50Ns;
      figures[ReportField.DelayP99] = worst.delayP99Ns;
      figures[ReportField.DelayMax] = worst.delayMaxNs;
    }
    const estimate = clock.estimateAt(this.#realNs);
    if (estimate === null) return;
    // The estimate is of the sender's clock less ours.
    figures[ReportField.ClockOffset] = -estimate.offsetNs;
    figures[ReportField.ClockUncertainty] = estimate.uncertaintyNs;
    figures[ReportField.ClockDriftPpm] = -estimate.driftPpm;
    figures[ReportField.RoundTripMin] = estimate.minimumRoundTripNs;
    figures[ReportField.Exchanges] = estimate.exchanges;
  }
}

/** Whether a path leads to a group that the sender says it sends to; where it says none, all do. */
function isAnnounced({ places }: FeedbackAnnouncement, path: Path): boolean {
  if (places.length === 0) return true;
  const group = mapped(path.group);
  if (group === null) return false;
  return places.some(({ address, port, groups }) => {
    if (port !== path.port) return false;
    for (let by = 0; by < groups; by++) {
      const next = addToAddress(address, by);
      if (next !== null && next.every((octet, i) => octet === group[i])) return true;
    }
    return false;
  });
}

/** 16 octets; `null`: no address. */
export function mapped(text: string): Uint8Array | null {
  const address = parseAddress(text.replace(/%.*$/, ''));
  if (address === null || address.length === 16) return address;
  const octets = new Uint8Array(16).fill(0xff, 10, 12);
  octets.set(address, 12);
  return octets;
}
