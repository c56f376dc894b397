import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fileError } from '../../src/io/fileError.js';
import { isFile, readWhole } from '../../src/io/wholeFile.js';

const folder = mkdtempSync(join(tmpdir(), 'mcast-whole-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a whole file', () => {
  it('is read up to the bound, and refused beyond it', () => {
    const path = join(folder, 'some');
    const octets = Buffer.alloc(200_000, 'mcast');
    writeFileSync(path, octets);
    expect(Buffer.compare(readWhole(path), octets)).toBe(0);
    expect(readWhole(path, 200_000)).toHaveLength(200_000);
    expect(() => readWhole(path, 199_999)).toThrow(/is too large: at most 0\.19\d* MiB$/u);
  });

  it('without an end is refused as well', () => {
    expect(() => readWhole('/dev/zero', 1 << 20)).toThrow('/dev/zero is too large: at most 1 MiB');
  });

  it('that cannot be read is named with the reason', () => {
    expect(() => readWhole(join(folder, 'none'))).toThrow('none cannot be read: no such file or directory (ENOENT)');
    expect(() => readWhole(folder)).toThrow('cannot be read: illegal operation on a directory (EISDIR)');
    expect([isFile(folder), isFile(join(folder, 'none')), isFile(join(folder, 'some'))]).toEqual([false, false, true]);
    // What may not be asked, or is no name of a file at all, is none.
    expect(isFile('x'.repeat(5000))).toBe(false);
  });

  it('an error of this program is not dressed up as one of the system', () => {
    const bug = new TypeError('x is not a function');
    expect(fileError('x', 'read', bug)).toBe(bug);
  });
});
