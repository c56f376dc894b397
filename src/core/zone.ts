/** Clocks of a time zone. */
import type { Nanos } from './time.js';

const MS_NS = 1_000_000n;
const DAY_NS = 86_400_000_000_000;
/** Offsets change on one of these. */
const QUARTER_NS = 900_000_000_000;

/** How much clocks of the zone are ahead of UTC at that instant; whole seconds. */
export function zoneOffsetNs(zone: string, unixNs: bigint): bigint {
  const ms = Number(unixNs / MS_NS / 1000n) * 1000;
  const parts: Record<string, number> = {};
  const format = new Intl.DateTimeFormat('en-u-hc-h23', {
    timeZone: zone,
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  for (const { type, value } of format.formatToParts(new Date(ms))) parts[type] = Number(value);
  const { year, month, day, hour, minute, second } = parts;
  return BigInt(Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - ms) * MS_NS;
}

/**
 * Times of day by the clocks of one zone, and the instants that they stand for: at a change of summer time what the clocks
 * show counts, not what has passed since midnight. `RealNs` count from the epoch.
 */
export class ZoneClock {
  readonly #zone: string;
  readonly #epochUnixNs: bigint;
  /** The clocks' offset holds within these. */
  #fromNs = Infinity;
  #toNs = -Infinity;
  /** What they would show at the epoch with that offset, ns since midnight. */
  #epochOfDayNs = 0;

  /** `zone`: an IANA name. */
  constructor(zone: string, epochUnixNs: bigint) {
    this.#zone = zone;
    this.#epochUnixNs = epochUnixNs;
  }

  /** What the clocks show, ns since midnight: 0 .. 86 400 s. */
  sinceMidnightNs(realNs: Nanos): Nanos {
    if (!(realNs >= this.#fromNs && realNs < this.#toNs)) this.#look(realNs);
    const ns = (this.#epochOfDayNs + realNs) % DAY_NS;
    return ns < 0 ? ns + DAY_NS : ns;
  }

  /** The instant next to `nearRealNs` at which the clocks show `sinceMidnightNs`. */
  instantNs(sinceMidnightNs: Nanos, nearRealNs: Nanos): Nanos {
    const ahead = sinceMidnightNs - this.sinceMidnightNs(nearRealNs);
    if (ahead > DAY_NS / 2) return nearRealNs + ahead - DAY_NS;
    return nearRealNs + (ahead < -DAY_NS / 2 ? ahead + DAY_NS : ahead);
  }

  #look(realNs: Nanos): void {
    const unixNs = this.#epochUnixNs + BigInt(Math.floor(realNs));
    const offset = zoneOffsetNs(this.#zone, unixNs);
    const into = Number(unixNs % BigInt(QUARTER_NS));
    this.#fromNs = Math.floor(realNs) - into;
    this.#toNs = this.#fromNs + QUARTER_NS;
    this.#epochOfDayNs = Number((this.#epochUnixNs + offset) % BigInt(DAY_NS));
  }
}
