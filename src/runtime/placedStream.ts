import type { SendPlan, SendStream } from '../profile/plan.js';
import { isIperf } from '../profile/streamValues.js';
import { ALL_FLOWS, DealtFlows, type Deal } from '../feed/dealtFlows.js';
import type { StampFormat } from '../io/datagram.js';
import { firstAddress, listInterfaces, type NetworkInterface } from '../io/interfaces.js';
import { resolveInterface, sourceAddress, withoutZone } from '../io/resolveInterface.js';
import { type FlowShare, WHOLE } from './datagramFeed.js';
import { fecStreams } from '../profile/fecStreams.js';
import type { SharedInput } from './sharedInput.js';

/** A stream with the interface that it leaves by. */
export interface PlacedStream {
  readonly stream: SendStream;
  readonly via: NetworkInterface;
  /** Why this interface. */
  readonly reason: string;
  /** Local address to bind to and send from; `null`: the kernel's choice for the interface. */
  readonly source: string | null;
  /** What a transport stream is read from; `null`: it is none. */
  readonly input: SharedInput | null;
  /** `fec`: the protection of the media stream before it, whose feed makes it. `control`: RTCP about that. */
  readonly role: 'media' | 'fec' | 'control';
  /** Position in the plan; both legs of a stream have one. */
  readonly position: number;
  /** `null`: there is one leg. */
  readonly leg: 'a' | 'b' | null;
  /** Of a stream whose flows have sockets of their own, and so source ports. */
  readonly share: FlowShare;
  /** Which of its flows this thread makes; `stream` is that part of `whole`. */
  readonly deal: Deal;
  readonly whole: SendStream;
  /** Among all of the run that could share a socket: what is random goes by it, whichever thread makes it. */
  readonly order: number;
}

/** Where each stream leaves, with what goes beside it on ports of its own. */
export async function placeStreams(plan: SendPlan, inputs: readonly (SharedInput | null)[]): Promise<PlacedStream[]> {
  const interfaces = listInterfaces();
  const placed: PlacedStream[] = [];
  const place = async (stream: SendStream, position: number, leg: 'a' | 'b' | null): Promise<PlacedStream> => {
    const { family, group, iface, sources } = stream.address;
    const wanted = sources[0] ?? null;
    // A source alone says where to send from.
    const { interface: via, reason } = await resolveInterface(iface ?? wanted, family, group, interfaces);
    // The kernel never chooses loopback's own IPv4 address: on lo it would be that of some other interface, or 0.0.0.0.
    const fallback = via.loopback && family === 4 && !plan.unicast ? firstAddress(via, family) : null;
    const chosen = wanted === null ? fallback : sourceAddress(wanted, family, via, interfaces);
    const source = chosen === null ? null : withoutZone(chosen, via);
    const input = inputs[position] ?? null;
    const all = { share: WHOLE, deal: ALL_FLOWS, whole: stream, order: 0 };
    return { stream, via, reason, source, input, role: 'media', position, leg, ...all };
  };
  for (const [position, stream] of plan.streams.entries()) {
    const { legB } = stream;
    const one = await place(stream, position, legB === null ? null : 'a');
    if (isIperf(stream)) {
      placed.push(...iperfFlows(one));
      continue;
    }
    placed.push(
      one,
      ...fecStreams(stream).map((fec): PlacedStream => ({ ...one, stream: fec, whole: fec, role: 'fec' })),
    );
    if ((stream.media?.rtp ?? null) !== null) placed.push(controlOf(one));
    if (legB === null) continue;
    const other = await place(legB, position, 'b');
    placed.push(other);
    if ((legB.media?.rtp ?? null) !== null) placed.push(controlOf(other));
  }
  return inOrder(placed);
}

function inOrder(placed: readonly PlacedStream[]): PlacedStream[] {
  const orders = new Map<string, number>();
  return placed.map((one) => {
    const key = socketKey(one);
    const order = orders.get(key) ?? 0;
    orders.set(key, order + 1);
    return { ...one, order };
  });
}

/** Streams that have it in common leave by one socket. */
export function socketKey(one: PlacedStream): string {
  const { address, sourcePort } = one.stream;
  return [address.family, one.via.index, one.source, sourcePort, stampFormatOf(one), one.share.index].join(' ');
}

export function stampFormatOf({ stream }: Pick<PlacedStream, 'stream'>): StampFormat {
  if (isIperf(stream)) return 'unix-us';
  return stream.media === null ? 'unix-ns' : 'ntp-64';
}

/** What one of several threads makes of all; `deals`: of the stream at each position, `null`: nothing. */
export function ownStreams(placed: readonly PlacedStream[], deals: readonly (Deal | null)[]): PlacedStream[] {
  return placed.flatMap((one): PlacedStream[] => {
    const { position, share, whole } = one;
    const deal = deals[position] ?? null;
    if (deal === null) return [];
    if (deal.of === 1) return [one];
    if (share.of > 1) return (share.index - deal.first) % deal.of === 0 && share.index >= deal.first ? [one] : [];
    const flows = new DealtFlows(whole.flows, deal).own;
    const stream = { ...whole, flows, packetsPerSecond: (whole.packetsPerSecond * flows) / whole.flows };
    return [{ ...one, deal, stream }];
  });
}

/** Each with a socket of its own: a client of iperf 2 is told from others by its port alone. */
function iperfFlows(one: PlacedStream): PlacedStream[] {
  const { stream } = one;
  const { flows: of, sourcePort, packetsPerSecond, impair } = stream;
  return Array.from({ length: of }, (_, index) => {
    const flow = {
      ...stream,
      flows: 1,
      packetsPerSecond: packetsPerSecond / of,
      sourcePort: sourcePort === 0 ? 0 : sourcePort + index,
      // What is random for one is not so for the other.
      impair: impair === null || impair.seed === null ? impair : { ...impair, seed: (impair.seed + index) % 2 ** 32 },
    };
    return { ...one, share: { index, of }, stream: flow, whole: flow };
  });
}

/** RTCP about the stream, on port + 1 (RFC 3550 section 11). */
function controlOf(one: PlacedStream): PlacedStream {
  const { address } = one.stream;
  const stream = { ...one.stream, address: { ...address, port: address.port + 1 }, packetsPerSecond: 0 };
  return { ...one, stream, whole: stream, role: 'control' };
}
