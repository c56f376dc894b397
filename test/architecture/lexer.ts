/**
 * As much of TypeScript's lexical grammar as it takes to tell code from comments, strings, templates
 * and regular expressions. No parser: the rules look at short runs of tokens.
 */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'template' | 'regex' | 'punctuator';
  /** As written; for `string` the characters between the quotes. */
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

const WORD_START = /[\p{ID_Start}$_#@]/u;
const WORD_PART = /[\p{ID_Continue}$\u200c\u200d]/u;
/** Words after which a slash begins a regular expression, although other words end an operand. */
const BEFORE_OPERAND = new Set(
  'return typeof instanceof in of new delete void throw case do else await yield extends'.split(' '),
);
const MULTIPLE = ['...', '?.', '=>'];

/** Text of `source` as tokens, the expressions within templates included. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;

  function push(kind: Token['kind'], text: string, from: number): void {
    tokens.push({ kind, text, line: from });
  }

  function operandEnded(): boolean {
    const last = tokens.at(-1);
    if (last === undefined) return false;
    if (last.kind === 'word') return !BEFORE_OPERAND.has(last.text);
    return last.kind !== 'punctuator' || last.text === ')' || last.text === ']' || last.text === '}';
  }

  function quoted(quote: string): void {
    const from = line;
    let text = '';
    for (at++; at < source.length && source[at] !== quote && source[at] !== '\n'; at++) {
      if (source[at] === '\\') {
        at++;
        if (source[at] === '\n') line++;
      }
      text += source[at] ?? '';
    }
    at++;
    push('string', text, from);
  }

  function regex(): void {
    const from = line;
    const start = at;
    let inClass = false;
    for (at++; at < source.length && source[at] !== '\n' && (inClass || source[at] !== '/'); at++) {
      if (source[at] === '\\') at++;
      else if (source[at] === '[') inClass = true;
      else if (source[at] === ']') inClass = false;
    }
    at++;
    while (at < source.length && WORD_PART.test(source[at]!)) at++;
    push('regex', source.slice(start, at), from);
  }

  function template(): void {
    const from = line;
    const start = at;
    for (at++; at < source.length && source[at] !== '`';) {
      if (source.startsWith('${', at)) {
        at += 2;
        push('punctuator', '${', line);
        code(true);
        push('punctuator', '}', line);
      } else {
        if (source[at] === '\\') at++;
        if (source[at] === '\n') line++;
        at++;
      }
    }
    at++;
    push('template', source.slice(start, at), from);
  }

  /** Up to the end, or within a template behind the brace that closes its expression. */
  function code(inTemplate: boolean): void {
    let depth = 0;
    while (at < source.length) {
      const c = source[at]!;
      if (c === '\n') {
        line++;
        at++;
      } else if (/\s/u.test(c)) at++;
      else if (source.startsWith('//', at) || (at === 0 && source.startsWith('#!'))) {
        while (at < source.length && source[at] !== '\n') at++;
      } else if (source.startsWith('/*', at)) {
        const end = source.indexOf('*/', at + 2);
        const stop = end < 0 ? source.length : end + 2;
        for (; at < stop; at++) if (source[at] === '\n') line++;
      } else if (c === '"' || c === "'") quoted(c);
      else if (c === '`') template();
      else if (c === '/' && !operandEnded()) regex();
      else if (/[0-9]/u.test(c)) {
        const start = at;
        while (at < source.length && /[0-9A-Za-z_.]/u.test(source[at]!)) at++;
        push('number', source.slice(start, at), line);
      } else if (WORD_START.test(c)) {
        const start = at++;
        while (at < source.length && WORD_PART.test(source[at]!)) at++;
        push('word', source.slice(start, at), line);
      } else {
        if (inTemplate && c === '{') depth++;
        if (inTemplate && c === '}' && depth-- === 0) {
          at++;
          return;
        }
        const text = MULTIPLE.find((known) => source.startsWith(known, at)) ?? c;
        push('punctuator', text, line);
        at += text.length;
      }
    }
  }

  code(false);
  return tokens;
}
