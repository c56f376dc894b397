/**
 * Results for continuous integration, in the XML that JUnit's Ant task writes and every such system reads: a suite each run,
 * a test case each limit. An exceeded limit is a failure; a run cut short or invalid an error.
 */
import type { Comparison } from '../result/comparison.js';
import type { LimitResult, RunResult } from '../result/model.js';
import { outcomeOf } from '../result/outcome.js';
import { formatLimitFigure } from './figure.js';
import { plainDocument } from './plainDocument.js';
import { commandTitle } from './title.js';

interface Case {
  readonly name: string;
  readonly class: string;
  readonly failure?: string;
  readonly error?: string;
}

export function renderJunit(results: readonly RunResult[], comparison: Comparison | null = null): string {
  const suites =
    comparison === null
      ? results.map((result) => suiteOf(plainDocument(result)))
      : [comparisonSuite(plainDocument(comparison), results[0]!)];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites.join('')}</testsuites>\n`;
}

function suiteOf(result: RunResult): string {
  const { run, host, health, labels } = { ...result, labels: result.run.labels };
  const outcome = outcomeOf(result);
  const cases: Case[] = [
    { name: 'run complete', class: 'run', ...(outcome === 'cut_short' ? { error: 'the run was cut short' } : {}) },
    {
      name: 'measurement valid',
      class: 'health',
      ...(health.verdict === 'invalid' ? { error: reasonsOf(result, 'invalid') } : {}),
    },
    ...result.outputs.map(outputCase),
    ...result.limits.map(limitCase),
  ];
  const properties: [string, string][] = [
    ['run', run.id],
    ['role', run.role],
    ['endpoints', run.endpoints.join(' ')],
    ['verdict', health.verdict],
    ['tool', `${result.tool.name} ${result.tool.version}`],
    ...Object.entries(labels),
  ];
  const seconds = (run.duration_ns / 1e9).toFixed(3);
  const attributes = `time="${seconds}" timestamp="${run.start.slice(0, 19)}" hostname="${escapeXml(host.name)}"`;
  return suite(
    [commandTitle(result), run.name ?? run.endpoint ?? ''].join(' ').trim(),
    attributes,
    properties,
    cases,
    reasonsOf(result),
  );
}

function comparisonSuite({ limits, differences, runs }: Comparison, { run, host }: RunResult): string {
  const attributes = `time="0.000" timestamp="${run.start.slice(0, 19)}" hostname="${escapeXml(host.name)}"`;
  const properties = runs.map(({ source, id }, i): [string, string] => [`run ${i + 1}`, `${source} ${id}`]);
  return suite('mcast report --compare', attributes, properties, limits.map(limitCase), differences.join('\n'));
}

function suite(
  name: string,
  attributes: string,
  properties: readonly (readonly [string, string])[],
  cases: readonly Case[],
  output: string,
): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length;
  const errors = cases.filter(({ error }) => error !== undefined).length;
  const counts = `tests="${cases.length}" failures="${failures}" errors="${errors}" skipped="0"`;
  return [
    `  <testsuite name="${escapeXml(name)}" ${counts} ${attributes}>`,
    '    <properties>',
    ...properties.map(([key, value]) => `      <property name="${escapeXml(key)}" value="${escapeXml(value)}"/>`),
    '    </properties>',
    ...cases.map(caseText),
    ...(output === '' ? [] : [`    <system-out>${escapeXml(output)}</system-out>`]),
    '  </testsuite>\n',
  ].join('\n');
}

function caseText({ name, class: className, failure, error }: Case): string {
  const head = `    <testcase name="${escapeXml(name)}" classname="${escapeXml(className)}" time="0"`;
  const [tag, message] = failure !== undefined ? ['failure', failure] : ['error', error];
  if (message === undefined) return `${head}/>`;
  return `${head}><${tag} message="${escapeXml(message)}" type="${tag === 'failure' ? 'limit' : 'measurement'}"/></testcase>`;
}

function outputCase({ name, failure, failed }: RunResult['outputs'][number]): Case {
  return { name, class: 'output', ...(failed ? { error: failure ?? 'it failed' } : {}) };
}

function limitCase(limit: LimitResult): Case {
  const { expression, stream, value, margin, ok, reason } = limit;
  const base = { name: stream === null ? expression : `${expression} at ${stream}`, class: 'limit' };
  if (ok) return base;
  const is = value === null ? 'could not be judged' : `is ${formatLimitFigure(limit, value)}`;
  const by = margin === null ? '' : `, margin ${formatLimitFigure(limit, margin)}`;
  return { ...base, failure: `${expression.split(' ')[0]} ${is}${by}${reason === null ? '' : `: ${reason}`}` };
}

/** Of one severity, or all with theirs. */
function reasonsOf({ health }: RunResult, severity?: string): string {
  return health.reasons
    .filter((reason) => severity === undefined || reason.severity === severity)
    .map((reason) => (severity === undefined ? `${reason.severity}: ${reason.text}` : reason.text))
    .join(severity === undefined ? '\n' : '; ');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!);
}
