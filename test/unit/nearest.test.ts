import { expect, it } from 'vitest';
import { didYouMean, nearestNames } from '../../src/core/nearest.js';

const NAMES = ['iface', 'ttl', 'dscp', 'duration', 'rate', 'rcvbuf', 'until-idle'];

it.each([
  ['ifcae', ['iface']],
  ['tll', ['ttl']],
  ['durat', ['duration']],
  ['untilidle', ['until-idle']],
  ['RATE', ['rate']],
  ['colour', []],
  ['', []],
])('%s: %j', (word, near) => expect(nearestNames(word, NAMES)).toEqual(near));

it('makes the end of a sentence', () => {
  expect(didYouMean('rat', ['rate', 'ratio'], '--')).toBe('; did you mean --rate or --ratio?');
  expect(didYouMean('xyzzy', NAMES)).toBe('');
});
