/** Values that streams of every kind have. */
import type { OptionValues } from './options.js';
import type { ImpairSpec, SendStream } from './plan.js';

/** Whether it is a client's of iperf 2. */
export function isIperf({ address }: Pick<SendStream, 'address'>): boolean {
  return address.scheme === 'iperf';
}

/** The TOS octet that `dscp` or `tos` says, the endpoint's before the flags'; `null`: neither. */
export function sentTos(own: OptionValues, run: OptionValues, wrong: (message: string) => void): number | null {
  const level = own.dscp !== undefined || own.tos !== undefined ? own : run;
  if (level.dscp !== undefined && level.tos !== undefined && level.tos >>> 2 !== level.dscp) {
    wrong(`dscp ${level.dscp} and tos ${level.tos} (DSCP ${level.tos >>> 2}) differ: give one of them`);
  }
  if (level.tos !== undefined) return level.tos;
  return level.dscp === undefined ? null : level.dscp << 2;
}

/** What is random in an impairment without a seed of its own follows from the run's. */
export function withSeed(impair: ImpairSpec | null, seed: number): ImpairSpec | null {
  return impair === null || impair.seed !== null ? impair : { ...impair, seed };
}

/** Two legs are two networks: a seed that both have would lose the same packets of both. */
export function withOwnLosses(leg: SendStream): SendStream {
  const { impair } = leg;
  if (impair === null || impair.seed === null) return leg;
  return { ...leg, impair: { ...impair, seed: (impair.seed + 1) % 2 ** 32 } };
}

/** The zone of `--message-time`; `null`: timestamps of messages tell nothing. */
export function messageTimeZone(values: OptionValues): string | null {
  return values['message-time'] === true ? (values.zone ?? 'UTC') : null;
}
