import type { Nanos } from '../core/time.js';
import type { Io } from '../io/datagram.js';
import { listInterfaces } from '../io/interfaces.js';
import type { ReceivePlan, StreamPlace } from '../profile/plan.js';
import type { Measurement as Provenance } from '../result/measurement.js';
import { SEND_TIME_BOUND_NS } from './assumptions.js';
import type { OpenSource } from './receiverSetup.js';

/** How the figures of a live receiver come about. */
export function provenanceOf(
  io: Io,
  plan: ReceivePlan,
  sources: readonly OpenSource[],
  startMonoNs: Nanos,
  interfaceName: (index: number) => string | null,
): Provenance {
  const interfaces = listInterfaces();
  const own = new Set(interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)));
  const loopback = new Set(interfaces.filter((iface) => iface.loopback).map(({ index }) => index));
  const bySocket = new Map(sources.map((open) => [open.source.index, open]));
  return {
    epoch: io.clock.epoch,
    startMonoNs,
    capabilities: io.capabilities,
    receiveTime: (socket) => bySocket.get(socket)?.source.timeSource ?? 'user',
    interfaceName,
    // A host with no other address than loopback's sends multicast from 0.0.0.0.
    isLocal: (address, interfaceIndex) => own.has(address) || loopback.has(interfaceIndex),
    sentMark: (stream) => plan.sentMarks[bySocket.get(stream.socket)?.position ?? -1] ?? { ttl: null, dscp: null },
    place: (stream) => placeOf(bySocket.get(stream.socket)),
    sendTimeBoundNs: SEND_TIME_BOUND_NS,
  };
}

function placeOf(open: OpenSource | undefined): { readonly role: StreamPlace['role']; readonly leg: string | null } {
  if (open === undefined) return { role: 'media', leg: null };
  const { role, leg, hasLegs } = open.place;
  return { role, leg: hasLegs ? (leg === 0 ? 'a' : 'b') : null };
}
