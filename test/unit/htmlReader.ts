/** A small and strict reader of HTML: what a browser would have to guess at is an error here. */

export interface HtmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: (HtmlElement | string)[];
}

const VOID = new Set(['meta', 'br', 'link']);
const RAW = new Set(['style', 'script', 'title']);
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };

/** The root of a page: `html`. */
export function readHtml(text: string): HtmlElement {
  const doctype = '<!doctype html>';
  if (!text.startsWith(doctype)) throw new Error('no doctype');
  const top: HtmlElement = { name: '', attributes: new Map(), children: [] };
  const open = [top];
  let at = doctype.length;
  while (at < text.length) {
    const current = open.at(-1)!;
    if (RAW.has(current.name) && !isInSvg(open)) {
      const end = text.indexOf(`</${current.name}>`, at);
      const raw = text.slice(at, end);
      current.children.push(current.name === 'title' ? decoded(raw) : raw);
      at = end;
    }
    if (text[at] !== '<') {
      const end = text.indexOf('<', at);
      const piece = text.slice(at, end < 0 ? undefined : end);
      if (piece.trim() !== '' || open.length > 1) current.children.push(decoded(piece));
      at = end < 0 ? text.length : end;
      continue;
    }
    const closing = /^<\/([a-z][a-z0-9]*)>/.exec(text.slice(at, at + 40));
    if (closing !== null) {
      if (current.name !== closing[1]) throw new Error(`</${closing[1]}> within <${current.name}> at ${at}`);
      open.pop();
      at += closing[0].length;
      continue;
    }
    at = readTag(text, at, open);
  }
  if (open.length !== 1) throw new Error(`<${open.at(-1)!.name}> is not closed`);
  return top.children.find((child): child is HtmlElement => typeof child !== 'string')!;
}

function isInSvg(open: readonly HtmlElement[]): boolean {
  return open.some(({ name }) => name === 'svg');
}

function readTag(text: string, from: number, open: HtmlElement[]): number {
  const name = /^<([a-z][a-z0-9]*)/.exec(text.slice(from, from + 40))?.[1];
  if (name === undefined) throw new Error(`a stray < at ${from}: ${text.slice(from, from + 40)}`);
  const attributes = new Map<string, string>();
  let at = from + 1 + name.length;
  for (;;) {
    const rest = text.slice(at, at + 20);
    const end = /^\s*(\/?)>/.exec(rest);
    if (end !== null) {
      const element: HtmlElement = { name, attributes, children: [] };
      open.at(-1)!.children.push(element);
      if (end[1] === '' && !VOID.has(name)) open.push(element);
      return at + end[0].length;
    }
    const key = /^\s+([a-zA-Z][a-zA-Z0-9-]*)="/.exec(text.slice(at, at + 60));
    if (key === null) throw new Error(`no attribute in quotes at ${at}: ${rest}`);
    const begin = at + key[0].length;
    const close = text.indexOf('"', begin);
    if (attributes.has(key[1]!)) throw new Error(`${key[1]} twice at ${at}`);
    attributes.set(key[1]!, decoded(text.slice(begin, close)));
    at = close + 1;
  }
}

function decoded(text: string): string {
  return text.replaceAll(/&([a-z0-9#]*;?)/g, (whole, name: string) => {
    const character = name.endsWith(';') ? ENTITIES[name.slice(0, -1)] : undefined;
    if (character === undefined) throw new Error(`an unknown entity: ${whole}`);
    return character;
  });
}

/** Every element below, itself included, in order. */
export function* elementsIn(element: HtmlElement): Generator<HtmlElement> {
  yield element;
  for (const child of element.children) if (typeof child !== 'string') yield* elementsIn(child);
}

/** Those of a name, and of a class where one is given. */
export function all(element: HtmlElement, name: string, className?: string): HtmlElement[] {
  return [...elementsIn(element)].filter(
    (one) => one.name === name && (className === undefined || classesOf(one).includes(className)),
  );
}

export function classesOf(element: HtmlElement): string[] {
  return (element.attributes.get('class') ?? '').split(' ');
}

export function byId(root: HtmlElement, id: string): HtmlElement {
  const found = [...elementsIn(root)].filter((element) => element.attributes.get('id') === id);
  if (found.length !== 1) throw new Error(`${found.length} elements have the id ${id}`);
  return found[0]!;
}

/** All text below. */
export function textOf(element: HtmlElement): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

/** The texts of a table's cells, row by row, its heading first. */
export function rowsOf(table: HtmlElement): string[][] {
  return all(table, 'tr').map((row) =>
    row.children.filter((cell): cell is HtmlElement => typeof cell !== 'string').map(textOf),
  );
}

/** The table with this caption. */
export function captioned(root: HtmlElement, caption: string): HtmlElement {
  const found = all(root, 'table').find((table) =>
    all(table, 'caption').some((one) => textOf(one).startsWith(caption)),
  );
  if (found === undefined) throw new Error(`no table is called ${caption}`);
  return found;
}

/** `dt` and `dd` of a list of facts. */
export function factsOf(root: HtmlElement): Map<string, string> {
  const facts = new Map<string, string>();
  for (const list of all(root, 'dl', 'facts')) {
    for (const pair of all(list, 'div')) facts.set(textOf(all(pair, 'dt')[0]!), textOf(all(pair, 'dd')[0]!));
  }
  return facts;
}
