import { describe, expect, it } from 'vitest';
import { BurstDrive } from '../sim/burstDrive.js';
import { type Datagram, Driver } from '../sim/drive.js';

const US = 1e3;
const MS = 1e6;
const S = 1e9;

/** Peak octets by window, 10 us to 1 s. */
function octets(drive: BurstDrive): number[] {
  return drive.figures!.windows.map(({ peakOctets }) => peakOctets);
}

/** So many at once at `atNs`, numbered from `first`. */
function burst(first: number, datagrams: number, atNs: number, part: Partial<Datagram> = {}): Datagram[] {
  return [...Array(datagrams).keys()].map((i) => ({
    number: first + i,
    monoNs: atNs + i * US,
    sentNs: atNs,
    ...part,
  }));
}

function datagramsIn(driver: Driver, stream = 0): number[] {
  return driver.measurement.snapshot(stream).bursts!.windows.map(({ peakDatagrams }) => peakDatagrams);
}

describe('peaks in sliding windows', () => {
  it('leave out what is exactly one window old', () => {
    const drive = new BurstDrive();
    drive.all([
      { ns: 0, octets: 100 },
      // 10 us later to the nanosecond: outside (t - w, t] of 10 us, inside that of 100 us.
      { ns: 10 * US, octets: 30 },
      // One less: inside.
      { ns: 20 * US - 1, octets: 80 },
    ]);
    expect(octets(drive)).toEqual([110, 210, 210, 210, 210, 210]);
    expect(drive.figures!.windows[0]).toEqual({
      windowNs: 10 * US,
      peakOctets: 110,
      peakDatagrams: 2,
      atMonoNs: 20 * US - 1,
      excessNs: 0,
    });
  });

  it('are not those of fixed periods: five behind a boundary belong to five before it', () => {
    const drive = new BurstDrive();
    const around = [...Array(10).keys()].map((i) => ({ ns: MS - 5 * US + i * US, octets: 100 }));
    drive.all(around);
    expect(octets(drive)[2]).toBe(1000);
  });

  it('count datagrams by themselves: small ones may be more where large ones weigh more', () => {
    const drive = new BurstDrive();
    drive.all([
      { ns: 0, octets: 1400 },
      { ns: 5 * S, octets: 10 },
      { ns: 5 * S, octets: 10 },
    ]);
    expect(drive.figures!.windows[0]).toMatchObject({ peakOctets: 1400, peakDatagrams: 2, atMonoNs: 0 });
  });

  it('take a stamp that goes back for the latest one, and count that', () => {
    const drive = new BurstDrive();
    drive.all([
      { ns: 50 * US, octets: 100 },
      { ns: 39 * US, octets: 100 },
      { ns: 60 * US - 1, octets: 100 },
    ]);
    expect(octets(drive)[0]).toBe(300);
    expect(drive.figures!.clampedDatagrams).toBe(1);
    expect(drive.figures!.largest).toEqual([
      { startMonoNs: 50 * US, durationNs: 10 * US - 1, octets: 300, datagrams: 3 },
    ]);
  });

  it('are not there before anything came, and there for a datagram without payload', () => {
    const drive = new BurstDrive();
    expect(drive.figures).toBeNull();
    drive.all([{ ns: 7, octets: 0 }]);
    expect(drive.figures!.windows[5]).toMatchObject({ peakOctets: 0, peakDatagrams: 1, atMonoNs: 7 });
    expect(drive.figures!.largest).toEqual([{ startMonoNs: 7, durationNs: 0, octets: 0, datagrams: 1 }]);
  });

  it('have the shape of a published feed: 7.6 Mbit/s over a second, 650 Mbit/s over 15 us', () => {
    const drive = new BurstDrive();
    // 10 datagrams of 122 octets within 15 us: 9760 bit, 650 Mbit/s. The rest of the second is even.
    const burst = [...Array(10).keys()].map((i) => ({ ns: 0.5 * S + i * 1.5 * US, octets: 122 }));
    const even = [...Array(7777).keys()].map((i) => ({ ns: i * 128.5 * US, octets: 122 }));
    drive.all([...even, ...burst].toSorted((a, b) => a.ns - b.ns));
    const rates = drive.figures!.windows.map(({ peakOctets, windowNs }) => (peakOctets * 8e9) / windowNs);
    expect(rates[5]).toBeCloseTo(7.6e6, -5);
    // 7 or 8 of them in 10 us, and all 10 with an even one in 100 us.
    expect(rates[0]).toBeGreaterThan(650e6);
    expect(rates[1]).toBe((11 * 122 * 8e9) / (100 * US));
    expect(drive.figures!.largest[0]!.octets).toBeGreaterThanOrEqual(17 * 122);
  });
});

