import { describe, expect, it, test } from 'vitest';
import { meanOctets, sizeCycle } from '../../src/core/sizeMix.js';
import { PayloadFeed } from '../../src/feed/payloadFeed.js';
import { ProbeFeed } from '../../src/feed/probeFeed.js';
import { parseSizes, sizesInOrder } from '../../src/profile/sizeValues.js';
import { collect, header, isData, type Sent } from '../sim/collect.js';

const PROBE_OCTETS = 52;
const IMIX = [52, 548, 52, 52, 548, 52, 1472, 52, 548, 52, 52, 548];

describe('sizes of several kinds', () => {
  it('have their shares, each spread as evenly as can be', () => {
    expect(
      sizeCycle([
        { octets: 64, share: 1 },
        { octets: 1316, share: 1 },
      ]),
    ).toEqual([64, 1316]);
    const cycle = sizeCycle([
      { octets: 1, share: 7 },
      { octets: 2, share: 4 },
      { octets: 3, share: 1 },
    ]);
    expect([1, 2, 3].map((octets) => cycle.filter((one) => one === octets).length)).toEqual([7, 4, 1]);
    // Of any stretch, each has its share within one datagram of the exact one.
    const many = [...cycle, ...cycle];
    for (let from = 0; from < cycle.length; from++) {
      for (let length = 1; length <= cycle.length; length++) {
        const stretch = many.slice(from, from + length);
        for (const [octets, share] of [
          [1, 7],
          [2, 4],
          [3, 1],
        ] as const) {
          const exact = (length * share) / 12;
          expect(Math.abs(stretch.filter((one) => one === octets).length - exact)).toBeLessThan(1.5);
        }
      }
    }
    expect(meanOctets(cycle)).toBeCloseTo((7 + 8 + 3) / 12, 12);
  });

  it('are read from a list, with shares, and as imix', () => {
    expect(parseSizes('1316')).toBe(1316);
    expect(parseSizes('64,512:3')).toEqual([
      { octets: 64, share: 1 },
      { octets: 512, share: 3 },
    ]);
    expect([...sizesInOrder(parseSizes('imix'), PROBE_OCTETS, 4)].toSorted((a, b) => a - b)).toEqual(
      IMIX.toSorted((a, b) => a - b),
    );
    // IP packets of 40, 576 and 1500 octets; what IPv6 leaves of 40 is less than nothing.
    expect(new Set(sizesInOrder('imix', 0, 4))).toEqual(new Set([12, 548, 1472]));
    expect(new Set(sizesInOrder('imix', 0, 6))).toEqual(new Set([1, 528, 1452]));
    for (const text of ['64,', '64:0', '64:x', '0', '65508', '64:1:1', 'imix,64', '64:600,65:600']) {
      expect(() => parseSizes(text), text).toThrow(/./);
    }
  });
});

const common = {
  seed: 7,
  packetsPerSecond: 1000,
  pattern: { kind: 'cbr' },
  durationNs: null,
  startMonoNs: 5e6,
  destination: 3,
} as const;

function probes(
  sizes: readonly number[] | null,
  flows: number,
  sendTime: 'departure' | 'due' = 'departure',
): ProbeFeed {
  const time = { sendTime, unixAtMonoZero: { high: 0x1797_9cfe, low: 0 } };
  const sizeOctets = sizes === null ? 200 : Math.max(...sizes);
  return new ProbeFeed({
    ...common,
    ...time,
    flows,
    sizes,
    sizeOctets,
    count: 60,
    runId: 9,
    tos: 0,
    ttl: 1,
    superPackets: false,
  });
}

/** The octets behind the header: each is its own place. */
function hasPattern({ octets }: Sent): boolean {
  return octets.every((octet, at) => at < PROBE_OCTETS || octet === (at & 0xff));
}

describe('probes of several sizes', () => {
  test.each([1, 3])('follow the cycle in each of %i flows, with nothing left over from larger ones', (flows) => {
    const sizes = [64, 200, 52, 64];
    // Slots are used again and again, at other places each time.
    const sent = collect(probes(sizes, flows), { capacity: 7, stepNs: 3e6 }).filter(isData);
    expect(sent).toHaveLength(60);
    expect(sent.map(({ octets }) => octets.length)).toEqual(
      sent.map((one) => sizes[Number(header(one).sequence) % sizes.length]),
    );
    expect(sent.every(hasPattern)).toBe(true);
    expect(sent.map((one) => header(one).flow)).toEqual(sent.map((_, k) => k % flows));
  });

  test('differ from those of one size in nothing but their length', () => {
    const plain = collect(probes(null, 2, 'due')).filter(isData);
    const mixed = collect(probes([200, 60], 2, 'due')).filter(isData);
    expect(mixed.map((one) => header(one))).toEqual(plain.map((one) => header(one)));
    expect(mixed.map(({ dueNs, flags, flow, destination }) => [dueNs, flags, flow, destination])).toEqual(
      plain.map(({ dueNs, flags, flow, destination }) => [dueNs, flags, flow, destination]),
    );
  });

  test('that are skipped keep their place in the cycle', () => {
    const feed = probes([64, 200], 1);
    collect(feed, { untilNs: feed.firstDataNs });
    feed.skip(feed.firstDataNs + 2.5e6);
    const next = collect(feed).find(isData);
    expect([Number(header(next!).sequence), next!.octets.length]).toEqual([3, 200]);
  });
});

test('a payload fills datagrams of several sizes', () => {
  const feed = new PayloadFeed({ ...common, payload: Uint8Array.from([1, 2]), sizeOctets: 5, sizes: [2, 5], count: 4 });
  expect(collect(feed).map(({ octets }) => [...octets])).toEqual([
    [1, 2],
    [1, 2, 1, 2, 1],
    [1, 2],
    [1, 2, 1, 2, 1],
  ]);
});
