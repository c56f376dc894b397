import { McastError } from '../core/errors.js';
import { formatHostPort } from '../core/format.js';
import type { DatagramSource, Io } from '../io/datagram.js';
import { listInterfaces, type NetworkInterface } from '../io/interfaces.js';
import { resolveInterfaces, withoutZone } from '../io/resolveInterface.js';
import { planSockets, readSourceLimits, type PlannedSocket, type Subscription } from '../io/sourcePlan.js';
import type { ReceivePlan, StreamAddress, StreamPlace } from '../profile/plan.js';

/** An open receive socket and what it serves. */
export interface OpenSource {
  readonly source: DatagramSource;
  readonly via: NetworkInterface;
  /** Why this interface. */
  readonly reason: string;
  readonly planned: PlannedSocket;
  /** The endpoint that it was opened for, or the first of them. */
  readonly address: StreamAddress;
  /** Position of that endpoint in the plan. */
  readonly position: number;
  /** What it is joined for. */
  readonly place: StreamPlace;
}

interface Wanted {
  readonly subscription: Subscription;
  readonly via: NetworkInterface;
  readonly reason: string;
  readonly position: number;
}

/** What opening needs of a plan. */
export type SourcesPlan = Pick<
  ReceivePlan,
  'streams' | 'places' | 'expectedRates' | 'unicast' | 'receiveBufferOctets' | 'timestamps' | 'busyPollUs' | 'force'
>;

/** Opens and joins everything that the plan asks for. On an error whatever was opened is closed again. */
export async function openSources(io: Io, plan: SourcesPlan): Promise<OpenSource[]> {
  const wanted = await place(plan);
  const limits = readSourceLimits();
  const open: OpenSource[] = [];
  try {
    for (const planned of planSockets(
      wanted.map(({ subscription }) => subscription),
      limits,
    )) {
      const first = wanted[planned.serves[0]!]!;
      const source = await io.openSource({
        family: planned.family,
        group: planned.group,
        port: planned.port,
        unicast: plan.unicast,
        interfaceIndex: planned.interfaceIndex,
        interfaceName: first.via.name,
        sources: planned.sources,
        receiveBufferOctets: plan.receiveBufferOctets,
        timestamps: plan.timestamps,
        busyPollUs: plan.busyPollUs,
      });
      const { position, via, reason } = first;
      open.push({
        source,
        via,
        reason,
        planned,
        address: plan.streams[position]!,
        position,
        place: plan.places[position]!,
      });
    }
  } catch (error) {
    for (const { source } of open) source.close();
    throw error;
  }
  return open;
}

async function place(plan: SourcesPlan): Promise<Wanted[]> {
  const interfaces = listInterfaces();
  const wanted: Wanted[] = [];
  for (const [position, address] of plan.streams.entries()) {
    const { family, group, port } = address;
    for (const chosen of await resolveInterfaces(address.iface, family, group, interfaces)) {
      const via = chosen.interface;
      const sources = address.sources.map((source) => withoutZone(source, via));
      const subscription = { family, group: withoutZone(group, via), port, interfaceIndex: via.index, sources };
      wanted.push({ subscription, via, reason: chosen.reason, position });
    }
  }
  if (!plan.force) refuseOverbooking(plan, wanted);
  return wanted;
}

/** Share of a link's speed that may be joined without being asked. */
const LINK_SHARE = 0.8;

/** What the endpoints say will come must fit the link, or everything on it suffers. */
function refuseOverbooking(plan: SourcesPlan, wanted: readonly Wanted[]): void {
  const booked = new Map<NetworkInterface, number>();
  for (const { via, position } of wanted) {
    const rate = plan.expectedRates[position] ?? null;
    if (rate !== null) booked.set(via, (booked.get(via) ?? 0) + rate);
  }
  for (const [via, bitPerSecond] of booked) {
    if (via.linkMbitPerSecond === null || via.loopback) continue;
    if (bitPerSecond <= LINK_SHARE * via.linkMbitPerSecond * 1e6) continue;
    throw new McastError(
      'ERR_SAFETY',
      `joining these would bring ${Math.round(bitPerSecond / 1e6)} Mbit/s to ${via.name}, more than 80 % of its ${via.linkMbitPerSecond} Mbit/s`,
    );
  }
}

/** What was joined, where, and why there. */
export function joinedLine({ planned, via, reason }: OpenSource, unicast: boolean): string {
  const from = planned.sources.length === 0 ? '' : `${planned.sources.join(',')}@`;
  const place = formatHostPort(planned.group, planned.port);
  return `${unicast ? 'listening at' : 'joined'} ${from}${place} on ${via.name} (${reason})`;
}
