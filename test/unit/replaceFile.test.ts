import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { checkReplaceable, replaceFile } from '../../src/io/replaceFile.js';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mcast-replace-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

describe('a file that is replaced', () => {
  it('is whole, and nothing is left beside it', () => {
    const path = join(folder, 'x.html');
    checkReplaceable(path);
    expect(readdirSync(folder)).toEqual([]);
    replaceFile(path, 'one');
    replaceFile(path, 'two');
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['x.html']);
  });

  it('keeps its permissions, and stays where a symbolic link points to', () => {
    const path = join(folder, 'real.html');
    const link = join(folder, 'link.html');
    writeFileSync(path, 'old');
    chmodSync(path, 0o640);
    symlinkSync('real.html', link);
    checkReplaceable(link);
    replaceFile(link, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  it('may be made through a link to nothing, and may be a device', () => {
    const link = join(folder, 'link.html');
    symlinkSync('new.html', link);
    replaceFile(link, 'x');
    expect(readFileSync(join(folder, 'new.html'), 'utf8')).toBe('x');
    checkReplaceable('/dev/null');
    replaceFile('/dev/null', 'x');
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  it('stays as it was when the new one cannot be written', () => {
    const path = join(folder, 'x.html');
    writeFileSync(path, 'old');
    // Somebody else's file stands where this one would be made.
    writeFileSync(join(folder, `.x.html.${process.pid}.tmp`), 'theirs');
    expect(() => replaceFile(path, 'new')).toThrow(/x\.html cannot be written: file already exists \(EEXIST\)/);
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readFileSync(join(folder, `.x.html.${process.pid}.tmp`), 'utf8')).toBe('theirs');
  });

  it.each([
    ['nowhere/x.html', /nowhere\/x\.html cannot be written: no such file or directory \(ENOENT\)/],
    ['folder', /folder cannot be written: illegal operation on a directory \(EISDIR\)/],
    ['file/x.html', /cannot be written: not a directory \(ENOTDIR\)/],
  ])('cannot be %s, which is found out before', (name, message) => {
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'file'), '');
    for (const act of [checkReplaceable, (path: string) => replaceFile(path, 'x')]) {
      expect(() => act(join(folder, name))).toThrow(message);
    }
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });
});
