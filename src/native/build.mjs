/**
 * Builds the native layer with the system's C compiler; nothing is downloaded. Where that cannot be
 * done the install goes on, and the portable implementation is used.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSrt } from './srt/build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const output = join(here, '../../dist/native/mcast.node');

function without(reason) {
  process.stdout.write(`native layer not built (${reason}): mcast works with --io dgram, which measures less\n`);
  process.exit(0);
}

function headers() {
  try {
    return createRequire(import.meta.url)('node-api-headers').include_dir;
  } catch {
    return null;
  }
}

if (process.platform !== 'linux') without(`it needs Linux, this is ${process.platform}`);
const include = headers();
if (include === null) without('the package node-api-headers is not installed');

mkdirSync(dirname(output), { recursive: true });
const sources = readdirSync(here)
  .filter((name) => name.endsWith('.c'))
  .sort()
  .map((name) => join(here, name));
const [compiler, ...flags] = (process.env['CC'] ?? 'cc').trim().split(/\s+/);
// Written beside and renamed: a process that has the old file loaded keeps it.
const fresh = `${output}.${process.pid}`;
const options = [
  '-shared',
  '-fPIC',
  '-O3',
  '-std=gnu11',
  '-Wall',
  '-Wextra',
  '-Werror=implicit',
  '-fvisibility=hidden',
];
const built = spawnSync(compiler, [...flags, ...options, `-I${include}`, '-o', fresh, ...sources], {
  stdio: ['ignore', 'inherit', 'inherit'],
});
if (built.error !== undefined) without(`no C compiler: ${compiler}: ${built.error.code}`);
if (built.status !== 0) without(`${compiler} ended with status ${built.status ?? built.signal}`);
renameSync(fresh, output);
process.stdout.write('native layer built: dist/native/mcast.node\n');
buildSrt(compiler, flags, include, join(dirname(output), 'srt.node'));
