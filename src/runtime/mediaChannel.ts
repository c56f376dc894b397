import { TsAnalyzer } from '../analysis/mpegts/tsAnalyzer.js';
import type { Nanos } from '../core/time.js';
import type { FecSnapshot, RepairSnapshot } from '../metrics/repairSnapshot.js';
import type { TransportSnapshot } from '../metrics/transportSnapshot.js';
import { FecDecoder } from '../repair/fecDecoder.js';
import { InOrder, Release } from '../repair/inOrder.js';
import { PacketStore, PutOutcome } from '../repair/packetStore.js';
import type { FeedFraming } from '../wire/framing.js';
import { rtpHeaderOctets, rtpPaddingOctets } from '../wire/rtp.js';
import { LegArbitration } from './legArbitration.js';
import { repairSince } from './repairSince.js';

/** Where a stream's payloads go once they are in order. */
export interface MediaOutput {
  /** `bytes[at .. at + length)`, an RTP payload or a datagram; valid during the call alone. `lost` datagrams are missing before it. Never waits. */
  put(bytes: Uint8Array, at: number, length: number, lost: number): void;
  /**
   * Of an output that takes a sequenced feed as it is, in place of {@link put}: a datagram of `framing` with the fields of
   * `frame` and the message blocks `bytes[from .. to)`, a heartbeat or an end without any.
   */
  putFeed?(framing: FeedFraming, frame: Uint32Array, bytes: Uint8Array, from: number, to: number, lost: number): void;
}

export interface MediaChannelOptions {
  /** Packets held, a power of two: what the reordering and repair of the stream may reach back. */
  readonly storePackets: number;
  /** Longest wait for a missing packet that nothing repairs, ns. */
  readonly holdNs: Nanos;
  /** Two legs: how far apart they may be, ns; `null`: there is one. */
  readonly mergeWindowNs: Nanos | null;
  readonly outputs: readonly MediaOutput[];
}

/** Room for RTP packets of any that fit an Ethernet frame, with FEC's or extensions' headers. */
const SLOT_OCTETS = 1536;
/** With FEC: a missing packet may come back so late. */
const FEC_HOLD_NS = 2e9;
const TWO_16 = 0x1_0000;

/** The large parts of a channel, made before its stream comes. */
export interface SpareChannel {
  readonly analyzer: TsAnalyzer;
  readonly store: PacketStore;
}

export function spareChannel(storePackets: number): SpareChannel {
  const store = new PacketStore(storePackets, SLOT_OCTETS);
  // Memory that was never written is not there yet: the system would make it page by page, under the first datagrams.
  store.bytes.fill(0);
  return { analyzer: new TsAnalyzer(), store };
}

/**
 * What is done with one RTP stream behind its measurement: two legs merged, FEC applied, order restored, transport
 * packets analysed, outputs fed. Packets are held until what is missing before them has come or is given up.
 */
export class RtpChannel {
  /** The sender said that the stream has ended: its silence is no fault. */
  isOver = false;
  /** The warm-up is over, see {@link restart}. */
  isWarm = false;
  readonly analyzer: TsAnalyzer;
  readonly outputs: readonly MediaOutput[];
  readonly #store: PacketStore;
  readonly #inOrder: InOrder;
  readonly #legs: LegArbitration | null;
  #fec: FecDecoder | null = null;
  /** The newest number at a look, its arrival, and the newest one that all sockets have been read past. */
  #lookedAt = -Infinity;
  #lookedAtNs: Nanos = -Infinity;
  #settled = -Infinity;
  readonly #holdNs: Nanos;
  /** Number on the wire of the channel's number 0, 16 bits. */
  #origin = -1;
  #lost = 0;
  /** Numbers below came within the warm-up. */
  #countedFrom = -Infinity;
  /** Numbers released and given up, and octets released, of those that count. */
  #released = 0;
  #givenUp = 0;
  #octets = 0;
  /** What was counted elsewhere when the warm-up ended. */
  #before: RepairSnapshot | null = null;
  /** Arrival of what was delivered last. */
  #lastNs: Nanos = -Infinity;
  /** Whether payloads are transport packets; else outputs alone have them. */
  readonly isTransportStream: boolean;

