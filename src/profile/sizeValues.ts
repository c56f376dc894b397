/** Readers of what says how large datagrams are. They throw McastError ERR_USAGE. */
import { octetsAtLayer } from '../core/layers.js';
import { meanOctets, MOST_SIZES, sizeCycle, type SizeShare } from '../core/sizeMix.js';
import { integerIn, usage } from './optionValues.js';

/** All alike, or each with its share; `imix`: {@link IMIX}. */
export type Sizes = number | readonly SizeShare[] | 'imix';

/** IP packets of the simple Internet mix, 7:4:1. Where the header of the scheme does not fit, they are as long as it. */
const IMIX = [
  { octets: 40, share: 7 },
  { octets: 576, share: 4 },
  { octets: 1500, share: 1 },
] as const;

const size = integerIn(1, 65_507);
const share = integerIn(1, MOST_SIZES);

/** `<octets>`, `<octets>[:<share>],...` or `imix`. */
export function parseSizes(text: string): Sizes {
  if (text === 'imix') return text;
  const words = text.split(',');
  if (words.length === 1 && !text.includes(':')) return size(text);
  const shares = words.map((word) => {
    const parts = /^([^:]+)(?::([^:]+))?$/.exec(word);
    if (parts === null) throw usage(`"${text}" is none of <octets>, <octets>:<share>,<octets>:<share>... and imix`);
    return { octets: size(parts[1]!), share: parts[2] === undefined ? 1 : share(parts[2]) };
  });
  const total = shares.reduce((sum, one) => sum + one.share, 0);
  if (total > MOST_SIZES) throw usage(`"${text}": shares are ${MOST_SIZES} together at most, these are ${total}`);
  return shares;
}

/** UDP payload octets of one datagram after the other, over and over. `headerOctets`: what each has at least. */
export function sizesInOrder(sizes: Sizes, headerOctets: number, family: 4 | 6): readonly number[] {
  if (typeof sizes === 'number') return [sizes];
  if (sizes !== 'imix') return sizeCycle(sizes);
  const least = Math.max(1, headerOctets);
  const headers = octetsAtLayer(0, family, 'ip');
  return sizeCycle(IMIX.map((one) => ({ ...one, octets: Math.max(least, one.octets - headers) })));
}

export function largestOctets(sizes: Sizes, headerOctets: number, family: 4 | 6): number {
  return Math.max(...sizesInOrder(sizes, headerOctets, family));
}

export function meanSizeOf(sizes: Sizes, headerOctets: number, family: 4 | 6): number {
  return meanOctets(sizesInOrder(sizes, headerOctets, family));
}
