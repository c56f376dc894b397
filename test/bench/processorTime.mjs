import path from 'node:path';
import { start } from './child.mjs';
import { resultOf } from './product.mjs';

const COMMAND = path.resolve(import.meta.dirname, '../../bin/mcast.js');

/**
 * Runs our receiver and, once it has joined, our sender. Of each its result document and the processor time of the whole
 * process, start included, ms.
 */
export async function runMeasured(receiveArgs, sendArgs, limitMs) {
  const receiver = measured(receiveArgs, limitMs);
  await receiver.printed(/"joined"/u);
  const sender = measured(sendArgs, limitMs);
  const [sent, received] = await Promise.all([figuresOf(sender), figuresOf(receiver)]);
  return { sent, received };
}

/** Runs the command below a shell that tells its processor time at the end. */
function measured(args, limitMs) {
  return start('bash', ['-c', '"$@"; times >&2', 'bash', process.execPath, COMMAND, ...args], { limitMs });
}

async function figuresOf(program) {
  const { signal, stdout, stderr } = await program.ended;
  if (signal !== null) throw new Error(`mcast: ${signal}: ${stderr.trim()}`);
  const [user, system] = stderr.trim().split('\n').at(-1).split(/\s+/u).map(milliseconds);
  return { result: resultOf(stdout, 'mcast'), cpuMs: user + system };
}

/** `1m2.345s` */
function milliseconds(text) {
  const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/u.exec(text);
  return Number(minutes) * 60_000 + Number(seconds) * 1000;
}
