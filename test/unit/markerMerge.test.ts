import { describe, expect, it } from 'vitest';
import { MarkerMerge } from '../../src/repair/markerMerge.js';

const HOLD = 100;

function markers() {
  const merge = new MarkerMerge(HOLD);
  /** What goes on when a line tells its next number: `null` nothing, else whether it is an end, and the number. */
  const tell = (next: number, handedOn: number, timeNs: number, leg: 0 | 1 = 0, isEnd = false): unknown =>
    merge.put(isEnd, next, handedOn, timeNs, leg) ? [merge.isEnd, merge.number] : null;
  const tick = (nowNs: number, handedOn: number): unknown =>
    merge.onTime(nowNs, handedOn) ? [merge.isEnd, merge.number] : null;
  return { tell, tick };
}

describe('heartbeats of two lines', () => {
  it('go on once each, whichever line brings them', () => {
    const { tell } = markers();
    const next = 5;
    // Lines by their legs: A, B, B (ahead), A, A; then B, which has lost one, and A.
    const told = [0, 1, 1, 0, 0, 1, 0].map((leg, i) => tell(next, next, i, leg === 0 ? 0 : 1) !== null);
    expect(told).toEqual([true, false, true, false, true, false, true]);
    expect(tell(6, 6, 10, 1)).toEqual([false, 6]);
    expect(tell(6, 6, 11, 0)).toBeNull();
  });

  it('of one line all go on', () => {
    const { tell } = markers();
    expect([0, 10, 20].map((timeNs) => tell(3, 3, timeNs))).toEqual([
      [false, 3],
      [false, 3],
      [false, 3],
    ]);
  });

  it('of a line that is behind go nowhere', () => {
    const { tell } = markers();
    expect(tell(5, 6, 0)).toBeNull();
    expect(tell(9, 9, 1)).toEqual([false, 9]);
    expect(tell(8, 8, 2, 1)).toBeNull();
  });

  it('say what has gone on as long as what is missing may come, and then what they said', () => {
    const { tell } = markers();
    expect(tell(9, 7, 1000)).toEqual([false, 7]);
    expect(tell(9, 7, 1099)).toEqual([false, 7]);
    expect(tell(9, 7, 1100)).toEqual([false, 9]);
    // The time counts from when a number was first announced.
    expect(tell(10, 7, 1101)).toEqual([false, 7]);
  });
});

describe('an end of two lines', () => {
  it('goes on as often as the one that tells it more often does, and no heartbeat behind it', () => {
    const { tell, tick } = markers();
    expect(tell(5, 5, 0)).toEqual([false, 5]);
    expect(tell(5, 5, 1, 0, true)).toEqual([true, 5]);
    expect(tell(5, 5, 2, 1)).toBeNull();
    expect(tell(5, 5, 3, 1, true)).toBeNull();
    expect(tell(5, 5, 4, 1, true)).toEqual([true, 5]);
    expect(tick(1000, 5)).toBeNull();
  });

  it('waits for what is missing before it, until it has come', () => {
    const { tell, tick } = markers();
    expect(tell(9, 7, 1000, 0, true)).toBeNull();
    expect(tick(1050, 8)).toBeNull();
    expect(tick(1051, 9)).toEqual([true, 9]);
    expect(tick(1052, 9)).toBeNull();
    expect(tell(9, 9, 1053, 0, true)).toEqual([true, 9]);
  });

  it('waits no longer than that may come', () => {
    const { tell, tick } = markers();
    expect(tell(9, 7, 1000, 0, true)).toBeNull();
    expect(tick(1099, 7)).toBeNull();
    expect(tick(1100, 7)).toEqual([true, 9]);
    expect(tell(9, 7, 1110, 0, true)).toEqual([true, 9]);
  });

  it('was none when the feed goes on', () => {
    const { tell, tick } = markers();
    expect(tell(9, 7, 1000, 0, true)).toBeNull();
    expect(tell(12, 10, 1001)).toEqual([false, 10]);
    expect(tick(5000, 12)).toBeNull();
  });
});
