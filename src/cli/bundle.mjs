/**
 * Makes `dist/bundle` of the compiled sources: the command in a few files, the worker and the package entry in one
 * each. Node reads some 150 small modules one by one, in each thread, which took a third of the time to the first
 * datagram. All of them stand as deep below the package as the compiled sources do, so that what they look for beside
 * themselves is found.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));
const folder = join(dist, 'bundle');

/** What is bundled: name in `dist/bundle`, compiled file, and whether it comes in parts that are loaded when needed. */
const BUNDLES = [
  ['main', 'cli/main.js', true],
  ['worker', 'runtime/worker.js', false],
  ['index', 'index.js', false],
  ['srtWorker', 'io/srtWorker.js', false],
];

rmSync(folder, { recursive: true, force: true });
for (const [name, entry, codeSplitting] of BUNDLES) {
  const made = await rolldown({
    input: { [name]: join(dist, entry) },
    platform: 'node',
    // Only validation of results needs zod, and it is larger than all the rest. A bundle in parts has what reads profiles in
    // one of them; programs that import the package mostly want none.
    external: codeSplitting ? ['zod'] : ['zod', 'yaml'],
    checks: { ineffectiveDynamicImport: false },
  });
  await made.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: `${name}-[name].js`,
    codeSplitting,
  });
  await made.close();
}
