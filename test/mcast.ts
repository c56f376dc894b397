/**
 * The command as a user runs it, for tests: {@link startMcast} starts it here or on a host of a lab,
 * its JSON lines are read as they come, and it is ended with the test at the latest.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { BenchRow } from '../src/result/buildBench.js';
import type { EventRecord, RunResult, Stream } from '../src/result/model.js';
import { LabProcess, until, type Exit, type Lab } from './netns/lab.js';

/** The file behind `mcast`; another installation is tested with `MCAST_BIN`. */
export const MCAST = process.env['MCAST_BIN'] ?? fileURLToPath(new URL('../bin/mcast.js', import.meta.url));

/** A run that is not over by then never will be. */
const PATIENCE_MS = 25_000;

export interface StartOptions {
  /** The host that it runs on; default: this machine. */
  readonly lab?: Lab;
  readonly host?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node itself. */
  readonly node?: readonly string[];
  /** Where its JSON lines go instead of standard output. */
  readonly jsonFile?: string;
}

type JsonLine =
  | { readonly type: 'start' | 'interval' | 'zap'; readonly time: string }
  | ({ readonly type: 'bench'; readonly time: string } & BenchRow)
  | ({ readonly type: 'event' } & EventRecord)
  | { readonly type: 'partial' | 'result'; readonly time: string; readonly result: RunResult };

/** A program on this machine. */
export class LocalProcess extends LabProcess {
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, title: string) {
    super(child, title);
    this.#child = child;
  }

  override signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** A running or finished `mcast ... --json`. */
export class Mcast {
  readonly #process: LabProcess;
  readonly #jsonFile: string | undefined;

  constructor(started: LabProcess, jsonFile?: string) {
    this.#process = started;
    this.#jsonFile = jsonFile;
  }

  /** What it printed so far; a line that is not yet whole is left out. */
  get lines(): JsonLine[] {
    const text = this.#jsonFile === undefined ? this.stdout : textOf(this.#jsonFile);
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JsonLine);
  }

  get stderr(): string {
    return this.#process.stderr;
  }

  get stdout(): string {
    return this.#process.stdout;
  }

  events(kind: string): EventRecord[] {
    return this.lines.filter((line) => line.type === 'event' && line.event === kind) as unknown as EventRecord[];
  }

  /** Waits until the event has been told so often. */
  async untilEvent(kind: string, times = 1): Promise<void> {
    await this.#until(() => this.events(kind).length >= times, `${times} x event ${kind}`);
  }

  /** Waits until a line of this type has been told. */
  async untilLine(type: JsonLine['type']): Promise<void> {
    await this.#until(() => this.lines.some((line) => line.type === type), `a line of type ${type}`);
  }

  async #until(condition: () => boolean, what: string): Promise<void> {
    await until(
      () => {
        if (condition()) return true;
        if (!this.#process.running) throw new Error(`ended before ${what}: ${this.#process.describe()}`);
        return false;
      },
      what,
      PATIENCE_MS,
    );
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#process.running) this.#process.signal(signal);
  }

  async exited(patienceMs = PATIENCE_MS): Promise<Exit> {
    await until(() => !this.#process.running, `the end of ${this.#process.describe()}`, patienceMs);
    return this.#process.exited;
  }

  /** Ends a run without an end of its own, as Ctrl-C does; what had arrived by now is measured. */
  async stop(...statuses: readonly number[]): Promise<RunResult> {
    this.signal('SIGINT');
    return this.result(...statuses);
  }

  /** Waits for its end; anything but one of `statuses`, or an end without a result, is an error. */
  async result(...statuses: readonly number[]): Promise<RunResult> {
    const { status, signal } = await this.exited();
    const allowed = statuses.length === 0 ? [0] : statuses;
    if (status === null || !allowed.includes(status)) {
      throw new Error(`ended with ${status ?? signal}: ${this.#process.describe()}`);
    }
    const last = this.lines.at(-1);
    if (last?.type !== 'result') throw new Error(`told no result: ${this.#process.describe()}`);
    return last.result;
  }
}

/** Starts `mcast <args> --json`. In a test only: what still runs when the test is over is killed. */
export function startMcast(args: readonly string[], options: StartOptions = {}): Mcast {
  const json = options.jsonFile === undefined ? '--json' : `--json=${options.jsonFile}`;
  const words = [...(options.node ?? []), MCAST, ...args, json];
  const env = { ...process.env, ...options.env } as Record<string, string>;
  const running =
    options.lab === undefined
      ? new LocalProcess(
          spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'], env }),
          `mcast ${args.join(' ')}`,
        )
      : options.lab.spawn(options.host ?? null, process.execPath, words, { env });
  onTestFinished(async () => {
    if (running.running) running.signal('SIGKILL');
    await running.exited;
  });
  return new Mcast(running, options.jsonFile);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not written yet.
    return '';
  }
}

/** Starts a receiver and returns once it has joined. */
export async function startReceiver(args: readonly string[], options: StartOptions = {}): Promise<Mcast> {
  const receiver = startMcast(['recv', ...args], options);
  await receiver.untilEvent('joined');
  return receiver;
}

/** Runs a sender to its end. */
export async function send(args: readonly string[], options: StartOptions = {}): Promise<RunResult> {
  // A busy machine is late; it gives nothing up for that, so that counts are what was asked for.
  return startMcast(['send', '--max-late', '20s', ...args], options).result();
}

/** A group that no other test, and no other run of this one, uses at the same time; its last octet leaves room for more. */
export function freshGroup(): string {
  return `239.${randomInt(192, 250)}.${randomInt(1, 255)}.${randomInt(1, 100)}`;
}

/** Sum of one figure over streams; a figure that is not measured is an error. */
export function sum(streams: readonly Stream[], metric: Exclude<keyof Stream['metrics'], 'dscp_received'>): number {
  return streams.reduce((total, stream) => {
    const value = stream.metrics[metric];
    if (value === null) throw new Error(`${metric} of ${stream.id}: ${stream.not_measured[metric]}`);
    return total + value;
  }, 0);
}

/** Datagrams that belong to no stream, of all sockets and kinds. */
export function malformed(result: RunResult): number {
  return result.sockets.reduce(
    (total, socket) => total + Object.values(socket.malformed).reduce((sub, count) => sub + count, 0),
    0,
  );
}
