import { existsSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { viewOf } from '../../src/core/bytes.js';
import { LONGEST_MESSAGE_OCTETS, type MessageMemory } from '../../src/core/messageMemory.js';
import { Random } from '../../src/core/random.js';
import { MessageFile } from '../../src/io/messageFile.js';
import { MessageStore } from '../../src/repair/messageStore.js';

/** A disk that is full beyond so many octets, writes in pieces, or cannot be read. */
const disk = vi.hoisted(() => ({ room: Infinity, piece: Infinity, isBroken: false, reads: 0 }));

function refusal(code: string, errno: number, syscall: string): Error {
  return Object.assign(new Error(code), { code, errno, syscall });
}

vi.mock(import('node:fs'), async (original) => {
  const fs = await original();
  const writeSync = (descriptor: number, octets: Uint8Array, at: number, length: number, position: number): number => {
    const fitting = Math.min(length, disk.piece, disk.room - position);
    if (fitting <= 0) throw refusal('ENOSPC', -28, 'write');
    return fs.writeSync(descriptor, octets, at, fitting, position);
  };
  const readSync = (descriptor: number, octets: Uint8Array, at: number, length: number, position: number): number => {
    disk.reads++;
    if (disk.isBroken) throw refusal('EIO', -5, 'read');
    return fs.readSync(descriptor, octets, at, Math.min(length, disk.piece), position);
  };
  return { ...fs, writeSync, readSync } as typeof fs;
});

const folder = mkdtempSync(join(tmpdir(), 'mcast-messages-'));
const open: MessageFile[] = [];
let made = 0;

afterEach(() => {
  Object.assign(disk, { room: Infinity, piece: Infinity, isBroken: false, reads: 0 });
  for (const file of open.splice(0)) file.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Opened {
  readonly file: MessageFile;
  readonly path: string;
  readonly errors: unknown[];
}

function openFile(options: { first?: number; places?: number } = {}): Opened {
  const path = join(folder, `session-${made++}`);
  const errors: unknown[] = [];
  const file = new MessageFile(path, { ...options, onError: (error) => errors.push(error) });
  open.push(file);
  return { file, path, errors };
}

function message(n: number, octets: number): Uint8Array {
  const made = new Uint8Array(octets);
  for (let i = 0; i < octets; i++) made[i] = n * 31 + i;
  return made;
}

function put(memory: MessageMemory, octets: Uint8Array): number {
  // Not at the start of its buffer, nor at its end.
  const slot = new Uint8Array(octets.length + 4).fill(0xee);
  slot.set(octets, 3);
  return memory.put(viewOf(slot), 3, octets.length);
}

function octetsOf(memory: MessageMemory, sequence: number): Uint8Array {
  const length = memory.lengthOf(sequence);
  return new Uint8Array(memory.view.buffer, memory.view.byteOffset + memory.offsetOf(sequence), length).slice();
}

function isMessage(memory: MessageMemory, sequence: number, octets: Uint8Array): boolean {
  return memory.has(sequence) && Buffer.compare(octetsOf(memory, sequence), octets) === 0;
}

describe('a message file', () => {
  it('remembers everything, in whatever order it is asked', () => {
    for (const [seed, first, places] of [
      [1, 1, 65_536],
      [2, 2 ** 40, 2],
      [3, 0, 8],
    ] as const) {
      const random = new Random(seed);
      const { file, path } = openFile({ first, places });
      disk.piece = seed === 3 ? 1000 : Infinity;
      const all: Uint8Array[] = [];
      for (let i = 0; i < 3000; i++) {
        all.push(message(i, random.below(random.unit() < 0.01 ? LONGEST_MESSAGE_OCTETS : 400)));
        expect(put(file, all[i]!)).toBe(first + i);
        const n = random.below(i + 1);
        if (!isMessage(file, first + n, all[n]!)) throw new Error(`message ${n} of ${i}`);
      }
      expect([file.oldest, file.end, file.next]).toEqual([first, first + 3000, first + 3000]);
      expect([file.has(first - 1), file.has(first + 3000)]).toEqual([false, false]);
      expect(file.octets).toBe(all.reduce((sum, octets) => sum + 2 + octets.length, 0));
      expect(statSync(path).size).toBe(file.writtenOctets);
      expect(file.octets - file.writtenOctets).toBeLessThanOrEqual(256 * 1024);
      for (let i = 0; i < 3000; i++) if (!isMessage(file, first + i, all[i]!)) throw new Error(`message ${i}`);
      for (let i = 2999; i >= 0; i -= 7) if (!isMessage(file, first + i, all[i]!)) throw new Error(`message ${i}`);
    }
  });

  it('reads large pieces, and nothing for what is not written yet', () => {
    const { file } = openFile();
    const octets = message(1, 400);
    while (file.writtenOctets === 0) put(file, octets);
    const inFile = file.end - 2;
    for (let i = 0; i < 32; i++) put(file, octets);
    expect(isMessage(file, file.end - 1, octets)).toBe(true);
    expect(disk.reads).toBe(0);
    // 256 kbyte in pieces of 128.
    for (let n = 1; n <= inFile; n++) if (!isMessage(file, n, octets)) throw new Error(`message ${n}`);
    expect(disk.reads).toBeLessThanOrEqual(3);
    expect(isMessage(file, 5, octets)).toBe(true);
    expect(disk.reads).toBeLessThanOrEqual(4);
  });

  it('takes the longest message and no longer one', () => {
    const { file } = openFile();
    for (let n = 1; n <= 9; n++) put(file, message(n, LONGEST_MESSAGE_OCTETS));
    for (let n = 1; n <= 9; n++) expect(isMessage(file, n, message(n, LONGEST_MESSAGE_OCTETS))).toBe(true);
    expect(() => file.put(file.view, 0, LONGEST_MESSAGE_OCTETS + 1)).toThrow('a message of 65536 octets');
  });

  it('says once that the disk is full, and goes on with what it has', () => {
    for (const piece of [Infinity, 10_000]) {
      const { file, errors } = openFile();
      disk.room = 700_000;
      disk.piece = piece;
      for (let n = 1; n <= 5000; n++) expect(put(file, message(n, 300))).toBe(n);
      expect(errors).toHaveLength(1);
      expect(errors[0]).toMatchObject({ code: 'ERR_FILE' });
      expect(String(errors[0])).toContain('cannot be written: no space left on device (ENOSPC)');
      expect([file.oldest, file.next]).toEqual([1, 5001]);
      // Two pieces in the file and a third in memory, each the whole messages that 256 kbyte hold.
      const kept = 3 * Math.floor((256 * 1024) / 302);
      expect([file.end, file.has(kept), file.has(kept + 1)]).toEqual([kept + 1, true, false]);
      for (let n = 1; n <= kept; n++) if (!isMessage(file, n, message(n, 300))) throw new Error(`message ${n}`);
      Object.assign(disk, { room: Infinity, piece: Infinity });
    }
  });

  it.each([
    ['cannot be read', () => (disk.isBroken = true), 'cannot be read: i/o error (EIO)'],
    ['has become shorter', (path: string) => truncateSync(path, 1), 'has become shorter'],
  ])('says once that it %s, and then has nothing', (_what, harm, text) => {
    const { file, path, errors } = openFile();
    for (let n = 1; n <= 2000; n++) put(file, message(n, 300));
    harm(path);
    // What is in memory is of no harm.
    expect(isMessage(file, 2000, message(2000, 300))).toBe(true);
    expect([file.has(1), file.lengthOf(1)]).toEqual([true, Infinity]);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({ code: 'ERR_FILE' });
    expect(String(errors[0])).toContain(text);
    expect([file.lengthOf(2), file.offsetOf(2), file.has(2), file.oldest, file.end]).toEqual([
      Infinity,
      0,
      false,
      2001,
      2001,
    ]);
    expect([put(file, message(1, 1)), file.has(2001), errors.length]).toEqual([2001, false, 1]);
  });

  it('is new, for its owner alone, and goes at the end', () => {
    const { file, path } = openFile();
    put(file, message(1, 5));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    file.close();
    expect(existsSync(path)).toBe(false);
    // Whatever has its name then is another's.
    writeFileSync(path, 'x');
    file.close();
    expect(existsSync(path)).toBe(true);
    expect([file.has(1), file.lengthOf(1), put(file, message(2, 5)), file.has(2)]).toEqual([false, Infinity, 2, false]);
    expect(() => new MessageFile(path, { onError: () => {} })).toThrow('cannot be written: file already exists');
    expect(() => new MessageFile(join(folder, 'no', 'x'), { onError: () => {} })).toThrow('cannot be written');
  });

  it('answers as a store in memory does', () => {
    const { file } = openFile();
    const memories: MessageMemory[] = [new MessageStore(4096, 2 ** 20), file];
    const random = new Random(4);
    for (let n = 1; n <= 2000; n++) {
      const octets = message(n, random.below(300));
      expect(memories.map((memory) => put(memory, octets))).toEqual([n, n]);
    }
    for (let n = 1; n <= 2000; n++) {
      expect(memories[1]!.lengthOf(n)).toBe(memories[0]!.lengthOf(n));
      if (Buffer.compare(octetsOf(memories[0]!, n), octetsOf(memories[1]!, n)) !== 0) throw new Error(`message ${n}`);
    }
  });
});
