/** A session description (RFC 8866) as a line-up: an entry for each of its media that can be joined, with its second leg. */
import { sdpEndpoints } from '../wire/sdpEndpoints.js';
import { readSdp } from '../wire/sdpRead.js';

/** An entry of a line-up; `lineup.ts` imports this file, not the other way round. */
interface SdpLineupEntry {
  readonly endpoint: string;
  readonly name: string | null;
  readonly rate: null;
  readonly input: null;
  readonly legB: string | null;
  readonly where: string;
}

/** What is wrong is appended to `problems`, with its line. */
export function readSdpLineup(text: string, source: string, problems: string[]): SdpLineupEntry[] {
  const description = readSdp(text, source, problems);
  if (description === null) return [];
  const found = sdpEndpoints(description, source, problems);
  // Of further duplicates each is measured by itself: SMPTE ST 2022-7 knows two.
  const isLegB = (index: number): boolean => {
    const first = found[index]!.duplicateOf;
    return first !== null && found.findIndex(({ duplicateOf }) => duplicateOf === first) === index;
  };
  return found.flatMap(({ endpoint, name, line }, index) => {
    if (isLegB(index)) return [];
    const legB = found.find(({ duplicateOf }) => duplicateOf === index)?.endpoint ?? null;
    return [{ endpoint, name, rate: null, input: null, legB, where: `${source}:${line}` }];
  });
}
