import type { Token } from './lexer.js';

export interface Import {
  /** Module named, or `null` where a dynamic import computes it. */
  readonly specifier: string | null;
  /** Vanishes at build time. */
  readonly typeOnly: boolean;
  readonly dynamic: boolean;
  readonly line: number;
}

/** Every way in which a module names another: import, export from, import(), require(), new URL(x, import.meta.url). */
export function importsOf(tokens: readonly Token[]): Import[] {
  const found: Import[] = [];

  function is(at: number, text: string): boolean {
    const token = tokens[at];
    return token !== undefined && token.text === text && token.kind !== 'string' && token.kind !== 'template';
  }

  function add(at: number, typeOnly: boolean, dynamic: boolean): void {
    const token = tokens[at];
    const specifier = token?.kind === 'string' ? token.text : null;
    found.push({ specifier, typeOnly, dynamic, line: token?.line ?? 0 });
  }

  /** Index of the string behind `from` of the clause that starts at `at`, or -1. */
  function fromString(at: number): number {
    let depth = 0;
    for (let i = at; i < tokens.length; i++) {
      if (is(i, '{')) depth++;
      else if (is(i, '}')) depth--;
      else if (is(i, ';')) return -1;
      else if (depth === 0 && is(i, 'from')) return tokens[i + 1]?.kind === 'string' ? i + 1 : -1;
      else if (depth === 0 && !(tokens[i]!.kind === 'word' || is(i, '*') || is(i, ','))) return -1;
    }
    return -1;
  }

  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]!.kind !== 'word' || is(i - 1, '.') || is(i - 1, '?.')) continue;
    if (is(i, 'import')) {
      if (is(i + 1, '.')) continue;
      if (is(i + 1, '(')) add(i + 2, false, true);
      else if (tokens[i + 1]?.kind === 'string') add(i + 1, false, false);
      else {
        const typeOnly = is(i + 1, 'type') && !is(i + 2, 'from') && !is(i + 2, ',');
        const string = fromString(i + 1);
        if (string >= 0) add(string, typeOnly, false);
      }
    } else if (is(i, 'export')) {
      const typeOnly = is(i + 1, 'type');
      const clause = typeOnly ? i + 2 : i + 1;
      if (!is(clause, '*') && !is(clause, '{')) continue;
      const string = fromString(clause);
      if (string >= 0) add(string, typeOnly, false);
    } else if (is(i, 'require') && is(i + 1, '(')) add(i + 2, false, true);
    else if (is(i, 'URL') && is(i + 1, '(') && tokens[i + 2]?.text.startsWith('.') && is(i + 4, 'import')) {
      add(i + 2, false, true);
    }
  }
  return found;
}
