/** `npm run bench`: every benchmark, one after the other. `npm run bench -- --json=<folder>` keeps their figures. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { options } from './figures.mjs';

const BENCHMARKS = ['startup', 'report', 'pacing', 'video', 'market', 'throughput', 'cost', 'web'];
const chosen = options({ json: '', quick: false });
if (chosen.json !== '') mkdirSync(chosen.json, { recursive: true });

let failed = false;
for (const name of BENCHMARKS) {
  console.log(`\n== ${name}`);
  const settings = chosen.quick ? ['--repeats=1'] : [];
  if (chosen.json !== '') settings.push(`--json=${path.join(chosen.json, `${name}.json`)}`);
  const { status } = spawnSync(process.execPath, [path.join(import.meta.dirname, `${name}.mjs`), ...settings], {
    stdio: 'inherit',
  });
  failed ||= status !== 0;
}
process.exit(failed ? 1 : 0);
