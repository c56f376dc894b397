/** Limits of a run, and those that single endpoints have. */
import { McastError } from '../core/errors.js';
import { parseMaxEach, parseMinEach, type EachLimit } from '../result/eachLimits.js';
import { parseExpect, parseMax, parseMin, type Limit } from '../result/limits.js';
import type { OptionName, OptionValues } from './options.js';
import { streamAddresses, type Target } from './targets.js';

export interface LimitPlan {
  readonly limits: readonly Limit[];
  readonly eachLimits: readonly EachLimit[];
}

const LIMITS = ['max', 'min', 'expect', 'max-each', 'min-each'] as const satisfies readonly OptionName[];

/** What is wrong is appended to `problems`. */
export function limitPlan(run: OptionValues, list: readonly Target[], problems: McastError[]): LimitPlan {
  const limits = read(run, problems, {});
  for (const target of list) {
    const { own, legB } = target;
    if (LIMITS.every((name) => own[name] === undefined)) continue;
    const places = [target, ...(legB === null ? [] : [{ ...legB, legB: null }])].flatMap((one) =>
      streamAddresses(one, null, run).map(({ group, port }) => ({ group, port })),
    );
    const ofTarget = read(own, problems, { places });
    limits.limits.push(...ofTarget.limits);
    limits.eachLimits.push(...ofTarget.eachLimits);
  }
  return limits;
}

type Places = Pick<Limit, 'places'>;

function read(
  values: OptionValues,
  problems: McastError[],
  places: Places,
): { limits: Limit[]; eachLimits: EachLimit[] } {
  const all = <T>(texts: readonly string[] | undefined, parse: (text: string) => T): (T & Places)[] =>
    (texts ?? []).flatMap((text) => {
      try {
        return [{ ...parse(text), ...places }];
      } catch (error) {
        if (!(error instanceof McastError)) throw error;
        problems.push(error);
        return [];
      }
    });
  return {
    limits: [
      ...all(values.max, (text) => parseMax(text)),
      ...all(values.min, (text) => parseMin(text)),
      ...all(values.expect, parseExpect),
    ],
    eachLimits: [...all(values['max-each'], parseMaxEach), ...all(values['min-each'], parseMinEach)],
  };
}
