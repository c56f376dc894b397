/**
 * The YAML that a profile is written in: maps, lists and scalars, each with its place. Scalars stay as they were written,
 * because the readers of options know better than YAML what `8M`, `0x22` or `yes` means. Aliases, anchors, tags and
 * several documents in a file are refused: a profile needs none, and nothing can grow by them.
 */
import type { Document, Node, ParsedNode } from 'yaml';

/** `file:line:column`, counted from 1. */
export type Place = string;

export type YamlNode =
  | { readonly kind: 'map'; readonly entries: readonly YamlEntry[]; readonly at: Place }
  | { readonly kind: 'list'; readonly items: readonly YamlNode[]; readonly at: Place }
  /** `null`: an explicit null; empty: nothing was written. */
  | { readonly kind: 'scalar'; readonly text: string | null; readonly at: Place };

export interface YamlEntry {
  readonly key: string;
  readonly at: Place;
  readonly value: YamlNode;
}

// oxlint-disable-next-line no-control-regex -- finding them is the purpose
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** Deeper than any profile; a parser that recurses further ends the process. */
const DEEPEST = 32;
/** Of one file: more of them follow from the first ones. */
const MOST_PROBLEMS = 20;

/**
 * Reads a text; what is wrong is appended to `problems`, a line each. `null`: it is no YAML, or holds nothing. Loads the
 * parser, which nothing else needs.
 */
export async function readYaml(text: string, source: string, problems: string[]): Promise<YamlNode | null> {
  const { Composer, Lexer, LineCounter, Parser, isAlias, isMap, isScalar, isSeq } = await import('yaml');
  const lines = new LineCounter();
  lines.addNewLine(0);
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return `${source}:${line}:${col}`;
  };
  const parser = new Parser(lines.addNewLine);
  let offset = 0;
  let tooDeepAt = -1;
  function* tokens() {
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      offset += lexeme.length;
      if (parser.stack.length <= DEEPEST) continue;
      tooDeepAt = Math.min(offset, text.length);
      return;
    }
    yield* parser.end();
  }
  const composer = new Composer({ strict: true, uniqueKeys: true, logLevel: 'silent' });
  const documents: Document.Parsed<ParsedNode>[] = [];
  for (const document of composer.compose(tokens(), true, text.length)) documents.push(document);
  if (tooDeepAt >= 0) {
    problems.push(`${at(tooDeepAt)}: more than ${DEEPEST} lists and maps within each other: no profile is that deep`);
    return null;
  }
  const [document, second] = documents;
  const found: { readonly offset: number; readonly message: string }[] = [];
  const wrong = (where: number, message: string): void => void found.push({ offset: where, message });
  // What it warns of are tags, which are refused below.
  for (const { code, message, pos } of document?.errors ?? []) wrong(pos[0], faultText(code, message));
  const control = CONTROL.exec(text);
  if (control !== null) wrong(control.index, 'a control character: a profile is plain text');
  if (second !== undefined) wrong(second.range[0], 'another document begins here: a profile is one');
  const convert = (node: Node | null, where: number): YamlNode => {
    const place = at(node?.range?.[0] ?? where);
    const empty = { kind: 'scalar', text: '', at: place } as const;
    if (node === null) return empty;
    const start = node.range?.[0] ?? where;
    if (isAlias(node)) {
      wrong(start, `*${node.source}: aliases are not read in a profile: write the value again, or use extends`);
      return empty;
    }
    if (node.anchor !== undefined) wrong(start, `&${node.anchor}: anchors are not read in a profile`);
    if (node.tag !== undefined) wrong(start, 'tags are not read in a profile');
    if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => convert(item as Node, start)), at: place };
    if (isScalar(node)) {
      const plain = node.type === 'PLAIN' || node.type === undefined;
      if (plain) {
        const written = node.source ?? '';
        return { kind: 'scalar', text: node.value === null && written !== '' ? null : written, at: place };
      }
      return { kind: 'scalar', text: String(node.value).replace(/\n+$/, ''), at: place };
    }
    if (!isMap(node)) return empty;
    const entries: YamlEntry[] = [];
    for (const { key, value } of node.items) {
      const keyAt = (key as Node | null)?.range?.[0] ?? start;
      if (!isScalar(key) || (key.source ?? '') === '') wrong(keyAt, 'a key is one word');
      else entries.push({ key: key.source!, at: at(keyAt), value: convert(value as Node | null, keyAt) });
    }
    return { kind: 'map', entries, at: place };
  };
  const root = document === undefined || document.contents === null ? null : convert(document.contents, 0);
  found.sort((a, b) => a.offset - b.offset);
  const distinct = found.filter((one, i) => one.offset !== found[i - 1]?.offset);
  for (const one of distinct.slice(0, MOST_PROBLEMS)) problems.push(`${at(one.offset)}: ${one.message}`);
  if (distinct.length > MOST_PROBLEMS) problems.push(`${source}: and ${distinct.length - MOST_PROBLEMS} more`);
  // Of a text that is broken otherwise, who knows what was meant.
  return document?.errors.every(({ code }) => code === 'DUPLICATE_KEY') === true ? root : null;
}

/** The parser's words where they say what to do, ours where they do not. */
function faultText(code: string, message: string): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'a tab cannot indent: YAML takes blanks';
    case 'DUPLICATE_KEY':
      return 'this key is there twice: say it once';
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'a value with ": " in it wants quotes, as does a second key on one line';
    default:
      return message.split('\n')[0]!.replace(/\.$/, '');
  }
}
