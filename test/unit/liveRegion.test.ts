import { describe, expect, it } from 'vitest';
import { LiveRegion } from '../../src/cli/live/liveRegion.js';
import { Screen, type ScreenOptions } from '../screen.js';

/** A region on a screen on which something stands already. */
class Drawn {
  readonly screen: Screen;
  readonly region = new LiveRegion();
  octets = 0;

  constructor(columns: number, rows: number, options: ScreenOptions = {}) {
    this.screen = new Screen(columns, rows, options);
    this.#write('$ mcast recv\n');
  }

  draw(lines: readonly string[], text = '', anew = false): void {
    this.octets = this.#write(this.region.draw(lines, text, anew));
  }

  clear(text = ''): void {
    this.octets = this.#write(this.region.clear(text));
  }

  /** As a terminal does it with output: line feeds return the carriage. */
  #write(octets: string): number {
    this.screen.write(octets.replaceAll(/\r?\n/gu, '\r\n'));
    return octets.length;
  }
}

const three = ['status', 'one', 'two'];

/** As wide as the terminal. */
function wide(columns: number): string[] {
  return ['-'.repeat(columns), 'one', '='.repeat(columns)];
}

describe('lines that are drawn again and again', () => {
  it('stand below the text, which grows above them and scrolls away whole', () => {
    const drawn = new Drawn(20, 8);
    drawn.draw(three);
    expect(drawn.screen.text).toBe('$ mcast recv\nstatus\none\ntwo');
    expect(drawn.screen.isCursorShown).toBe(false);
    const said: string[] = [];
    for (let i = 0; i < 12; i++) {
      said.push(`event ${i}`);
      drawn.draw(['status', `one ${i}`, 'two'], `event ${i}\n`);
      expect(drawn.screen.wholeText).toBe(['$ mcast recv', ...said, 'status', `one ${i}`, 'two'].join('\n'));
    }
    drawn.draw(['status', 'x', 'two'], 'longer than the screen is wide\nand more\n');
    const wrapped = ['longer than the scre', 'en is wide'];
    expect(drawn.screen.lines).toEqual(['event 10', 'event 11', ...wrapped, 'and more', 'status', 'x', 'two']);
  });

  it('cost nothing where nothing changed, and little where little did', () => {
    const drawn = new Drawn(20, 8);
    drawn.draw(three);
    drawn.draw([...three]);
    expect(drawn.octets).toBe(0);
    drawn.draw(['status', 'one', 'twice']);
    expect(drawn.octets).toBeLessThan(40);
    expect(drawn.screen.text).toBe('$ mcast recv\nstatus\none\ntwice');
  });

  it('may become more and fewer', () => {
    const drawn = new Drawn(20, 8);
    for (const count of [1, 5, 2, 7, 3, 3, 6, 1]) {
      const lines = Array.from({ length: count }, (_, i) => `line ${i} of ${count}`);
      drawn.draw(lines);
      expect(drawn.screen.wholeText).toBe(['$ mcast recv', ...lines].join('\n'));
    }
    drawn.draw([]);
    expect(drawn.screen.wholeText).toBe('$ mcast recv');
    expect(drawn.screen.isAsFound).toBe(true);
  });

  it('are cut where the terminal takes them for wider than they are', () => {
    const drawn = new Drawn(10, 6);
    drawn.draw(['0123456789', '0123456789abc', 'end']);
    expect(drawn.screen.lines.slice(0, 4)).toEqual(['$ mcast re', 'cv', '0123456789', '012345678c']);
    drawn.draw(['0123456789', 'short', 'end']);
    expect(drawn.screen.lines.slice(2, 5)).toEqual(['0123456789', 'short', 'end']);
  });

  it('go without a trace, and leave the terminal as it was found', () => {
    const drawn = new Drawn(20, 8);
    drawn.draw(three, 'an event\n');
    drawn.clear('the last one\n');
    expect(drawn.screen.wholeText).toBe('$ mcast recv\nan event\nthe last one');
    expect(drawn.screen.isAsFound).toBe(true);
    drawn.clear('more\n');
    expect(drawn.octets).toBe(5);
  });

  it.each([true, false])('are drawn anew in another size (lines wrapped anew: %s)', (rewraps) => {
    for (const [columns, rows] of [
      [40, 12],
      [14, 12],
      [20, 24],
      [20, 5],
      [9, 5],
      [60, 30],
      [20, 3],
    ] as const) {
      const drawn = new Drawn(20, 12, { rewraps });
      const said = ['an event', 'another'];
      drawn.draw(wide(20), `${said.join('\n')}\n`);
      drawn.screen.resize(columns, rows);
      drawn.draw(wide(columns).slice(0, rows - 1), '', true);
      // Nothing of the old size is left, and nothing said is lost.
      const shown = wide(columns).slice(0, rows - 1);
      expect(drawn.screen.wholeText.split('\n').slice(-shown.length)).toEqual(shown);
      const whole = drawn.screen.wholeText.replaceAll('\n', '');
      for (const text of said) expect(whole).toContain(text);
      drawn.clear();
      expect(drawn.screen.isAsFound).toBe(true);
      if (!rewraps) expect(drawn.screen.wholeText).not.toMatch(/[-=]/u);
    }
  });

  it('that filled the screen are not kept by a terminal that keeps what is erased whole', () => {
    const drawn = new Drawn(20, 5);
    const full = ['a', 'b', 'c', 'd', 'e'];
    drawn.draw(full);
    drawn.draw(full, 'pushes the first line out\n');
    drawn.draw(full, 'and\nmore\n');
    drawn.clear();
    expect(drawn.screen.wholeText.split('\n')).toEqual([
      '$ mcast recv',
      'pushes the first lin',
      'e out',
      'and',
      'more',
    ]);
  });
});
