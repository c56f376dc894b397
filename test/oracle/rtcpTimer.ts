/**
 * RFC 3550 section 6.3 with its own variables, in seconds, one function for each event: slow to read beside
 * the product's form, close to read beside the text.
 */
export interface TimerState {
  tp: number;
  tn: number;
  members: number;
  pmembers: number;
  senders: number;
  rtcp_bw: number;
  we_sent: boolean;
  avg_rtcp_size: number;
  initial: boolean;
  leaving: boolean;
  readonly minimum: number;
  readonly random: () => number;
}

/** 6.3.1, `rtcp_bw` in octets/s. */
export function interval(s: TimerState): number {
  let n = s.members;
  let C = s.avg_rtcp_size / s.rtcp_bw;
  if (s.senders <= 0.25 * s.members) {
    if (s.we_sent) {
      C = s.avg_rtcp_size / (0.25 * s.rtcp_bw);
      n = s.senders;
    } else {
      C = s.avg_rtcp_size / (0.75 * s.rtcp_bw);
      n = s.members - s.senders;
    }
  }
  const Tmin = s.initial ? s.minimum / 2 : s.minimum;
  const Td = Math.max(Tmin, n * C);
  const lowest = 0.5 * Td;
  const highest = 1.5 * Td;
  return (lowest + s.random() * (highest - lowest)) / (Math.exp(1) - 3 / 2);
}

/** 6.3.2 */
export function join(tc: number, rtcp_bw: number, size: number, minimum: number, random: () => number): TimerState {
  const s: TimerState = {
    tp: tc,
    tn: tc,
    members: 1,
    pmembers: 1,
    senders: 0,
    rtcp_bw,
    we_sent: false,
    avg_rtcp_size: size,
    initial: true,
    leaving: false,
    minimum,
    random,
  };
  s.tn = tc + interval(s);
  return s;
}

/** 6.3.3, and 6.3.7 while leaving. */
export function receive(s: TimerState, size: number, isBye: boolean): void {
  if (s.leaving && !isBye) return;
  s.avg_rtcp_size = size / 16 + (15 * s.avg_rtcp_size) / 16;
  if (s.leaving) s.members++;
}

/** 6.3.4 */
export function shrink(s: TimerState, tc: number, members: number): void {
  s.members = members;
  if (s.members >= s.pmembers) return;
  s.tn = tc + (s.members / s.pmembers) * (s.tn - tc);
  s.tp = tc - (s.members / s.pmembers) * (tc - s.tp);
  s.pmembers = s.members;
}

/** 6.3.6: whether a packet, of `size` octets, is sent. */
export function expire(s: TimerState, tc: number, size: number): boolean {
  const T = interval(s);
  if (s.tp + T > tc) {
    s.tn = s.tp + T;
    s.pmembers = s.members;
    return false;
  }
  if (s.leaving) return true;
  s.avg_rtcp_size = size / 16 + (15 * s.avg_rtcp_size) / 16;
  s.tp = tc;
  s.tn = tc + interval(s);
  s.initial = false;
  s.pmembers = s.members;
  return true;
}

/** 6.3.7, of a group of more than 50. */
export function leave(s: TimerState, tc: number, size: number): void {
  s.tp = tc;
  s.members = 1;
  s.pmembers = 1;
  s.initial = true;
  s.we_sent = false;
  s.senders = 0;
  s.avg_rtcp_size = size;
  s.leaving = true;
  s.tn = tc + interval(s);
}
