import { describe, expect, it } from 'vitest';
import { MessageTimes, type RatePoint, type RateProfile } from '../../src/feed/messageRates.js';
import { parseRateProfile, parseRateTrace } from '../../src/feed/messageRateText.js';

function dueTimes(profile: RateProfile, rate: number, count: number, seed = 1): number[] {
  const times = new MessageTimes(profile, rate, seed);
  const due: number[] = [];
  for (; due.length < count && !times.ended; times.advance()) due.push(times.dueNs[0]!);
  return due;
}

/** Messages of each piece of so many ns. */
function perPiece(due: readonly number[], pieceNs: number): number[] {
  const counts = new Array<number>(Math.floor(due.at(-1)! / pieceNs)).fill(0);
  for (const ns of due) {
    const piece = Math.floor(ns / pieceNs);
    if (piece < counts.length) counts[piece]!++;
  }
  return counts;
}

function meanAndDispersion(counts: readonly number[]): [mean: number, dispersion: number] {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
  return [mean, variance / mean];
}

describe('constant', () => {
  it.each([1, 3, 7, 999, 123_457, 1_000_000, 7_999_999])('%i messages/s are due at exactly k / rate', (rate) => {
    const due = dueTimes({ kind: 'constant' }, rate, 300_000);
    const exact = due.map((_, k) => Number((2n * BigInt(k) * 1_000_000_000n + BigInt(rate)) / (2n * BigInt(rate))));
    expect(due).toEqual(exact);
  });

  it('rates that are no whole numbers do not drift', () => {
    expect(dueTimes({ kind: 'constant' }, 0.5, 3)).toEqual([0, 2e9, 4e9]);
    expect(dueTimes({ kind: 'constant' }, 333.25, 333_251).at(-1)).toBe(1000e9);
    expect(dueTimes({ kind: 'constant' }, 2e8, 4)).toEqual([0, 5, 10, 15]);
  });

  it('without end everything is due at once', () => {
    expect(dueTimes({ kind: 'constant' }, Infinity, 3)).toEqual([0, 0, 0]);
  });
});

describe('poisson', () => {
  it('has its rate, and as much dispersion as mean', () => {
    const due = dueTimes({ kind: 'poisson' }, 10_000, 200_000);
    expect(due[0]).toBe(0);
    const [mean, dispersion] = meanAndDispersion(perPiece(due, 10e6));
    expect(Math.abs(mean / 100 - 1)).toBeLessThan(0.01);
    expect(Math.abs(dispersion - 1)).toBeLessThan(0.1);
    expect(dueTimes({ kind: 'poisson' }, 10_000, 50)).toEqual(due.slice(0, 50));
    expect(dueTimes({ kind: 'poisson' }, 10_000, 50, 2)).not.toEqual(due.slice(0, 50));
  });
});

describe('bursts', () => {
  const profile = { kind: 'bursts', branching: 0.8, decayNs: 1e6 } as const;

  it('have the rate in the mean, and in long pieces the dispersion of a Hawkes process: (1 - branching)^-2', () => {
    const [mean, dispersion] = meanAndDispersion(perPiece(dueTimes(profile, 10_000, 400_000), 100e6));
    expect(Math.abs(mean / 1000 - 1)).toBeLessThan(0.03);
    expect(Math.abs(dispersion / 25 - 1)).toBeLessThan(0.25);
  });

  it('without branching are poisson', () => {
    const [mean, dispersion] = meanAndDispersion(
      perPiece(dueTimes({ ...profile, branching: 0 }, 10_000, 200_000), 10e6),
    );
    expect(Math.abs(mean / 100 - 1)).toBeLessThan(0.01);
    expect(Math.abs(dispersion - 1)).toBeLessThan(0.1);
  });

  it('begin as they are in the mean', () => {
    let messages = 0;
    for (let seed = 0; seed < 400; seed++) {
      messages += dueTimes(profile, 10_000, 1000, seed).filter((ns) => ns > 0 && ns < 2e6).length;
    }
    expect(Math.abs(messages / (400 * 20) - 1)).toBeLessThan(0.15);
  });
});

