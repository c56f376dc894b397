import { McastError } from '../core/errors.js';
import type { HttpPlace, InfluxTarget } from './exportValues.js';
import type { OptionValues } from './options.js';

/** Where figures go while a run goes on; `null`: nowhere. */
export interface ExportPlan {
  readonly metrics: HttpPlace | null;
  /** Of the dashboard. */
  readonly web: HttpPlace | null;
  /** URL. */
  readonly otlp: string | null;
  readonly influx: InfluxTarget | null;
  readonly influxTokenFile: string | null;
  /** File of interval rows; `-`: standard output. */
  readonly series: string | null;
  /** Some of it goes to standard output. */
  readonly toStdout: boolean;
  /** How the operator calls the run, and what he says of it. */
  readonly name: string | null;
  readonly labels: Readonly<Record<string, string>>;
}

/** What is wrong is appended to `problems`. */
export function exportPlan(run: OptionValues, problems: McastError[]): ExportPlan {
  const influx = run.influx ?? null;
  const isInfluxStdout = influx?.kind === 'file' && influx.path === '-';
  const takers = [
    run.series === '-' ? '--series' : null,
    isInfluxStdout ? '--influx' : null,
    run.json === '-' ? '--json' : null,
    run.capture === '-' ? '--capture' : null,
    run.save === '-' ? '--save' : null,
    run.sdp === '-' ? '--sdp' : null,
  ].filter((name) => name !== null);
  const toStdout = run.series === '-' || isInfluxStdout;
  if (toStdout && takers.length > 1) {
    problems.push(usage(`${takers[0]} and ${takers[1]} cannot both be stdout: give one of them a file`));
  }
  if (run['influx-token-file'] !== undefined && influx?.kind !== 'http') {
    problems.push(usage('--influx-token-file is for --influx http://... or https://...'));
  }
  return {
    metrics: run.metrics ?? null,
    web: run.web ?? null,
    otlp: run.otlp ?? null,
    influx,
    influxTokenFile: run['influx-token-file'] ?? null,
    series: run.series ?? null,
    toStdout,
    name: run.name ?? null,
    labels: Object.fromEntries(run.label ?? []),
  };
}

function usage(message: string): McastError {
  return new McastError('ERR_USAGE', message);
}
