/** HTML that cannot be broken out of: what is put into a template is escaped, unless a template made it. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** As text, and as a value of an attribute in quotes. */
export function escapeHtml(text: string): string {
  return /[&<>"']/.test(text) ? text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!) : text;
}

/** Finished HTML. Made by {@link markup} and {@link trusted} alone. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes; `null`, `undefined` and `false` are nothing. */
export type Part = Markup | string | number | null | undefined | false | readonly Part[];

/**
 * A template. Values of attributes stand in quotes there, always. A line break and the indent behind it are how the source
 * is laid out, and no part of what is made: no place for one is within a tag, or between words.
 */
export function markup(fixed: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const pieces = withoutLayout(fixed);
  let text = pieces[0]!;
  for (const [i, part] of parts.entries()) text += written(part) + pieces[i + 1]!;
  return new Markup(text);
}

/** By template, of which there are as many as the sources hold. */
const laidOut = new WeakMap<TemplateStringsArray, readonly string[]>();

function withoutLayout(fixed: TemplateStringsArray): readonly string[] {
  const known = laidOut.get(fixed);
  if (known !== undefined) return known;
  const pieces = fixed.map((piece) => piece.replaceAll(/\n */g, ''));
  laidOut.set(fixed, pieces);
  return pieces;
}

/** What this program wrote itself, as paths of a drawing: never what holds text of a result. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

export const NOTHING = new Markup('');

function written(part: Part): string {
  if (part instanceof Markup) return part.text;
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  if (part === null || part === undefined || part === false) return '';
  let text = '';
  for (const one of part) text += written(one);
  return text;
}
