import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FEED_STAMP_OCTETS, isDepartureStamp, isFeedStamp, putFeedStamp } from '../../src/wire/feedStamp.js';

const DOCS = readFileSync(new URL('../../docs/protocols/feeds.md', import.meta.url), 'utf8');

describe('the stamp of a feed', () => {
  it.each([
    [true, '7e6d6364', '~mcd'],
    [false, '7e6d6375', '~mcu'],
  ])('is 12 octets as documented; of departure: %s', (isDeparture, mark, name) => {
    const bytes = new Uint8Array(FEED_STAMP_OCTETS + 2).fill(0xa5);
    const view = new DataView(bytes.buffer);
    // Mark, then the halves of the time.
    putFeedStamp(view, 1, 0x17a6_e8f0, 0x1234_5678, isDeparture);
    expect(Buffer.from(bytes).toString('hex')).toBe(`a5${mark}17a6e8f012345678a5`);
    expect(isFeedStamp(view, 1, FEED_STAMP_OCTETS)).toBe(true);
    expect(isDepartureStamp(view, 1)).toBe(isDeparture);
    expect(isFeedStamp(view, 1, FEED_STAMP_OCTETS + 1)).toBe(false);
    expect(DOCS).toContain(`\`${name}\` (${mark.replaceAll(/(..)(?=.)/gu, '$1 ')})`);
  });
});
