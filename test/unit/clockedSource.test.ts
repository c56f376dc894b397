import { expect, it } from 'vitest';
import { ZoneClock } from '../../src/core/zone.js';
import { ClockedSource } from '../../src/feed/clockedSource.js';
import { MessageTimes } from '../../src/feed/messageRates.js';
import { SourceStatus, type MessageSource } from '../../src/feed/messageSource.js';
import { SyntheticItch } from '../../src/feed/syntheticItch.js';
import { itchTimestampNs } from '../../src/wire/itch50.js';

const NOON_NS = 43_200_000_000_000;
const START_NS = 5e9;

function synthetic(): SyntheticItch {
  return new SyntheticItch({ seed: 3, symbols: 5, times: new MessageTimes({ kind: 'constant' }, 1000, 3) });
}

/** Messages up to two seconds, each with when it was due. */
function messagesOf(source: MessageSource): { dueNs: number; octets: Uint8Array }[] {
  const messages: { dueNs: number; octets: Uint8Array }[] = [];
  let isOver = false;
  while (source.look() === SourceStatus.Ready) {
    if (!isOver && source.dueNs[0]! >= 2e9) {
      isOver = true;
      source.end!(2e9);
      continue;
    }
    const dueNs = source.dueNs[0]!;
    const octets = new Uint8Array(source.octets);
    source.take(new DataView(octets.buffer), 0);
    messages.push({ dueNs, octets });
  }
  return messages;
}

it('messages carry the time of day at which they are due, and are else as they were', () => {
  const epochUnixNs = BigInt(Date.parse('2026-06-01T12:00:00Z')) * 1_000_000n;
  const clocked = messagesOf(new ClockedSource(synthetic(), new ZoneClock('UTC', epochUnixNs), START_NS));
  const plain = messagesOf(synthetic());
  expect(clocked.length).toBeGreaterThan(2000);
  expect(clocked.map(({ dueNs }) => dueNs)).toEqual(plain.map(({ dueNs }) => dueNs));
  for (const [i, { dueNs, octets }] of clocked.entries()) {
    const view = new DataView(octets.buffer);
    expect(itchTimestampNs(view, 0)).toBe(Math.floor(NOON_NS + START_NS + dueNs));
    octets.set(plain[i]!.octets.subarray(5, 11), 5);
    expect(octets).toEqual(plain[i]!.octets);
  }
});
