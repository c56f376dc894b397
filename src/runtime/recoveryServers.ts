/** What a sender answers requests for its feeds from: a port and a memory for each. */
import type { MessageMemory } from '../core/messageMemory.js';
import { formatHostPort } from '../core/format.js';
import type { DatagramPort, Io } from '../io/datagram.js';
import { MessageFile } from '../io/messageFile.js';
import type { SendPlan } from '../profile/plan.js';
import { MessageStore, MOST_STORED_MESSAGES } from '../repair/messageStore.js';
import type { SenderRecovery } from '../result/model.js';
import { framingOfScheme } from '../wire/framings.js';
import type { Agent } from './agent.js';
import { RetransmissionAgent } from './retransmissionAgent.js';
import { sessionOf, type Remembered } from './sequencedFeed.js';

/** Numbers for a store of so many octets: messages that are no shorter on average (ITCH: 33 octets) are bounded by these alone. */
const OCTETS_A_MESSAGE = 16;

export interface RecoveryServer extends Remembered {
  /** Of its feed in the plan. */
  readonly position: number;
  readonly port: DatagramPort;
  close(): void;
}

/** Opens what the plan asks for. `onError`: a memory that a disk refused, once. Throws McastError; nothing is open then. */
export async function openRecoveryServers(
  io: Io,
  plan: SendPlan,
  onError: (error: unknown) => void,
): Promise<RecoveryServer[]> {
  const servers: RecoveryServer[] = [];
  try {
    for (const [position, { feed, address }] of plan.streams.entries()) {
      if (feed === null || feed.recovery === null) continue;
      const { recovery } = feed;
      const family = recovery.address === null ? address.family : recovery.address.includes(':') ? 6 : 4;
      const port = await io.openPort({ family, address: recovery.address, port: recovery.port });
      const first = Number(feed.firstSequence);
      const session = sessionOf(feed);
      let memory: MessageMemory;
      let close = (): void => port.close();
      try {
        if (recovery.store.kind === 'file') {
          const file = new MessageFile(recovery.store.path, { first, onError });
          memory = file;
          close = () => {
            port.close();
            file.close();
          };
        } else memory = storeOf(recovery.store.octets, first);
      } catch (error) {
        port.close();
        throw error;
      }
      servers.push({ position, port, memory, session, close });
    }
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  return servers;
}

/** A store of so many octets of messages. */
export function storeOf(octets: number, first: number): MessageStore {
  const messages = Math.min(MOST_STORED_MESSAGES, 2 ** Math.ceil(Math.log2(octets / OCTETS_A_MESSAGE)));
  return new MessageStore(messages, octets, first);
}

/** Agents that answer. `others`: when they have finished, the feeds are over. */
export function retransmissionAgents(
  servers: readonly RecoveryServer[],
  plan: SendPlan,
  others: readonly Agent[],
): RetransmissionAgent[] {
  return servers.map(({ position, port, memory, session }) => {
    const { scheme, payloadOctets, recovery, firstSequence } = plan.streams[position]!.feed!;
    const framing = framingOfScheme(scheme)!;
    return new RetransmissionAgent({
      port,
      memory,
      framing,
      session,
      firstSequence: Number(firstSequence),
      payloadOctets,
      lingerNs: recovery!.lingerNs,
      others,
    });
  });
}

/** Where requests are answered, a line each. */
export function recoveryLines(servers: readonly RecoveryServer[], plan: SendPlan): string[] {
  return servers.map(({ position, port }) => {
    const { feed, address } = plan.streams[position]!;
    const where = feed!.recovery!.address ?? (address.family === 4 ? '0.0.0.0' : '::');
    return `requests for ${formatHostPort(address.group, address.port)} are answered at ${formatHostPort(where, port.port)}`;
  });
}

/** What all of them did, as one; `null`: there are none. */
export function recoverySums(agents: readonly RetransmissionAgent[]): SenderRecovery | null {
  if (agents.length === 0) return null;
  const sum = (of: (agent: RetransmissionAgent) => number): number => agents.reduce((total, a) => total + of(a), 0);
  return {
    requests: sum((agent) => agent.retransmission.requests),
    answered: sum((agent) => agent.retransmission.answered),
    datagrams: sum((agent) => agent.retransmission.answers),
    messages: sum((agent) => agent.retransmission.messages),
    refused: sum(({ retransmission: r }) => r.refusedByClientRate + r.refusedByOverallRate),
    shortened: sum(({ retransmission: r }) => r.shortenedByRate + r.shortenedByLength),
    out_of_range: sum((agent) => agent.retransmission.outOfRange),
    unavailable: sum((agent) => agent.retransmission.unavailable),
    malformed: sum((agent) => agent.malformed),
    foreign: sum((agent) => agent.foreign),
    not_sent: sum((agent) => agent.notSent),
    not_kept: sum((agent) => agent.notKept),
    clients: sum(({ retransmission: r }) => r.clients + r.forgotten),
  };
}
