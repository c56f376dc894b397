/** Readers of the values that recovery has. All throw McastError ERR_USAGE. */
import { formatAddress, isMulticast, needsZone, parseAddress } from '../core/address.js';
import { LONGEST_MESSAGE_OCTETS } from '../core/messageMemory.js';
import { parseSizeOctets } from '../core/units.js';
import { parseText, usage } from './optionValues.js';
import type { ReceiveRecoveryPlan, SendRecoveryPlan } from './plan.js';

const MOST_SERVERS = 16;
const MOST_STORE_OCTETS = 2 ** 31 - 1;

/** `<port>`, `<address>:<port>`, `[<IPv6 address>]:<port>`. */
export function parseRecoveryPlace(text: string): Pick<SendRecoveryPlan, 'address' | 'port'> {
  if (/^[0-9]+$/.test(text)) return { address: null, port: portOf(text, text) };
  const { host, port } = splitHostPort(text);
  const octets = parseAddress(host);
  if (octets === null) throw usage(`"${text}": ${host} is no address of this host: write its number`);
  refuseMulticast(text, host);
  if (needsZone(octets))
    throw usage(`"${text}": ${host} is of one link alone: write another address, or the port alone`);
  return { address: formatAddress(octets), port };
}

/** `<octets>` of memory, or `file:<path>`. */
export function parseRecoveryStore(text: string): SendRecoveryPlan['store'] {
  if (text.startsWith('file:')) return { kind: 'file', path: parseText(text.slice('file:'.length)) };
  const octets = parseSizeOctets(text);
  if (octets < LONGEST_MESSAGE_OCTETS || octets > MOST_STORE_OCTETS) {
    throw usage(`"${text}" is out of range: 64Ki to below 2Gi; file:<path> has no limit`);
  }
  return { kind: 'memory', octets };
}

/** `<host>:<port>` with commas between. */
export function parseRecoveryServers(text: string): ReceiveRecoveryPlan['servers'] {
  const servers = text.split(',').map(splitHostPort);
  for (const { host } of servers) refuseMulticast(text, host);
  if (servers.length > MOST_SERVERS) throw usage(`${servers.length} servers: at most ${MOST_SERVERS}`);
  return servers;
}

function splitHostPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)\]|([^[\]:/\s]+)):([0-9]+)$/.exec(text);
  if (match === null) throw usage(`"${text}" is not <host>:<port>; IPv6 as [2001:db8::1]:26400`);
  const host = match[1] ?? match[2]!;
  if (match[1] !== undefined && parseAddress(host) === null) throw usage(`"${text}": ${host} is not an IPv6 address`);
  return { host, port: portOf(match[3]!, text) };
}

/** Requests and answers are unicast. */
function refuseMulticast(text: string, host: string): void {
  const octets = parseAddress(host);
  if (octets !== null && isMulticast(octets)) throw usage(`"${text}": ${host} is a group: write the address of a host`);
}

function portOf(digits: string, text: string): number {
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw usage(`"${text}": a port is 1..65535`);
  return port;
}
