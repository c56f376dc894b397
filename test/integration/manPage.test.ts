/** The manual page as it is built, and as people read it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMAND_ROWS } from '../../src/cli/commands.js';
import { optionTerm } from '../../src/cli/help.js';
import { manPage } from '../../src/cli/manPage.js';
import { COMMANDS, OPTION_NAMES, OPTIONS } from '../../src/profile/options.js';
import { needs } from '../require.js';

const root = new URL('../../', import.meta.url);
const path = fileURLToPath(new URL('man/mcast.1', root));
const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  version: string;
  man: string;
  files: string[];
};

it('is built of the tables as they are, and goes with the package', () => {
  expect(readFileSync(path, 'utf8')).toBe(manPage(manifest.version));
  expect(manifest.man).toBe('./man/mcast.1');
  expect(manifest.files).toContain('man');
});

it('holds no request but those of man(7) that it means', () => {
  const requests = manPage('1')
    .split('\n')
    .flatMap((line) => /^[.'](\S*)/.exec(line)?.[1] ?? []);
  expect([...new Set(requests)].toSorted()).toEqual([
    'B',
    'EE',
    'EX',
    'PP',
    'SH',
    'SS',
    'TH',
    'TP',
    '\\"',
    'ad',
    'br',
    'nh',
  ]);
});

describe('groff', () => {
  const isThere = needs('groff');

  it.runIf(isThere)('has nothing to say about it', () => {
    const { status, stderr } = spawnSync('groff', ['-man', '-ww', '-z', '-Tutf8', path], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  });

  it.runIf(isThere)('shows every command and every option with its value, and no hidden one', () => {
    const words = ['-man', '-Tascii', '-P-c', '-P-b', '-P-u', '-rLL=200n', path];
    const { stdout } = spawnSync('groff', words, { encoding: 'utf8', maxBuffer: 16e6 });
    const lines = stdout.split('\n').map((line) => line.trim());
    for (const command of COMMANDS) {
      expect(
        lines.some((line) => line.startsWith(`mcast ${command}`)),
        command,
      ).toBe(true);
      expect(stdout).toContain(COMMAND_ROWS[command].summary);
    }
    for (const name of OPTION_NAMES) {
      const isShown = lines.some((line) => `${line} `.startsWith(`${optionTerm(name)} `));
      expect(isShown, name).toBe(!OPTIONS[name].hidden);
    }
  });
});

describe.runIf(needs('man'))('man', () => {
  it('has no warning, and finds what it is by its first line', () => {
    const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', path], {
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '80', LC_ALL: 'C.UTF-8' },
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/NAME\n +mcast - test instrument for IP multicast/);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
