import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const MARK = 'MCAST_BENCH_ISOLATED';
const NETLAB = path.resolve(import.meta.dirname, '../netns/netlab.sh');
const ROUTED = 'ip route add 224.0.0.0/4 dev lo && exec "$@"';

/**
 * Runs this program again in a network namespace that has nothing but lo, so that no peer's datagram can
 * leave the machine, and exits with its status; a signal that ends this one ends that one first. Resolves to true in that
 * namespace; where there can be none to false, and only programs that bind to lo themselves may be run.
 */
export async function isolate() {
  if (process.env[MARK] === '1') return true;
  const lab = [NETLAB, 'sh', '-c', ROUTED, 'sh'];
  const possible = spawnSync('sh', [...lab, 'true'], { encoding: 'utf8' });
  if (possible.status === 0) {
    const again = spawn('sh', [...lab, process.execPath, ...process.argv.slice(1)], {
      stdio: 'inherit',
      env: { ...process.env, [MARK]: '1' },
    });
    // What is in the namespace is killed with it: its first process would take no notice of anything less.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => again.kill('SIGKILL'));
    const [status] = await once(again, 'exit');
    process.exit(status ?? 1);
  }
  console.error(`${possible.stderr.trim()}: iperf and sockperf, which would send into the network, are left out`);
  return false;
}
