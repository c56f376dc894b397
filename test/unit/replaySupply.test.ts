import { IN_TURN } from '../../src/feed/flowRates.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { isCaptureFile } from '../../src/io/captureHead.js';
import { McastError } from '../../src/core/errors.js';
import type { ByteSource } from '../../src/core/byteSource.js';
import { ReplayFeed } from '../../src/feed/replayFeed.js';
import { replayedStream, replayedStreams, type ReplayedFlows } from '../../src/profile/capturedFlows.js';
import type { FlowReplay, ReplayPlan, SendPlan, SendStream } from '../../src/profile/plan.js';
import { scanCapture, type CaptureScan } from '../../src/runtime/captureScan.js';
import { openReplays } from '../../src/runtime/replayInputs.js';
import { refuseScattered } from '../../src/runtime/replaySetup.js';
import { supplyReplay, type SupplyOptions } from '../../src/runtime/replaySupply.js';
import { openSenderInputs } from '../../src/runtime/senderInputs.js';
import { sourceOf, type SharedReplay } from '../../src/runtime/sharedInput.js';
import { record, type Datagram } from '../interop/captures.js';
import { captureOf, frameOf, pcapOfFrames, type Captured, type Frame } from '../replayCapture.js';
import { collect, type Sent } from '../sim/collect.js';
import { toHex } from '../vectors/hex.js';

const folder = mkdtempSync(join(tmpdir(), 'mcast-replay-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, octets: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, octets);
  return path;
}

const A = { group: '239.1.1.1', port: 5000 };
const B = { group: '239.1.1.2', port: 5001 };
const at = (timeNs: number, place: typeof A, ...payload: number[]): Captured => ({
  timeNs,
  ...place,
  payload: Uint8Array.from(payload),
});
const DATAGRAMS: readonly Captured[] = [
  at(0, A, 1),
  at(1_000_001, B, 2, 2),
  { ...at(1_000_001, A, 3, 3, 3), source: '10.0.0.2' },
  at(5_000_005, A, 4),
];

const PLAN: ReplayPlan = {
  name: '',
  select: [],
  speed: 1,
  from: null,
  to: null,
  zone: 'UTC',
  loop: false,
  meanOctets: 0,
};

function streamOf(replay: ReplayPlan, group = '239.7.7.7'): SendStream {
  const address = {
    scheme: 'udp',
    family: 4,
    group,
    port: 7,
    sources: [],
    iface: null,
    name: null,
    endpoint: '',
  } as const;
  const rates = { sizeOctets: 1, sizes: null, packetsPerSecond: 0, pattern: { kind: 'cbr' } as const };
  const none = { payload: null, media: null, feed: null, legB: null, impair: null };
  return { address, ttl: 1, tos: 0, sourcePort: 0, flows: 1, flowRates: IN_TURN, ...rates, ...none, replay };
}

const scanOf = (name: string, change: Partial<ReplayPlan> = {}): Promise<CaptureScan> =>
  scanCapture({ ...PLAN, name, ...change });

/** All flows, each with its number. */
function allFlows(scan: CaptureScan, change: Partial<ReplayPlan> = {}): ReplayedFlows {
  const template = streamOf({ ...PLAN, name: scan.name, ...change });
  const replay: FlowReplay = { maps: [], keepGroups: true, template };
  return replayedStreams(replay, scan.summary)[0]!.replayed;
}

function sentOf(source: ByteSource, { flows, passNs }: ReplayedFlows, count: number | null = null): Sent[] {
  const options = { speed: 1, count, durationNs: null, startMonoNs: 0, destination: 0 };
  return collect(new ReplayFeed({ source, flows, passNs, ...options }));
}

const told = (sent: readonly Sent[]): string[] => sent.map((one) => `${one.dueNs} ${one.flow} ${toHex(one.octets)}`);
const EXPECTED_ONCE = ['0 0 01', '1000001 1 0202', '1000001 0 030303', '5000005 0 04'];

async function supplied(path: string, options: SupplyOptions, count: number | null = null): Promise<string[]> {
  const scan = await scanOf(path);
  const replayed = allFlows(scan);
  const supply = await supplyReplay(scan, replayed, options);
  const sent = told(sentOf(sourceOf(supply.records), replayed, count));
  await supply.stop();
  await supply.finished;
  return sent;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    return `${error.code} ${error.message}`;
  }
  return 'accepted';
}

