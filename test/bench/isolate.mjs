import { spawnSync } from 'node:child_process';

const MARK = 'MCAST_BENCH_ISOLATED';
const SETUP = 'ip link set lo up && ip route add 224.0.0.0/4 dev lo && exec "$@"';

/**
 * Runs this program again in a network namespace that has nothing but lo, so that no peer's datagram can
 * leave the machine, and exits with its status. Returns in that namespace; where there can be none it
 * returns false, and only programs that bind to lo themselves may be run.
 */
export function isolate() {
  if (process.env[MARK] === '1') return true;
  const ways = process.getuid?.() === 0 ? [['--net']] : [['--net', '--user', '--map-root-user']];
  for (const way of ways) {
    const shell = ['sh', '-c', SETUP, 'sh'];
    if (spawnSync('unshare', [...way, ...shell, 'true']).status !== 0) continue;
    const again = spawnSync('unshare', [...way, ...shell, process.execPath, ...process.argv.slice(1)], {
      stdio: 'inherit',
      env: { ...process.env, [MARK]: '1' },
    });
    process.exit(again.status ?? 1);
  }
  console.error('no network namespace (needs root or unprivileged user namespaces): iperf and sockperf are left out');
  return false;
}
