/** The rows of the table of options that say how the capacity of a path is searched. */
import { McastError } from '../core/errors.js';
import { parseRate, parseRatio } from '../core/units.js';
import { one, type OptionRow } from './optionRow.js';
import { integerIn, oneOf } from './optionValues.js';

const MOST_SIZES = 16;

export const CAPACITY_OPTIONS = {
  method: one('Capacity', oneOf('continuous', 'binary'), {
    value: '<name>',
    fallback: 'continuous',
    commands: ['capacity'],
    brief: ['capacity'],
    gist: 'or binary, as RFC 2544 has it',
    help: 'continuous: the rate follows what receivers report (RFC 9097), some 10 s; binary: by trials (RFC 2544 section 26.1), up to a minute',
  }),
  loss: one('Capacity', parseRatio, {
    value: '<ratio>',
    fallback: '0',
    commands: ['capacity'],
    brief: ['capacity'],
    gist: 'share of datagrams that may be lost',
    help: 'share of datagrams that may be lost at a rate that counts, as 0.1%',
  }),
  quorum: one('Capacity', integerIn(1, 1024), {
    value: '<n>',
    commands: ['capacity'],
    help: 'so many receivers must get the rate. Default: all',
  }),
  sizes: one('Capacity', parseSizes, {
    value: '<n>,<n>...',
    fallback: '1316',
    commands: ['capacity'],
    brief: ['capacity'],
    gist: 'octets of UDP payload; a search for each',
    help: 'octets of UDP payload, as 64,512,1316: a search for each',
  }),
  'lowest-rate': one('Capacity', parseEthernetRate, {
    value: '<bit/s>',
    fallback: '1M',
    commands: ['capacity'],
    help: 'not less than this is tried; rates of a search count Ethernet frames, without FCS, as queues of Linux do',
  }),
  'highest-rate': one('Capacity', parseEthernetRate, {
    value: '<bit/s>',
    commands: ['capacity'],
    brief: ['capacity'],
    gist: 'not more than this is tried',
    help: 'not more than this is tried. Default: the speed of the link, at most 1 Gbit/s',
  }),
} as const satisfies Readonly<Record<string, OptionRow>>;

function parseSizes(text: string): readonly number[] {
  const sizes = text.split(',').map(integerIn(1, 65_507));
  if (sizes.length > MOST_SIZES)
    throw new McastError('ERR_USAGE', `${sizes.length} sizes are too many: at most ${MOST_SIZES}`);
  return [...new Set(sizes)];
}

/** Bit/s of Ethernet frames. */
function parseEthernetRate(text: string): number {
  const at = text.indexOf('@');
  if (at >= 0 && text.slice(at) !== '@ethernet') {
    throw new McastError('ERR_USAGE', `"${text}": rates of a search count Ethernet frames: say ${text.slice(0, at)}`);
  }
  const bitPerSecond = parseRate(at < 0 ? text : text.slice(0, at));
  if (bitPerSecond === Infinity || bitPerSecond < 10_000) {
    throw new McastError('ERR_USAGE', `"${text}": a search goes from 10 kbit/s to a rate that there is`);
  }
  return bitPerSecond;
}
