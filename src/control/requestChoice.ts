import type { Nanos } from '../core/time.js';
import { hangsOnAbove, isInDoubt } from './bulkRanges.js';
import type { MissingRanges } from './missingRanges.js';
import type { RecoveryOptions } from './recoveryOptions.js';
import type { ServerSilence } from './serverSilence.js';

/** In place of a place: there is no range. */
const NONE = -1;

/**
 * Which range is asked for next. Short ones go first, those for the first time before all others: they are young, and a
 * small store still has them; then what was asked for longest ago; what is missing in bulk comes last, of that first what
 * tells where it begins to be there. A request has a place among those under way for the
 * first time-out alone, and the last place is for what is short and new: so what is not there any more holds nobody up.
 *
 * While nobody answers the order is another: what was asked for in vain goes first, so that every server is asked; and
 * of servers that are down one request at a time asks, for the newest.
 */
export class RequestChoice {
  /** Of the range found. */
  place = NONE;
  /** There is room for more than what is lowest. */
  hasRoom = true;
  readonly #ranges: MissingRanges;
  readonly #options: RecoveryOptions;
  readonly #silence: ServerSilence;
  /** When there may be something to do, where nothing was found. */
  readonly #dueNs = new Float64Array([Infinity]);

  constructor(ranges: MissingRanges, options: RecoveryOptions, silence: ServerSilence) {
    this.#ranges = ranges;
    this.#options = options;
    this.#silence = silence;
  }

  get dueNs(): Nanos {
    return this.#dueNs[0]!;
  }

  find(nowNs: Nanos): boolean {
    const ranges = this.#ranges;
    const silence = this.#silence;
    const { outstandingRequests, timeoutNs, delayNs } = this.#options;
    let underWay = 0;
    let placesTaken = 0;
    let placeFreeNs = Infinity;
    let dueNs = ranges.length > 0 ? silence.downNs : Infinity;
    let fresh = NONE;
    let again = NONE;
    let bulk = NONE;
    let probe = NONE;
    let isProbing = false;
    let newest = NONE;
    for (let i = 0; i < ranges.length; i++) {
      const slot = ranges.slotAt(i);
      // What servers that are down keep back is given up when its time is over.
      if (silence.isDown) dueNs = Math.min(dueNs, ranges.gapSinceNs[ranges.gap[slot]!]! + delayNs + silence.cycleNs);
      if (ranges.waits[slot] === 1) {
        underWay++;
        dueNs = Math.min(dueNs, ranges.dueNs[slot]!);
        const freeNs = ranges.askedNs[slot]! + timeoutNs;
        if (freeNs <= nowNs) continue;
        placesTaken++;
        isProbing ||= ranges.isDoubtful[slot] === 1 && ranges.tries[slot] === 1;
        placeFreeNs = Math.min(placeFreeNs, freeNs);
      } else if (i > 0 && !this.hasRoom) {
        continue;
      } else if (ranges.dueNs[slot]! > nowNs) {
        dueNs = Math.min(dueNs, ranges.dueNs[slot]!);
      } else if (!hangsOnAbove(ranges, i)) {
        newest = i;
        if (ranges.isBulk[slot] === 1) {
          if (!isInDoubt(ranges, slot)) bulk = bulk === NONE ? i : bulk;
          else if (probe === NONE) probe = i;
        } else if (ranges.tries[slot] === 0) fresh = fresh === NONE ? i : fresh;
        else if (again === NONE || ranges.askedNs[slot]! < ranges.askedNs[ranges.slotAt(again)]!) again = i;
      }
    }
    const isBulkFirst = again === NONE || (silence.isLong && bulk !== NONE);
    const inBulk = probe === NONE || isProbing ? bulk : probe;
    const older = isBulkFirst ? inBulk : again;
    const hasPlace = placesTaken < outstandingRequests;
    const hasPlaceForOlder = placesTaken < Math.max(1, outstandingRequests - 1);
    const isFreshFirst = !silence.isLong || older === NONE || !hasPlaceForOlder;
    if (silence.isDown) this.place = underWay === 0 ? newest : NONE;
    else if (fresh !== NONE && isFreshFirst) this.place = hasPlace ? fresh : NONE;
    else this.place = hasPlaceForOlder ? older : NONE;
    // What had to wait for a place; of servers that are down it waits for the end of a request, which is due anyway.
    if (newest !== NONE && !silence.isDown) dueNs = Math.min(dueNs, placeFreeNs);
    this.#dueNs[0] = dueNs;
    return this.place !== NONE;
  }
}
