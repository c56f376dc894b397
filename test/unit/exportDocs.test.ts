import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CONTENT_TYPES } from '../../src/report/export/prometheusText.js';
import { familyName, type ExportedFigure } from '../../src/report/export/exportedFigure.js';
import { EXPORT_SCOPES } from '../../src/report/export/exportLabels.js';
import { EXPORT_TABLE } from '../../src/report/export/exportTable.js';
import { seriesHeading } from '../../src/report/export/seriesCsv.js';

const PAGE = readFileSync(new URL('../../docs/export.md', import.meta.url), 'utf8');

const KINDS: Readonly<Record<ExportedFigure['kind'], string>> = {
  counter: 'counter',
  gauge: 'gauge',
  state: 'state',
  distribution: 'histogram',
  shifting: 'percentiles',
};

/** The rows of the page, as the table of exports demands them. */
function exportRows(): string[] {
  const rows = new Map<string, string[]>();
  for (const figure of EXPORT_TABLE) {
    const name = `| \`${familyName(figure)}${figure.kind === 'counter' ? '_total' : ''}\` | ${KINDS[figure.kind]} |`;
    rows.set(name, [...(rows.get(name) ?? []), `\`${figure.path}\``]);
  }
  return [...rows].map(([name, paths]) => {
    // The indicators of TR 101 290, the reasons why something was not sent: their label says which.
    const [first] = paths;
    return `${name} ${paths.length > 2 ? `${first!.replace(/\.\w+`$/u, '.*`')}` : paths.join(', ')} |`;
  });
}

describe('docs/export.md', () => {
  it('has each exported name with its kind and where the document has it', () => {
    const [, names] = PAGE.split('\n## Names\n');
    expect(names!.split('\n').filter((line) => line.startsWith('| `'))).toEqual(exportRows());
  });

  it('has the labels of streams, and what is left out of very many', () => {
    const stream = { id: 'i', name: 'n', group: 'g', port: 1, source: 's', interface: 'e', role: 'media', leg: 'a' };
    const names = EXPORT_SCOPES['streams[]']!.labels(stream as never);
    expect(names).toHaveLength(8);
    for (const [name] of names) expect(PAGE).toContain(`\`${name}\``);
    expect(PAGE).toContain(`${EXPORT_SCOPES['streams[]']!.most} streams`);
  });

  it('names the formats as the server does, and the columns of a series', () => {
    for (const type of Object.values(CONTENT_TYPES)) expect(PAGE).toContain(type.replace('; charset=utf-8', ''));
    for (const column of seriesHeading().split(',').slice(0, 9)) expect(PAGE).toContain(`\`${column}\``);
  });
});
