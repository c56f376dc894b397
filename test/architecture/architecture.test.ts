import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { check, unreached } from './checker.js';
import { BUILD_STEPS, LAYERS, PACKAGES } from './layers.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

function read(relative: string): string {
  return readFileSync(path.join(ROOT, relative), 'utf8');
}

function sourcesUnder(folder: string): Map<string, string> {
  const sources = new Map<string, string>();
  for (const entry of readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).toSorted()) {
    if (/\.(?:ts|mjs|js)$/u.test(entry)) sources.set(entry.split(path.sep).join('/'), read(path.join(folder, entry)));
  }
  return sources;
}

const sources = sourcesUnder('src');

describe('the sources', () => {
  it('keep the rules of the layers', () => {
    expect(sources.size).toBeGreaterThan(20);
    expect(check(sources).map(({ rule, file, line, what }) => `${rule}: src/${file}:${line}: ${what}`)).toEqual([]);
  });

  it('are all reached from the command, the package entry or the build', () => {
    const bundled = new Map(
      [...read('src/cli/bundle.mjs').matchAll(/\['(\w+)', '([\w/]+)\.js'/gu)].map(([, name, file]) => [
        name!,
        `${file}.ts`,
      ]),
    );
    const entries = [...sourcesUnder('bin').values(), read('package.json')].flatMap((text) =>
      [...text.matchAll(/dist\/bundle\/(\w+)\.js/gu)].map(([, name]) => bundled.get(name!) ?? name!),
    );
    expect(new Set(entries)).toEqual(new Set(['cli/main.ts', 'index.ts']));
    expect(unreached(sources, [...entries, ...BUILD_STEPS])).toEqual([]);
  });

  it('of the pure layers are all reached from tests that need no network', () => {
    const all = new Map([...sources].map(([file, text]) => [`src/${file}`, text]));
    const tests: string[] = [];
    for (const kind of ['unit', 'property', 'oracle', 'vectors', 'sim']) {
      for (const [file, text] of sourcesUnder(`test/${kind}`)) {
        all.set(`test/${kind}/${file}`, text);
        if (file.endsWith('.test.ts')) tests.push(`test/${kind}/${file}`);
      }
    }
    const pure = LAYERS.filter((layer) => layer.ring === 'pure').map((layer) => `src/${layer.name}/`);
    const steps = new Set(BUILD_STEPS.map((file) => `src/${file}`));
    const missing = unreached(all, tests).filter((file) => pure.some((folder) => file.startsWith(folder)));
    expect(missing.filter((file) => !steps.has(file))).toEqual([]);
  });

  it('import only packages that are installed with the product', () => {
    const declared = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
    const used = new Set(Object.values(PACKAGES).flat());
    expect([...used].toSorted()).toEqual(Object.keys(declared.dependencies).toSorted());
  });
});

describe('docs/architecture.md', () => {
  it('shows the table of layers that is enforced', () => {
    const rows = [...read('docs/architecture.md').matchAll(/^\| `(\w+)` +\|[^|]+\|([^|]+)\|([^|]+)\|$/gmu)];
    const documented = rows.map(([, name, mayImport, ring]) => ({
      name,
      ring: ring!.trim(),
      mayImport: mayImport!.trim() === '-' ? [] : mayImport!.trim().split(', '),
    }));
    expect(documented).toEqual(LAYERS);
  });
});
