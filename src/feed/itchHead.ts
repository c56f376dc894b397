import { viewOf } from '../core/bytes.js';
import { formatCount } from '../core/format.js';
import { ITCH_OCTETS } from '../wire/itch50.js';
import { LIKELY_OCTETS } from './itchFile.js';

/** What the beginning of a file says of it. */
export type ItchHead =
  | { readonly kind: 'messages' }
  /** More of it must be seen. */
  | { readonly kind: 'unsure' }
  | { readonly kind: 'empty' }
  | { readonly kind: 'foreign'; readonly why: string };

const LENGTH_OCTETS = 2;
/** Of lengths that chance has made, so many in a row are likely ones in one file of 10^13. */
const LIKELY_MESSAGES = 8;
/** So much decides in any case. */
export const HEAD_OCTETS = 1 << 16;

/**
 * Whether a file holds messages behind their lengths. One of ITCH 5.0 is known by its first message. Others are taken
 * too: where their first lengths are such as messages have, or where a short file ends with a message. `isAll`: there is
 * nothing behind `head`.
 */
export function lookAtItch(head: Uint8Array, isAll: boolean): ItchHead {
  if (head.length === 0) return { kind: isAll ? 'empty' : 'unsure' };
  const view = viewOf(head);
  let messages = 0;
  let unlikelyAt = -1;
  for (let at = 0; ;) {
    const left = head.length - at;
    if (left === 0 && isAll) return messages === 0 ? foreign('no message in it') : { kind: 'messages' };
    if (left < LENGTH_OCTETS)
      return isAll ? foreign(`it ends within the length at octet ${formatCount(at)}`) : undecided(head);
    const octets = view.getUint16(at);
    if (octets === 0 && at === 0) return foreign('octet 0 has a length of 0');
    const isLikely = octets <= LIKELY_OCTETS;
    if (!isLikely && !isAll) return unlikely(at, octets);
    if (left < LENGTH_OCTETS + octets) {
      if (!isAll) return undecided(head);
      if (unlikelyAt >= 0) return unlikely(unlikelyAt, view.getUint16(unlikelyAt));
      return foreign(`octet ${formatCount(at)} has a length of ${formatCount(octets)}, beyond the end of the file`);
    }
    if (at === 0 && octets === ITCH_OCTETS[head[LENGTH_OCTETS]!]) return { kind: 'messages' };
    if (!isLikely && unlikelyAt < 0) unlikelyAt = at;
    if (octets > 0) messages++;
    if (messages === LIKELY_MESSAGES && unlikelyAt < 0) return { kind: 'messages' };
    if (unlikelyAt >= 0 && at > HEAD_OCTETS) return unlikely(unlikelyAt, view.getUint16(unlikelyAt));
    at += LENGTH_OCTETS + octets;
  }
}

function undecided(head: Uint8Array): ItchHead {
  return head.length < HEAD_OCTETS ? { kind: 'unsure' } : foreign('hardly a message in its beginning');
}

function unlikely(at: number, octets: number): ItchHead {
  return foreign(`octet ${formatCount(at)} has a length of ${formatCount(octets)}, which no message has`);
}

function foreign(why: string): ItchHead {
  return { kind: 'foreign', why };
}
