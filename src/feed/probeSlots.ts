import { SendFlag, type SendBatch } from '../core/batch.js';
import type { Nanos, SplitTime } from '../core/time.js';
import {
  PROBE_HEADER_OCTETS,
  PROBE_SEND_TIME_AT,
  ProbeFlag,
  probeConstantCheck,
  putProbe,
  putProbeSendTime,
} from '../wire/probe.js';
import { putProbeRun, renumberProbeRun } from '../wire/probeRun.js';
import { ALL_FLOWS, DealtFlows } from './dealtFlows.js';
import { endOctet, putColumns } from './limits.js';
import { PayloadSlots } from './payloadSlots.js';
import type { ProbeFeedOptions } from './probeOptions.js';

const TWO_32 = 4_294_967_296;
/** From so many datagrams on a run is written as one. */
const LONG_RUN = 8;

/**
 * Writes the probe datagrams of one destination into slots of batches, and numbers them: each flow from 0.
 * What a slot holds already from an earlier batch is not written again.
 */
export class ProbeSlots {
  readonly flowBase: number;
  readonly flows: number;
  /** Per flow: numbers refused or skipped. */
  readonly notSent: Float64Array;
  // Fields, not the options: those come in objects of many shapes, which compiled code would tell apart.
  readonly #sizeOctets: number;
  /** Of each flow's datagrams in turn; `null`: all of one size. */
  readonly #sizes: readonly number[] | null;
  /** By size. */
  readonly #payloads: ReadonlyMap<number, Uint8Array>;
  readonly #destination: number;
  readonly #runId: number;
  readonly #tos: number;
  readonly #ttl: number;
  readonly #unixAtMonoZero: SplitTime;
  readonly #slots: PayloadSlots;
  readonly #payload: Uint8Array;
  /** Number of the first flow in the header, and from each to the next. */
  readonly #firstFlow: number;
  readonly #flowStep: number;
  readonly #dataFlags: number;
  readonly #stampAt: number;
  /** Per flow: the constant part of the check of its data. */
  readonly #constantCheck: Int32Array;
  /** Flows come with the slots; else they take turns, and this is the next one. */
  readonly #ownFlows: boolean;
  #flow = 0;
  /** Per flow: number of its next datagram. */
  readonly #sequences: Float64Array;
  /** What the headers that were written last have in common beside the constant fields. */
  // No integer at first: a field that turns from one to a float64 changes the shape of all objects, and throws compiled code away.
  #writtenLost = NaN;
  #writtenHigh = 0;
  #writtenTotalHigh = 0;