function trace(...points: readonly (readonly [number, number])[]): RateProfile {
  return {
    kind: 'trace',
    points: points.map(([offsetNs, messagesPerSecond]): RatePoint => ({ offsetNs, messagesPerSecond })),
  };
}

describe('trace', () => {
  it('goes from rate to rate, and ends with rate 0', () => {
    const due = dueTimes(trace([0, 4], [1e9, 0], [2e9, 2], [3e9, 0]), 1, 100);
    expect(due).toEqual([0, 0.25e9, 0.5e9, 0.75e9, 2e9, 2.5e9]);
  });

  it('carries what is left of a message to the next rate', () => {
    // Half a message has passed at 1 s, the other half takes 0.25 s.
    expect(dueTimes(trace([0, 0.5], [1e9, 2]), 1, 3)).toEqual([0, 1.25e9, 1.75e9]);
  });

  it('goes on at its last rate, and begins with its first one', () => {
    expect(dueTimes(trace([5, 1000]), 1, 3)).toEqual([5, 1_000_005, 2_000_005]);
    expect(dueTimes(trace([0, 0]), 1, 3)).toEqual([]);
    expect(dueTimes(trace(), 1, 3)).toEqual([]);
  });

  it('has as many messages as its rates say', () => {
    const points = Array.from({ length: 100 }, (_, i) => [i * 1e8, 100 + 10 * i] as const);
    const due = dueTimes(trace(...points, [100e8, 0]), 1, 1e6);
    expect(due).toHaveLength(points.reduce((sum, [, rate]) => sum + rate / 10, 0));
    expect(due.every((ns, i) => i === 0 || ns > due[i - 1]!)).toBe(true);
  });
});

describe('what an operator writes', () => {
  it('is a profile', () => {
    expect(parseRateProfile('constant')).toEqual({ kind: 'constant' });
    expect(parseRateProfile('poisson')).toEqual({ kind: 'poisson' });
    expect(parseRateProfile('bursts')).toEqual({ kind: 'bursts', branching: 0.8, decayNs: 10e6 });
    expect(parseRateProfile('bursts:.9/250us')).toEqual({ kind: 'bursts', branching: 0.9, decayNs: 250e3 });
  });

  it.each([
    ['burst', /not a profile/u],
    ['bursts:0.8', /not a profile/u],
    ['bursts:1/10ms', /branching 1: at most 0.99/u],
    ['bursts:0.5/0', /above 0/u],
    ['bursts:0.5/x', /not a time/u],
  ])('%s is refused', (text, message) => {
    expect(() => parseRateProfile(text)).toThrow(message);
    expect(() => parseRateProfile(text)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
  });

  it('names all that there are when it is told another one', () => {
    const hint = expect.stringMatching(/constant, poisson, bursts.*, or trace:<file>/);
    expect(() => parseRateProfile('foo')).toThrow(expect.objectContaining({ hint }));
  });

  it('is a trace', () => {
    expect(parseRateTrace('# open\r\n0,100\r\n0.25 , 2.5e3 # busy\n\n1,0\n')).toEqual([
      { offsetNs: 0, messagesPerSecond: 100 },
      { offsetNs: 250e6, messagesPerSecond: 2500 },
      { offsetNs: 1e9, messagesPerSecond: 0 },
    ]);
  });

  it.each([
    ['0,1\nx,2', /line 2 .*"x,2" is not/u],
    ['1,1\n1,2', /line 2 .*1 s is not behind/u],
    ['0,2e9', /line 1 .*too much/u],
    ['99999999,1', /line 1 .*too much/u],
    ['0,0', /no messages/u],
    ['', /no messages/u],
  ])('%j is refused', (text, message) => {
    expect(() => parseRateTrace(text)).toThrow(message);
    expect(() => parseRateTrace(text)).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }));
  });
});
