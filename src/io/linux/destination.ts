import type { Destination } from '../datagram.js';
import { writeSockaddr } from './sockaddr.js';
import { LITTLE_ENDIAN } from './sockopt.js';

/** One record of the native sender's destination table (`struct destination_record` of `native/send.c`). */
const RECORD_OCTETS = 64;
const Field = { Interface: 28, Source: 32, Ttl: 48, Tos: 52 } as const;

export interface EncodedDestination extends Destination {
  readonly addressOctets: Uint8Array;
  readonly sourceOctets: Uint8Array | null;
}

/** The whole table, in the order of the indexes. */
export function destinationTable(destinations: readonly EncodedDestination[]): Uint8Array {
  const out = new Uint8Array(destinations.length * RECORD_OCTETS);
  const view = new DataView(out.buffer);
  for (const [index, destination] of destinations.entries()) {
    const at = index * RECORD_OCTETS;
    writeSockaddr(out, at, destination.addressOctets, destination.port, destination.interfaceIndex);
    view.setUint32(at + Field.Interface, destination.interfaceIndex, LITTLE_ENDIAN);
    if (destination.sourceOctets !== null) out.set(destination.sourceOctets, at + Field.Source);
    view.setInt32(at + Field.Ttl, destination.ttl, LITTLE_ENDIAN);
    view.setInt32(at + Field.Tos, destination.tos, LITTLE_ENDIAN);
  }
  return out;
}