  constructor(options: MediaChannelOptions, isTransportStream: boolean, spare: SpareChannel | null = null) {
    this.outputs = options.outputs;
    this.analyzer = spare?.analyzer ?? new TsAnalyzer();
    this.isTransportStream = isTransportStream;
    this.#holdNs = options.mergeWindowNs ?? options.holdNs;
    this.#store = spare?.store ?? new PacketStore(options.storePackets, SLOT_OCTETS);
    this.#inOrder = new InOrder(this.#store, { holdNs: this.#holdNs, depthPackets: options.storePackets });
    const windowNs = options.mergeWindowNs;
    this.#legs = windowNs === null ? null : new LegArbitration(options.storePackets, options.storePackets, windowNs);
  }

  /**
   * The channel's number of a packet whose number on the wire is `wire`: near the newest one. Both legs, whose streams
   * count from origins of their own, meet in it.
   */
  numberOf(wire: number): number {
    if (this.#origin < 0) this.#origin = wire;
    const store = this.#store;
    const newest = store.isEmpty ? 0 : store.newest;
    return newest + (((wire - ((newest + this.#origin) % TWO_16)) << 16) >> 16);
  }

  /** A media packet arrived; `number` by {@link numberOf}. Hot. */
  onPacket(view: DataView, at: number, length: number, number: number, timeNs: Nanos, leg: 0 | 1): void {
    if (this.#legs !== null) {
      this.#legs.arrivedNs[0] = timeNs;
      this.#legs.push(leg, number, 1);
    }
    const outcome = this.#store.put(number, view, at, length, timeNs, leg);
    if (outcome !== PutOutcome.Stored && outcome !== PutOutcome.Late) return;
    if (this.#fec !== null) this.#fec.addMedia(number, timeNs);
    if (outcome === PutOutcome.Stored) this.#drain(timeNs);
  }

  /** A packet of one of the stream's FEC streams. */
  onFec(view: DataView, at: number, length: number, timeNs: Nanos): void {
    this.#fec ??= this.#beginFec();
    this.#fec.addFec(view, at, length, timeNs);
    this.#drain(timeNs);
  }

  #beginFec(): FecDecoder {
    this.#inOrder.holdNs = Math.max(this.#holdNs, FEC_HOLD_NS);
    return new FecDecoder(this.#store);
  }

  /** All arrivals before `beforeNs` have been read; time passes. Silence counts up to `silentToNs`. */
  onTime(nowNs: Nanos, beforeNs: Nanos, silentToNs: Nanos): void {
    this.#legs?.onTime(beforeNs);
    if (this.#fec !== null) this.#giveUpBehind(this.#fec, beforeNs);
    this.#drain(nowNs);
    if (!this.isTransportStream || this.isOver) return;
    // What waits behind a gap has arrived, and is analysed later with the time at which it did.
    this.analyzer.onTime(Math.min(silentToNs, this.#inOrder.dueMonoNs - this.#inOrder.holdNs));
  }

  /** End of the warm-up: what has a higher number than all before counts, and nothing else does. */
  restart(): void {
    this.isWarm = true;
    this.analyzer.restart();
    this.#countedFrom = this.#store.isEmpty ? -Infinity : this.#store.newest + 1;
    this.#released = 0;
    this.#givenUp = 0;
    this.#octets = 0;
    this.#legs?.restart();
    const before = this.#counted();
    this.#before = this.#legs === null ? before : { ...before, arbitration: this.#legs.decided() };
  }

  /**
   * Gives up what FEC no longer reaches. Media may have been read far ahead of FEC, which comes by other sockets, so that
   * this counts from media before whose arrival all has been read.
   */
  #giveUpBehind(fec: FecDecoder, beforeNs: Nanos): void {
    const store = this.#store;
    if (store.isEmpty) return;
    if (this.#lookedAtNs < beforeNs) {
      this.#settled = this.#lookedAt;
      this.#lookedAt = store.newest;
      this.#lookedAtNs = store.timeMonoNs(store.newest);
    }
    const inOrder = this.#inOrder;
    inOrder.depthPackets = Math.min(store.capacity, store.newest - this.#settled + fec.windowPackets);
    this.#drain(-Infinity);
    inOrder.depthPackets = store.capacity;
  }

  /** The stream is over: what is missing stays missing. */
  finish(nowNs: Nanos): void {
    this.#inOrder.flush();
    this.#drain(nowNs);
    this.#legs?.finish();
  }

  transport(): TransportSnapshot | null {
    return this.isTransportStream ? this.analyzer.snapshot() : null;
  }

  repair(): RepairSnapshot {
    const now = this.#counted();
    return this.#before === null ? now : repairSince(now, this.#before);
  }

  #counted(): RepairSnapshot {
    const released = this.#released;
    const givenUp = this.#givenUp;
    return {
      expected: released + givenUp,
      released,
      givenUp,
      late: this.#store.late + this.#store.tooOld,
      octets: this.#octets,
      fec: this.#fec === null ? null : fecSnapshot(this.#fec, this.#store),
      arbitration: this.#legs === null ? null : this.#legs.snapshot(),
      recovery: null,
    };
  }

  #drain(nowNs: Nanos): void {
    const inOrder = this.#inOrder;
    const store = this.#store;
    for (;;) {
      const what = inOrder.next(nowNs);
      if (what === Release.Nothing) return;
      const { sequence } = inOrder;
      if (what === Release.Gap) {
        const { count } = inOrder;
        this.#lost += count;
        this.#givenUp += Math.min(count, Math.max(0, sequence + count - this.#countedFrom));
        continue;
      }
      const packet = store.offsetOf(sequence);
      const length = store.lengthOf(sequence);
      const header = rtpHeaderOctets(store.bytes, packet);
      const octets = length - header - rtpPaddingOctets(store.bytes, packet, length);
      if (sequence >= this.#countedFrom) {
        this.#released++;
        this.#octets += octets;
      }
      this.#lastNs = Math.max(this.#lastNs, this.#arrivalNs(sequence));
      this.#deliver(store.bytes, packet + header, octets, this.#lastNs);
    }
  }

  /** A recovered packet arrived never: it comes with the next one that did, which has waited for it. */
  #arrivalNs(sequence: number): Nanos {
    const store = this.#store;
    for (let n = sequence; n <= store.newest; n++) {
      if (store.has(n) && !store.isRecovered(n)) return store.timeMonoNs(n);
    }
    return this.#lastNs;
  }

  #deliver(bytes: Uint8Array, at: number, length: number, timeNs: Nanos): void {
    const lost = this.#lost;
    this.#lost = 0;
    if (this.isTransportStream) this.analyzer.onPayload(bytes, at, length, timeNs, lost);
    const { outputs } = this;
    for (let i = 0; i < outputs.length; i++) outputs[i]!.put(bytes, at, length, lost);
  }
}

function fecSnapshot(fec: FecDecoder, store: PacketStore): FecSnapshot {
  const { columns, rows, heard, outOfWindow, inconsistent, recovered } = fec;
  return {
    columns: columns === 0 ? fec.rowColumns : columns,
    rows,
    hasRows: fec.rowColumns > 0,
    heard,
    malformed: fec.malformed + fec.tooLong,
    outOfWindow,
    inconsistent,
    recovered: recovered - store.cameAfterAll,
  };
}

/** A transport stream in bare UDP: nothing numbers its datagrams, so they are taken as they come. */
export class BareChannel {
  readonly isTransportStream = true;
  isOver = false;
  isWarm = false;
  readonly analyzer = new TsAnalyzer();
  readonly outputs: readonly MediaOutput[];

  constructor(outputs: readonly MediaOutput[]) {
    this.outputs = outputs;
  }

  onDatagram(bytes: Uint8Array, at: number, length: number, timeNs: Nanos): void {
    this.analyzer.onPayload(bytes, at, length, timeNs, NaN);
    const { outputs } = this;
    for (let i = 0; i < outputs.length; i++) outputs[i]!.put(bytes, at, length, 0);
  }

  onTime(_nowNs: Nanos, _beforeNs: Nanos, silentToNs: Nanos): void {
    if (!this.isOver) this.analyzer.onTime(silentToNs);
  }

  restart(): void {
    this.isWarm = true;
    this.analyzer.restart();
  }

  finish(_nowNs: Nanos): void {}

  transport(): TransportSnapshot {
    return this.analyzer.snapshot();
  }
}
