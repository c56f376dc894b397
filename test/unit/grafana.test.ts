import { describe, expect, it } from 'vitest';
import { prometheusText } from '../../src/report/export/prometheusText.js';
import { parseExposition } from '../exposition.js';
import { alertQueries, dashboardQueries, readDashboard } from '../grafana.js';
import { readFileSync } from 'node:fs';
import { ALERTS } from '../grafana.js';
import { wholeDocument } from './wholeDocument.js';

/** Labels by sample name: of a document that has everything. */
const KNOWN = new Map<string, Set<string>>();
const exposition = [...prometheusText(wholeDocument(), 'text')].join('');
for (const { samples } of parseExposition(exposition, 'text').values()) {
  for (const { name, labels } of samples) {
    const known = KNOWN.get(name) ?? new Set(['job', 'instance']);
    for (const label of labels.keys()) known.add(label);
    KNOWN.set(name, known);
  }
}

/** Metrics of a query with the labels that it selects by, and labels that it groups by. */
function usedBy(query: string) {
  const metrics = [...query.matchAll(/\b(mcast_\w+)(?:\{([^}]*)\})?/gu)].map(([, name, body]) => ({
    name: name!,
    labels: [...(body ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/gu)].map(([, label]) => label!),
  }));
  const groups = [...query.matchAll(/\b(?:by|on|ignoring|group_left)\s*\(([^)]*)\)/gu)].flatMap(([, list]) =>
    list!
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );
  return { metrics, groups };
}

const QUERIES = [...dashboardQueries(), ...alertQueries()];

describe('dashboard and alerts', () => {
  it('are there', () => {
    expect(dashboardQueries().length).toBeGreaterThan(40);
    expect(alertQueries().length).toBe(readFileSync(ALERTS, 'utf8').split('- alert:').length - 1);
  });

  it.each(QUERIES)('%s asks for what is exported, by labels that it has', (_, query) => {
    const { metrics, groups } = usedBy(query);
    expect(metrics.length).toBeGreaterThan(0);
    const labels = new Set<string>();
    for (const { name, labels: selected } of metrics) {
      const known = KNOWN.get(name);
      expect(known, name).toBeDefined();
      for (const label of selected) expect([...known!], `${name}{${label}}`).toContain(label);
      for (const label of known!) labels.add(label);
    }
    for (const label of groups) expect([...labels], query).toContain(label);
  });

  it.each(QUERIES)('%s takes rates of counts only', (_, query) => {
    for (const [, name] of query.matchAll(/\b(?:rate|increase)\((mcast_\w+)/gu))
      expect(name).toMatch(/_(total|bucket)$/u);
    for (const [, name] of query.matchAll(/\b(mcast_\w+_bucket)/gu)) expect(query).toContain(`(${name}`);
  });

  it('names only labels in its legends that its queries leave', () => {
    for (const { title, targets } of readDashboard().panels) {
      for (const { expr, legendFormat } of targets ?? []) {
        const { metrics, groups } = usedBy(expr);
        const isGrouped = /\bby\s*\(/u.test(expr);
        const labels = new Set(isGrouped ? groups : metrics.flatMap(({ name }) => [...KNOWN.get(name)!]));
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/gu))
          expect([...labels], `${title}: ${expr}`).toContain(label);
      }
    }
  });

  it('shows each figure in its unit', () => {
    for (const { title, targets, fieldConfig } of readDashboard().panels) {
      for (const { expr } of targets ?? []) {
        const unit = fieldConfig!.defaults.unit;
        if (unit === 's') expect(expr, title).toMatch(/_seconds/u);
        if (unit === 'bps') expect(expr, title).toMatch(/_bytes\w*.*\* 8$/su);
        if (unit === 'percentunit') expect(expr, title).toMatch(/ratio|rate\(.*\/ .*rate\(/su);
      }
    }
  });
});