describe('a capture', () => {
  it.each([
    ['nanoseconds.pcap', captureOf(DATAGRAMS)],
    ['little.pcap', captureOf(DATAGRAMS, { little: true })],
    ['tagged.pcap', captureOf(DATAGRAMS, { vlanTags: 2 })],
    ['gzip.pcap.gz', gzipSync(captureOf(DATAGRAMS))],
  ])('%s is read as it was sent', async (name, octets) => {
    const path = file(name, octets);
    expect(isCaptureFile(path)).toBe(true);
    expect(await supplied(path, { loop: false })).toEqual(EXPECTED_ONCE);
  });

  it('in microseconds has the spacing that it tells', async () => {
    const micro = await supplied(file('micro.pcap', captureOf(DATAGRAMS, { micro: true })), { loop: false });
    // 123456789 ns begins as 123456 us, and 1000001 ns later it is 124456790 ns.
    expect(micro.map((line) => line.split(' ')[0])).toEqual(['0', '1000000', '1000000', '5000000']);
  });

  it('in pcapng is read as it was sent', async () => {
    const path = join(folder, 'written.pcapng');
    const written = DATAGRAMS.map(({ timeNs, payload, ...place }): Datagram => ({
      path: { source: '10.0.0.1', sourcePort: 4, group: place.group, port: place.port, interfaceIndex: 2 },
      timeNs,
      tos: 0,
      ttl: 1,
      payload,
    }));
    await record(path, written);
    expect(isCaptureFile(path)).toBe(true);
    expect(await supplied(path, { loop: false })).toEqual(EXPECTED_ONCE);
  });

  it('is told by its first octets', () => {
    expect(isCaptureFile(folder)).toBe(false);
    expect(isCaptureFile(join(folder, 'nothing'))).toBe(false);
    expect(isCaptureFile(file('empty.pcap', new Uint8Array(0)))).toBe(false);
    expect(isCaptureFile(file('noise.gz', Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3)))).toBe(false);
    expect(isCaptureFile(file('text.gz', gzipSync('text')))).toBe(false);
    expect(isCaptureFile(file('short.pcap', Uint8Array.of(0xa1, 0xb2)))).toBe(false);
    expect(isCaptureFile(file('block', Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a)))).toBe(true);
  });

  it('is counted by what cannot be sent', async () => {
    /** A frame with one octet changed. */
    const changed = (octet: number, value: number): Frame => {
      const frame = frameOf(at(5, A, 9, 9));
      frame.octets[octet] = value;
      return frame;
    };
    const frames = [
      frameOf(at(0, A, 1, 2, 3)),
      changed(14 + 6, 0x20), // more fragments
      changed(14 + 9, 2), // IGMP
      changed(13, 0x06), // ARP
      changed(14, 0x55), // no version 4
      { timeNs: 5, octets: new Uint8Array(3) },
      frameOf(at(9, A, 4)),
      frameOf(at(7, B, 5)),
    ];
    const scan = await scanOf(file('mixed.pcap', pcapOfFrames(frames)));
    expect(scan.counts).toEqual({
      frames: 8,
      datagrams: 3,
      not_selected: 0,
      outside: 0,
      truncated: 1,
      too_large: 0,
      fragments: 1,
      not_udp: 2,
      malformed: 1,
      unknown_link: 0,
      path_overflow: 0,
      backwards: 1,
      fault: null,
    });
    // What is stamped before its predecessor leaves with it.
    const replayed = allFlows(scan);
    const supply = await supplyReplay(scan, replayed, { loop: false });
    expect(told(sentOf(sourceOf(supply.records), replayed))).toEqual(['0 0 010203', '9 0 04', '9 1 05']);
  });

  it('that was cut at a snap length sends what is whole', async () => {
    const path = file('snap.pcap', captureOf(DATAGRAMS, { snapOctets: 44 }));
    const scan = await scanOf(path);
    expect(scan.counts).toMatchObject({ frames: 4, datagrams: 3, truncated: 1 });
    expect(await supplied(path, { loop: false })).toEqual(['0 0 01', '1000001 1 0202', '5000005 0 04']);
  });

  it('that ends in the middle sends what is there, and says so', async () => {
    const whole = captureOf(DATAGRAMS);
    const path = file('cut.pcap', whole.subarray(0, whole.length - 1));
    const scan = await scanOf(path);
    expect(scan.counts.fault).toMatch(/the file ends within a record/);
    expect(await supplied(path, { loop: false })).toEqual(EXPECTED_ONCE.slice(0, 3));
  });

  it('can be sent in part, counted from the first datagram of the part', async () => {
    const path = file('part.pcap', captureOf(DATAGRAMS));
    const change = { from: { afterNs: 1_000_001 }, to: { afterNs: 5_000_005 } };
    const scan = await scanOf(path, change);
    expect(scan.counts).toMatchObject({ datagrams: 2, outside: 2 });
    const replayed = allFlows(scan, change);
    const supply = await supplyReplay(scan, replayed, { loop: false });
    expect(told(sentOf(sourceOf(supply.records), replayed))).toEqual(['0 1 0202', '0 0 030303']);
  });

  it('tells flows by destination, whoever sent them', async () => {
    const { summary } = await scanOf(file('flows.pcap', captureOf(DATAGRAMS)));
    expect(summary.flows).toEqual([
      { ...A, datagrams: 3, octets: 5, largestOctets: 3, firstNs: 0, lastNs: 5_000_005 },
      { ...B, datagrams: 1, octets: 2, largestOctets: 2, firstNs: 1_000_001, lastNs: 1_000_001 },
    ]);
    expect(summary).toMatchObject({ frames: 4, lengthNs: 5_000_005, isTimed: true });
  });

  it('is over and over the same, the mean gap later', async () => {
    const path = file('loop.pcap', captureOf(DATAGRAMS));
    const passNs = 5_000_005 + 5_000_005 / 3;
    const again = [0, 1_000_001].map((ns) => Math.floor(passNs + ns + 0.5));
    const expected = [...EXPECTED_ONCE, `${again[0]} 0 01`, `${again[1]} 1 0202`];
    expect(await supplied(path, { loop: true }, 6)).toEqual(expected);
  });
});

