/**
 * The one way to leave a test out: what the machine lacks is said, and where `MCAST_TEST_REQUIRE=1`
 * (continuous integration) it is a failure instead.
 *
 *     describe.runIf(needs('netns', 'tcpdump'))('...', () => { ... });
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const NETLAB = fileURLToPath(new URL('netns/netlab.sh', import.meta.url));

/** The compiled project, for programs that tests start. `MCAST_TEST_DIST` names another folder. */
export const DIST = process.env['MCAST_TEST_DIST'] ?? fileURLToPath(new URL('../dist', import.meta.url));

/** Begins a command that is to run as a user without rights. */
export const AS_NOBODY: readonly string[] = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** What a test may need beyond Node, npm, python3, make and g++, and how it is found to be missing. */
const CHECKS: Readonly<Record<string, () => string | null>> = {
  linux: () => (process.platform === 'linux' ? null : 'this is not Linux'),
  netns: () => {
    const tried = spawnSync('sh', [NETLAB, 'true'], { encoding: 'utf8', timeout: 20_000 });
    return tried.status === 0 ? null : tried.stderr.trim() || `${NETLAB} ended with ${tried.status ?? tried.signal}`;
  },
  capture: captureMissing,
  realtime: () => (mayBeRealtime() ? null : 'real-time scheduling is not permitted here'),
  vlc: vlcMissing,
  'iptables-legacy': olderTablesMissing,
  dist: () => (existsSync(join(DIST, 'io')) ? null : 'dist/ is not built (npm run build)'),
  'srt-addon': () =>
    existsSync(join(DIST, 'native/srt.node')) ? null : 'the SRT addon is not built (libsrt-openssl-dev, npm run build)',
};

/** Whether this user may have threads that go before ordinary ones. */
export function mayBeRealtime(): boolean {
  return spawnSync('chrt', ['-f', '1', 'true'], { timeout: 20_000 }).status === 0;
}

/** tcpdump changes its user before it does anything, which a user namespace of a lone user refuses. */
function captureMissing(): string | null {
  const tcpdump = programPath('tcpdump');
  if (tcpdump === null) return 'tcpdump is not installed';
  const folder = mkdtempSync(join(tmpdir(), 'mcast-need-'));
  const path = join(folder, 'empty.pcap');
  // A pcap header (version 2.4, Ethernet) and no packet.
  writeFileSync(path, Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'));
  const tried = spawnSync('sh', [NETLAB, tcpdump, '-Z', 'root', '-r', path], { encoding: 'utf8', timeout: 20_000 });
  rmSync(folder, { recursive: true });
  if (tried.status === 0) return null;
  return `tcpdump does not run in a network namespace here: ${tried.stderr.trim().split('\n').at(-1)}`;
}

/** The kernel may be without the older tables. */
function olderTablesMissing(): string | null {
  for (const program of ['iptables-legacy', 'ip6tables-legacy']) {
    if (programPath(program) === null) return `${program} is not installed`;
    const tried = spawnSync('sh', [NETLAB, program, '-L', '-n'], { encoding: 'utf8', timeout: 20_000 });
    if (tried.status !== 0) return `${program} does not work here: ${tried.stderr.trim().split('\n')[0]}`;
  }
  return null;
}

/** VLC does not run as root, and the user namespace of a lone user has nobody else. */
function vlcMissing(): string | null {
  if (programPath('cvlc') === null) return 'cvlc is not installed';
  const words = [NETLAB, ...AS_NOBODY, 'cvlc', '--version'];
  const tried = spawnSync('sh', words, { encoding: 'utf8', timeout: 20_000, env: { ...process.env, HOME: tmpdir() } });
  return tried.status === 0 ? null : `VLC does not run as another user here: ${tried.stderr.trim().split('\n').at(-1)}`;
}

const found = new Map<string, string | null>();
const told = new Set<string>();

/** Path of a program, the administrator's directories included; `null`: not installed. */
export function programPath(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/local/sbin'];
  for (const folder of folders) {
    if (folder === '') continue;
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // Not in this one.
    }
  }
  return null;
}

/**
 * Whether all of `what` are there: `linux`, `netns`, `capture` (tcpdump in a lab), `realtime` (the right to it), `vlc` (in a lab too), `iptables-legacy` (with its kernel
 * modules), `dist` (the
 * compiled project),
 * `srt-addon` or the name of a program. If not, says so once and
 * returns false, or throws where nothing may be left out.
 */
export function needs(...what: readonly string[]): boolean {
  const missing: string[] = [];
  for (const name of what) {
    let why = found.get(name);
    if (why === undefined) {
      const check = CHECKS[name];
      why = check === undefined ? (programPath(name) === null ? `${name} is not installed` : null) : check();
      found.set(name, why);
    }
    if (why !== null) missing.push(why);
  }
  return needsThat(missing.length === 0, missing.join('; '));
}

/** The same for anything else: `present` is what was found, `why` what to say if it is not. */
export function needsThat(present: boolean, why: string): boolean {
  if (present) return true;
  if (process.env['MCAST_TEST_REQUIRE'] === '1') throw new Error(`required here: ${why}`);
  if (!told.has(why)) {
    told.add(why);
    process.stderr.write(`SKIPPED: ${why}\n`);
  }
  return false;
}