describe('the largest bursts', () => {
  it('do not overlap, and a heavier one takes the place of one that it overlaps', () => {
    const drive = new BurstDrive();
    drive.all([
      { ns: 0, octets: 500 },
      // 500 has left: 300 alone is lighter and does not overlap (-1 ms, 0].
      { ns: MS, octets: 300 },
      // Overlaps that, heavier: 300 + 400.
      { ns: 1.5 * MS, octets: 400 },
      // Overlaps that, lighter: 400 + 100.
      { ns: 2.4 * MS, octets: 100 },
      { ns: 10 * MS, octets: 600 },
    ]);
    expect(drive.figures!.largest).toEqual([
      { startMonoNs: MS, durationNs: 0.5 * MS, octets: 700, datagrams: 2 },
      { startMonoNs: 10 * MS, durationNs: 0, octets: 600, datagrams: 1 },
      { startMonoNs: 0, durationNs: 0, octets: 500, datagrams: 1 },
    ]);
  });

  it('are eight, and of equal ones the earliest', () => {
    const drive = new BurstDrive();
    drive.all([...Array(20).keys()].map((i) => ({ ns: 2 * i * MS, octets: i === 13 ? 200 : 100 })));
    const { largest } = drive.figures!;
    expect(largest.map(({ octets: size }) => size)).toEqual([200, 100, 100, 100, 100, 100, 100, 100]);
    expect(largest.slice(1).map(({ startMonoNs }) => startMonoNs / MS)).toEqual([0, 2, 4, 6, 8, 10, 12]);
  });
});

describe('the queue before a link (ITU-T I.371 annex A)', () => {
  it('fills at arrivals and empties between them', () => {
    // 8 Mbit/s is an octet in 1 us.
    const drive = new BurstDrive({ drain: { bitPerSecond: 8e6, layer: 'payload' } });
    drive.all([
      { ns: 0, octets: 100 },
      // 100 - 40 + 50 = 110.
      { ns: 40 * US, octets: 50 },
      // Empty since 150 us.
      { ns: 500 * US, octets: 105 },
    ]);
    const { maxOctets, maxNs, atMonoNs, delay } = drive.figures!.queue!;
    expect([maxOctets, maxNs, atMonoNs]).toEqual([110, 110 * US, 40 * US]);
    expect([delay.count, delay.min, delay.max]).toEqual([3, 100 * US, 110 * US]);
  });

  it('is told to a thousandth of an octet and to a nanosecond, which is what the arithmetic can say', () => {
    // 9 Mbit/s: 1000 - 1.234 us x 1.125 octets/us + 800 = 1798.61175.
    const drive = new BurstDrive({ drain: { bitPerSecond: 9e6, layer: 'payload' } });
    drive.all([
      { ns: 0, octets: 1000 },
      { ns: 1234, octets: 800 },
    ]);
    const { maxOctets, maxNs } = drive.figures!.queue!;
    expect([maxOctets, maxNs]).toEqual([1798.612, 1_598_766]);
  });

  it.each([
    ['payload', 4, 10],
    // UDP 8, IP 20 or 40.
    ['ip', 4, 38],
    ['ip', 6, 58],
    // Ethernet header 14.
    ['ethernet', 4, 52],
    // Padded to 46 of Ethernet payload, with 14 + 4 + 8 + 12.
    ['wire', 4, 84],
    // 58 are more than 46.
    ['wire', 6, 96],
  ] as const)('counts a payload of 10 octets at layer %s of IPv%i as %i', (layer, family, expected) => {
    const drive = new BurstDrive({ drain: { bitPerSecond: 1e9, layer }, family });
    drive.all([{ ns: 0, octets: 10 }]);
    expect(drive.figures!.queue!.maxOctets).toBe(expected);
  });
});

describe('the bursts of a measured stream', () => {
  it('are over further copies too, and over no markers', () => {
    const driver = new Driver();
    driver.all([{ kind: 'start', number: 0, monoNs: 0, sentNs: 0 }, ...burst(0, 5, MS), ...burst(0, 5, MS + 5 * US)]);
    expect(datagramsIn(driver)).toEqual([10, 10, 10, 10, 10, 10]);
  });

  it('begin anew behind the warm-up, with an empty queue', () => {
    const driver = new Driver({ omitNs: S, drain: { bitPerSecond: 1e3, layer: 'payload' } });
    driver.all([...burst(0, 50, 0), ...burst(50, 3, S + MS)]);
    driver.measurement.finish(2 * S);
    const { windows, largest, queue } = driver.measurement.snapshot(0).bursts!;
    expect(windows.map(({ peakDatagrams }) => peakDatagrams)).toEqual([3, 3, 3, 3, 3, 3]);
    expect(largest).toHaveLength(1);
    expect(queue!.delay.count).toBe(3);
    expect(queue!.maxOctets).toBeLessThanOrEqual(windows[0]!.peakOctets);
  });

  it('are measured of streams in detail alone, and queued only before a link', () => {
    const driver = new Driver({ detail: 1 });
    driver.all([...burst(0, 3, 0, { flow: 0 }), ...burst(0, 3, MS, { flow: 1 })]);
    expect(driver.measurement.snapshot(0).bursts!.queue).toBeNull();
    expect(driver.measurement.snapshot(1).bursts).toBeNull();
  });

  it('count the headers of the group that it has', () => {
    const drain = { bitPerSecond: 1e9, layer: 'ip' } as const;
    const sizes = ['239.1.1.1', 'ff15::1'].map((group) => {
      const driver = new Driver({ drain, paths: [{ group }, { group }] });
      driver.all(burst(0, 1, 0));
      const { queue, windows } = driver.measurement.snapshot(0).bursts!;
      return queue!.maxOctets - windows[0]!.peakOctets;
    });
    expect(sizes).toEqual([28, 48]);
  });
});
