import { describe, expect, test } from 'vitest';
import { Measurement } from '../../src/analysis/measurement.js';
import { ReceiveBatch, SlotFlag } from '../../src/core/batch.js';
import { IPERF_FLAGS_AT, IperfFlag, putIperf, putIperfSendTime } from '../../src/wire/iperf.js';
import { probeConstantCheck, putProbe, putProbeSendTime } from '../../src/wire/probe.js';
import { SOCKET } from '../sim/drive.js';
import { expectNoGarbage } from '../garbage.js';

const DATAGRAMS = 1_000_000;
const SIZE = 512;
const SLOT_OCTETS = 64;

/** An endless flow, in order or not, written in place. */
class Traffic {
  readonly batch = new ReceiveBatch(1, SIZE, SIZE * SLOT_OCTETS);
  #lot = 5;
  readonly #flows: number;
  readonly #disturbed: boolean;
  readonly #constant: number[] = [];
  readonly #isIperf: boolean;
  #made = 0;

  constructor(flows: number, disturbed: boolean, segments: number, isIperf: boolean) {
    this.#flows = flows;
    this.#disturbed = disturbed;
    this.#isIperf = isIperf;
    for (let flow = 0; flow < flows; flow++) this.#constant.push(probeConstantCheck(0, 0, 1, 7, flow));
    const { batch } = this;
    batch.count = SIZE;
    for (let i = 0; i < SIZE; i++) {
      batch.offset[i] = i * SLOT_OCTETS;
      batch.length[i] = SLOT_OCTETS;
      batch.path[i] = 1;
      batch.following[i] = Math.min(segments - 1 - (i % segments), SIZE - 1 - i);
      batch.flags[i] = SlotFlag.TimeKernel | (i % segments > 0 ? SlotFlag.TimeShared : 0);
    }
  }

  fill(): void {
    const { batch } = this;
    for (let i = 0; i < SIZE; i++) {
      let ordinal = this.#made++;
      // Lost, swapped and doubled ones in every few hundred, the same gaps for ever.
      // Small integers throughout: a larger number that a function returns is an object.
      this.#lot = (Math.imul(this.#lot, 1_103_515_245) + 12_345) & 0x3fff_ffff;
      const lot = this.#disturbed ? (this.#lot >>> 12) % 200 : 0;
      if (lot === 1) ordinal = Math.max(0, ordinal - this.#flows);
      else if (lot === 2) ordinal = Math.max(0, ordinal - 7 * this.#flows);
      else if (lot === 3) this.#made++;
      const number = Math.floor(ordinal / this.#flows);
      const flow = ordinal % this.#flows;
      if (this.#isIperf) {
        const us = this.#made;
        putIperf(batch.view, i * SLOT_OCTETS, number + 1);
        putIperfSendTime(batch.view, i * SLOT_OCTETS, 1 + Math.floor(us / 1e6), us % 1e6);
        batch.view.setUint32(i * SLOT_OCTETS + IPERF_FLAGS_AT, IperfFlag.Wide);
      } else {
        putProbe(batch.view, i * SLOT_OCTETS, this.#constant[flow]!, 0, 0, 1, 7, flow, 0, number, number + 1, 0);
        putProbeSendTime(batch.view, i * SLOT_OCTETS, 0, (this.#made * 1000) | 0);
      }
      batch.timeRealNs[i] = this.#made * 1000 + ((this.#lot >>> 10) & 4095);
    }
    batch.readClock.fill(this.#made * 1000 + 5000);
  }
}

async function expectNoGarbageOf(
  flows: number,
  disturbed: boolean,
  segments: number,
  isDrained: boolean,
  isIperf: boolean,
): Promise<void> {
  const traffic = new Traffic(flows, disturbed, segments, isIperf);
  const measurement = new Measurement({
    epoch: { high: 0, low: 0 },
    pathOf: () => ({ source: '192.0.2.1', sourcePort: 5000, group: '239.1.1.1', port: 5001, interfaceIndex: 1 }),
    maxStreams: 64,
    detail: 8,
    drain: isDrained ? { bitPerSecond: 1e9, layer: 'wire' } : null,
    // So short that gaps are declared, and events pushed, all the time.
    reorderWindowNs: 1e6,
    reorderWindowPackets: 1024,
    omitNs: 0,
    startMonoNs: 0,
    firstBoundaryMonoNs: Infinity,
    intervalNs: Infinity,
    silenceNs: Infinity,
    batchCapacity: SIZE,
    clockOffsetNs: 0,
  });
  measurement.addSocket(isIperf ? { ...SOCKET, scheme: 'iperf' } : SOCKET);
  const run = (datagrams: number): void => {
    for (let done = 0; done < datagrams; done += SIZE) {
      traffic.fill();
      measurement.onBatch(traffic.batch);
      measurement.socketReadPast(0, traffic.batch.readMonoNs - 1e6);
    }
  };
  // Until it is compiled, the engine's own feedback and code are allocated.
  run(DATAGRAMS);
  // One object of the smallest size per datagram would be 16 MB. What is declared lost is an event, and may cost one.
  await expectNoGarbage(() => run(DATAGRAMS), disturbed ? 4_000_000 : 1_000_000, disturbed ? 4 : 0);
  expect(measurement.snapshot(0).counters[0]).toBeGreaterThan(DATAGRAMS / flows / 2);
}

describe('a million datagrams through the analysis', () => {
  test.each([
    ['in order', 1, false, 1],
    ['into a queue', 1, false, 1, true],
    ['as segments of super-packets', 1, false, 40],
    ['lost, swapped and doubled', 1, true, 1],
    ['of 16 flows, lost, swapped and doubled', 16, true, 1],
    ["of iperf's", 1, false, 1, false, true],
    ["of iperf's, lost, swapped and doubled", 1, true, 1, false, true],
  ] as [string, number, boolean, number, boolean?, boolean?][])(
    '%s cost no garbage',
    async (_name, flows, disturbed, segments, isDrained = false, isIperf = false) => {
      await expectNoGarbageOf(flows, disturbed, segments, isDrained, isIperf);
    },
  );
});
