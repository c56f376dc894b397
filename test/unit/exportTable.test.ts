import { describe, expect, it } from 'vitest';
import { METRIC_IDS } from '../../src/metrics/catalog.js';
import { EXPORT_SCOPES } from '../../src/report/export/exportLabels.js';
import { familyName, instrumentName, UNIT_RULES, type ExportedFigure } from '../../src/report/export/exportedFigure.js';
import { EXPORT_TABLE } from '../../src/report/export/exportTable.js';
import { LEFT_OUT } from './exportLeftOut.js';
import { RUN_FIGURES, RUN_HISTOGRAMS } from '../../src/result/limitNames.js';
import { RunResultSchema } from '../../src/result/model.js';
import { numericPaths, wholeDocument } from './wholeDocument.js';

/** As the schema's paths are: labels of keys are a matter of the table. */
function plainPath({ path }: ExportedFigure): string {
  return path.replaceAll(/\{\w+\}/gu, '{}');
}

const exported = new Set(EXPORT_TABLE.map(plainPath));

function leftOutBy(path: string): string | undefined {
  return Object.keys(LEFT_OUT).find(
    (prefix) => path === prefix || (/^[.[{]/u.test(path.slice(prefix.length)) && path.startsWith(prefix)),
  );
}

describe('the table of exported figures', () => {
  it('has every number of the document, or says why not: decide it for a new one', () => {
    const forgotten = numericPaths().filter((path) => !exported.has(path) && leftOutBy(path) === undefined);
    expect(forgotten).toEqual([]);
  });

  it('has nothing that the document has not, and leaves nothing out that it has or that is not there', () => {
    const known = numericPaths();
    const others = EXPORT_TABLE.filter(({ unit, kind }) => unit !== 'truth' && unit !== 'instant' && kind !== 'state');
    expect(others.map(plainPath).filter((path) => !known.includes(path))).toEqual([]);
    expect(EXPORT_TABLE.map(plainPath).filter((path) => leftOutBy(path) !== undefined)).toEqual([]);
    const stale = Object.keys(LEFT_OUT).filter((prefix) => !known.some((path) => leftOutBy(path) === prefix));
    expect(stale).toEqual([]);
  });

  it('exports each metric of the catalogue, and each figure of the run that a limit may name', () => {
    for (const id of METRIC_IDS) {
      for (const path of [`streams[].metrics.${id}`, `aggregate.metrics.${id}`]) {
        expect(
          [...exported].some((one) => one === path || one === `${path}{}`),
          path,
        ).toBe(true);
      }
    }
    const paths = [...RUN_FIGURES, ...RUN_HISTOGRAMS].map((name) =>
      name.replace(/^arbitration\.legs\.[ab]\./u, 'arbitration.legs[].'),
    );
    expect(paths.filter((path) => !exported.has(path))).toEqual([]);
  });

  it('names each once, by the conventions of Prometheus and OpenTelemetry', () => {
    const seen = new Map<string, ExportedFigure>();
    const instruments = new Map<string, string>();
    for (const figure of EXPORT_TABLE) {
      const name = familyName(figure);
      expect(name).toMatch(/^mcast(_[a-z0-9]+)+$/u);
      expect(instrumentName(figure)).toMatch(/^mcast(\.[a-z0-9_]+){2}$/u);
      expect(name).not.toMatch(/_(total|count|sum|bucket|info|created)$/u);
      // OpenTelemetry has the unit beside the name: what differs by it alone is the same there.
      expect(instruments.get(instrumentName(figure)) ?? name).toBe(name);
      instruments.set(instrumentName(figure), name);
      const { suffix } = UNIT_RULES[figure.unit];
      if (suffix !== null) expect(name.endsWith(`_${suffix}`), name).toBe(true);
      expect(figure.help).toMatch(/^\S.*[.]$/su);
      const other = seen.get(name);
      seen.set(name, figure);
      if (other === undefined) continue;
      // Figures of one name are the same thing, told apart by their labels.
      expect([figure.kind, figure.unit, figure.help], name).toEqual([other.kind, other.unit, other.help]);
      expect(figure.labels, `${name}: ${figure.path} and ${other.path}`).not.toEqual(other.labels);
    }
  });

  it('knows the labels of every list that it looks into', () => {
    for (const { path } of EXPORT_TABLE) {
      const words = path.split('.');
      for (const [i, word] of words.entries()) {
        if (word.endsWith('[]')) expect(Object.keys(EXPORT_SCOPES)).toContain(words.slice(0, i + 1).join('.'));
      }
    }
  });
});

it('a whole document of the schema is a valid one', () => {
  expect(RunResultSchema.safeParse(wholeDocument({ receivers: true })).error).toBeUndefined();
});
