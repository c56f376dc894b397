import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as api from '../../src/index.js';

const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');

describe('docs/api.md', () => {
  it('names nothing that the package does not have', () => {
    const tables = [...page.matchAll(/^\| (`[^|]+) \|/gmu)].map(([, cell]) => cell!).join(' ');
    const parts = page.slice(page.indexOf('\n## Parts\n'));
    const named = [...`${tables} ${parts}`.matchAll(/`([A-Za-z]+)(?:\(.*?\))?`/gu)].map(([, name]) => name!);
    const ofRun = new Set(['info', 'finished', 'stop', 'snapshot', 'messages']);
    const missing = named.filter((name) => !ofRun.has(name) && !(name in api));
    expect(missing).toEqual([]);
    expect(named.length).toBeGreaterThan(25);
  });

  it('imports what the package has', () => {
    const imported = [...page.matchAll(/import \{ ([^}]+) \} from 'mcastkit'/gu)].flatMap(([, names]) =>
      names!.split(', '),
    );
    expect(imported.length).toBeGreaterThan(2);
    expect(imported.filter((name) => !(name in api))).toEqual([]);
  });
});
