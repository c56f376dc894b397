import { describe, expect, it } from 'vitest';
import { check, LONGEST_FILE_LINES, unreached, type Rule } from './checker.js';

/** Rules broken in a small tree of which the first file is the one under test. */
function broken(files: Readonly<Record<string, string>>): Rule[] {
  return check(new Map(Object.entries(files))).map((violation) => violation.rule);
}

const CORE = { 'core/time.ts': 'export const a = 1;\n' };

describe('the checker accepts', () => {
  it.each([
    ['an inward import', { 'wire/probe.ts': "import { a } from '../core/time.js';\n", ...CORE }],
    ['a neighbour', { 'core/batch.ts': "import { a } from './time.js';\n", ...CORE }],
    ['the package entry over all layers', { 'index.ts': "export * from './core/time.js';\n", ...CORE }],
    ['Node in a shell layer', { 'io/native.ts': "import fs from 'node:fs';\nprocess.hrtime();\n" }],
    ['the addon', { 'io/native.ts': "const addon = require('../native/mcast.node');\n" }],
    ['given times', { 'core/time.ts': 'new Date(ms).toISOString(); Date.UTC(2026, 1);\n' }],
    [
      'members of the same names',
      { 'core/a.ts': 'decoder.process(x); class A { process(x) {} }\nf({ console: 1 });\n' },
    ],
    ['mentions in comments and texts', { 'core/a.ts': "// Date.now()\nconst hint = 'process.exit() Math.random';\n" }],
    ['arithmetic', { 'core/a.ts': 'Math.floor(1.5);\n' }],
    ['the exit of the command', { 'cli/main.ts': "process.exit(1);\nprocess.on('SIGINT', stop);\n" }],
    ['a declared package', { 'core/address.ts': "import ip from 'ipaddr.js';\n" }],
    ['a build step that writes', { 'result/emitSchema.ts': "import fs from 'node:fs';\nconsole.log(process.argv);\n" }],
  ] as [string, Record<string, string>][])('%s', (_name, files) => {
    expect(broken(files)).toEqual([]);
  });
});

describe('the checker rejects', () => {
  it.each([
    ['an outward import', 'layer', { 'core/a.ts': "import { b } from '../wire/b.js';\n", 'wire/b.ts': '' }],
    ['an outward type', 'layer', { 'feed/a.ts': "import type { B } from '../io/b.js';\n", 'io/b.ts': '' }],
    ['an outward re-export', 'layer', { 'result/a.ts': "export * from '../report/b.js';\n", 'report/b.ts': '' }],
    ['an outward dynamic import', 'layer', { 'core/a.ts': "await import('../cli/b.js');\n", 'cli/b.ts': '' }],
    ['a renderer in the runtime', 'layer', { 'runtime/a.ts': "import '../report/b.js';\n", 'report/b.ts': '' }],
    ['the command in the package entry', 'layer', { 'index.ts': "export * from './cli/b.js';\n", 'cli/b.ts': '' }],
    ['the package entry in a layer', 'layer', { 'cli/a.ts': "import '../index.js';\n", 'index.ts': '' }],
    ['a folder that is no layer', 'folder', { 'utils/a.ts': '' }],
    ['a file outside the layers', 'folder', { 'helpers.ts': '' }],
    ['a Node module in a pure layer', 'package', { 'analysis/a.ts': "import fs from 'node:fs';\n" }],
    ['a package of another layer', 'package', { 'wire/a.ts': "import { z } from 'zod';\n" }],
    ['a package below another name', 'package', { 'cli/a.ts': "import x from '@scope/commander/commander';\n" }],
    ['a Node module without its prefix', 'package', { 'io/a.ts': "import fs from 'fs';\n" }],
    ['a file that is not there', 'unresolved', { 'core/a.ts': "import './b.js';\n" }],
    ['a computed import', 'computed', { 'io/a.ts': 'await import(name);\n' }],
    ['Date.now', 'impure', { 'core/a.ts': 'const now = Date.now();\n' }],
    ['new Date()', 'impure', { 'report/a.ts': 'const now = new Date();\n' }],
    ['Date taken apart', 'impure', { 'report/a.ts': 'const { now } = Date;\n' }],
    ['performance', 'impure', { 'metrics/a.ts': 'performance.now();\n' }],
    ['performance passed on', 'impure', { 'metrics/a.ts': 'const clock = performance;\n' }],
    ['Math.random', 'impure', { 'impair/a.ts': 'Math.random();\n' }],
    ['Math taken apart', 'impure', { 'impair/a.ts': 'const { random } = Math;\n' }],
    ['process in a template', 'impure', { 'profile/a.ts': 'const a = `${process.pid}`;\n' }],
    ['the global object', 'impure', { 'profile/a.ts': "globalThis['process'].pid;\n" }],
    ['setTimeout', 'impure', { 'pacing/a.ts': 'setTimeout(next, 1);\n' }],
    ['setInterval passed on', 'impure', { 'control/a.ts': 'every(setInterval);\n' }],
    ['console', 'impure', { 'repair/a.ts': "console.log('a');\n" }],
    ['an exit elsewhere', 'exit', { 'cli/send.ts': 'process.exit(1);\n' }],
    ['an exit by index', 'exit', { 'runtime/a.ts': "process['exit'](1);\n" }],
    ['an exit imported', 'exit', { 'io/a.ts': "import { exit } from 'node:process';\n" }],
    ['process taken apart', 'exit', { 'io/a.ts': 'const { exit } = process;\n' }],
    ['a signal handler outside the command', 'signal', { 'runtime/a.ts': "process.once('SIGTERM', stop);\n" }],
    ['a long file', 'long', { 'io/a.ts': '\n'.repeat(LONGEST_FILE_LINES + 1) }],
    [
      'a build step that is imported',
      'buildStep',
      { 'cli/a.ts': "import '../result/emitSchema.js';\n", 'result/emitSchema.ts': '' },
    ],
  ] as [string, Rule, Record<string, string>][])('%s', (_name, rule, files) => {
    expect(broken(files)).toEqual([rule]);
  });

  it('a cycle, once, and names the files on it', () => {
    const cycle = {
      'core/a.ts': "import './b.js';\n",
      'core/b.ts': "import type { C } from './c.js';\n",
      'core/c.ts': "export * from './b.js';\n",
    };
    const found = check(new Map(Object.entries(cycle)));
    expect(found.map(({ rule, what }) => [rule, what])).toEqual([['cycle', 'core/b.ts -> core/c.ts -> core/b.ts']]);
  });

  it('with the line of the breach', () => {
    const [violation] = check(new Map([['core/a.ts', '/*\n*/\nDate.now();\n']]));
    expect(violation).toMatchObject({ file: 'core/a.ts', line: 3 });
  });
});

describe('unreached', () => {
  it('names the files that no root leads to', () => {
    const sources = new Map([
      ['index.ts', "export * from './core/a.js';\n"],
      ['core/a.ts', "new Worker(new URL('./worker.js', import.meta.url));\n"],
      ['core/worker.ts', ''],
      ['core/dead.ts', "import './a.js';\n"],
    ]);
    expect(unreached(sources, ['index.ts', 'cli/main.ts'])).toEqual(['core/dead.ts']);
  });
});
