/**
 * Lines of a terminal as a picture (SVG 1.1): dark whatever lies around it, each word where its columns are whatever font
 * there is, and blocks drawn rather than left to fonts.
 */
import { displayWidth } from '../src/report/displayWidth.js';

/** Of a cell, and around all of them. */
const WIDTH = 8.4;
const HEIGHT = 18;
const MARGIN = 14;
/** From the top of a cell to the line on which letters stand. */
const ASCENT = 13.5;
const BACKGROUND = '#14171c';
const FOREGROUND = '#d9dde4';
/** SGR to a colour; the contrast of each with the background is above 4.5 (WCAG 2.2 success criterion 1.4.3). */
const COLOURS: ReadonlyMap<number, string> = new Map([
  [31, '#ff7b72'],
  [32, '#7ee787'],
  [33, '#e3b341'],
]);
const DIM = '#949ca8';
const EIGHTHS = '\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588';
const SHADE = '\u2591';

/** Characters of one look side by side. */
interface Run {
  readonly column: number;
  readonly columns: number;
  readonly text: string;
  readonly look: Look;
}

interface Look {
  readonly bold: boolean;
  readonly dim: boolean;
  readonly colour: number;
}

const PLAIN: Look = { bold: false, dim: false, colour: 39 };

/** `lines` may hold the styles of reports (SGR), and are not longer than `columns`. */
export function terminalPicture(lines: readonly string[], columns: number, title: string): string {
  const width = size(columns * WIDTH + 2 * MARGIN);
  const height = size(lines.length * HEIGHT + 2 * MARGIN);
  const body = runsOf(lines).flatMap((runs, row) => runs.flatMap((run) => drawn(run, row)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>`,
    `<g font-family="ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${FOREGROUND}">`,
    ...body,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Of each line. Blanks are left out: two of them, or one beside a block, end a run. */
function runsOf(lines: readonly string[]): Run[][] {
  // Goes on from line to line.
  let look = PLAIN;
  return lines.map((line) => {
    const runs: Run[] = [];
    let column = 0;
    // oxlint-disable-next-line no-control-regex -- ECMA-48 SGR
    for (const [part, sgr] of line.matchAll(/\u001B\[(\d+)m|[\u2580-\u259F]+|[^\u001B\u2580-\u259F]+/gu)) {
      if (sgr !== undefined) {
        look = styled(look, Number(sgr));
        continue;
      }
      for (const { 0: text, index } of part.matchAll(/[^ ]+(?: [^ ]+)*/gu)) {
        const before = displayWidth(part.slice(0, index));
        runs.push({ column: column + before, columns: displayWidth(text), text, look });
      }
      column += displayWidth(part);
    }
    return runs;
  });
}

function styled(look: Look, sgr: number): Look {
  if (sgr === 1) return { ...look, bold: true };
  if (sgr === 2) return { ...look, dim: true };
  if (sgr === 22) return { ...look, bold: false, dim: false };
  return { ...look, colour: sgr };
}

function drawn({ column, columns, text, look }: Run, row: number): string[] {
  const x = MARGIN + column * WIDTH;
  const y = MARGIN + row * HEIGHT;
  const colour = COLOURS.get(look.colour) ?? (look.dim ? DIM : FOREGROUND);
  if (/^[\u2580-\u259F]/u.test(text)) return blocks(text, x, y, colour);
  const fill = colour === FOREGROUND ? '' : ` fill="${colour}"`;
  const weight = look.bold ? ' font-weight="bold"' : '';
  // So wide in every font.
  const length = `textLength="${size(columns * WIDTH)}" lengthAdjust="spacingAndGlyphs"`;
  return [`<text x="${size(x)}" y="${size(y + ASCENT)}" ${length}${fill}${weight}>${escaped(text)}</text>`];
}

/** Equal ones side by side are one rectangle, on the bottom of their cells. */
function blocks(text: string, x: number, y: number, fill: string): string[] {
  const rectangles: string[] = [];
  for (const { 0: equal, index } of text.matchAll(/(.)\1*/gu)) {
    const eighths = equal[0] === SHADE ? 8 : EIGHTHS.indexOf(equal[0]!) + 1;
    const high = ((HEIGHT - 4) * eighths) / 8;
    const place = `x="${size(x + index * WIDTH)}" y="${size(y + HEIGHT - 2 - high)}"`;
    const extent = `width="${size(equal.length * WIDTH)}" height="${size(high)}"`;
    rectangles.push(`<rect ${place} ${extent} fill="${fill}"${equal[0] === SHADE ? ' opacity="0.25"' : ''}/>`);
  }
  return rectangles;
}

/** In tenths. */
function size(length: number): string {
  return String(Math.round(length * 10) / 10);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
