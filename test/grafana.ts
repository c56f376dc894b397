/** What the dashboard and the alerts under `docs/grafana` ask Prometheus for. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (name: string): string => fileURLToPath(new URL(`../docs/grafana/${name}`, import.meta.url));

export const ALERTS = path('alerts.yaml');
export const DASHBOARD = path('dashboard.json');

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit: string } };
}

export interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly query: string | { readonly query: string } }[];
  };
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(DASHBOARD, 'utf8')) as Dashboard;
}

/** A query with what Grafana puts into it. */
export function plainQuery(expr: string): string {
  return expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$\{?\w+\}?/gu, '.*');
}

/** Queries of all panels and variables, with where they are. */
export function dashboardQueries(): (readonly [where: string, query: string])[] {
  const { panels, templating } = readDashboard();
  const ofPanels = panels.flatMap(({ title, targets }) =>
    (targets ?? []).map(({ expr }) => [title, plainQuery(expr)] as const),
  );
  const ofVariables = templating.list.flatMap(({ name, query }) => {
    if (typeof query === 'string') return [];
    // label_values(<selector>, <label>)
    const [, selector, label] = /^label_values\((.+), (\w+)\)$/u.exec(query.query)!;
    return [[`$${name}`, `count by (${label}) (${plainQuery(selector!)})`] as const];
  });
  return [...ofPanels, ...ofVariables];
}

/** `expr:` of each alert, by its name. YAML as this one file has it: one line, or a block behind `|`. */
export function alertQueries(): (readonly [alert: string, query: string])[] {
  const text = readFileSync(ALERTS, 'utf8');
  return [...text.matchAll(/- alert: (\w+)\n\s+expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)/gu)].map(
    ([, name, block, line]) => [name!, (block ?? line)!.trim()] as const,
  );
}
