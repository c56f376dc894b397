import { describe, expect, it } from 'vitest';
import { HEAD_OCTETS, lookAtItch } from '../../src/feed/itchHead.js';
import { Random } from '../../src/core/random.js';
import { fromHex } from '../vectors/hex.js';

const EVENT = '000c 53 0000 0000 000000000001 4f';
const FOREIGN = '0003 7e6162';

function kindOf(hex: string, isAll = true): string {
  const found = lookAtItch(fromHex(hex), isAll);
  return found.kind === 'foreign' ? found.why : found.kind;
}

describe('the beginning of a file of messages', () => {
  it.each([
    ['one of ITCH 5.0', EVENT, 'messages'],
    ['whatever follows it', `${EVENT} ffff 00`, 'messages'],
    ['others to the end', FOREIGN, 'messages'],
    ['others, and a length that marks the end', `${FOREIGN} 0000`, 'messages'],
    ['a long one alone', `07d0 ${'7e'.repeat(2000)}`, 'messages'],
    ['eight others, and a cut one', `${FOREIGN.repeat(8)} 0003 7e`, 'messages'],
    ['nothing', '', 'empty'],
    ['an octet', '00', 'it ends within the length at octet 0'],
    ['a length of 0', '0000', 'octet 0 has a length of 0'],
    ['a cut message', '000c 53 0000', 'octet 0 has a length of 12, beyond the end of the file'],
    ['others, and a cut one', `${FOREIGN.repeat(7)} 0003 7e`, 'octet 35 has a length of 3, beyond the end of the file'],
    ['text', Buffer.from('time,price\n'.repeat(5000)).toString('hex'), /^octet 0 has a length of 29,801, which no/],
    ['a short text', Buffer.from('time,price\n').toString('hex'), /^octet 0 has a length of 29,801, beyond/],
  ])('%s', (_what, hex, kind) => {
    expect(kindOf(hex)).toMatch(kind);
  });

  it('is waited for', () => {
    expect(kindOf('', false)).toBe('unsure');
    expect(kindOf('00', false)).toBe('unsure');
    expect(kindOf(EVENT.slice(0, -2), false)).toBe('unsure');
    expect(kindOf(EVENT, false)).toBe('messages');
    expect(kindOf(FOREIGN.repeat(7), false)).toBe('unsure');
    expect(kindOf(FOREIGN.repeat(8), false)).toBe('messages');
    expect(kindOf(`${FOREIGN} 07d0`, false)).toBe('octet 5 has a length of 2,000, which no message has');
    expect(kindOf(FOREIGN + '00'.repeat(HEAD_OCTETS), false)).toBe('hardly a message in its beginning');
  });

  it.each([true, false])('is not made by chance: whole %s', (isAll) => {
    const random = new Random(7);
    for (let file = 0; file < 2000; file++) {
      const octets = Uint8Array.from({ length: 1 + random.below(3000) }, () => random.below(256));
      expect(lookAtItch(octets, isAll).kind).not.toBe('messages');
    }
  });
});
