import path from 'node:path/posix';
import { importsOf, type Import } from './imports.js';
import { BUILD_STEPS, LAYERS, PACKAGES, type Layer } from './layers.js';
import { tokenize, type Token } from './lexer.js';

export const LONGEST_FILE_LINES = 400;

export type Rule =
  | 'layer' // imports a layer that it may not
  | 'folder' // stands in no layer
  | 'package' // imports a package that its layer may not, or Node's modules from a pure layer
  | 'unresolved' // names a file that does not exist, or leaves src
  | 'computed' // imports what only shows at run time
  | 'cycle'
  | 'impure' // clock, timer, randomness, process or console in a pure layer
  | 'exit' // ends the process elsewhere than in cli/main.ts
  | 'signal' // handles signals outside cli
  | 'long'
  | 'buildStep'; // imports a program of the build

export interface Violation {
  readonly rule: Rule;
  /** Path within src. */
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

/** The package's public face; it may re-export from everywhere but the command. */
const API_FILE = 'index.ts';
const EXIT_FILE = 'cli/main.ts';

/** Objects that give a pure layer the outside world, by reading a member of them or passing them on. */
const AMBIENT_OBJECTS = new Set(['process', 'performance', 'console', 'crypto', 'globalThis']);
const AMBIENT_FUNCTIONS = new Set(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'require']);

function layerOf(file: string): Layer | undefined {
  const folder = file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
  return LAYERS.find((layer) => layer.name === folder);
}

/** File of `src` that a relative specifier in `file` means, before it is built. */
function target(file: string, specifier: string): string {
  return path.join(path.dirname(file), specifier).replace(/\.js$/u, '.ts');
}

function impurities(tokens: readonly Token[]): { readonly line: number; readonly what: string }[] {
  const found: { line: number; what: string }[] = [];
  for (const [i, token] of tokens.entries()) {
    const before = tokens[i - 1]?.text;
    if (token.kind !== 'word' || before === '.' || before === '?.') continue;
    const after = tokens[i + 1]?.text;
    const member = tokens[i + 2]?.text;
    let what: string | null = null;
    // Followed by ':' or '(' it is the name of a property, a parameter's or a method of our own.
    if (AMBIENT_OBJECTS.has(token.text) && after !== ':' && after !== '(') what = token.text;
    else if (AMBIENT_FUNCTIONS.has(token.text) && after !== ':') what = token.text;
    else if (token.text === 'Math' && (after !== '.' || member === 'random')) what = 'Math.random';
    else if (token.text === 'Date' && !isPureDate(before, after, member)) what = 'Date of now';
    if (what !== null) found.push({ line: token.line, what });
  }
  return found;
}

/** `new Date(argument)` and Date's arithmetic on given times are pure. */
function isPureDate(before: string | undefined, after: string | undefined, member: string | undefined): boolean {
  if (after === '.') return member === 'UTC' || member === 'parse';
  return before === 'new' && after === '(' && member !== ')';
}

function processUses(
  tokens: readonly Token[],
  imports: readonly Import[],
): { line: number; what: 'exit' | 'signal' }[] {
  const found: { line: number; what: 'exit' | 'signal' }[] = [];
  for (const [i, token] of tokens.entries()) {
    if (token.kind !== 'word' || token.text !== 'process' || tokens[i - 1]?.text === '.') continue;
    const [after, member, , argument] = tokens.slice(i + 1, i + 5);
    if (after === undefined || member === undefined || !['.', '?.', '['].includes(after.text)) {
      // Passed on or taken apart: what is done with it cannot be seen, unless the name is only a key or a type's.
      if (after?.text === ';' || tokens[i - 1]?.text === '=') found.push({ line: token.line, what: 'exit' });
      continue;
    }
    if (['exit', 'reallyExit', 'abort'].includes(member.text)) found.push({ line: token.line, what: 'exit' });
    const listens = ['on', 'once', 'addListener', 'prependListener'].includes(member.text);
    if (listens && argument?.kind === 'string' && argument.text.startsWith('SIG')) {
      found.push({ line: token.line, what: 'signal' });
    }
  }
  for (const used of imports) {
    if (used.specifier === 'node:process' || used.specifier === 'process')
      found.push({ line: used.line, what: 'exit' });
  }
  return found;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Every cycle of the graph once, as the files on it. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  function visit(file: string): void {
    const at = trail.indexOf(file);
    if (at >= 0) found.push(trail.slice(at));
    if (at >= 0 || done.has(file)) return;
    trail.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    trail.pop();
    done.add(file);
  }
  for (const file of graph.keys()) visit(file);
  return found;
}

/** Breaches of the project's rules in `sources`: path within src -> text. */
export function check(sources: ReadonlyMap<string, string>): Violation[] {
  const violations: Violation[] = [];
  const graph = new Map<string, string[]>();

  for (const [file, source] of sources) {
    const own = layerOf(file);
    const report = (rule: Rule, line: number, what: string): number => violations.push({ rule, file, line, what });
    const tokens = tokenize(source);
    const imports = importsOf(tokens);
    const edges: string[] = [];
    graph.set(file, edges);
    const lines = source.split('\n').length - 1;
    if (lines > LONGEST_FILE_LINES) report('long', lines, `${lines} lines`);
    if (BUILD_STEPS.includes(file)) continue;
    if (own === undefined && file !== API_FILE) report('folder', 1, 'belongs to no layer');

    for (const { specifier, line } of imports) {
      if (specifier === null) {
        report('computed', line, 'import of a computed name');
      } else if (specifier.startsWith('.')) {
        if (!/\.(?:js|mjs|ts)$/u.test(specifier)) continue;
        const to = target(file, specifier);
        if (!sources.has(to)) report('unresolved', line, specifier);
        else edges.push(to);
        if (BUILD_STEPS.includes(to)) report('buildStep', line, specifier);
        const other = layerOf(to);
        const allowed =
          own === undefined ? other?.ring !== 'command' : other === own || own.mayImport.includes(other?.name ?? '');
        if (!allowed) report('layer', line, `${own?.name ?? file} imports ${to}`);
      } else if (specifier.startsWith('node:')) {
        if (own?.ring === 'pure') report('package', line, specifier);
      } else if (!(PACKAGES[own?.name ?? ''] ?? []).includes(packageOf(specifier))) {
        report('package', line, specifier);
      }
    }

    if (own?.ring === 'pure') for (const { line, what } of impurities(tokens)) report('impure', line, what);
    for (const { line, what } of processUses(tokens, imports)) {
      if (what === 'exit' ? file !== EXIT_FILE : own?.ring !== 'command') report(what, line, 'process');
    }
  }

  for (const cycle of cycles(graph)) {
    violations.push({ rule: 'cycle', file: cycle[0]!, line: 1, what: [...cycle, cycle[0]!].join(' -> ') });
  }
  return violations;
}

/** Files that nothing reaches from `roots`, by imports, worker URLs included. */
export function unreached(sources: ReadonlyMap<string, string>, roots: readonly string[]): string[] {
  const reached = new Set<string>();
  const open = roots.filter((root) => sources.has(root));
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    for (const { specifier } of importsOf(tokenize(sources.get(file)!))) {
      if (specifier?.startsWith('.') !== true) continue;
      const to = target(file, specifier);
      if (sources.has(to)) open.push(to);
    }
  }
  return [...sources.keys()].filter((file) => !reached.has(file));
}
