import { spawn } from 'node:child_process';

// Node reads certificates at start where this names some: 40 ms of processor time that have nothing to do with what is measured.
const { NODE_EXTRA_CA_CERTS: _, ...environment } = process.env;

/**
 * Starts a program that is bounded in time: after `limitMs` it is killed, by its own id.
 * `ended` resolves to `{ status, signal, stdout, stderr }` and never rejects for a bad status.
 */
export function start(command, args, { limitMs = 30_000, env = {} } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...environment, ...env } });
  const output = { stdout: '', stderr: '' };
  const waiting = new Set();
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (text) => {
      output[stream] += text;
      for (const check of waiting) check();
    });
  }
  const limit = setTimeout(() => child.kill('SIGKILL'), limitMs);
  let over = false;
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => {
      clearTimeout(limit);
      over = true;
      for (const check of waiting) check();
      resolve({ status, signal, ...output });
    });
  });
  ended.catch(() => {});

  /** Resolves when `pattern` has appeared in what the program printed; rejects when it ends without. */
  function printed(pattern) {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (pattern.test(output.stdout) || pattern.test(output.stderr)) resolve();
        else if (over) reject(new Error(`${command} ${args.join(' ')}: ended early: ${output.stderr.trim()}`));
        else return;
        waiting.delete(check);
      };
      waiting.add(check);
      check();
      ended.catch(reject);
    });
  }

  return { ended, printed, output, pid: child.pid, stop: (signal = 'SIGINT') => over || child.kill(signal) };
}

/** Runs a program to its end and returns its standard output; throws on a bad status. */
export async function run(command, args, options) {
  const { status, signal, stdout, stderr } = await start(command, args, options).ended;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${signal ?? status}: ${(stderr || stdout).trim()}`);
  return stdout;
}
