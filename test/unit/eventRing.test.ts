import { describe, expect, it } from 'vitest';
import { EventKind, EventRing } from '../../src/analysis/eventRing.js';
import { EventLog } from '../../src/runtime/eventLog.js';
import type { EventRecord } from '../../src/result/model.js';

const SECOND = 1e9;

describe('the ring of events', () => {
  it('keeps ten gaps per second and stream, and counts the others', () => {
    const ring = new EventRing();
    ring.ensure(2);
    for (let i = 0; i < 100; i++) ring.push(EventKind.Gap, 0, i * 1e6, i, 1);
    ring.push(EventKind.Gap, 1, 5e6, 7, 1);
    ring.push(EventKind.Gap, 0, SECOND, 100, 1);
    const events = ring.drain();
    expect(events.map(({ stream, a }) => [stream, a])).toEqual([
      ...Array.from({ length: 10 }, (_, i) => [0, i]),
      [1, 7],
      [0, 100],
    ]);
    expect(ring.suppressed[EventKind.Gap]).toBe(90);
    expect(ring.drain()).toEqual([]);
  });

  it('never leaves out the end of a stream for its gaps', () => {
    const ring = new EventRing();
    for (let i = 0; i < 100; i++) ring.push(EventKind.Gap, 0, 0, i, 1);
    ring.push(EventKind.StreamEnd, 0, 1, 100, 0);
    expect(ring.drain().map(({ kind }) => kind)).toContain('stream_end');
  });

  it('is bounded, with room for what is not frequent', () => {
    const ring = new EventRing();
    ring.ensure(2000);
    for (let stream = 0; stream < 2000; stream++) ring.push(EventKind.Gap, stream, 0, 0, 1);
    for (let stream = 0; stream < 2000; stream++) ring.push(EventKind.StreamEnd, stream, 1, 0, 0);
    const kinds = ring.drain().map(({ kind }) => kind);
    expect(kinds).toHaveLength(1024);
    expect(kinds.filter((kind) => kind === 'gap')).toHaveLength(768);
    expect(ring.suppressed[EventKind.Gap]).toBe(2000 - 768);
    expect(ring.suppressed[EventKind.StreamEnd]).toBe(2000 - 256);
  });

  it('keeps 256 of a kind at once and 25 more a second, of frequent kinds ten times that', () => {
    const ring = new EventRing();
    ring.ensure(10_000);
    // However often somebody asks for them.
    const kept = (kind: number, fromNs: number): number => {
      let count = 0;
      for (let stream = 0; stream < 10_000; stream++) {
        ring.push(kind, stream, fromNs, 0, 1);
        if (stream % 100 === 99) count += ring.drain().length;
      }
      return count;
    };
    expect(kept(EventKind.FirstPacket, 0)).toBe(256);
    expect(kept(EventKind.FirstPacket, 2 * SECOND)).toBe(50);
    expect(kept(EventKind.FirstPacket, 3600 * SECOND)).toBe(256);
    // Another kind has its own.
    expect(kept(EventKind.StreamEnd, 0)).toBe(256);
    expect(kept(EventKind.Gap, 0)).toBe(2560);
    expect(kept(EventKind.Gap, SECOND / 2)).toBe(1280);
    expect(ring.suppressed[EventKind.FirstPacket]).toBe(30_000 - 562);
  });
});

describe('the log of events', () => {
  const clock = {
    epoch: { realtimeNs: 0n, monotonicNs: 0n, uncertaintyNs: 0 },
    realNs: () => 0,
    monoNs: () => 0,
  };

  it('keeps the end of a stream behind any number of gaps, and tells it', () => {
    const told: EventRecord[] = [];
    const log = new EventLog(clock, 0, (event) => told.push(event));
    for (let i = 0; i < 3000; i++) log.add('gap', i * 1e5, 'one', 'lost');
    log.add('stream_end', 0.3e9, 'one', 'ended');
    expect(told.map(({ event }) => event)).toEqual([...Array.from({ length: 10 }, () => 'gap'), 'stream_end']);
    expect(log.events).toHaveLength(801);
    expect(log.events.at(-1)).toMatchObject({ event: 'stream_end', stream: 'one', at_ns: 0.3e9 });
    expect(log.counts).toEqual({ gap: 3000, stream_end: 1 });
  });
});
