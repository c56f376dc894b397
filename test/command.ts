/** The command with any words, for tests of what a person or a script sees of it: text, files, status. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunResult } from '../src/result/model.js';
import { LocalProcess, MCAST } from './mcast.js';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another file in place of `bin/mcast.js`. */
  readonly file?: string;
  /** Read as standard input, which is empty without it. */
  readonly input?: string | Uint8Array;
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The running command. */
export class Command extends LocalProcess {
  readonly pid: number;
  readonly #closeOutput: () => void;

  constructor(words: readonly string[], options: CommandOptions) {
    const child = spawn(process.execPath, [options.file ?? MCAST, ...words], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: options.cwd ?? tmpdir(),
      env: { ...process.env, TZ: 'UTC', ...options.env },
    });
    super(child, `mcast ${words.join(' ')}`);
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    this.pid = child.pid!;
    this.#closeOutput = () => void child.stdout.destroy();
  }

  /** As `| head` does when it has seen enough. */
  closeOutput(): void {
    this.#closeOutput();
  }

  async ended(): Promise<Ended> {
    const { status, signal } = await this.exited;
    return { status, signal, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Starts `mcast <words>`; it is killed with the test at the latest. Not for concurrent tests. */
export function startCommand(words: readonly string[], options: CommandOptions = {}): Command {
  const command = new Command(words, options);
  onTestFinished(async () => {
    if (command.running) command.signal('SIGKILL');
    await command.exited;
  });
  return command;
}

/** Runs `mcast <words>` to its end, which it must find by itself. */
export async function runCommand(words: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const command = new Command(words, options);
  const timeout = setTimeout(() => command.signal('SIGKILL'), 25_000);
  const ended = await command.ended();
  clearTimeout(timeout);
  return ended;
}

/** A folder of the test, gone with it. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcast-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A line of `--json`. */
export interface Line {
  readonly type: string;
  readonly time: string;
  readonly run_id: string;
  readonly event?: string;
  readonly result?: RunResult;
  readonly start_ns?: number;
  readonly end_ns?: number;
  readonly streams?: readonly Record<string, number | string | null>[];
  readonly sender?: readonly Record<string, number | string | null>[];
}

/** All lines of a text, each of which must be JSON. */
export function linesOf(text: string): Line[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

/** Lines of a file of `--json`. */
export function linesIn(path: string): Line[] {
  return linesOf(readFileSync(path, 'utf8'));
}

/** The result, which is the last line. */
export function resultOf(lines: readonly Line[]): RunResult {
  const { type, result } = lines.at(-1)!;
  if (type !== 'result' || result === undefined) throw new Error(`the last line is of type ${type}`);
  return result;
}

/** Kinds of lines in order, events by their own. */
export function kindsOf(lines: readonly Line[]): string[] {
  return lines.map((line) => (line.type === 'event' ? line.event! : line.type));
}
