/** A program that is fed a transport stream through its standard input: a player, or what cuts HLS. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { Environment } from './findProgram.js';
import { LastWords } from './lastWords.js';
import { endChild, endText, ownChild } from './ownedChild.js';

export interface FedEnd {
  /** `ended`: of its own accord, a player because it was closed; `failed`: it gave up. */
  readonly how: 'ended' | 'failed' | 'stopped';
  /** One line for people. */
  readonly text: string;
}

export interface FedProgram {
  /** Takes the transport stream; once the program is gone whatever is written is dropped. */
  readonly octets: Writable;
  /** Never rejects: the end of an output is no error of a measurement. */
  readonly ended: Promise<FedEnd>;
  /** Ends it, within two seconds at the latest. */
  stop(): Promise<void>;
}

export interface FedOptions {
  /** As people know it. */
  readonly name: string;
  /** What it is said to have done when it ends well. */
  readonly endVerb: string;
  readonly environment: Environment;
  readonly folder?: string;
}

/** Starts it; one that cannot be started has `failed`. */
export function startFed(path: string, words: readonly string[], options: FedOptions): FedProgram {
  const { name, endVerb, environment, folder } = options;
  const child = spawn(path, words, {
    stdio: ['pipe', 'ignore', 'pipe'],
    ...(folder === undefined ? {} : { cwd: folder }),
    env: { ...environment },
    // In a group of its own: the interrupt of a terminal is for the measurement.
    detached: process.platform !== 'win32',
  });
  ownChild(child);
  const lastWords = new LastWords();
  let isStopped = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => lastWords.add(text));
  // Whoever closes the window breaks the pipe; its end is told by `ended`.
  child.stdin.on('error', () => {});

  async function end(): Promise<FedEnd> {
    try {
      // The last words may come behind the exit.
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      if (isStopped) return { how: 'stopped', text: `${name} was ended` };
      if (code === 0) return { how: 'ended', text: `${name} ${endVerb}` };
      const said = lastWords.line() || 'it said nothing';
      return { how: 'failed', text: `${name} failed (${endText(code, signal)}): ${said}` };
    } catch (error) {
      return { how: 'failed', text: `${name} cannot be started: ${(error as Error).message}` };
    }
  }

  return {
    octets: child.stdin,
    ended: end(),
    async stop() {
      isStopped = true;
      child.stdin.destroy();
      await endChild(child);
    },
  };
}
