/**
 * What the compliance suite is run on: every implementation of `Io`, through the interface alone. A
 * case names the capability it needs; only where the implementation says that it lacks it, it is left out.
 */
import { ReceiveBatch, SendBatch } from '../../src/core/batch.js';
import type { RunEpoch } from '../../src/core/time.js';
import { loadNative } from '../../src/io/addon.js';
import type {
  DatagramSink,
  DatagramSource,
  Destination,
  Io,
  ReceiveSocketSpec,
  SendSocketSpec,
} from '../../src/io/datagram.js';
import { openIo } from '../../src/io/open.js';
import { needsThat } from '../require.js';

export interface Subject {
  readonly name: 'native' | 'dgram';
  open(epoch?: RunEpoch): Promise<Io>;
}

const NAMES: readonly Subject['name'][] = ['native', 'dgram'];

/** The implementations that can be tested here. */
export const SUBJECTS: readonly Subject[] = NAMES.filter(
  (name) =>
    name !== 'native' || needsThat(loadNative() !== null, 'the native layer is not built (npm run build:native)'),
).map((name) => ({ name, open: async (epoch) => openIo(name, epoch) }));

/** The loopback interface of Linux is always the first. */
export const LOOPBACK_INDEX = 1;

let nextPort = 20_000 + (process.pid % 2000) * 16;

/** A port that no other case of this process uses. */
export function freshPort(): number {
  nextPort += 1;
  return 1024 + (nextPort % 40_000);
}

export function receiveSpec(port: number, change: Partial<ReceiveSocketSpec> = {}): ReceiveSocketSpec {
  return {
    family: 4,
    group: '239.192.7.1',
    port,
    unicast: false,
    interfaceIndex: LOOPBACK_INDEX,
    interfaceName: 'lo',
    sources: [],
    receiveBufferOctets: 4_194_304,
    timestamps: 'auto',
    busyPollUs: 0,
    ...change,
  };
}

export function destination(port: number, change: Partial<Destination> = {}): Destination {
  return {
    address: '239.192.7.1',
    port,
    interfaceIndex: LOOPBACK_INDEX,
    source: '127.0.0.1',
    ttl: 1,
    tos: 0,
    ...change,
  };
}

export function sendSpec(destinations: readonly Destination[], change: Partial<SendSocketSpec> = {}): SendSocketSpec {
  return {
    family: 4,
    destinations,
    interfaceName: 'lo',
    source: null,
    sourcePort: 0,
    loopback: true,
    sendBufferOctets: 0,
    stampFormat: 'unix-ns',
    transmitTimestamps: false,
    dontFragment: true,
    ...change,
  };
}

/** Slots `[0, count)` one behind the other, each `octets` long, its number in the first four octets. */
export function numbered(count: number, octets: number, first = 0): SendBatch {
  const batch = new SendBatch(count, count * octets);
  batch.bytes.fill(0x5a);
  for (let slot = 0; slot < count; slot++) {
    batch.offset[slot] = slot * octets;
    batch.length[slot] = octets;
    if (octets >= 4) batch.view.setUint32(slot * octets, first + slot);
  }
  batch.count = count;
  return batch;
}

export function numberAt(batch: ReceiveBatch, slot: number): number {
  return batch.view.getUint32(batch.offset[slot]!);
}

/** Every octet and every column set, so that what is not written shows. */
export function spoil(batch: ReceiveBatch): void {
  const columns = [
    batch.bytes,
    batch.flags,
    batch.tos,
    batch.ttl,
    batch.following,
    batch.socket,
    batch.offset,
    batch.length,
    batch.path,
    batch.drops,
    batch.timeRealNs,
  ];
  for (const column of columns) new Uint8Array(column.buffer).fill(0xa5);
}

/** Hands all slots over; waits while the socket would block, gives up after two seconds. */
export async function sendAll(io: Io, sink: DatagramSink, batch: SendBatch, segments = 1): Promise<void> {
  const untilNs = io.clock.monoNs() + 2e9;
  for (let at = 0; at < batch.count;) {
    const next = sink.send(batch, at, batch.count, segments);
    // Behind a refused slot it may go on at once; where it would block, nothing was handled.
    if (next === at) await io.wait(io.clock.monoNs() + 1e6, 0);
    at = next;
    if (io.clock.monoNs() > untilNs) throw new Error(`only ${at} of ${batch.count} were sent in two seconds`);
  }
}

/** Reads until `count` datagrams came, at most two seconds; `each` sees every filled batch. */
export async function collect(
  io: Io,
  source: DatagramSource,
  count: number,
  each: (batch: ReceiveBatch) => void,
  batch = new ReceiveBatch(16),
): Promise<void> {
  const untilNs = io.clock.monoNs() + 2e9;
  for (let got = 0; got < count;) {
    spoil(batch);
    const slots = source.receive(batch);
    if (slots > 0) each(batch);
    else if (io.clock.monoNs() > untilNs) throw new Error(`${got} of ${count} datagrams came in two seconds`);
    else await io.wait(untilNs, 0);
    got += slots;
  }
}

/** The numbers of the next `count` datagrams. */
export async function collectNumbers(io: Io, source: DatagramSource, count: number): Promise<number[]> {
  const numbers: number[] = [];
  await collect(io, source, count, (batch) => {
    for (let slot = 0; slot < batch.count; slot++) numbers.push(numberAt(batch, slot));
  });
  return numbers;
}

/** Waits for a marker sent behind everything else on the same path: what did not come by then never will. */
export async function nothingMore(io: Io, source: DatagramSource): Promise<boolean> {
  const batch = new ReceiveBatch(16);
  const untilNs = io.clock.monoNs() + 20e6;
  while (io.clock.monoNs() < untilNs) {
    if (source.receive(batch) > 0) return false;
    await io.wait(untilNs, 0);
  }
  return true;
}
