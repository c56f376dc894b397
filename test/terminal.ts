/** A program on a terminal, for tests: what is typed, what is to be seen, and how the terminal is left. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { MCAST } from './mcast.js';
import { until } from './netns/lab.js';
import { Screen } from './screen.js';

const PTY = fileURLToPath(new URL('pty.py', import.meta.url));
const PATIENCE_MS = 25_000;

/** Those of a terminal that a shell waits at. */
export const COOKED = { icanon: true, echo: true, isig: true, iexten: true, opost: true };
/** Keys one by one, not echoed, none of them a signal. */
export const RAW = { icanon: false, echo: false, isig: false, iexten: false, opost: true };

export type Modes = typeof COOKED;

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  readonly env?: Readonly<Record<string, string>>;
}

type Told =
  | { readonly started: number }
  | { readonly output: string }
  | { readonly modes: Modes }
  | { readonly exit: number };

export class Terminal {
  readonly screen: Screen;
  /** All octets that came. */
  output = '';
  /** Of the program itself. */
  pid = 0;
  /** Status of the program, negative for a signal; `null`: it runs. */
  status: number | null = null;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #decoder = new TextDecoder();
  #modes: Modes[] = [];
  #fault: unknown = null;
  #stderr = '';
  #heardMs = performance.now();

  constructor(words: readonly string[], { columns = 80, rows = 24, env = {} }: TerminalOptions) {
    this.screen = new Screen(columns, rows);
    const surroundings = { ...process.env, TZ: 'UTC', TERM: 'xterm', LC_ALL: 'C.UTF-8', CI: '', ...env };
    this.#child = spawn('python3', [PTY, String(columns), String(rows), ...words], {
      env: surroundings,
      cwd: tmpdir(),
    });
    let rest = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) this.#take(JSON.parse(line) as Told);
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#child.stdin.on('error', () => {});
  }

  #take(told: Told): void {
    if ('started' in told) this.pid = told.started;
    else if ('modes' in told) this.#modes.push(told.modes);
    else if ('exit' in told) this.status = told.exit;
    else {
      const text = this.#decoder.decode(Buffer.from(told.output, 'base64'), { stream: true });
      this.output += text;
      this.#heardMs = performance.now();
      try {
        this.screen.write(text);
      } catch (error) {
        this.#fault ??= error;
      }
    }
  }

  #tell(command: object): void {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /** Since it wrote something. */
  get quietMs(): number {
    return performance.now() - this.#heardMs;
  }

  type(keys: string): void {
    this.#tell({ write: keys });
  }

  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows);
    this.#tell({ resize: [columns, rows] });
  }

  /** The terminal is gone: its window was closed, its line cut. */
  hangUp(): void {
    this.#tell({ hangup: true });
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  /** Kills what still runs. */
  close(): void {
    this.#child.stdin.end();
  }

  async modes(): Promise<Modes> {
    const before = this.#modes.length;
    this.#tell({ modes: true });
    await this.#until(() => this.#modes.length > before, 'the modes of the terminal');
    return this.#modes.at(-1)!;
  }

  /** Waits until what is on the screen matches. */
  async untilShown(pattern: RegExp): Promise<RegExpMatchArray> {
    await this.#until(() => pattern.test(this.screen.text), `${String(pattern)} on the screen`);
    return this.screen.text.match(pattern)!;
  }

  async until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    await this.#until(condition, what);
  }

  /** Status, and the modes in which the terminal was left; the cursor must be shown and lines be wrapped. */
  async ended(): Promise<{ readonly status: number; readonly modes: Modes | undefined }> {
    await this.#until(() => this.status !== null, 'its end', true);
    return { status: this.status!, modes: this.#modes.at(-1) };
  }

  async #until(condition: () => boolean | Promise<boolean>, what: string, mayEnd = false): Promise<void> {
    try {
      await until(
        async () => {
          if (this.#fault !== null) throw this.#fault;
          if (await condition()) return true;
          if (this.status !== null && !mayEnd) throw new Error(`ended with ${this.status} before ${what}`);
          return false;
        },
        what,
        PATIENCE_MS,
      );
    } catch (error) {
      throw new Error(`${String(error)}; on the screen:\n${this.screen.wholeText}\n${this.#stderr}`, { cause: error });
    }
  }
}

/** Starts any program on a terminal; it is killed with the test at the latest. */
export function startOnTerminal(words: readonly string[], options: TerminalOptions = {}): Terminal {
  const terminal = new Terminal(words, options);
  onTestFinished(() => terminal.close());
  return terminal;
}

/** `mcast <words>` on a terminal. `node`: options of Node itself. */
export function mcastOnTerminal(
  words: readonly string[],
  { node = [], ...options }: TerminalOptions & { readonly node?: readonly string[] } = {},
): Terminal {
  return startOnTerminal([process.execPath, ...node, MCAST, ...words], options);
}
