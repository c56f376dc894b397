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

/** Clocks are moved by no more than this. */
const LONGEST_STEP_NS = 10_800_000_000_000;
/** Offsets that are remembered: of six weeks. */
const MOST_QUARTERS = 4096;

/**
 * Times of day by the clocks of one zone, and the instants that they stand for: at a change of summer time what the clocks
 * show counts, not what has passed since midnight. `RealNs` count from the epoch.
 */
export class ZoneClock {
  readonly #zone: string;
  readonly #epochUnixNs: bigint;
  /** By UTC, ns since midnight. */
  readonly #epochOfDayNs: number;
  /** Offsets by quarter of an hour, which Intl takes long to tell; and the last one that was asked for. */
  readonly #offsets = new Map<number, number>();
  readonly #epochQuarterNs: number;
  #fromNs = Infinity;
  #toNs = -Infinity;
  #offsetNs = 0;

  /** `zone`: an IANA name. */
  constructor(zone: string, epochUnixNs: bigint) {
    this.#zone = zone;
    this.#epochUnixNs = epochUnixNs;
    this.#epochOfDayNs = Number(epochUnixNs % BigInt(DAY_NS));
    this.#epochQuarterNs = Number(epochUnixNs % BigInt(QUARTER_NS));
  }

  /** What the clocks show, ns since midnight: 0 .. 86 400 s. */
  sinceMidnightNs(realNs: Nanos): Nanos {
    return this.#shownNs(realNs, this.#offsetAt(realNs));
  }

  /** The instant next to `nearRealNs` at which the clocks show `sinceMidnightNs`. */
  instantNs(sinceMidnightNs: Nanos, nearRealNs: Nanos): Nanos {
    const instantNs = this.#instantBy(this.#offsetAt(nearRealNs), sinceMidnightNs, nearRealNs);
    // Within a quarter of an hour the clocks are never moved.
    if (instantNs >= this.#fromNs && instantNs < this.#toNs) return instantNs;
    return this.#amongSteps(sinceMidnightNs, nearRealNs, instantNs);
  }

  /** Where the clocks may have been moved between both; `guessNs`: if they were not. */
  #amongSteps(sinceMidnightNs: Nanos, nearRealNs: Nanos, guessNs: Nanos): Nanos {
    let foundNs = guessNs;
    let leastNs = Infinity;
    for (const atNs of [nearRealNs, nearRealNs - LONGEST_STEP_NS, nearRealNs + LONGEST_STEP_NS, guessNs]) {
      const offsetNs = this.#offsetAt(atNs);
      const instantNs = this.#instantBy(offsetNs, sinceMidnightNs, nearRealNs);
      const apartNs = Math.abs(instantNs - nearRealNs);
      if (apartNs >= leastNs || this.#offsetAt(instantNs) !== offsetNs) continue;
      foundNs = instantNs;
      leastNs = apartNs;
    }
    return foundNs;
  }

  /** The same where the clocks are ahead by `offsetNs` all day. */
  #instantBy(offsetNs: number, sinceMidnightNs: Nanos, nearRealNs: Nanos): Nanos {
    const ahead = sinceMidnightNs - this.#shownNs(nearRealNs, offsetNs);
    if (ahead > DAY_NS / 2) return nearRealNs + ahead - DAY_NS;
    return nearRealNs + (ahead < -DAY_NS / 2 ? ahead + DAY_NS : ahead);
  }

  #shownNs(realNs: Nanos, offsetNs: number): Nanos {
    const ns = (this.#epochOfDayNs + offsetNs + realNs) % DAY_NS;
    return ns < 0 ? ns + DAY_NS : ns;
  }

  #offsetAt(realNs: Nanos): number {
    if (!(realNs >= this.#fromNs && realNs < this.#toNs)) this.#look(realNs);
    return this.#offsetNs;
  }

  #look(realNs: Nanos): void {
    const quarter = Math.floor((this.#epochQuarterNs + realNs) / QUARTER_NS);
    let offsetNs = this.#offsets.get(quarter);
    if (offsetNs === undefined) {
      if (this.#offsets.size === MOST_QUARTERS) this.#offsets.clear();
      offsetNs = Number(zoneOffsetNs(this.#zone, this.#epochUnixNs + BigInt(Math.floor(realNs))));
      this.#offsets.set(quarter, offsetNs);
    }
    this.#fromNs = quarter * QUARTER_NS - this.#epochQuarterNs;
    this.#toNs = this.#fromNs + QUARTER_NS;
    this.#offsetNs = offsetNs;
  }
}
