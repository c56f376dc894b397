/** DSCP names: RFC 2474 (class selectors), 2597 (assured), 3246 (expedited), 5865 (voice-admit), 8622 (lower effort). */
import { McastError } from './errors.js';
import { didYouMean } from './nearest.js';

/** Name to DSCP, 0..63. `be` is the common second name of `cs0`, the default. */
export const DSCP_NAMES: ReadonlyMap<string, number> = new Map([
  ['default', 0],
  ['be', 0],
  ['df', 0],
  ['cs0', 0],
  ['cs1', 8],
  ['cs2', 16],
  ['cs3', 24],
  ['cs4', 32],
  ['cs5', 40],
  ['cs6', 48],
  ['cs7', 56],
  ['af11', 10],
  ['af12', 12],
  ['af13', 14],
  ['af21', 18],
  ['af22', 20],
  ['af23', 22],
  ['af31', 26],
  ['af32', 28],
  ['af33', 30],
  ['af41', 34],
  ['af42', 36],
  ['af43', 38],
  ['ef', 46],
  ['va', 44],
  ['le', 1],
]);

const NAME_OF_VALUE = new Map<number, string>();
for (const [name, value] of DSCP_NAMES) {
  if (name !== 'default' && name !== 'be' && name !== 'df') NAME_OF_VALUE.set(value, name);
}

/** `af41` for 34; the number itself, in decimal, for a value without a name. */
export function dscpName(dscp: number): string {
  return NAME_OF_VALUE.get(dscp) ?? String(dscp);
}

/** A DSCP, 0..63: a name in any case, a decimal or `0x` number. Throws ERR_USAGE. */
export function parseDscp(text: string): number {
  const named = DSCP_NAMES.get(text.toLowerCase());
  if (named !== undefined) return named;
  const value = parseOctet(text);
  if (value === null) {
    const near = didYouMean(text, DSCP_NAMES.keys());
    throw new McastError('ERR_USAGE', `"${text}" is not a DSCP: a name as af41, ef, cs5, or 0..63${near}`);
  }
  if (value > 255) throw new McastError('ERR_USAGE', `DSCP ${text} is out of range: 0..63`);
  if (value > 63) {
    const dscp = value >>> 2;
    throw new McastError(
      'ERR_USAGE',
      `DSCP ${text} is out of range (0..63); as a whole TOS octet it is DSCP ${dscp}${
        NAME_OF_VALUE.has(dscp) ? ` (${dscpName(dscp)})` : ''
      }: write --dscp ${dscpName(dscp)} or --tos ${text}`,
    );
  }
  return value;
}

/** A whole TOS or traffic-class octet, 0..255: decimal, `0x`, or the name of a DSCP (ECN 0). Throws ERR_USAGE. */
export function parseTos(text: string): number {
  const named = DSCP_NAMES.get(text.toLowerCase());
  if (named !== undefined) return named << 2;
  const value = parseOctet(text);
  if (value === null)
    throw new McastError('ERR_USAGE', `"${text}" is not a TOS octet: 0..255, 0x00..0xff or a DSCP name`);
  if (value > 255) throw new McastError('ERR_USAGE', `TOS ${text} is out of range: 0..255`);
  return value;
}

/** Decimal or hexadecimal; `null` when it is neither. */
function parseOctet(text: string): number | null {
  if (/^0[xX][0-9a-fA-F]+$/.test(text) || /^[0-9]+$/.test(text)) return Number(text);
  return null;
}
