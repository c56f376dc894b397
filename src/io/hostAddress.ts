import { lookup } from 'node:dns/promises';
import { formatAddress, parseAddress } from '../core/address.js';
import { McastError } from '../core/errors.js';

/** The address of a host by its name; an address is its own, in canonical form. Throws ERR_SOCKET. */
export async function hostAddress(host: string): Promise<string> {
  const octets = parseAddress(host);
  if (octets !== null) return formatAddress(octets);
  try {
    return (await lookup(host)).address;
  } catch (error) {
    throw new McastError('ERR_SOCKET', `the host name ${host} was not found`, {
      cause: error,
      hint: 'Check the name, or give the address in numbers.',
    });
  }
}
