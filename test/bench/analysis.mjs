// How long does the complete analysis take per datagram? One stream in order; the same as segments of
// super-packets; 16 and 10,000 flows interleaved; 1 % lost, reordered and duplicated. No socket, no
// kernel: `node test/bench/analysis.mjs` after a build (MCAST_DIST names another dist).
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const dist = process.env.MCAST_DIST ?? path.join(import.meta.dirname, '../../dist');
const load = (file) => import(pathToFileURL(path.join(dist, file)));
const { ReceiveBatch, SlotFlag } = await load('core/batch.js');
const { splitNs } = await load('core/time.js');
const { Measurement } = await load('analysis/measurement.js');
const { probeConstantCheck, putProbe, putProbeSendTime } = await load('wire/probe.js');

const OCTETS = 64;
const SPACING_NS = 1000;
const EPOCH = 1_800_000_000_000_000_000n;

/** Batches of `size` datagrams, written once; a round moves numbers and times on in place. */
class Traffic {
  constructor(size, flows, segments, disturbed) {
    this.size = size;
    this.flows = flows;
    this.disturbed = disturbed;
    this.batch = new ReceiveBatch(1, size, size * OCTETS);
    this.batch.count = size;
    this.sent = 0;
    this.delay = 0;
    for (let i = 0; i < size; i++) {
      this.batch.offset[i] = i * OCTETS;
      this.batch.length[i] = OCTETS;
      this.batch.path[i] = 1;
      this.batch.ttl[i] = 1;
      this.batch.following[i] = Math.min(segments - 1 - (i % segments), size - 1 - i);
      this.batch.flags[i] = SlotFlag.TimeKernel | (i % segments > 0 ? SlotFlag.TimeShared : 0);
    }
  }

  fill() {
    const { batch, size, flows } = this;
    let real = 0;
    for (let i = 0; i < size; i++) {
      let ordinal = this.sent + i;
      // Every hundredth: swapped with its neighbour, twice, or missing.
      if (this.disturbed) {
        const k = ordinal % 300;
        if (k === 10) ordinal += 1;
        else if (k === 11) ordinal -= 1;
        else if (k === 110) ordinal -= 1;
        else if (k >= 210) ordinal += 1;
      }
      const flow = ordinal % flows;
      const sequence = Math.floor(ordinal / flows);
      const at = i * OCTETS;
      const constant = probeConstantCheck(0, 0, 1, 77, flow);
      putProbe(batch.view, at, constant, 0, 0, 1, 77, flow, 0, sequence, sequence + 1, 0);
      const sentNs = (this.sent + i) * SPACING_NS;
      const unix = EPOCH + BigInt(sentNs);
      const { high, low } = splitNs(unix);
      putProbeSendTime(batch.view, at, high, low);
      this.delay = (this.delay * 1_103_515_245 + 12_345) % 65_536;
      real = sentNs + 20_000 + (this.delay >> 3);
      batch.timeRealNs[i] = real;
    }
    this.sent += size;
    batch.readClock[0] = real + 5_000;
    batch.readClock[1] = real + 5_000;
  }
}

function run(name, { size, flows = 1, segments = 1, disturbed = false, datagrams = 4_000_000 }) {
  const measurement = new Measurement({
    epoch: splitNs(EPOCH),
    pathOf: () => ({ source: '10.0.0.1', sourcePort: 5001, group: '239.1.1.1', port: 5001, interfaceIndex: 1 }),
    maxStreams: 16_384,
    detail: 256,
    reorderWindowNs: 1e9,
    reorderWindowPackets: 65_536,
    omitNs: 0,
    startMonoNs: 0,
    firstBoundaryMonoNs: 1e9,
    intervalNs: 1e9,
    silenceNs: Infinity,
    batchCapacity: size,
    clockOffsetNs: 0,
  });
  measurement.addSocket({
    index: 0,
    scheme: 'probe',
    joinRealNs: 0,
    hasDropCounter: true,
    name: null,
    tosSent: null,
    ttlSent: null,
  });
  const traffic = new Traffic(size, flows, segments, disturbed);
  const rounds = Math.ceil(datagrams / size);
  const times = [];
  for (let round = 0; round < rounds; round++) {
    traffic.fill();
    const before = process.hrtime.bigint();
    measurement.onBatch(traffic.batch);
    times.push(Number(process.hrtime.bigint() - before) / size);
  }
  times.splice(0, Math.floor(times.length / 4));
  times.sort((a, b) => a - b);
  const at = (fraction) => times[Math.floor(fraction * (times.length - 1))].toFixed(1).padStart(7);
  console.log(`${name.padEnd(44)} p10 ${at(0.1)}  p50 ${at(0.5)}  p90 ${at(0.9)} ns per datagram`);
}

run('one stream, in order, batch 64', { size: 64 });
run('one stream, in order, batch 512', { size: 512 });
run('one stream, in order, batch 2048', { size: 2048 });
run('segments of 44, batch 2048', { size: 2048, segments: 44 });
run('segments of 128, batch 2048', { size: 2048, segments: 128 });
run('16 flows, batch 512', { size: 512, flows: 16 });
run('10,000 flows, batch 512', { size: 512, flows: 10_000, datagrams: 2_000_000 });
run('1 % reordered, 0.3 % lost and doubled, batch 512', { size: 512, disturbed: true });
