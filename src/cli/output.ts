import { closeSync, fstatSync, openSync, writeSync } from 'node:fs';
import { fileError } from '../io/fileError.js';

/** A file that lines go to and that can be reopened (log rotation); `-` is standard output. Throws ERR_FILE. */
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

  /** Nothing is in the file, as far as it is one. */
  get isEmpty(): boolean {
    return this.#descriptor !== null && fstatSync(this.#descriptor).size === 0;
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
    if (this.path !== '-') this.#descriptor = opened(this.path, flags);
  }
}

function opened(path: string, flags: 'w' | 'a'): number {
  try {
    return openSync(path, flags);
  } catch (error) {
    throw fileError(path, 'written', error);
  }
}

function writeWhole(descriptor: number, text: string, path: string): void {
  const octets = Buffer.from(text);
  try {
    for (let at = 0; at < octets.length;) at += writeSync(descriptor, octets, at);
  } catch (error) {
    throw fileError(path, 'written', error);
  }
}
