import { describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../src/analysis/socketFaults.js';
import type { SocketSnapshot } from '../../src/analysis/streamSnapshot.js';
import { demandedFormat, insteadOf, malformedSection } from '../../src/runtime/demandedFormat.js';
import { WireStatus } from '../../src/wire/status.js';

function heard(counts: readonly (readonly [status: number, count: number])[], instead: string | null): SocketSnapshot {
  const malformed = new Float64Array(FAULT_KINDS);
  for (const [status, count] of counts) malformed[status] = count;
  return { malformed, instead } as SocketSnapshot;
}

describe('what an endpoint demands', () => {
  it('is called as streams call it', () => {
    expect((['mold', 'mdp', 'xdp', 'rtp', 'probe', 'udp', null] as const).map(demandedFormat)).toEqual([
      'moldudp64',
      'mdp3',
      'xdp',
      'rtp',
      'probe',
      null,
      null,
    ]);
  });

  it('is not what came instead, though it may be damaged', () => {
    expect(insteadOf({ instead: 'xdp' }, 'mold')).toBe('xdp');
    expect(insteadOf({ instead: 'moldudp64' }, 'mold')).toBeNull();
    expect(insteadOf({ instead: 'rtp/mpeg-ts' }, 'rtp')).toBeNull();
    expect(insteadOf({ instead: null }, 'rtp')).toBeNull();
  });

  it('is told of several sockets where it is one, beside the sum of what was wrong', () => {
    const first = heard([[WireStatus.BadMagic, 2]], null);
    const second = heard(
      [
        [WireStatus.BadMagic, 3],
        [WireStatus.TooShort, 1],
        [13, 4],
      ],
      'xdp',
    );
    expect(malformedSection([first, second], ['mold', 'mold'])).toEqual({
      malformed: { bad_magic: 5, too_short: 1, status_13: 4 },
      demanded: 'moldudp64',
      instead: 'xdp',
    });
    expect(malformedSection([first, second], ['mold', 'rtp']).demanded).toBeNull();
  });
});
