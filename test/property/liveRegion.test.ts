/** Whatever is said and drawn in whatever sizes of the terminal, of which several may come between two drawings. */
import { describe, expect, it } from 'vitest';
import { LiveRegion } from '../../src/cli/live/liveRegion.js';
import { Random } from '../../src/core/random.js';
import { Screen } from '../screen.js';

const STORMS = 200;
const STEPS = 12;

class Storm {
  readonly random: Random;
  readonly screen: Screen;
  readonly region = new LiveRegion();
  readonly said: string[] = [];
  #columns = 80;
  #rows = 24;

  constructor(seed: number, rewraps: boolean) {
    this.random = new Random(seed, 11);
    this.screen = new Screen(this.#columns, this.#rows, { rewraps });
  }

  /** Returns the lines that must stand at the end of the screen now. */
  step(): string[] {
    const kind = this.random.below(3);
    if (kind === 0) {
      for (let times = 1 + this.random.below(5); times > 0; times--) {
        this.#columns = 5 + this.random.below(80);
        this.#rows = 2 + this.random.below(40);
        this.screen.resize(this.#columns, this.#rows);
      }
    }
    const lines = this.#lines();
    if (kind === 1) this.said.push(`said${this.said.length}.`);
    this.write(this.region.draw(lines, kind === 1 ? `${this.said.at(-1)}\n` : '', kind === 0));
    return lines;
  }

  /** As a terminal does it with output. */
  write(octets: string): void {
    this.screen.write(octets.replaceAll(/\r?\n/gu, '\r\n'));
  }

  /** As many as the screen has room for, some as wide as it is. */
  #lines(): string[] {
    const count = Math.min(this.#rows - 1, 2 + this.random.below(20));
    return Array.from({ length: count }, (_, i) =>
      `view${i} ${'='.repeat(this.#columns)}`.slice(0, this.random.below(3) > 0 ? this.#columns : 5),
    );
  }
}

describe('lines that are drawn again and again', () => {
  it.each([true, false])('stand whole at the end of any screen (lines wrapped anew: %s)', (rewraps) => {
    for (let seed = 1; seed <= STORMS; seed++) {
      const storm = new Storm(seed, rewraps);
      for (let k = 0; k < STEPS; k++) {
        const lines = storm.step();
        expect(storm.screen.wholeText.split('\n').slice(-lines.length), `seed ${seed}`).toEqual(
          lines.map((line) => line.trimEnd()),
        );
      }
      storm.write(storm.region.clear());
      expect(storm.screen.isAsFound).toBe(true);
      const whole = storm.screen.wholeText;
      // Where lines that became too long are cut, what was said may be too; where they are not, parts of the view may stay.
      if (rewraps) for (const text of storm.said) expect(whole.replaceAll('\n', ''), `seed ${seed}`).toContain(text);
      else expect(whole, `seed ${seed}`).not.toContain('view');
    }
  });
});
