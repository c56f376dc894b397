/**
 * Builds the optional addon over libsrt where the library and its header are installed, and leaves it out where
 * they are not: nothing else needs it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

/** Flags of pkg-config; without that, what suits a library in its usual place. */
function libraryFlags() {
  const asked = spawnSync('pkg-config', ['--cflags', '--libs', 'srt'], { encoding: 'utf8' });
  if (asked.error === undefined && asked.status === 0) return asked.stdout.trim().split(/\s+/);
  return ['-lsrt'];
}

/**
 * `compiler` and `flags`: the C compiler and its options; `include`: headers of Node-API; `output`: the file to write.
 * Says in one line what came of it; never fails.
 */
export function buildSrt(compiler, flags, include, output) {
  const library = libraryFlags();
  const probed = spawnSync(compiler, [...flags, '-x', 'c', '-', '-x', 'none', '-o', '/dev/null', ...library], {
    input: '#include <srt/srt.h>\nint main(void) { return srt_startup(); }\n',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  if (probed.error !== undefined || probed.status !== 0) {
    process.stdout.write('SRT addon left out: libsrt and srt/srt.h are not installed (Debian: libsrt-openssl-dev)\n');
    return;
  }
  mkdirSync(dirname(output), { recursive: true });
  const sources = readdirSync(here)
    .filter((name) => name.endsWith('.c'))
    .sort()
    .map((name) => join(here, name));
  // Written beside and renamed: a process that has the old file loaded keeps it.
  const fresh = join(dirname(output), `srt.node.${process.pid}`);
  // The library has threads of its own, which must not lose their code with the worker that loaded it.
  const options = [
    '-shared',
    '-fPIC',
    '-O2',
    '-std=gnu11',
    '-Wall',
    '-Wextra',
    '-fvisibility=hidden',
    '-Wl,-z,nodelete',
  ];
  const built = spawnSync(compiler, [...flags, ...options, `-I${include}`, '-o', fresh, ...sources, ...library], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (built.error !== undefined || built.status !== 0) {
    process.stdout.write(`SRT addon left out: ${compiler} ended with status ${built.status ?? built.signal}\n`);
    return;
  }
  renameSync(fresh, output);
  process.stdout.write('SRT addon built: dist/native/srt.node\n');
}
