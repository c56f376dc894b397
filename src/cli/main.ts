/** The command: the only place that ends the process, prints errors and sets the exit status. */
import { readFileSync } from 'node:fs';
import { McastError } from '../core/errors.js';
import { messageWithoutSecrets } from '../core/secret.js';
import { COMMANDS } from '../profile/optionRow.js';
import type { CliContext } from './context.js';
import { threadsAtStart } from './giveWay.js';
import { buildProgram } from './program.js';
import { outputWritten, watchStandardOutput } from './standardOutput.js';
import { terminalsLeaver } from './terminal.js';
import type { WorkerKind } from '../runtime/messages.js';

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Runs a command line (`argv` behind the script), and ends the process with its status. */
export async function main(argv: readonly string[]): Promise<void> {
  watchStandardOutput();
  process.on('exit', terminalsLeaver());
  const threads = threadsAtStart();
  await prepareWorkers(argv);
  const context: CliContext = { argv, threads, abort: (status) => process.exit(status) };
  const program = buildProgram<CliContext>(
    {
      send: () => import('./commands/send.js'),
      recv: () => import('./commands/recv.js'),
      check: () => import('./commands/check.js'),
      analyze: () => import('./commands/analyze.js'),
      demo: () => import('./commands/demo.js'),
      doctor: () => import('./commands/doctor.js'),
      dump: () => import('./commands/dump.js'),
      list: () => import('./commands/list.js'),
      profiles: () => import('./commands/profiles.js'),
      completion: () => import('./commands/completion.js'),
      relay: () => import('./commands/relay.js'),
      report: () => import('./commands/report.js'),
      capacity: () => import('./commands/capacity.js'),
      bench: () => import('./commands/bench.js'),
      zap: () => import('./commands/zap.js'),
    },
    { version, print: (text) => process.stdout.write(text) },
  );
  try {
    process.exitCode = await program.run(argv, context);
    await outputWritten();
  } catch (error) {
    // Our own bugs are not dressed up: Node prints them with their stack.
    if (!(error instanceof McastError)) throw error;
    process.stderr.write(errorText(error, argv));
    process.exitCode = error.exitStatus;
  }
}

const WORKERS: ReadonlyMap<string | undefined, readonly WorkerKind[]> = new Map([
  ['send', ['send']],
  ['recv', ['receive']],
  ['zap', ['zap']],
  ['capacity', ['capacity']],
  ['bench', ['bench']],
  ['check', ['receive', 'send']],
  ['demo', ['receive', 'send']],
]);
const ASKS_FOR_TEXT = new Set(['-h', '--help', '--help-all', '-V', '--version']);

/** The workers start and load their code while the command line is still being read. */
async function prepareWorkers(argv: readonly string[]): Promise<void> {
  const kinds = WORKERS.get(argv[0]);
  if (kinds === undefined || argv.some((word) => ASKS_FOR_TEXT.has(word))) return;
  const { prepareWorker } = await import('../runtime/spareWorker.js');
  for (const kind of kinds) prepareWorker(kind);
}

/** One line: what is wrong, and what to do about it. Several problems have a line each, the hint one of its own. */
function errorText(error: McastError, argv: readonly string[]): string {
  const message = printable(messageWithoutSecrets(error.message, argv));
  const hint = error.hint.replace('<command>', COMMANDS.find((name) => name === argv[0]) ?? '<command>');
  if (message.includes('\n')) {
    return `mcast: ${message.replaceAll('\n', '\nmcast: ')}\n${hint === '' ? '' : `  ${hint}\n`}`;
  }
  return `mcast: ${message}${hint === '' ? '' : `${/[.?!]$/.test(message) ? '' : '.'} ${hint}`}\n`;
}

/** What a message quotes may be anything: nothing of it is to steer a terminal. */
function printable(message: string): string {
  // oxlint-disable-next-line no-control-regex -- replacing control characters is the purpose
  return message.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\ufffd]+/g, '?');
}
