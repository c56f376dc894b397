/** The command: the only place that ends the process, prints errors and sets the exit status. */
import { readFileSync } from 'node:fs';
import { McastError } from '../core/errors.js';
import type { CliContext } from './context.js';
import { buildProgram } from './program.js';

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Runs a command line (`argv` behind the script), and ends the process with its status. */
export async function main(argv: readonly string[]): Promise<void> {
  const context: CliContext = { argv, abort: (status) => process.exit(status) };
  const program = buildProgram<CliContext>(
    {
      send: () => import('./commands/send.js'),
      recv: () => import('./commands/recv.js'),
      check: () => import('./commands/check.js'),
      analyze: () => import('./commands/analyze.js'),
      demo: () => import('./commands/demo.js'),
      dump: () => import('./commands/dump.js'),
      report: () => import('./commands/report.js'),
    },
    { version, print: (text) => process.stdout.write(text) },
  );
  try {
    process.exitCode = await program.run(argv, context);
  } catch (error) {
    // Our own bugs are not dressed up: Node prints them with their stack.
    if (!(error instanceof McastError)) throw error;
    process.stderr.write(errorText(error));
    process.exitCode = error.exitStatus;
  }
}

/** One line: what is wrong, and what to do about it. Several problems have a line each, the hint one of its own. */
function errorText({ message, hint }: McastError): string {
  if (hint === '') return `mcast: ${message}\n`;
  if (message.includes('\n')) return `mcast: ${message.replaceAll('\n', '\nmcast: ')}\n  ${hint}\n`;
  return `mcast: ${message}${/[.?!]$/.test(message) ? '' : '.'} ${hint}\n`;
}
