import { describe, expect, it } from 'vitest';
import { formatFlowRates, formatPattern, parseFlowRates, parsePattern } from '../../src/profile/patternValues.js';

describe('patterns', () => {
  it.each([
    ['cbr', { kind: 'cbr' }],
    ['poisson', { kind: 'poisson' }],
    ['burst:10/1ms', { kind: 'burst', datagrams: 10, periodNs: 1e6 }],
    ['telemetry', { kind: 'telemetry', jitter: 0.1, alarms: 0.001, burst: 5 }],
    ['telemetry:alarms=0', { kind: 'telemetry', jitter: 0.1, alarms: 0, burst: 5 }],
    ['telemetry:burst=9,jitter=100%,alarms=0.5', { kind: 'telemetry', jitter: 1, alarms: 0.5, burst: 9 }],
  ])('%s', (text, pattern) => {
    expect(parsePattern(text)).toEqual(pattern);
    expect(parsePattern(formatPattern(parsePattern(text)))).toEqual(pattern);
  });

  it.each([
    ['telemetry:', '"telemetry:": "" is none of'],
    ['telemetry:jitter', 'not a ratio'],
    ['telemetry:jitter=101%', '101%'],
    ['telemetry:period=1s', '"period=1s" is none of jitter=<ratio>, alarms=<ratio>, burst=<datagrams>'],
    ['telemetry:burst=0', 'at least one datagram'],
    ['burst:70k/1s', 'at most 65535 datagrams'],
    ['telemetries', '"telemetries" is not a pattern: cbr, poisson, burst:<datagrams>/<period>'],
  ])('%s is refused', (text, message) => {
    expect(() => parsePattern(text)).toThrow(message);
  });
});

describe('rates of flows', () => {
  it.each([
    ['turns', { kind: 'turns' }],
    ['equal', { kind: 'equal' }],
    ['uniform:1', { kind: 'uniform', ratio: 1 }],
    ['uniform:2.5', { kind: 'uniform', ratio: 2.5 }],
    ['zipf', { kind: 'zipf', exponent: 1 }],
    ['zipf:0.8', { kind: 'zipf', exponent: 0.8 }],
  ])('%s', (text, rates) => {
    expect(parseFlowRates(text)).toEqual(rates);
    expect(parseFlowRates(formatFlowRates(parseFlowRates(text)))).toEqual(rates);
  });

  it.each([
    '',
    'even',
    'equal:2',
    'turns:1',
    'uniform',
    'uniform:',
    'uniform:0.5',
    'uniform:2x',
    'zipf:',
    'zipf:-1',
    'zipf:11',
  ])('"%s" is refused', (text) => {
    expect(() => parseFlowRates(text)).toThrow(`"${text}"`);
  });
});
