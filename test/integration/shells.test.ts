import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPTION_NAMES } from '../../src/profile/options.js';
import { readCommandLine } from '../../src/cli/program.js';
import { commandHelp, commandHelpAll, greeting, overview } from '../../src/cli/help.js';
import { COMMANDS } from '../../src/profile/options.js';
import { parseEndpoint } from '../../src/core/parseEndpoint.js';
import { shippedProfiles } from '../../src/runtime/profileFiles.js';
import { needs } from '../require.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SHELLS = ['bash', 'dash', 'zsh', 'fish'] as const;
const SYNTAX = { parameters: new Set<string>(OPTION_NAMES), unicast: true, random: () => 1 };
/** Between the commands of one shell line. */
const NEXT = 'next-command';

interface Sample {
  readonly where: string;
  readonly text: string;
}

/** Code of the pages: spans, and lines of indented or fenced blocks. */
function codeOf(page: string, where: string): Sample[] {
  const found: Sample[] = [];
  let fenced = false;
  for (const [i, line] of page.split('\n').entries()) {
    const place = `${where}:${i + 1}`;
    if (line.startsWith('```')) fenced = !fenced;
    else if (fenced || line.startsWith('    ')) found.push({ where: place, text: line.trim() });
    else for (const [, span] of line.matchAll(/`([^`]+)`/g)) found.push({ where: place, text: span! });
  }
  return found;
}

function pages(): Sample[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const files = ['README.md', ...docs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name))];
  const help = [greeting(), overview(), ...COMMANDS.flatMap((name) => [commandHelp(name), commandHelpAll(name)])];
  return [
    ...files.flatMap((name) => codeOf(readFileSync(join(ROOT, name), 'utf8'), name)),
    ...help.flatMap((text, i) => text.split('\n').map((line) => ({ where: `help ${i}`, text: line.trim() }))),
  ];
}

/** `mcast ...` lines, without what only explains them. */
function commandsOf(samples: readonly Sample[]): Sample[] {
  return samples.flatMap(({ where, text }) =>
    text
      .split(/ {2,}(?=\S)/)
      .filter((part) =>
        /^mcast (demo$|profiles$|profiles show \S|(send|recv|check|analyze|demo|dump|report|zap|relay|list) \S)/.test(
          part,
        ),
      )
      .map((part) => ({ where, text: part.replace(/\s+#.*$/, '') }))
      // Not usage lines and place-holders.
      .filter((part) => !/<[a-z]|\.\.\.|\[options|--help-all/.test(part.text)),
  );
}

/** Words that are whole endpoints, unquoted as they stand there; in a line of a CSV the cell. */
function endpointsOf(samples: readonly Sample[]): Sample[] {
  return samples.flatMap(({ where, text }) =>
    text
      .split(/[\s;]+/)
      .flatMap((word) => (/^[A-Za-z]+,[a-z]+:\/\//.test(word) ? word.split(',').slice(1, 2) : [word]))
      .map((word) => word.replace(/[,.]$/, ''))
      .filter((word) => /^(probe|udp|rtp):\/\/[^.]/.test(word) || /^@?([0-9]+\.){3}[0-9]+([:@%+,/]|$)/.test(word))
      // A prefix of addresses is none.
      .filter((word) => !/^[0-9.]+\/[0-9]+$/.test(word))
      .map((word) => ({ where, text: word })),
  );
}

const folder = mkdtempSync(join(tmpdir(), 'mcast-shells-'));
const script = join(folder, 'argv.mjs');
const samples = pages();
const commands = commandsOf(samples);
const profiles = shippedProfiles();
const endpoints = endpointsOf(samples);

beforeAll(() => writeFileSync(script, 'process.stdout.write(JSON.stringify(process.argv.slice(2)));'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program gets when a shell is given this line. */
function argvThrough(shell: string, words: string): string[] {
  const quoted = [process.execPath, script].map((word) => `'${word}'`).join(' ');
  // fish runs a quoted command only behind "command"; the others know that word too.
  const ran = spawnSync(shell, ['-c', `command ${quoted} ${words}`], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(ran.stderr, shell).toBe('');
  return JSON.parse(ran.stdout) as string[];
}

/** Splits `argv` at {@link NEXT}. */
function separate(argv: readonly string[]): string[][] {
  const lists: string[][] = [[]];
  for (const word of argv) {
    if (word === NEXT) lists.push([]);
    else lists.at(-1)!.push(word);
  }
  return lists;
}

it('finds what the pages show', () => {
  expect(endpoints.length).toBeGreaterThan(30);
  expect(commands.length).toBeGreaterThan(25);
  for (const scheme of ['probe', 'udp', 'rtp'])
    expect(endpoints.some(({ text }) => text.startsWith(`${scheme}://`))).toBe(true);
  expect(endpoints.some(({ text }) => text.includes('::'))).toBe(true);
  expect(endpoints.some(({ text }) => text.includes('pattern=burst:10/1ms'))).toBe(true);
});

it.each(endpoints.filter(({ text }) => text.includes('://')))('$where: $text is read', ({ text }) => {
  expect(() => parseEndpoint(text, SYNTAX)).not.toThrow();
});

describe.each(SHELLS)('%s', (shell) => {
  const there = needs(shell);

  it.runIf(there)('passes every endpoint of the pages unchanged, without quotes', () => {
    const words = endpoints.map(({ text }) => text);
    expect(argvThrough(shell, words.join(' '))).toEqual(words);
  });

  it.runIf(there)('passes every command of the pages so that it is understood', async () => {
    const line = commands.map(({ text }) => text.replace(/^mcast /, '')).join(` ${NEXT} `);
    const lists = separate(argvThrough(shell, line));
    expect(lists).toHaveLength(commands.length);
    for (const [i, argv] of lists.entries()) {
      const { where, text } = commands[i]!;
      const read = await readCommandLine(argv).catch((error: Error) => `${where}: ${text}: ${error.message}`);
      if (typeof read === 'string') throw new Error(read);
      if (read.given.command !== 'send' && read.given.command !== 'recv' && read.given.command !== 'check') continue;
      for (const operand of read.operands) {
        // Files, and names of announced sessions and of profiles.
        if (/^-$|^(\.\/)?[a-z-]+\.[a-z0-9]+$|^sap:/.test(operand) || profiles.includes(operand)) continue;
        expect(() => parseEndpoint(operand, SYNTAX), `${where}: ${text}`).not.toThrow();
      }
    }
  });
});
