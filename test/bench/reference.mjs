import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { run, start } from './child.mjs';

const built = new Map();

/** Compiles <name>.c once per process, into a folder that goes away with it; the path of the program. */
export function reference(name) {
  if (!built.has(name)) built.set(name, compile(name));
  return built.get(name);
}

async function compile(name) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcast-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const program = path.join(folder, name);
  const source = path.join(import.meta.dirname, `${name}.c`);
  await run('cc', ['-O3', '-march=native', '-pthread', '-o', program, source, '-lm']);
  return program;
}

function named(values) {
  return Object.entries(values).map(([name, value]) => `${name}=${value}`);
}

/** Runs the C sender against the C receiver; what both printed. */
export async function runPair(sender, receiver = {}) {
  const program = await reference('pair');
  const limitMs = 15_000 + (sender.seconds ?? 2) * 2000;
  const receiving = start(program, ['recv', ...named(receiver)], { limitMs });
  await receiving.printed(/ready/u);
  const sent = JSON.parse(await run(program, ['send', ...named(sender)], { limitMs }));
  const { stdout } = await receiving.ended;
  return { sent, received: JSON.parse(stdout.split('\n')[1]) };
}

/** The C sender alone. */
export async function runSender(sender) {
  return JSON.parse(await run(await reference('pair'), ['send', ...named(sender)], { limitMs: 60_000 }));
}
