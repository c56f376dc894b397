import * as fc from 'fast-check';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import { MemorySource, RingSource, type ByteSource } from '../../src/core/byteSource.js';
import { McastError } from '../../src/core/errors.js';
import { ReplayFeed } from '../../src/feed/replayFeed.js';
import { replayedStreams } from '../../src/profile/capturedFlows.js';
import type { FlowReplay, ReplayPlan, SendStream } from '../../src/profile/plan.js';
import { scanCapture } from '../../src/runtime/captureScan.js';
import { supplyReplay } from '../../src/runtime/replaySupply.js';
import { sourceOf } from '../../src/runtime/sharedInput.js';
import { captureOf, type Captured } from '../replayCapture.js';
import { recordsOf, type Recorded } from '../replayRecords.js';
import { collect } from '../sim/collect.js';
import { toHex } from '../vectors/hex.js';

const folder = mkdtempSync(join(tmpdir(), 'mcast-replays-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'any.pcap');

const GROUPS = ['239.1.1.1', '239.1.1.2', 'ff15::1'];

const captures: fc.Arbitrary<Captured[]> = fc
  .array(
    fc.record({
      gapNs: fc.constantFrom(0, 1, 999, 1_000_003, 2_000_000_001),
      group: fc.constantFrom(...GROUPS),
      port: fc.constantFrom(5000, 5001),
      payload: fc.uint8Array({ maxLength: 40 }),
      back: fc.constantFrom(0, 0, 0, 500),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((all) => {
    let nowNs = 0;
    return all.map(({ gapNs, back, ...rest }, i) => {
      nowNs += gapNs;
      // Some are stamped a little too early; the first one sets the beginning.
      return { ...rest, timeNs: i === 0 ? 0 : Math.max(0, nowNs - back) };
    });
  });

interface Shape {
  readonly speed: number;
  readonly loop: boolean;
  readonly fromNs: number;
  readonly toNs: number;
  readonly kept: readonly string[];
  readonly isSmall: boolean;
  readonly isPacked: boolean;
  readonly tags: number;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  speed: fc.constantFrom(1, 0.01, 3, 1000, 0.7),
  loop: fc.boolean(),
  fromNs: fc.constantFrom(0, 1000, 2_000_000_000),
  toNs: fc.constantFrom(1e15, 3_000_000_000),
  kept: fc.subarray(GROUPS, { minLength: 1 }),
  isSmall: fc.boolean(),
  isPacked: fc.boolean(),
  tags: fc.integer({ min: 0, max: 2 }),
});

const COUNT = 70;

/** A line for each datagram of the family, slowly, straight from the definition. */
function expected(all: readonly Captured[], shape: Shape, family: 4 | 6): string[] {
  const sent = all.filter(
    ({ group, timeNs }) => shape.kept.includes(group) && timeNs >= shape.fromNs && timeNs < shape.toNs,
  );
  if (sent.length === 0) return [];
  const firstNs = Math.min(...sent.map(({ timeNs }) => timeNs));
  const spanNs = Math.max(...sent.map(({ timeNs }) => timeNs)) - firstNs;
  const passNs = sent.length === 1 ? 0 : spanNs + spanNs / (sent.length - 1);
  const isOwn = ({ group }: Captured): boolean => group.includes(':') === (family === 6);
  const lines: string[] = [];
  for (let pass = 0; pass < (shape.loop ? COUNT : 1); pass++) {
    let behindNs = 0;
    for (const { group, port, payload, timeNs } of sent.filter(isOwn)) {
      behindNs = Math.max(behindNs, timeNs - firstNs);
      const dueNs = (behindNs + pass * passNs) / shape.speed;
      lines.push(`${dueNs.toFixed(0)} ${group} ${port} ${toHex(payload)}`);
    }
  }
  return lines.slice(0, COUNT);
}

function withoutTime(line: string): string {
  return line.replace(/^\d+/, '');
}

describe('any capture', () => {
  test('is sent as the definition says: times, order, groups, octets', async () => {
    await fc.assert(
      fc.asyncProperty(captures, shapes, async (all, shape) => {
        const octets = captureOf(all, { vlanTags: shape.tags });
        writeFileSync(path, shape.isPacked ? gzipSync(octets) : octets);
        const replay: ReplayPlan = {
          name: path,
          select: shape.kept.map((group) => ({ group, port: null })),
          speed: shape.speed,
          from: { afterNs: shape.fromNs },
          to: { afterNs: shape.toNs },
          zone: 'UTC',
          loop: shape.loop,
          meanOctets: 0,
        };
        const template = { replay, address: { iface: null } } as unknown as SendStream;
        const flows: FlowReplay = { maps: [], keepGroups: true, template };
        const scan = await scanCapture(replay);
        let streams;
        try {
          streams = replayedStreams(flows, scan.summary);
        } catch (error) {
          // A group that is not there, nothing in between, or no gap: refused in words.
          expect(error).toBeInstanceOf(McastError);
          return;
        }
        for (const family of [4, 6] as const) {
          const own = streams.filter(({ stream }) => stream.address.family === family);
          const first = own[0];
          if (first === undefined) {
            expect(expected(all, shape, family)).toEqual([]);
            continue;
          }
          // A ring is for passes that are larger than it: smaller ones would be read thousands of times to fill it.
          const options = shape.isSmall || shape.loop ? {} : { memoryOctets: 0 };
          const supply = await supplyReplay(scan, first.replayed, { loop: shape.loop, ...options });
          const feed = new ReplayFeed({
            source: sourceOf(supply.records),
            flows: first.replayed.flows,
            passNs: first.replayed.passNs,
            speed: shape.speed,
            count: COUNT,
            durationNs: null,
            startMonoNs: 0,
            destination: 0,
          });
          const sent = collect(feed, { untilNs: 1e18, capacity: 7 });
          const lines = sent.map((one) => {
            const { group, port } = own[one.flow]!.stream.address;
            return `${one.dueNs} ${group} ${port} ${toHex(one.octets)}`;
          });
          const wanted = expected(all, shape, family);
          expect(lines.slice(0, wanted.length).map(withoutTime)).toEqual(wanted.map(withoutTime));
          expect(lines).toHaveLength(wanted.length);
          for (const [i, line] of lines.entries()) {
            // Half a nanosecond may be rounded either way.
            expect(Math.abs(Number(line.split(' ')[0]) - Number(wanted[i]!.split(' ')[0]))).toBeLessThanOrEqual(1);
          }
          await supply.stop();
        }
      }),
      { numRuns: 100 },
    );
  });
});

test('damaged captures are refused in words, or sent up to the damage', async () => {
  await fc.assert(
    fc.asyncProperty(
      captures,
      fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255)), { maxLength: 20 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (all, damages, kept) => {
        const octets = captureOf(all);
        // The magic stays: without it no capture is recognised.
        for (const [where, value] of damages) octets[4 + Math.floor(where * (octets.length - 4))] = value;
        writeFileSync(path, octets.subarray(0, Math.max(4, Math.floor(kept * octets.length))));
        const replay = {
          name: path,
          select: [],
          speed: 1,
          from: null,
          to: null,
          zone: 'UTC',
          loop: false,
          meanOctets: 0,
        };
        const template = { replay, address: { iface: null } } as unknown as SendStream;
        const scan = await scanCapture(replay);
        try {
          for (const { replayed, flow } of replayedStreams({ maps: [], keepGroups: true, template }, scan.summary)) {
            if (flow > 0) continue;
            const supply = await supplyReplay(scan, replayed, { loop: false });
            const { flows, passNs } = replayed;
            const options = { speed: 1, count: null, durationNs: null, startMonoNs: 0, destination: 0 };
            const feed = new ReplayFeed({ source: sourceOf(supply.records), flows, passNs, ...options });
            expect(collect(feed, { untilNs: 1e19 })).toHaveLength(replayed.datagrams);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(McastError);
        }
      },
    ),
    { numRuns: 200 },
  );
});

const recordings: fc.Arbitrary<Recorded[]> = fc.array(
  fc.record({
    offsetNs: fc.integer({ min: 0, max: 1e9 }),
    flow: fc.integer({ min: 0, max: 2 }),
    payload: fc.uint8Array({ maxLength: 30 }),
  }),
  { minLength: 1, maxLength: 20 },
);

/** The records, in a ring that gets a few at a time. */
class SlowRing implements ByteSource {
  readonly passOctets = null;
  readonly startOctet = 0;
  readonly #ring = new ByteRing(ByteRing.allocate(4096, 64));
  readonly #source = new RingSource(this.#ring, { passOctets: null });
  readonly #records: readonly Recorded[];
  readonly #steps: readonly number[];
  #turn = 0;
  #next = 0;

  constructor(records: readonly Recorded[], steps: readonly number[]) {
    this.#records = records;
    this.#steps = steps;
  }

  /** The writer's turn. */
  write(): void {
    const until = Math.min(this.#records.length, this.#next + this.#steps[this.#turn++ % this.#steps.length]!);
    for (; this.#next < until; this.#next++) {
      const octets = recordsOf([this.#records[this.#next]!]);
      const to = this.#ring.claim(octets.length);
      if (to < 0) return;
      this.#ring.bytes.set(octets, to);
      this.#ring.publish(octets.length);
    }
    if (this.#next === this.#records.length) this.#ring.close();
  }

  read(into: Uint8Array, at: number, octets: number): number {
    return this.#source.read(into, at, octets);
  }

  available(): number {
    return this.#source.available();
  }
}

function replayOf(source: ByteSource): ReplayFeed {
  const options = { passNs: 0, speed: 1, count: null, durationNs: null, startMonoNs: 1e9, destination: 0 };
  return new ReplayFeed({ source, flows: 3, ...options });
}

test('a source that is slow changes no time, and nothing is lost between sent and given up', () => {
  fc.assert(
    fc.property(
      recordings.map((all) => all.toSorted((a, b) => a.offsetNs - b.offsetNs)),
      fc
        .array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 5 })
        .filter((steps) => Math.max(...steps) > 0),
      fc.integer({ min: 2, max: 9 }),
      (all, steps, skipEvery) => {
        const source = new SlowRing(all, steps);
        const whole = collect(replayOf(new MemorySource(recordsOf(all), { loop: false })));
        const slow = replayOf(source);
        const sent = [];
        let skipped = 0;
        for (let turn = 0; slow.nextDueNs() !== Infinity; turn++) {
          expect(turn).toBeLessThan(10_000);
          source.write();
          const dueNs = slow.nextDueNs();
          if (turn % skipEvery === 0) skipped += slow.skip(dueNs + 5e6);
          else sent.push(...collect(slow, { untilNs: dueNs }));
        }
        expect(slow.scheduled).toBe(all.length);
        expect(slow.notSent).toBe(skipped);
        expect(sent.length + skipped).toBe(all.length);
        // What was sent is a part of the whole, in its order, each at its own time.
        let at = -1;
        for (const one of sent) {
          at = whole.findIndex(
            (other, i) =>
              i > at &&
              other.dueNs === one.dueNs &&
              other.flow === one.flow &&
              toHex(other.octets) === toHex(one.octets),
          );
          expect(at).toBeGreaterThanOrEqual(0);
        }
      },
    ),
    { numRuns: 200 },
  );
});
