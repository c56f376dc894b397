/**
 * A message of our own among those of a feed, which carries when it was sent: what measures one-way delay on framings
 * whose header does not. Receivers of the feed know no message of this type, and pass it over.
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   type '~'    |      'm'      |      'c'      |   'd' or 'u'  |  0
 * |                  send time, Unix ns, 64 bits                  |  4
 *
 * 'd': the time of departure. 'u': when it was due.
 */
export const FEED_STAMP_OCTETS = 12;
export const FEED_STAMP_TYPE = 0x7e;
/** Where in the message the send time stands. */
export const FEED_STAMP_TIME_AT = 4;

const DEPARTURE_MARK = 0x7e6d_6364;
const DUE_MARK = 0x7e6d_6375;

/** Whether the message of `octets` octets at `at` is a stamp. Hot. */
export function isFeedStamp(view: DataView, at: number, octets: number): boolean {
  if (octets !== FEED_STAMP_OCTETS) return false;
  const mark = view.getUint32(at);
  return mark === DEPARTURE_MARK || mark === DUE_MARK;
}

/** Whether its time is that of departure. */
export function isDepartureStamp(view: DataView, at: number): boolean {
  return view.getUint32(at) === DEPARTURE_MARK;
}

/** Writes a stamp with the time `high`, `low`: halves of Unix ns. */
export function putFeedStamp(view: DataView, at: number, high: number, low: number, isDeparture: boolean): void {
  view.setUint32(at, isDeparture ? DEPARTURE_MARK : DUE_MARK);
  view.setUint32(at + 4, high);
  view.setUint32(at + 8, low);
}
