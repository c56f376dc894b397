/** A session description (RFC 8866) as a line-up: an entry for each of its media that can be joined. */
import { sdpEndpoints } from '../wire/sdpEndpoints.js';
import { readSdp } from '../wire/sdpRead.js';

/** An entry of a line-up; `lineup.ts` imports this file, not the other way round. */
interface SdpLineupEntry {
  readonly endpoint: string;
  readonly name: string | null;
  readonly rate: null;
  readonly where: string;
}

/** What is wrong is appended to `problems`, with its line. */
export function readSdpLineup(text: string, source: string, problems: string[]): SdpLineupEntry[] {
  const description = readSdp(text, source, problems);
  if (description === null) return [];
  return sdpEndpoints(description, source, problems).map(({ endpoint, name, line }) => ({
    endpoint,
    name,
    rate: null,
    where: `${source}:${line}`,
  }));
}
