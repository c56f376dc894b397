import { describe, expect, it } from 'vitest';
import { displayWidth, inColumns, shortened } from '../../src/report/displayWidth.js';
import { line } from '../../src/report/textLines.js';
import { printable } from '../../src/core/printable.js';
import { onlyStyled } from '../../src/report/style.js';

describe('columns of text on a terminal', () => {
  it.each([
    ['', 0],
    ['News 24', 7],
    ['Köln', 4],
    // A letter and its marks are one.
    ['Ko\u0308ln', 4],
    ['客厅', 4],
    ['ﾆｭｰｽ', 4],
    ['ニュース', 8],
    ['한국', 4],
    ['\u1112\u1161\u11ab', 2],
    ['（）', 4],
    ['📺 TV', 5],
    ['🇩🇪', 2],
    ['€±·…', 4],
    ['▁▇█░', 4],
    ['𠮷', 2],
  ])('%j takes %i', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });

  it('what is longer loses its middle, and takes exactly the room that it has', () => {
    expect(shortened('Channel 12', 10)).toBe('Channel 12');
    expect(shortened('239.255.77.165:5004', 12)).toBe('239.2..:5004');
    expect(inColumns('News', 6)).toBe('News  ');
    // Half of a wide character is none.
    expect(inColumns('客厅电视频道', 7)).toBe('客..道 ');
    for (const name of ['Channel 12', '客厅电视频道 2', 'a\u0301'.repeat(30), '📺'.repeat(9), '\u0301\u0301x'])
      for (let width = 0; width <= 14; width++) {
        expect(displayWidth(inColumns(name, width)), `${name} in ${width}`).toBe(width);
      }
  });

  it('marks without end, and what changes the look of a character, are left out', () => {
    expect(inColumns(`a${'\u0336'.repeat(50)}b`, 3)).toBe(`a${'\u0336'.repeat(3)}b `);
    expect(shortened(`${'\u0301'.repeat(9)}x`, 5)).toBe('x');
    expect(shortened('❤\uFE0F|👩\u200D💻', 9)).toBe('❤|👩💻');
  });
});

describe('text that others wrote', () => {
  const hostile = 'a\u001B[2Jb\u001B]0;title\u0007c\u009B1md\re\nf\u202Eg\uD800h';

  it('is one line that steers nothing', () => {
    expect(printable(hostile)).toBe('a�[2Jb�]0;title�c�1md e f�g�h');
  });

  it('keeps line feeds and our own styles where it is a whole text, and nothing else', () => {
    expect(onlyStyled(`\u001B[31m12\u001B[39m\n${hostile}`, true)).toBe(
      '\u001B[31m12\u001B[39m\na�[2Jb�]0;title�c�1md�e\nf�g\uD800h',
    );
    // Concealed text, and a sequence in the middle of one.
    expect(onlyStyled('\u001B[8m \u001B[31\u001B[2Jm \u001B', true)).toBe('�[8m �[31�[2Jm �');
    expect(onlyStyled('\u001B[31m', false)).toBe('�[31m');
  });
});

it('labels of reports that are wide leave the text behind them in its column', () => {
  expect(line('Radio', 'x')).toBe('  Radio         x');
  expect(line('Radio 客厅', 'x')).toBe('  Radio 客厅    x');
  expect(line('239.255.12.34:5001', 'x')).toBe('  239.255.12.34:5001  x');
});
