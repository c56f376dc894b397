import { Measurement, type MeasurementOptions, type SocketFacts } from '../../src/analysis/measurement.js';
import { Arrival } from '../../src/analysis/decoded.js';
import type { StreamPath } from '../../src/analysis/streamPath.js';
import { ReceiveBatch, SlotFlag } from '../../src/core/batch.js';
import { splitNs } from '../../src/core/time.js';
import { ProbeFlag } from '../../src/wire/probe.js';
import { probeCodec } from '../../src/wire/probeCodec.js';

export const EPOCH_NS = 1_800_000_000_000_000_000n;

/** A datagram as the socket hands it over. Probe fields, unless `octets` says otherwise. */
export interface Datagram {
  readonly kind?: 'data' | 'start' | 'end';
  /** The full number, or relative to `firstNumber` of the driver. */
  readonly number?: number;
  /** Stamp, ns since the epoch on both clocks unless `realNs` differs. */
  readonly monoNs: number;
  readonly realNs?: number;
  readonly sentNs?: number;
  readonly notSent?: number;
  readonly drops?: number;
  readonly flow?: number;
  readonly run?: number;
  readonly path?: number;
  readonly socket?: number;
  readonly flags?: number;
  /** Position within its super-packet; 0: its first, or a plain one. */
  readonly segment?: number;
  readonly tos?: number;
  readonly ttl?: number;
  readonly tosSent?: number;
  readonly probeFlags?: number;
  readonly octets?: Uint8Array;
  readonly length?: number;
}

/** Each datagram, changed in what `change` says. */
export function changed(
  datagrams: readonly Datagram[],
  change: (one: Datagram, i: number) => Partial<Datagram>,
): Datagram[] {
  const all: Datagram[] = [];
  for (const [i, one] of datagrams.entries()) all.push({ ...one, ...change(one, i) });
  return all;
}

const SLOT_OCTETS = 128;

export const SOCKET: SocketFacts = {
  index: 0,
  scheme: 'probe',
  joinRealNs: 0,
  hasDropCounter: true,
  name: null,
  tosSent: null,
  ttlSent: null,
};

/** Drives a measurement with datagrams, in batches of any size, as a receiver does. */
export class Driver {
  readonly measurement: Measurement;
  /** What the sequence analyzer found, in order of arrival. */
  readonly verdicts: (keyof typeof Arrival)[] = [];
  readonly #batch: ReceiveBatch;
  readonly #firstNumber: bigint;
  readonly #slotOctets: number;

  constructor(
    options: Partial<MeasurementOptions> & {
      readonly sockets?: readonly Partial<SocketFacts>[];
      readonly paths?: readonly Partial<StreamPath>[];
      readonly firstNumber?: bigint;
      /** Octets of the longest datagram. */
      readonly slotOctets?: number;
    } = {},
  ) {
    const { sockets = [{}], paths = [], firstNumber = 0n, slotOctets = SLOT_OCTETS, ...rest } = options;
    const batchCapacity = rest.batchCapacity ?? 64;
    this.#firstNumber = firstNumber;
    this.#slotOctets = slotOctets;
    this.#batch = new ReceiveBatch(1, batchCapacity, batchCapacity * slotOctets);
    this.measurement = new Measurement({
      epoch: splitNs(EPOCH_NS),
      pathOf: (path) => ({
        source: '192.0.2.1',
        sourcePort: 40_000 + path,
        group: '239.1.1.1',
        port: 5001,
        interfaceIndex: 1,
        ...paths[path],
      }),
      maxStreams: 64,
      detail: 64,
      reorderWindowNs: 1e9,
      reorderWindowPackets: 65_536,
      omitNs: 0,
      startMonoNs: 0,
      firstBoundaryMonoNs: Infinity,
      intervalNs: Infinity,
      silenceNs: Infinity,
      clockOffsetNs: 0,
      ...rest,
      batchCapacity,
    });
    for (const [index, facts] of sockets.entries()) this.measurement.addSocket({ ...SOCKET, index, ...facts });
  }

  /** One batch, all of one socket. Read at `readMonoNs`, default 5 us after its last stamp. */
  batch(datagrams: readonly Datagram[], readMonoNs?: number): void {
    const batch = this.#batch;
    batch.count = datagrams.length;
    // What a kernel does not write has to be written all the same: slots are reused.
    batch.bytes.fill(0xa5);
    for (const [slot, datagram] of datagrams.entries()) this.#fill(slot, datagram);
    for (let slot = batch.count - 1; slot >= 0; slot--) {
      const next = datagrams[slot + 1]?.segment ?? 0;
      batch.following[slot] = next > 0 ? batch.following[slot + 1]! + 1 : 0;
    }
    const last = datagrams.at(-1)!;
    const lastRealNs = last.realNs ?? last.monoNs;
    const readNs = readMonoNs ?? Math.max(...datagrams.map((one) => one.monoNs)) + 5_000;
    batch.readClock[1] = readNs;
    batch.readClock[0] = readNs + lastRealNs - last.monoNs;
    this.measurement.onBatch(batch);
    for (let i = 0; i < datagrams.length; i++) {
      const verdict = this.measurement.decoded.verdict[i];
      this.verdicts.push(Object.entries(Arrival).find(([, value]) => value === verdict)![0] as keyof typeof Arrival);
    }
  }

  /** All, in batches of `size`; batches break where the socket changes. */
  all(datagrams: readonly Datagram[], size = this.#batch.capacity): void {
    let some: Datagram[] = [];
    for (const datagram of datagrams) {
      if (some.length === size || (some.length > 0 && (some[0]!.socket ?? 0) !== (datagram.socket ?? 0))) {
        this.batch(some);
        some = [];
      }
      some.push(datagram);
    }
    if (some.length > 0) this.batch(some);
  }

  #fill(slot: number, datagram: Datagram): void {
    const batch = this.#batch;
    const at = slot * this.#slotOctets;
    const { kind = 'data', number = 0, monoNs, tos = 0, ttl = 1, notSent = 0 } = datagram;
    batch.offset[slot] = at;
    batch.timeRealNs[slot] = datagram.realNs ?? monoNs;
    batch.flags[slot] = datagram.flags ?? SlotFlag.TimeKernel;
    batch.path[slot] = datagram.path ?? 1;
    batch.socket[slot] = datagram.socket ?? 0;
    batch.tos[slot] = tos;
    batch.ttl[slot] = ttl;
    batch.drops[slot] = datagram.drops ?? 0;
    if (datagram.octets !== undefined) {
      batch.bytes.set(datagram.octets, at);
      batch.length[slot] = datagram.octets.length;
      return;
    }
    batch.length[slot] = datagram.length ?? 64;
    const marker = kind === 'start' ? ProbeFlag.Start : kind === 'end' ? ProbeFlag.End : 0;
    const total = BigInt(number) + (kind === 'data' ? 1n : 0n) - BigInt(notSent);
    probeCodec.write(batch.bytes, at, {
      flags: marker | (datagram.probeFlags ?? 0),
      tos: datagram.tosSent ?? tos,
      ttl: 1,
      runId: datagram.run ?? 0x1234_5678,
      flow: datagram.flow ?? 0,
      sequence: BigInt.asUintN(64, this.#firstNumber + BigInt(number)),
      sendTimeNs: EPOCH_NS + BigInt(datagram.sentNs ?? monoNs - 100_000),
      total: BigInt.asUintN(64, total),
      notSent: notSent >>> 0,
    });
  }
}
