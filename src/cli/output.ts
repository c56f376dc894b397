import { closeSync, openSync, writeSync } from 'node:fs';
import { McastError } from '../core/errors.js';

/** A file that lines go to and that can be reopened (log rotation); `-` is standard output. */
export class LineFile implements Disposable {
  readonly path: string;
  #descriptor: number | null = null;

  constructor(path: string) {
    this.path = path;
    this.#open('w');
  }

  write(line: string): void {
    if (this.path === '-') process.stdout.write(`${line}\n`);
    else if (this.#descriptor !== null) writeWhole(this.#descriptor, `${line}\n`, this.path);
  }

  /** Opens the path anew, appending: whatever was moved away keeps what it has. */
  reopen(): void {
    this[Symbol.dispose]();
    this.#open('a');
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== null) closeSync(this.#descriptor);
    this.#descriptor = null;
  }

  #open(flags: 'w' | 'a'): void {
    if (this.path === '-') return;
    try {
      this.#descriptor = openSync(this.path, flags);
    } catch (error) {
      throw new McastError('ERR_FILE', `${this.path}: ${(error as Error).message}`, { cause: error });
    }
  }
}

export function writeTextFile(path: string, text: string): void {
  if (path === '-') {
    process.stdout.write(text);
    return;
  }
  using file = new OpenFile(path);
  writeWhole(file.descriptor, text, path);
}

class OpenFile implements Disposable {
  readonly descriptor: number;

  constructor(path: string) {
    try {
      this.descriptor = openSync(path, 'w');
    } catch (error) {
      throw new McastError('ERR_FILE', `${path}: ${(error as Error).message}`, { cause: error });
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }
}

function writeWhole(descriptor: number, text: string, path: string): void {
  const octets = Buffer.from(text);
  try {
    for (let at = 0; at < octets.length;) at += writeSync(descriptor, octets, at);
  } catch (error) {
    throw new McastError('ERR_FILE', `${path}: ${(error as Error).message}`, { cause: error });
  }
}
