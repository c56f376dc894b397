import { describe, expect, it } from 'vitest';
import type { MeasurementEvent } from '../../src/analysis/eventRing.js';
import type { StreamIdentity } from '../../src/metrics/snapshot.js';
import { tellEvent } from '../../src/runtime/receiverEvents.js';

const STREAM = { source: '10.0.0.1', sourcePort: 4000, format: 'moldudp64' } as StreamIdentity;

function told(event: Partial<MeasurementEvent>, origin: bigint) {
  return tellEvent({ stream: 0, monoNs: 0, a: 0, b: 0, ...event } as MeasurementEvent, STREAM, origin, () => 'other');
}

describe('an event of the measurement', () => {
  it('has the numbers that the datagrams have', () => {
    expect(told({ kind: 'gap', a: 20, b: 10 }, 1001n)).toEqual({
      text: '10 lost from number 1021 on',
      detail: { first: 1021, count: 10 },
    });
    expect(told({ kind: 'stream_end', a: 41 }, 1n).detail).toEqual({ next: 42 });
  });

  it('has them as text where a number cannot hold them', () => {
    expect(told({ kind: 'gap', a: 5, b: 1 }, 2n ** 64n - 7n).detail).toEqual({
      first: '18446744073709551614',
      count: 1,
    });
    expect(told({ kind: 'gap', a: 8, b: 1 }, 2n ** 64n - 7n).detail).toEqual({ first: 1, count: 1 });
  });
});
