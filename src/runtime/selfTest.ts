import { randomBytes } from 'node:crypto';
import { ReceiveBatch, SendBatch } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import type { SelfTestFacts } from '../diagnosis/facts.js';
import { putColumns } from '../feed/limits.js';
import type { DatagramSink, DatagramSource, Io } from '../io/datagram.js';
import { firstAddress, type NetworkInterface } from '../io/interfaces.js';

const DATAGRAMS = 5;
const OCTETS = 32;
/** Copies over the own host come within microseconds; a busy host may take its time. */
const PATIENCE_NS = 1e9;
const TURN_NS = 20e6;

export interface SelfTestSpec {
  readonly family: 4 | 6;
  readonly via: NetworkInterface;
  readonly group: string;
  readonly port: number;
  /** 0: nothing leaves the host. */
  readonly ttl: number;
  /** Joined with the own address as the only source. */
  readonly isSourceSpecific: boolean;
  /** Receive buffer to ask for, octets; 0: the default. */
  readonly receiveBufferOctets: number;
}

export interface SelfTested {
  readonly facts: SelfTestFacts;
  /** As the kernel granted it; `null`: not readable. */
  readonly receiveBufferOctets: number | null;
}

/** Joins a group, sends some datagrams to it through the interface, and counts those that come back. */
export async function selfTest(io: Io, spec: SelfTestSpec): Promise<SelfTested> {
  const { family, via, group, port, ttl } = spec;
  const own = firstAddress(via, family);
  const told = { group, port, ttl };
  let source: DatagramSource | null = null;
  let sink: DatagramSink | null = null;
  try {
    source = await io.openSource({
      family,
      group,
      port,
      unicast: false,
      interfaceIndex: via.index,
      interfaceName: via.name,
      sources: spec.isSourceSpecific && own !== null ? [own] : [],
      receiveBufferOctets: spec.receiveBufferOctets,
      timestamps: 'user',
      busyPollUs: 0,
    });
    sink = await io.openSink({
      family,
      destinations: [{ address: group, port, interfaceIndex: via.index, source: own, ttl, tos: 0 }],
      interfaceName: via.name,
      source: own,
      sourcePort: 0,
      loopback: true,
      sendBufferOctets: 0,
      stampFormat: 'unix-ns',
      transmitTimestamps: false,
      dontFragment: false,
    });
    const mark = randomBytes(OCTETS);
    const sent = send(io, sink, mark);
    const received = await receive(io, source, mark, sent);
    const facts = { ...told, sent, received, refusal: null };
    return { facts, receiveBufferOctets: source.receiveBufferOctets };
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    const refusal = { code: error.code, message: error.message, hint: error.hint };
    return {
      facts: { ...told, sent: 0, received: 0, refusal },
      receiveBufferOctets: source?.receiveBufferOctets ?? null,
    };
  } finally {
    sink?.close();
    source?.close();
  }
}

/** Returns how many were sent, whether the system took them or not: what it refused does not come back either. */
function send(io: Io, sink: DatagramSink, mark: Uint8Array): number {
  const batch = new SendBatch(DATAGRAMS, DATAGRAMS * OCTETS);
  for (let slot = 0; slot < DATAGRAMS; slot++) {
    batch.offset[slot] = slot * OCTETS;
    batch.bytes.set(mark, slot * OCTETS);
  }
  putColumns(batch, 0, DATAGRAMS, OCTETS, 0, 0, 0);
  batch.dueMonoNs.fill(io.clock.monoNs());
  batch.count = DATAGRAMS;
  for (let at = 0; at < DATAGRAMS;) {
    const next = sink.send(batch, at, DATAGRAMS, 1);
    // A socket that would block with five datagrams is as good as one that refuses.
    at = next > at ? next : at + 1;
  }
  return DATAGRAMS;
}

async function receive(io: Io, source: DatagramSource, mark: Uint8Array, wanted: number): Promise<number> {
  const batch = new ReceiveBatch(8);
  const untilNs = io.clock.monoNs() + PATIENCE_NS;
  let received = 0;
  while (received < wanted && io.clock.monoNs() < untilNs) {
    const waited = io.wait(Math.min(untilNs, io.clock.monoNs() + TURN_NS), 0);
    if (typeof waited !== 'number') await waited;
    const count = source.receive(batch);
    for (let slot = 0; slot < count; slot++) if (isMarked(batch, slot, mark)) received++;
    // Signals come between turns of the event loop.
    await new Promise<void>((resolve) => void setImmediate(resolve));
  }
  return received;
}

/** Others may send to the group. */
function isMarked(batch: ReceiveBatch, slot: number, mark: Uint8Array): boolean {
  if (batch.length[slot] !== mark.length) return false;
  const at = batch.offset[slot]!;
  return mark.every((octet, i) => batch.bytes[at + i] === octet);
}
