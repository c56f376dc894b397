import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commandHelpAll } from '../../src/cli/help.js';
import { OPTION_NAMES, OPTIONS, SECTIONS } from '../../src/profile/options.js';
import { ERROR_CODES } from '../../src/core/errors.js';
import { optionTable } from './optionTables.js';

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

/** Lines of the part of a page below `## <title>`. */
function section(text: string, title: string): string[] {
  const lines = text.split('\n');
  const from = lines.indexOf(`## ${title}`);
  expect(from, title).toBeGreaterThanOrEqual(0);
  const to = lines.findIndex((line, i) => i > from && line.startsWith('## '));
  return lines.slice(from + 1, to < 0 ? undefined : to);
}

describe('docs/cli.md', () => {
  it.each(SECTIONS)('%s: exactly the options of the table', (title) => {
    const rows = section(page('cli.md'), title).filter((line) => line.startsWith('| `-'));
    expect(rows).toEqual(optionTable(title));
  });

  it('documents hidden options in their own section, and the help does not', () => {
    const hidden = OPTION_NAMES.filter((name) => OPTIONS[name].hidden);
    expect(hidden).toEqual(['inject']);
    expect(section(page('cli.md'), 'Test knob').join('\n')).toContain('--inject');
    expect(commandHelpAll('recv')).not.toContain('--inject');
  });
});

describe('docs/errors.md', () => {
  it('has every code of the table with its exit status, and no other', () => {
    const rows = [...page('errors.md').matchAll(/^\| `(ERR_[A-Z_]+)` \| (\d+) \| (.+) \|$/gm)];
    const documented = rows.map(([, code, exit]) => [code, Number(exit)]);
    expect(documented).toEqual(Object.entries(ERROR_CODES).map(([code, row]) => [code, row.exit]));
    for (const [, code, , meaning] of rows) expect(meaning!.length, code).toBeGreaterThan(20);
  });

  it('mentions no code that does not exist, on any page', () => {
    for (const name of ['errors.md', 'cli.md', 'endpoints.md', 'architecture.md']) {
      for (const [code] of page(name).matchAll(/ERR_[A-Z_]+/g)) expect(Object.keys(ERROR_CODES)).toContain(code);
    }
  });
});