describe('a ring', () => {
  const RING = { memoryOctets: 0, ringOctets: 128 << 10 };
  const LARGE: readonly Captured[] = Array.from({ length: 40 }, (_, i) => ({
    timeNs: i * 1000,
    ...A,
    payload: new Uint8Array(20_000).fill(i),
  }));

  /** All records, read as the pump writes them. */
  async function through(path: string, loop: boolean, count: number): Promise<Sent[]> {
    const scan = await scanOf(path);
    const replayed = allFlows(scan);
    const supply = await supplyReplay(scan, replayed, { loop, ...RING });
    expect(supply.records.kind).toBe('ring');
    const { flows, passNs } = replayed;
    const options = { speed: 1, count, durationNs: null, startMonoNs: 0, destination: 0 };
    const feed = new ReplayFeed({ source: sourceOf(supply.records), flows, passNs, ...options });
    const sent: Sent[] = [];
    for (let turn = 0; turn < 2000 && feed.nextDueNs() !== Infinity; turn++) {
      sent.push(...collect(feed, { untilNs: 1e15, slabOctets: 100_000 }));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await supply.stop();
    await supply.finished;
    return sent;
  }

  it('brings more than it holds, in order', async () => {
    const sent = await through(file('large.pcap', captureOf(LARGE)), false, 100);
    expect(sent.map((one) => one.dueNs)).toEqual(LARGE.map(({ timeNs }) => timeNs));
    expect(sent.every((one, i) => one.octets.length === 20_000 && one.octets.every((octet) => octet === i))).toBe(true);
  });

  it('begins the file again', async () => {
    const sent = await through(file('again.pcap', captureOf(LARGE)), true, 90);
    expect(sent.map((one) => one.octets[19_999])).toEqual(Array.from({ length: 90 }, (_, i) => i % 40));
    expect(sent.map((one) => one.dueNs)).toEqual(Array.from({ length: 90 }, (_, i) => i * 1000));
  });

  it('is stopped while it is full', async () => {
    const scan = await scanOf(file('stop.pcap', captureOf(LARGE)));
    const supply = await supplyReplay(scan, allFlows(scan), { loop: true, ...RING });
    await supply.stop();
    await supply.finished;
  });

  it('says when the file has become shorter', async () => {
    const path = file('shorter.pcap', captureOf(LARGE));
    const scan = await scanOf(path);
    file('shorter.pcap', captureOf(LARGE.slice(0, 2)));
    for (const options of [RING, {}]) {
      const finished = supplyReplay(scan, allFlows(scan), { loop: false, ...options }).then(
        (supply) => supply.finished,
      );
      expect(await refusal(finished)).toBe(`ERR_FILE ${path} became shorter while it was sent`);
    }
  });

  it('sends what was counted where the file has grown', async () => {
    const path = file('growing.pcap', captureOf(LARGE.slice(0, 3)));
    const scan = await scanOf(path);
    file('growing.pcap', captureOf([...LARGE.slice(0, 3), at(9000, B, 9), ...LARGE.slice(3)]));
    const replayed = allFlows(scan);
    const supply = await supplyReplay(scan, replayed, { loop: false });
    expect(sentOf(sourceOf(supply.records), replayed)).toHaveLength(3);
  });
});

const planOf = (streams: readonly SendStream[], flowReplay: FlowReplay | null = null, force = false): SendPlan =>
  ({ streams, flowReplay, force }) as unknown as SendPlan;
const replays = (inputs: { readonly shared: readonly unknown[] }): SharedReplay[] =>
  inputs.shared.filter((one) => one !== null) as SharedReplay[];
const input = (flow: number): SharedReplay => ({ kind: 'replay', flow }) as SharedReplay;

describe('inputs of a sender', () => {
  it('complete the plan, and say what is not sent', async () => {
    const name = file(
      'inputs.pcap',
      captureOf([...DATAGRAMS, at(7_000_000, A, ...Array<number>(20).fill(6))], { snapOctets: 50 }),
    );
    const replay = { ...PLAN, name, select: [{ group: A.group, port: null }], speed: 2 };
    const plain = { ...streamOf(replay), replay: null };
    const plan = planOf([plain, streamOf(replay), streamOf(replay, '239.7.7.8')]);
    const inputs = await openReplays(plan, () => {});
    expect(inputs.plan.flowReplay).toBe(null);
    expect(inputs.plan.streams[0]).toBe(plain);
    expect(inputs.plan.streams.map(({ address }) => address.group)).toEqual(['239.7.7.7', '239.7.7.7', '239.7.7.8']);
    expect(inputs.plan.streams[2]!.replay!.meanOctets).toBeCloseTo(5 / 3, 9);
    expect(inputs.shared[0]).toBe(null);
    const [first, second] = replays(inputs);
    expect(first).toMatchObject({ kind: 'replay', flows: 1, flow: 0, speed: 2 });
    expect(first!.capture).toMatchObject({ frames: 5, datagrams: 3, not_selected: 1, truncated: 1 });
    // One copy for all that send it.
    expect(second!.records).toBe(first!.records);
    expect(inputs.lines).toEqual([
      `${name}: 3 datagrams in 0.004 s, 2 times as fast as captured`,
      `warning: ${name}: not sent: 1 datagram cut by the capture`,
    ]);
    await inputs.finished;
    await inputs.stop();
  });

  it('are a stream for each flow', async () => {
    const whole = captureOf(DATAGRAMS);
    const name = file('each.pcap', whole.subarray(0, whole.length - 1));
    const template = streamOf({ ...PLAN, name, loop: true });
    const inputs = await openReplays(planOf([], { maps: [], keepGroups: true, template }), () => {});
    expect(inputs.plan.streams.map(({ address }) => address.endpoint)).toEqual([
      'udp://239.1.1.1:5000',
      'udp://239.1.1.2:5001',
    ]);
    expect(replays(inputs).map(({ flow, flows }) => [flow, flows])).toEqual([
      [0, 2],
      [1, 2],
    ]);
    expect(inputs.lines[0]).toMatch(/: 3 datagrams in 0\.002 s, over and over$/);
    expect(inputs.lines[1]).toMatch(/^warning: .*each\.pcap ends early: .*the file ends within a record/);
    await inputs.stop();
  });

  it('are refused where they would send more than 1 Gbit/s', async () => {
    const burst = Array.from({ length: 100 }, (_, i) => ({ timeNs: i, ...A, payload: new Uint8Array(1000) }));
    const stream = streamOf({ ...PLAN, name: file('fast.pcap', captureOf(burst)) });
    expect(await refusal(openReplays(planOf([stream]), () => {}))).toMatch(/^ERR_SAFETY this would send 8/);
    await (await openReplays(planOf([stream], null, true), () => {})).stop();
  });

  it('are none where nothing is read', async () => {
    expect(await openSenderInputs(planOf([{ ...streamOf(PLAN), replay: null }]))).toBe(null);
  });

  it('leave by one interface', async () => {
    const eth0 = { index: 2, name: 'eth0' };
    const eth1 = { index: 3, name: 'eth1' };
    refuseScattered([
      { input: input(0), via: eth0 },
      { input: input(1), via: eth0 },
      { input: null, via: eth1 },
      { input: input(0), via: eth1 },
      { input: input(1), via: eth1 },
    ]);
    const scattered = async (): Promise<void> =>
      refuseScattered([
        { input: input(0), via: eth0 },
        { input: input(1), via: eth1 },
      ]);
    expect(await refusal(scattered())).toBe(
      'ERR_USAGE groups of the capture would leave by eth0 and by eth1: name one interface with --iface',
    );
  });
});

it('one stream of an endpoint takes every flow that is selected', async () => {
  const replay = { ...PLAN, name: file('select.pcap', captureOf(DATAGRAMS)), select: [A, B] };
  const scan = await scanCapture(replay);
  const { replayed } = replayedStream(streamOf(replay), scan.summary);
  const supply = await supplyReplay(scan, replayed, { loop: false });
  expect(told(sentOf(sourceOf(supply.records), replayed))).toEqual(
    EXPECTED_ONCE.map((line) => line.replace(' 1 ', ' 0 ')),
  );
});
