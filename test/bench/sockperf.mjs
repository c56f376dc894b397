import { spawnSync } from 'node:child_process';
import { start } from './child.mjs';

/** What server and client are told of where they meet. */
export const SOCKPERF_PLACE = [
  '-i',
  '239.255.77.3',
  '-p',
  '5003',
  '--mc-rx-if',
  '127.0.0.1',
  '--mc-tx-if',
  '127.0.0.1',
];

export function installed(program) {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** A server that listens. */
export async function sockperfServer(settings) {
  const server = start('sockperf', ['server', ...SOCKPERF_PLACE, ...settings], { limitMs: 60_000 });
  await server.printed(/recvfrom|to block on/u);
  return server;
}
