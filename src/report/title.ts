import type { RunResult } from '../result/model.js';

/** `mcast recv`, `mcast bench classes`: what was run, without where. */
export function commandTitle({ run, bench }: Pick<RunResult, 'run' | 'bench'>): string {
  return ['mcast', run.command, ...(bench === null ? [] : [bench.test])].join(' ');
}