  /** `ownFlows`: who each datagram is of stands in its slot. */
  constructor(options: ProbeFeedOptions, ownFlows = false) {
    const { sizeOctets } = options;
    const { own: flows, first, of } = new DealtFlows(options.flows, options.deal ?? ALL_FLOWS);
    this.#ownFlows = ownFlows;
    this.#sequences = new Float64Array(flows);
    this.flows = flows;
    this.flowBase = options.flowBase ?? 0;
    this.notSent = new Float64Array(flows);
    this.#sizeOctets = sizeOctets;
    this.#destination = options.destination;
    this.#runId = options.runId;
    this.#tos = options.tos;
    this.#ttl = options.ttl;
    this.#unixAtMonoZero = options.unixAtMonoZero;
    this.#slots = options.payloadSlots ?? new PayloadSlots();
    this.#payload = this.#slots.pattern(PROBE_HEADER_OCTETS, sizeOctets);
    this.#sizes = options.sizes ?? null;
    const different = new Set(this.#sizes ?? []);
    this.#payloads = new Map(
      [...different].map((octets) => [octets, this.#slots.pattern(PROBE_HEADER_OCTETS, octets)]),
    );
    this.#firstFlow = (options.firstFlow ?? 0) + first;
    this.#flowStep = of;
    this.#dataFlags =
      (options.superPackets ? ProbeFlag.SuperPacket : 0) | (options.sendTime === 'due' ? ProbeFlag.DueTime : 0);
    this.#stampAt = options.sendTime === 'departure' ? PROBE_SEND_TIME_AT : 0;
    this.#constantCheck = new Int32Array(flows);
    for (let f = 0; f < flows; f++) this.#constantCheck[f] = this.#check(this.#dataFlags, f);
  }

  #check(flags: number, flow: number): number {
    return probeConstantCheck(flags, this.#tos, this.#ttl, this.#runId, this.#firstFlow + flow * this.#flowStep);
  }

  /** Slots that can be appended at octet `at` of the slab. */
  room(batch: SendBatch, at: number): number {
    return Math.min(batch.capacity - batch.count, Math.floor((batch.bytes.length - at) / this.#sizeOctets));
  }

  /** The next data in slots `[from, to)`, the first of which begins at octet `at`; their due times are there. Hot. */
  putData(batch: SendBatch, from: number, to: number, at: number): void {
    if (this.#sizes !== null) {
      this.#putMixed(batch, from, to, at);
      return;
    }
    const sizeOctets = this.#sizeOctets;
    const slots = this.#slots;
    const isLong = this.flows === 1 && to - from >= LONG_RUN;
    if (!isLong && !this.#ownFlows) this.#takeTurns(batch.flow, from, to);
    const isAligned = at === from * sizeOctets;
    let fresh = from;
    if (isLong && isAligned && slots.coveredTo(batch, this.#payload) > at) {
      // Slots that this feed filled before: all but numbers and times is there.
      fresh = Math.max(from, Math.min(to, Math.floor(slots.headersTo(this) / sizeOctets)));
      batch.outcome.fill(0, from, fresh);
    }
    if (fresh < to) {
      putColumns(batch, fresh, to, sizeOctets, 0, this.#destination, this.#stampAt);
      this.#putPayload(batch, fresh, to, at + (fresh - from) * sizeOctets);
      if (isLong) batch.flow.fill(this.flowBase, fresh, to);
    }
    if (isLong) this.#putRun(batch.view, at, to - from, isAligned);
    else this.#putEach(batch, from, to);
    if ((this.#dataFlags & ProbeFlag.DueTime) !== 0) this.#putDueTimes(batch, from, to);
  }

  /** As {@link putData}, of datagrams of several sizes. */
  #putMixed(batch: SendBatch, from: number, to: number, at: number): void {
    const sizes = this.#sizes!;
    const { offset, length, flow } = batch;
    if (!this.#ownFlows) this.#takeTurns(flow, from, to);
    putColumns(batch, from, to, 0, 0, this.#destination, this.#stampAt);
    let begin = at;
    for (let slot = from; slot < to; slot++) {
      const octets = sizes[this.#sequences[flow[slot]! - this.flowBase]! % sizes.length]!;
      this.#slots.write(batch, begin, PROBE_HEADER_OCTETS, this.#payloads.get(octets)!);
      offset[slot] = begin;
      length[slot] = octets;
      this.#putEach(batch, slot, slot + 1);
      begin += octets;
    }
    if ((this.#dataFlags & ProbeFlag.DueTime) !== 0) this.#putDueTimes(batch, from, to);
  }

  /** Offsets and payloads of slots `[from, to)`, the first of which begins at octet `at`. */
  #putPayload(batch: SendBatch, from: number, to: number, at: number): void {
    const sizeOctets = this.#sizeOctets;
    const { offset } = batch;
    let coveredTo = at % sizeOctets === 0 ? this.#slots.coveredTo(batch, this.#payload) : 0;
    for (let slot = from, begin = at; slot < to; slot++, begin += sizeOctets) {
      if (begin >= coveredTo) coveredTo = this.#slots.write(batch, begin, PROBE_HEADER_OCTETS, this.#payload);
      offset[slot] = begin;
    }
  }

  /** Headers of a long run of the only flow, from octet `at` on; `isAligned`: slot k begins at octet k x size. */
  #putRun(view: DataView, at: number, count: number, isAligned: boolean): void {
    const stride = this.#sizeOctets;
    const slots = this.#slots;
    const check = this.#constantCheck[0]!;
    const lost = this.notSent[0]!;
    let left = count;
    let begin = at;
    while (left > 0) {
      const sequence = this.#sequences[0]!;
      const total = sequence + 1 - lost;
      const high = Math.floor(sequence / TWO_32);
      const totalHigh = Math.floor(total / TWO_32);
      const low = sequence - high * TWO_32;
      const totalLow = total - totalHigh * TWO_32;
      const part = Math.min(left, TWO_32 - low, TWO_32 - totalLow);
      if (lost !== this.#writtenLost || high !== this.#writtenHigh || totalHigh !== this.#writtenTotalHigh) {
        slots.forgetHeaders();
        this.#writtenLost = lost;
        this.#writtenHigh = high;
        this.#writtenTotalHigh = totalHigh;
      }
      // What these slots held before were this flow's headers: most of them is right.
      const there = isAligned ? Math.floor((slots.headersTo(this) - begin) / stride) : 0;
      const again = Math.max(0, Math.min(part, there));
      if (again > 0) renumberProbeRun(view, begin, stride, again, check, high, low, totalHigh, totalLow, lost);
      if (again < part) {
        putProbeRun(
          view,
          begin + again * stride,
          stride,
          part - again,
          check,
          this.#dataFlags,
          this.#tos,
          this.#ttl,
          this.#runId,
          this.#firstFlow,
          high,
          low + again,
          totalHigh,
          totalLow + again,
          lost,
        );
        if (isAligned) slots.noteHeaders(this, begin, begin + part * stride);
        else slots.forgetHeaders();
      }
      this.#sequences[0]! += part;
      begin += part * stride;
      left -= part;
    }
  }

  #takeTurns(flow: Uint32Array, from: number, to: number): void {
    const { flows, flowBase } = this;
    let next = this.#flow;
    for (let slot = from; slot < to; slot++) {
      flow[slot] = flowBase + next;
      if (++next === flows) next = 0;
    }
    this.#flow = next;
  }

  /** Headers one by one, each of the flow that is in its slot. */
  #putEach(batch: SendBatch, from: number, to: number): void {
    const { view, offset, flow: flows } = batch;
    const dataFlags = this.#dataFlags;
    const constantCheck = this.#constantCheck;
    const { notSent } = this;
    const sequences = this.#sequences;
    const firstFlow = this.#firstFlow;
    const flowStep = this.#flowStep;
    const flowBase = this.flowBase;
    const tos = this.#tos;
    const ttl = this.#ttl;
    const runId = this.#runId;
    this.#slots.forgetHeaders();
    for (let slot = from; slot < to; slot++) {
      const flow = flows[slot]! - flowBase;
      const lost = notSent[flow]!;
      const sequence = sequences[flow]!;
      sequences[flow] = sequence + 1;
      putProbe(
        view,
        offset[slot]!,
        constantCheck[flow]!,
        dataFlags,
        tos,
        ttl,
        runId,
        firstFlow + flow * flowStep,
        Math.floor(sequence / TWO_32),
        sequence,
        sequence + 1 - lost,
        lost,
      );
    }
  }

  /** Appends a marker of `flow`; `kind`: a bit of {@link SendFlag}. False: no room for it. */
  putMarker(batch: SendBatch, flow: number, kind: number, dueNs: Nanos): boolean {
    const slot = batch.count;
    const at = endOctet(batch);
    if (this.room(batch, at) === 0) return false;
    const sizeOctets = this.#sizeOctets;
    const tos = this.#tos;
    const ttl = this.#ttl;
    const runId = this.#runId;
    const flags = this.#dataFlags | (kind === SendFlag.Start ? ProbeFlag.Start : ProbeFlag.End);
    const given = this.#sequences[flow]!;
    const lost = this.notSent[flow]!;
    this.#putPayload(batch, slot, slot + 1, at);
    this.#slots.forgetHeaders();
    const high = Math.floor(given / TWO_32);
    const check = this.#check(flags, flow);
    const number = this.#firstFlow + flow * this.#flowStep;
    putProbe(batch.view, at, check, flags, tos, ttl, runId, number, high, given, given - lost, lost);
    putColumns(batch, slot, slot + 1, sizeOctets, kind, this.#destination, this.#stampAt);
    batch.dueMonoNs[slot] = dueNs;
    batch.flow[slot] = this.flowBase + flow;
    if ((flags & ProbeFlag.DueTime) !== 0) this.#putDueTimes(batch, slot, slot + 1);
    batch.count = slot + 1;
    return true;
  }

  /** Numbers `skipped` datagrams that are never made, of flows that take turns. */
  skip(skipped: number): void {
    const everyFlow = Math.floor(skipped / this.flows);
    for (let f = 0; f < this.flows; f++) {
      const offset = (f - this.#flow + this.flows) % this.flows;
      const own = everyFlow + (offset < skipped % this.flows ? 1 : 0);
      this.notSent[f]! += own;
      this.#sequences[f]! += own;
    }
    this.#flow = (this.#flow + skipped) % this.flows;
  }

  /** Numbers a datagram of `flow` that is never made. */
  skipOne(flow: number): void {
    this.notSent[flow]!++;
    this.#sequences[flow]!++;
  }

  #putDueTimes(batch: SendBatch, from: number, to: number): void {
    const { high, low } = this.#unixAtMonoZero;
    for (let i = from; i < to; i++) {
      const sum = low + batch.dueMonoNs[i]!;
      putProbeSendTime(batch.view, batch.offset[i]!, high + Math.floor(sum / TWO_32), sum);
    }
  }
}
