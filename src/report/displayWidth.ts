/**
 * Columns that text takes on a terminal: two for what is wide (Unicode Standard Annex 11, W and F), none for what joins
 * the character before it. Terminals differ in the newest characters; whoever draws beside them says where a line ends.
 */

/** First and last of wide blocks, ascending; emoji that are shown as pictures are told by their property. */
const WIDE = [
  0x1100, 0x115f, 0x2329, 0x232a, 0x2e80, 0x303e, 0x3041, 0x3247, 0x3250, 0x4dbf, 0x4e00, 0xa4cf, 0xa960, 0xa97f,
  0xac00, 0xd7a3, 0xf900, 0xfaff, 0xfe10, 0xfe1f, 0xfe30, 0xfe6f, 0xff01, 0xff60, 0xffe0, 0xffe6, 0x16fe0, 0x18d8f,
  0x1aff0, 0x1b2ff, 0x1f200, 0x1f265, 0x20000, 0x3fffd,
] as const;
/** But for letters of flags, of which two make a picture of two columns. */
const PICTURE = /^(?![\u{1F1E6}-\u{1F1FF}])\p{Emoji_Presentation}$/u;
/** Marks, and the vowels and ends of Korean syllables that are written in parts. */
const JOINING = /^[\p{Mn}\p{Me}\u1160-\u11FF]$/u;
/** What asks for another look of the character before it or ties it to the next one, as terminals do or do not. */
const VARIATIONS = /\p{Variation_Selector}|\u200C|\u200D/gu;
/** More of them are nobody's language. */
const MOST_JOINING = 3;
const ASCII = /^[ -~]*$/u;

function characterWidth(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (JOINING.test(character)) return 0;
  for (let i = 0; i < WIDE.length && code >= WIDE[i]!; i += 2) if (code <= WIDE[i + 1]!) return 2;
  return PICTURE.test(character) ? 2 : 1;
}

/** Of text without controls. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** In at most `width` columns. What is left out lies in the middle: names differ at their ends. */
export function shortened(label: string, width: number): string {
  if (label.length <= width && ASCII.test(label)) return label;
  const clusters = clustersOf(label);
  const total = clusters.reduce((sum, { columns }) => sum + columns, 0);
  if (total <= width) return clusters.map(({ text }) => text).join('');
  const dots = Math.min(2, width);
  const headColumns = Math.floor((width - dots) / 2);
  const head = taken(clusters, headColumns);
  const tail = taken(clusters.toReversed(), width - dots - headColumns).toReversed();
  return [...head, '.'.repeat(dots), ...tail].join('');
}

/** {@link shortened}, and filled up to exactly `width` columns. */
export function inColumns(label: string, width: number): string {
  const text = shortened(label, width);
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)));
}

interface Cluster {
  text: string;
  readonly columns: number;
  joining: number;
}

/** Characters with what joins them. */
function clustersOf(label: string): Cluster[] {
  const clusters: Cluster[] = [];
  // The tables of Unicode take 30 ms when they are first asked for.
  const composed = ASCII.test(label) ? label : label.normalize('NFC').replace(VARIATIONS, '');
  for (const character of composed) {
    const columns = characterWidth(character);
    const last = clusters.at(-1);
    if (columns > 0) clusters.push({ text: character, columns, joining: 0 });
    else if (last !== undefined && last.joining++ < MOST_JOINING) last.text += character;
  }
  return clusters;
}

function taken(clusters: readonly Cluster[], columns: number): string[] {
  const texts: string[] = [];
  let left = columns;
  for (const { text, columns: own } of clusters) {
    if (own > left) break;
    left -= own;
    texts.push(text);
  }
  return texts;
}
