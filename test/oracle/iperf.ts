/** What a server of iperf 2.1.8 makes of the datagrams of one run, by the rules of its Reporter.c. */

export interface IperfArrival {
  /** Negative: the final datagram. */
  readonly number: number;
  /** Whole microseconds, as it reads both. */
  readonly sentUs: number;
  readonly receivedUs: number;
}

export interface IperfServerFigures {
  readonly lost: number;
  /** Datagrams, lost ones included. */
  readonly total: number;
  readonly outOfOrder: number;
  readonly jitterUs: number;
}

/** Up to the first final datagram, which counts as one. */
export function iperfServerOracle(arrivals: readonly IperfArrival[]): IperfServerFigures {
  let highest = 0;
  let missed = 0;
  let outOfOrder = 0;
  let jitterUs = 0;
  // It begins with a transit time of nothing.
  let lastTransitUs = 0;
  for (const { number, sentUs, receivedUs } of arrivals) {
    const id = Math.abs(number);
    if (id <= highest) outOfOrder++;
    else missed += id - highest - 1;
    highest = Math.max(highest, id);
    const transitUs = receivedUs - sentUs;
    jitterUs += (Math.abs(transitUs - lastTransitUs) - jitterUs) / 16;
    lastTransitUs = transitUs;
    if (number < 0) break;
  }
  return { lost: Math.max(0, missed - outOfOrder), total: highest, outOfOrder, jitterUs };
}
