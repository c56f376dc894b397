/**
 * Time on every hot path: integer nanoseconds since the run epoch, held in a float64.
 * Exact for 104 days (2^53 ns). Two domains share the unit and the epoch; a value's name says its
 * domain, and only values of one domain may be subtracted:
 *
 * - `...RealNs`: CLOCK_REALTIME minus the epoch's realtime. Receive stamps, carried send times.
 * - `...MonoNs`: CLOCK_MONOTONIC minus the epoch's monotonic time. Schedules, intervals, time-outs.
 */
export type Nanos = number;

/** The instant at which both clocks were read together at start-up. Every {@link Nanos} counts from it. */
export interface RunEpoch {
  /** CLOCK_REALTIME, ns since 1970-01-01T00:00:00Z. */
  readonly realtimeNs: bigint;
  /** CLOCK_MONOTONIC at the same instant, ns. */
  readonly monotonicNs: bigint;
  /** Half of the window within which both were read, ns: how far apart the two readings may be. */
  readonly uncertaintyNs: number;
}

/** Where shell code reads time. Pure layers take times as arguments and never see this. */
export interface Clock {
  readonly epoch: RunEpoch;
  /** CLOCK_MONOTONIC since the epoch, ns. Never goes backwards. */
  monoNs(): Nanos;
  /** CLOCK_REALTIME since the epoch, ns. May step. */
  realNs(): Nanos;
}

/** A pair of readings that took no longer is taken at once. */
const PROMPT_NS = 2_000;
const READINGS = 8;

/**
 * Adding this to a realtime value moves it to the monotonic domain, as of now. Of several readings the one counts that
 * took least: whoever is interrupted between two clocks would be wrong by all of that time.
 */
export function realToMonoNs(clock: Clock): Nanos {
  let shiftNs = 0;
  let narrowestNs = Infinity;
  for (let reading = 0; reading < READINGS && narrowestNs > PROMPT_NS; reading++) {
    const beforeNs = clock.monoNs();
    const realNs = clock.realNs();
    const widthNs = clock.monoNs() - beforeNs;
    if (widthNs >= narrowestNs) continue;
    narrowestNs = widthNs;
    shiftNs = beforeNs + Math.floor(widthNs / 2) - realNs;
  }
  return shiftNs;
}

/** Test clock: time moves only when told to; the realtime side can be stepped on its own. */
export class ManualClock implements Clock {
  readonly epoch: RunEpoch;
  #monoNs: Nanos = 0;
  #stepNs: Nanos = 0;

  constructor(realtimeNs = 1_700_000_000_000_000_000n) {
    this.epoch = { realtimeNs, monotonicNs: 0n, uncertaintyNs: 0 };
  }

  monoNs(): Nanos {
    return this.#monoNs;
  }

  realNs(): Nanos {
    return this.#monoNs + this.#stepNs;
  }

  advance(byNs: Nanos): void {
    this.#monoNs += byNs;
  }

  /** Steps CLOCK_REALTIME alone, as an operator or a time daemon would. */
  step(byNs: Nanos): void {
    this.#stepNs += byNs;
  }
}

/** An absolute time as two unsigned 32-bit halves: what the wire carries, without BigInt. */
export interface SplitTime {
  readonly high: number;
  readonly low: number;
}

export function splitNs(absoluteNs: bigint): SplitTime {
  return { high: Number((absoluteNs >> 32n) & 0xffff_ffffn), low: Number(absoluteNs & 0xffff_ffffn) };
}

/**
 * `(high, low) - epoch`, ns, for 64-bit unix-ns halves from the wire. The high halves are subtracted
 * as signed 32-bit numbers, so a time up to 2^63 ns on either side of the epoch comes out with its
 * sign; it is exact within 104 days of the epoch.
 */
export function sinceEpochNs(high: number, low: number, epoch: SplitTime): Nanos {
  return ((high - epoch.high) | 0) * 4_294_967_296 + (low - epoch.low);
}

/** An instant as RFC 3339 in UTC with nine decimals. */
export function formatRealtime(epoch: RunEpoch, realNs: Nanos): string {
  if (epoch !== known.epoch) known = { epoch, ...secondsOf(epoch.realtimeNs) };
  const sinceSecondNs = known.fractionNs + Math.round(realNs);
  const fractionNs = ((sinceSecondNs % SECOND_NS) + SECOND_NS) % SECOND_NS;
  return formatInstant(known.seconds + (sinceSecondNs - fractionNs) / SECOND_NS, fractionNs);
}

/** RFC 3339 in UTC with nine decimals. `absoluteNs`: ns since 1970-01-01T00:00:00Z, not negative. */
export function formatUnixNs(absoluteNs: bigint): string {
  const { seconds, fractionNs } = secondsOf(absoluteNs);
  return formatInstant(seconds, fractionNs);
}

const SECOND_NS = 1e9;

// Of the times of ten thousand streams most are of the same epoch, and of the same few seconds.
let known: { readonly epoch: RunEpoch | null; readonly seconds: number; readonly fractionNs: number } = {
  epoch: null,
  seconds: 0,
  fractionNs: 0,
};
/** Texts of the seconds used last, by their lowest bits: a stream that is told has a beginning and an end. */
const secondTexts: { readonly seconds: number; readonly text: string }[] = [];
const SECOND_TEXTS = 16;

function secondsOf(absoluteNs: bigint): { readonly seconds: number; readonly fractionNs: number } {
  return { seconds: Number(absoluteNs / 1_000_000_000n), fractionNs: Number(absoluteNs % 1_000_000_000n) };
}

function formatInstant(seconds: number, fractionNs: number): string {
  const at = seconds % SECOND_TEXTS;
  let second = secondTexts[at];
  if (second?.seconds !== seconds) {
    second = { seconds, text: new Date(seconds * 1000).toISOString().slice(0, 20) };
    secondTexts[at] = second;
  }
  // Short texts are joined at once, and the whole of two parts only when it is read: of ten thousand streams it counts.
  return second.text + `${fractionNs + SECOND_NS}Z`.slice(1);
}

/** The inverse of {@link formatUnixNs}. */
export function unixNsOf(instant: string): bigint {
  const [, seconds, fraction] = /^(.{19})\.(\d{9})Z$/u.exec(instant)!;
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction!);
}
