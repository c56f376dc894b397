import { HttpPush, headersOf, type PostAnswer } from '../dashboard/httpPush.js';
import { PushQueue, type PushOutcome } from '../dashboard/pushQueue.js';
import { inSlices } from '../dashboard/slices.js';
import { McastError } from '../core/errors.js';
import { printable } from '../core/printable.js';
import type { OutputPlan } from '../profile/makePlan.js';
import { otlpMetrics } from '../report/export/otlpMetrics.js';
import type { RunResult } from '../result/model.js';
import type { Follower } from './follower.js';
import { postOutcome } from './postOutcome.js';
import type { Snapshots } from './snapshots.js';
import { resultSoFar } from './soFar.js';

const EVERY_MS = 10_000;
const LEAST_EVERY_MS = 1000;
/** May be tried again, by the protocol (OTLP 1.x, "OTLP/HTTP Response", "Retryable Response Codes"). */
const LATER: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** `--otlp`: figures to an OpenTelemetry collector, periodically and at the end. Throws ERR_USAGE. */
export function openOtlp(
  url: string,
  output: OutputPlan,
  snapshots: Snapshots,
  say: (text: string) => void,
  environment: NodeJS.ProcessEnv,
): Follower {
  const settings = settingsOf(environment);
  const push = new HttpPush(url, { 'Content-Type': 'application/json', ...settings.headers });
  const queue = new PushQueue({
    what: '--otlp',
    say,
    send: async (body, signal) => outcomeOf(await push.post(body, signal), url),
  });
  const send = async (result: RunResult): Promise<void> =>
    queue.add(await inSlices(otlpMetrics(result, settings.attributes)));
  const tell = async (): Promise<void> => {
    const result = await resultSoFar(snapshots, output);
    if (result !== null) await send(result);
  };
  // A collector that is slow, or a run that is, is not asked for more than one at a time.
  let telling: Promise<void> | null = null;
  const timer = setInterval(() => (telling ??= tell().finally(() => (telling = null))), settings.everyMs);
  return {
    finish: async (result) => {
      clearInterval(timer);
      await telling;
      await send(result);
      await queue.flush();
    },
    close: async () => {
      clearInterval(timer);
      await telling;
      await queue.close();
      push[Symbol.dispose]();
    },
  };
}

/** What a collector says. */
function outcomeOf(answer: PostAnswer, url: string): PushOutcome {
  const outcome = postOutcome(answer, url, LATER);
  return outcome.kind === 'taken' ? { kind: 'taken', but: rejection(answer.text) } : outcome;
}

/** ExportMetricsServiceResponse.partial_success; `null`: it took all. */
function rejection(text: string): string | null {
  try {
    const { partialSuccess } = JSON.parse(text) as {
      partialSuccess?: { rejectedDataPoints?: unknown; errorMessage?: unknown };
    };
    const rejected = Number(partialSuccess?.rejectedDataPoints ?? 0);
    if (!(rejected > 0)) return null;
    return `the collector rejected ${rejected} data points: ${printable(String(partialSuccess?.errorMessage ?? '')).slice(0, 200)}`;
  } catch {
    // An empty answer, or one that is none of JSON, rejects nothing.
    return null;
  }
}

interface OtlpSettings {
  readonly headers: Readonly<Record<string, string>>;
  readonly attributes: readonly (readonly [string, string])[];
  readonly everyMs: number;
}

/** Of the environment, by the names that OpenTelemetry's exporters share. */
function settingsOf(environment: NodeJS.ProcessEnv): OtlpSettings {
  const headers: Record<string, string> = {};
  for (const name of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_METRICS_HEADERS']) {
    Object.assign(headers, headersOf(name, environment[name] ?? ''));
  }
  const attributes = Object.entries(
    headersOf('OTEL_RESOURCE_ATTRIBUTES', environment['OTEL_RESOURCE_ATTRIBUTES'] ?? ''),
  );
  const service = environment['OTEL_SERVICE_NAME'] ?? '';
  if (service !== '') attributes.push(['service.name', service]);
  const every = environment['OTEL_METRIC_EXPORT_INTERVAL'] ?? '';
  if (every !== '' && !(Number(every) >= LEAST_EVERY_MS)) {
    throw new McastError(
      'ERR_USAGE',
      `OTEL_METRIC_EXPORT_INTERVAL is "${every}": milliseconds, at least ${LEAST_EVERY_MS}`,
    );
  }
  return { headers, attributes, everyMs: every === '' ? EVERY_MS : Number(every) };
}
