import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

/** Files that are loaded before a command is chosen: the static imports of the program, types apart. */
function loadedWith(entry: URL, seen: Set<string> = new Set()): Set<string> {
  seen.add(entry.href);
  const text = readFileSync(entry, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  for (const [, types, names, from] of text.matchAll(
    /^(?:import|export) (type )?(\{[^}]*\}|\* as \w+|\w+) from '([^']+)';/gm,
  )) {
    const onlyTypes = types !== undefined || /^\{(\s*type [^,}]+,?)+\s*\}$/.test(names!);
    if (onlyTypes) continue;
    if (!from!.startsWith('.')) {
      seen.add(from!);
      continue;
    }
    const next = new URL(from!.replace(/\.js$/, '.ts'), entry);
    if (!seen.has(next.href)) loadedWith(next, seen);
  }
  return seen;
}

it('help loads no package, no worker, no addon and no runtime', () => {
  const files = loadedWith(new URL('../../src/cli/program.ts', import.meta.url));
  const names = [...files].map((href) => href.replace(/^.*\/src\//, ''));
  // The reader of one value stands beside what it is read for, the formats of reports beside the results.
  expect(
    names.filter(
      (name) => !/^(cli|core|impair|profile)\/|^feed\/messageRateText\.ts$|^result\/reportFormats\.ts$/.test(name),
    ),
  ).toEqual([]);
  expect(names).toContain('profile/options.ts');
  expect(names).toContain('core/units.ts');
  expect(names.length).toBeLessThan(48);
});
