/** Direct transcriptions, slow and obvious; nothing is shared with the product. */

export interface MediaArrival {
  readonly timeNs: number;
  readonly octets: number;
}

/**
 * RFC 4445 section 3.1 over one measurement interval: `fromNs` just after the last arrival before it, `arrivals` P(1) ..
 * P(k), `rate` the media rate in octets per ns. All 2k + 1 values of VB are written down.
 */
export function delayFactorOracle(fromNs: number, arrivals: readonly MediaArrival[], rate: number): number {
  const buffers = [0];
  for (let i = 0; i < arrivals.length; i++) {
    const sumBefore = arrivals.slice(0, i).reduce((sum, { octets }) => sum + octets, 0);
    const pre = sumBefore - rate * (arrivals[i]!.timeNs - fromNs);
    buffers.push(pre, pre + arrivals[i]!.octets);
  }
  return (Math.max(...buffers) - Math.min(...buffers)) / rate;
}

/** The delay factors of all seconds from the first arrival on; NaN where nothing came. */
export function delayFactorsOracle(arrivals: readonly MediaArrival[], rate: number, untilNs: number): number[] {
  const [first, ...rest] = arrivals;
  const factors: number[] = [];
  let fromNs = first!.timeNs;
  for (let begin = first!.timeNs; begin + 1e9 <= untilNs; begin += 1e9) {
    const within = rest.filter(({ timeNs }) => timeNs >= begin && timeNs < begin + 1e9);
    factors.push(within.length === 0 ? NaN : delayFactorOracle(fromNs, within, rate));
    if (within.length > 0) fromNs = within.at(-1)!.timeNs;
  }
  return factors;
}

export interface ClockArrival {
  readonly arrivalNs: number;
  readonly programNs: number;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** What is left of arrival less program time without its least-squares line, above the least. */
export function clockJitterOracle(block: readonly ClockArrival[]): number[] {
  const x = block.map(({ arrivalNs }) => arrivalNs);
  const y = block.map(({ arrivalNs, programNs }) => arrivalNs - programNs);
  const [meanX, meanY] = [mean(x), mean(y)];
  const slope =
    x.reduce((sum, value, i) => sum + (value - meanX) * (y[i]! - meanY), 0) /
    x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const left = y.map((value, i) => value - meanY - slope * (x[i]! - meanX));
  const least = Math.min(...left);
  return left.map((value) => value - least);
}
