import { describe, expect, it } from 'vitest';
import { importsOf } from './imports.js';
import { tokenize } from './lexer.js';

const words = (source: string): string[] =>
  tokenize(source)
    .filter((token) => token.kind === 'word')
    .map((token) => token.text);

const specifiers = (source: string): (string | null)[] => importsOf(tokenize(source)).map((used) => used.specifier);

describe('tokenize', () => {
  it.each([
    ['line comment', 'a; // hidden\nb', ['a', 'b']],
    ['block comment', 'a /* hidden\n * hidden */ b', ['a', 'b']],
    ['strings', `a = 'hidden \\' hidden' + "hidden ' hidden"; b`, ['a', 'b']],
    ['a template, but not its expressions', 'a = `hidden ${b} hidden ${`${c}`} ` + d', ['a', 'b', 'c', 'd']],
    ['an object within a template', 'a = `${{ b: 1 }.b} hidden`; c', ['a', 'b', 'b', 'c']],
    ['a regular expression', 'a = /hidden[/"]\\/hidden/u.test(b)', ['a', 'test', 'b']],
    ['division', 'a = b / c / d', ['a', 'b', 'c', 'd']],
    ['a regular expression after return', 'return /hidden/', ['return']],
    ['a first line for the shell', '#!/usr/bin/env hidden\na', ['a']],
  ])('hides %s', (_name, source, expected) => {
    expect(words(source)).toEqual(expected);
  });

  it('counts lines through comments, templates and continued strings', () => {
    const last = tokenize("/* \n */ `\n` + 'a\\\nb' + end").at(-1);
    expect(last).toEqual({ kind: 'word', text: 'end', line: 4 });
  });

  it('keeps the text of strings', () => {
    expect(tokenize(`'a\\'b'`)).toEqual([{ kind: 'string', text: "a'b", line: 1 }]);
  });
});

describe('importsOf', () => {
  it.each([
    ["import './a.js';", './a.js'],
    ["import a from './a.js';", './a.js'],
    ["import a, { b as c } from './a.js';", './a.js'],
    ["import * as a from './a.js';", './a.js'],
    ["import { from } from './a.js';", './a.js'],
    ["import {\n  a,\n  type B,\n} from './a.js'", './a.js'],
    ["import type { A } from './a.js';", './a.js'],
    ["import data from './a.json' with { type: 'json' };", './a.json'],
    ["export * from './a.js';", './a.js'],
    ["export * as a from './a.js';", './a.js'],
    ["export { a } from './a.js';", './a.js'],
    ["export type { A } from './a.js';", './a.js'],
    ["const a = await import('./a.js');", './a.js'],
    ["const a = `${await import('./a.js')}`;", './a.js'],
    ["type A = import('./a.js').A;", './a.js'],
    ["const a = require('./a.js');", './a.js'],
    ["new Worker(new URL('./a.js', import.meta.url));", './a.js'],
  ])('finds %s', (source, specifier) => {
    expect(specifiers(source)).toEqual([specifier]);
  });

  it.each([
    "// import './a.js'",
    "/* import a from './a.js' */",
    `const text = "import './a.js'";`,
    "const text = `import './a.js'`;",
    "loader.import('./a.js');",
    'const here = import.meta.url;',
    "export const from = './a.js';",
    "export { a }; const from = './a.js';",
    "const a = /import 'b'/;",
  ])('finds nothing in %s', (source) => {
    expect(specifiers(source)).toEqual([]);
  });

  it('shows a computed import', () => {
    expect(specifiers('await import(name)')).toEqual([null]);
  });

  it('tells types from values', () => {
    const source = "import type { A } from './a.js'; import type from './b.js'; import { type C } from './c.js';";
    expect(importsOf(tokenize(source)).map((used) => used.typeOnly)).toEqual([true, false, false]);
  });
});
