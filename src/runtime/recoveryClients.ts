/** Opens what a receiver asks for missing messages with. */
import type { RecoveryOptions } from '../control/recoveryOptions.js';
import { formatHostPort } from '../core/format.js';
import type { AddressFamily, DatagramPort, Io } from '../io/datagram.js';
import { hostAddress } from '../io/hostAddress.js';
import type { ReceivePlan, ReceiveRecoveryPlan } from '../profile/plan.js';
import type { FeedRecovery, RecoveryTarget } from './recoveryAgent.js';

/** Ranges kept apart, and listed in the result when they were given up. */
const RANGES = 1024;
const LISTED = 1024;
/** Requests under way, of so many messages each: what comes in answer at once finds room in a receive buffer. */
const OUTSTANDING = 4;
const REQUEST_MESSAGES = 1000;
/** The longest time-out, as a multiple of the first. */
const LONGEST_TIMEOUT = 8;
/** Answers to one request come together, if there are several. */
const REST_NS = 20e6;

/** Ports, and by position whom to ask; nothing to be asked for: no ports. */
export interface RecoveryClients {
  readonly ports: readonly DatagramPort[];
  readonly feeds: readonly (FeedRecovery | null)[];
}

/** Throws McastError for a name that is not found, or a port that is refused; nothing is open then. */
export async function openRecoveryClients(io: Io, { recovery }: ReceivePlan): Promise<RecoveryClients> {
  const ports = new Map<AddressFamily, DatagramPort>();
  const through = async (family: AddressFamily): Promise<DatagramPort> => {
    const known = ports.get(family);
    if (known !== undefined) return known;
    const opened = await io.openPort({ family, address: null, port: 0 });
    ports.set(family, opened);
    return opened;
  };
  try {
    const feeds: (FeedRecovery | null)[] = [];
    for (const plan of recovery) {
      if (plan === null) {
        feeds.push(null);
        continue;
      }
      const targets: RecoveryTarget[] = [];
      for (const { host, port } of plan.servers) {
        const address = await hostAddress(host);
        targets.push({ address, port, through: await through(address.includes(':') ? 6 : 4) });
      }
      feeds.push({ targets, from: plan.from, options: optionsOf(plan) });
    }
    return { ports: [...ports.values()], feeds };
  } catch (error) {
    for (const port of ports.values()) port.close();
    throw error;
  }
}

function optionsOf({ servers, delayNs, timeoutNs, tries }: ReceiveRecoveryPlan): RecoveryOptions {
  return {
    ranges: RANGES,
    listed: LISTED,
    delayNs,
    timeoutNs,
    longestTimeoutNs: LONGEST_TIMEOUT * timeoutNs,
    restNs: Math.min(timeoutNs, REST_NS),
    tries,
    servers: servers.length,
    outstandingRequests: OUTSTANDING,
    requestMessages: REQUEST_MESSAGES,
  };
}

/** Whom is asked, a line. */
export function askingLines({ feeds }: RecoveryClients): string[] {
  const servers = feeds.flatMap((feed) => feed?.targets ?? []);
  const places = [...new Set(servers.map(({ address, port }) => formatHostPort(address, port)))];
  return places.length === 0 ? [] : [`missing messages are asked for at ${places.join(', ')}`];
}
