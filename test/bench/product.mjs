import path from 'node:path';
import { start } from './child.mjs';

const COMMAND = path.resolve(import.meta.dirname, '../../bin/mcast.js');
export const ENDPOINT = endpointOf(1);

/** So many groups, one behind the other. */
export function endpointOf(groups) {
  return `probe://239.255.77.1+${groups}:5001/iface=lo`;
}

/** The result document of a run with `--json`. */
export function resultOf(stdout, who) {
  const line = stdout.split('\n').findLast((text) => text.includes('"type":"result"'));
  if (line === undefined) throw new Error(`${who}: no result`);
  return JSON.parse(line).result;
}

export function mcast(args, options) {
  return start(process.execPath, [COMMAND, ...args], options);
}

/** Runs `mcast send` with these options; its result document. */
export async function runSend(options, seconds, groups = 1) {
  const args = ['send', endpointOf(groups), '--duration', String(seconds), '--json', '--force', ...options];
  const { status, stdout, stderr } = await mcast(args, { limitMs: 20_000 + seconds * 2000 }).ended;
  if (status !== 0) throw new Error(`mcast ${args.join(' ')}: status ${status}: ${stderr.trim()}`);
  return resultOf(stdout, 'send');
}

/** Runs our sender against our receiver, complete analysis included; both result documents. */
export async function runMcast(sendOptions, receiveOptions, seconds, groups = 1) {
  const receiving = mcast(['recv', endpointOf(groups), '--once', '--json', '--wait', '10', ...receiveOptions], {
    limitMs: 30_000 + seconds * 2000,
  });
  await receiving.printed(/"joined"/u);
  const sender = await runSend(sendOptions, seconds, groups).catch(async (error) => {
    receiving.stop();
    await receiving.ended;
    throw error;
  });
  const { stdout } = await receiving.ended;
  return { sender, receiver: resultOf(stdout, 'recv') };
}
