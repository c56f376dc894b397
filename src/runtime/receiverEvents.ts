import type { MeasurementEvent } from '../analysis/eventRing.js';
import type { Measurement } from '../analysis/measurement.js';
import { dscpName } from '../core/dscp.js';
import type { StreamIdentity } from '../metrics/snapshot.js';
import type { EventRecord } from '../result/model.js';

/** What an event of the measurement says, in words and in figures. `origin`: what the stream's numbers count from. */
export function tellEvent(
  event: MeasurementEvent,
  stream: StreamIdentity,
  origin: bigint,
  idOf: (stream: number) => string,
): { readonly text: string; readonly detail: EventRecord['detail'] } {
  const from = `${stream.source} port ${stream.sourcePort}`;
  switch (event.kind) {
    case 'first_packet':
      if (stream.format === 'others') {
        return { text: 'more streams than are told apart (--max-streams)', detail: { format: stream.format } };
      }
      return { text: `first datagram of ${stream.format} from ${from}`, detail: { format: stream.format } };
    case 'stream_end':
      return { text: 'the sender has ended the stream', detail: { next: numberOf(origin, event.a) } };
    case 'gap': {
      const first = numberOf(origin, event.a);
      return { text: `${event.b} lost from number ${first} on`, detail: { first, count: event.b } };
    }
    case 'restart':
      return {
        text: `the sender at ${stream.source} began a new run, from port ${stream.sourcePort}`,
        detail: { before: idOf(event.a) },
      };
    case 'silence':
      return { text: `nothing for ${(event.a / 1e9).toFixed(1)} s`, detail: { silent_ns: Math.round(event.a) } };
    case 'foreign_sender':
      return { text: `${from} sends here too`, detail: { beside: idOf(event.a) } };
    case 'dscp_changed': {
      const arrived = dscpName(event.b >>> 2);
      return event.a < 0
        ? { text: `arrives as ${arrived} now`, detail: { received: event.b >>> 2 } }
        : {
            text: `marked ${dscpName(event.a >>> 2)}, arrived ${arrived}`,
            detail: { sent: event.a >>> 2, received: event.b >>> 2 },
          };
    }
  }
}

/** As the datagrams have it; text where a number cannot hold it. */
function numberOf(origin: bigint, relative: number): number | string {
  const number = BigInt.asUintN(64, origin + BigInt(relative));
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : String(number);
}

/** A stream by the id that it has in the result. */
export type NamedStream = StreamIdentity & { readonly id: string; readonly role: 'media' | 'fec' | 'control' };

/** Identities of streams, each asked for once. */
export function streamIdentities(
  measurement: Measurement,
  name: (stream: StreamIdentity) => string,
  roleOf: (stream: StreamIdentity) => NamedStream['role'],
): (stream: number) => NamedStream {
  const known: NamedStream[] = [];
  return (stream) => {
    const before = known[stream];
    if (before !== undefined) return before;
    const identity = measurement.identity(stream);
    return (known[stream] = { ...identity, id: name(identity), role: roleOf(identity) });
  };
}
