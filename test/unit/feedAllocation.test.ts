import { describe, expect, test } from 'vitest';
import { Measurement } from '../../src/analysis/measurement.js';
import { ReceiveBatch, SendBatch, SlotFlag } from '../../src/core/batch.js';
import { MessageFeed } from '../../src/feed/messageFeed.js';
import { MessageTimes } from '../../src/feed/messageRates.js';
import { SyntheticItch } from '../../src/feed/syntheticItch.js';
import { Pacer } from '../../src/pacing/pacer.js';
import { type MediaPlace, MediaReceiver } from '../../src/runtime/mediaReceiver.js';
import { type FeedFraming, FrameField } from '../../src/wire/framing.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { expectNoGarbage } from '../garbage.js';
import { sendPaced } from '../sim/sendPaced.js';
import { SOCKET } from '../sim/drive.js';

const DATAGRAMS = 200_000;
/** Beyond 2^31: numbers up to there need no object of their own, so that nothing would show. */
const START_NS = 5e9;
const TURN_NS = 2e6;

describe('a feed of made-up messages', () => {
  test.each([
    ['MoldUDP64, one message each, with stamps', moldUdp64Framing, 1, 1e6],
    ['MoldUDP64, packed', moldUdp64Framing, 0xffff, Infinity],
    ['MDP 3.0', mdp3Framing, 4, Infinity],
    ['XDP', xdpFraming, 4, Infinity],
  ])('allocates nothing: %s', async (_name, framing, mostMessages, stampNs) => {
    const feed = new MessageFeed({
      source: new SyntheticItch({
        seed: 1,
        symbols: 100,
        times: new MessageTimes({ kind: 'constant' }, 1_000_000, 1),
      }),
      framing,
      session: framing.sessionWords(framing === moldUdp64Framing ? 'A' : '')!,
      firstSequence: { high: 0, low: 0xffff_0000 },
      mtuOctets: 1472,
      mostMessages,
      flushAfterNs: 3_500,
      heartbeatNs: 1e9,
      stampNs,
      stampsDeparture: true,
      unpaced: false,
      count: null,
      durationNs: null,
      startMonoNs: START_NS,
      unixAtMonoZero: { high: 0x18d0_0000, low: 0xffff_ff00 },
      destination: 0,
    });
    const batch = new SendBatch(4096, 4096 * 256);
    const pacer = new Pacer({ quantumNs: 20_000, spinNs: 1e9, maxLateNs: 1e9, mostPerCall: 64, unpaced: false });
    // Until it is compiled, the engine's own feedback and code are allocated.
    let nowNs = sendPaced(feed, pacer, batch, 2 * DATAGRAMS, TURN_NS, START_NS);
    // The smallest object for every second datagram.
    await expectNoGarbage(() => (nowNs = sendPaced(feed, pacer, batch, DATAGRAMS, TURN_NS, nowNs)), 8 * DATAGRAMS);
  });
});

const SIZE = 512;
const SLOT_OCTETS = 128;
/** Messages of a datagram. */
const SPAN = 3;

/** Two lines of one feed, written in place: each batch is of one of them, by turns. */
class Lines {
  readonly batch = new ReceiveBatch(1, SIZE, SIZE * SLOT_OCTETS);
  readonly #framing: FeedFraming;
  readonly #frame = new Uint32Array(FrameField.Count);
  readonly #made = new Float64Array(2);
  readonly #disturbed: boolean;
  #lot = 5;
  #line = 1;

  constructor(framing: FeedFraming, disturbed: boolean) {
    this.#framing = framing;
    this.#disturbed = disturbed;
    this.#frame.set(framing.sessionWords(framing === moldUdp64Framing ? 'A' : '')!, FrameField.Session0);
    this.#frame[FrameField.Messages] = SPAN;
    const { batch } = this;
    const { headerOctets, blockHeaderOctets } = framing;
    batch.count = SIZE;
    for (let i = 0; i < SIZE; i++) {
      batch.offset[i] = i * SLOT_OCTETS;
      batch.length[i] = headerOctets + SPAN * (blockHeaderOctets + 8);
      batch.flags[i] = SlotFlag.TimeKernel;
      for (let message = 0; message < SPAN; message++) {
        const at = i * SLOT_OCTETS + headerOctets + message * (blockHeaderOctets + 8);
        framing.writeBlockHeader(batch.view, at, 8, 0x41);
      }
    }
  }

  fill(): void {
    const { batch } = this;
    const frame = this.#frame;
    this.#line = 1 - this.#line;
    const line = this.#line;
    const step = this.#framing.unit === 'message' ? SPAN : 1;
    let nowNs = 0;
    for (let i = 0; i < SIZE; i++) {
      let ordinal = this.#made[line]!++;
      // Small integers throughout: a larger number that a function returns is an object.
      this.#lot = (Math.imul(this.#lot, 1_103_515_245) + 12_345) & 0x3fff_ffff;
      const lot = this.#disturbed ? (this.#lot >>> 12) % 100 : 0;
      // Swapped, doubled and lost ones.
      if (lot === 1) ordinal -= 1;
      else if (lot === 2) ordinal += 5;
      else if (lot === 3) ordinal += 2;
      frame[FrameField.SequenceLow] = 100 + Math.max(0, ordinal) * step;
      frame[FrameField.SentLow] = ordinal * 1000;
      this.#framing.writeHeader(batch.view, i * SLOT_OCTETS, batch.length[i]!, frame);
      nowNs = START_NS + this.#made[line]! * 1000 + line * 300;
      batch.timeRealNs[i] = nowNs;
      batch.path[i] = 1 + line;
      batch.socket[i] = line;
    }
    batch.readClock.fill(nowNs + 5000);
  }
}

/** Where messages go, and how many octets came. */
class Counted {
  octets = 0;

  put(_bytes: Uint8Array, _at: number, length: number, _lost: number): void {
    this.octets += length;
  }
}

class NoControl {
  onDatagram(): void {}
}

describe('two lines of a feed, measured, merged and handed on', () => {
  test.each([
    ['MDP 3.0, lost, swapped and doubled', 'mdp', mdp3Framing, true],
    ['XDP', 'xdp', xdpFraming, false],
    ['MoldUDP64', 'mold', moldUdp64Framing, false],
    ['MoldUDP64, lost, swapped and doubled', 'mold', moldUdp64Framing, true],
  ] as const)('cost no garbage: %s', async (_name, scheme, framing, disturbed) => {
    const measurement = new Measurement({
      epoch: { high: 0, low: 0 },
      pathOf: (path) => ({
        source: '192.0.2.1',
        sourcePort: 5000,
        group: `239.1.1.${path}`,
        port: 26_400,
        interfaceIndex: 1,
      }),
      maxStreams: 64,
      detail: 8,
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
    for (const index of [0, 1]) measurement.addSocket({ ...SOCKET, index, scheme });
    const output = new Counted();
    const places: MediaPlace[] = [0, 1].map((leg) => ({
      role: 'media',
      leg: leg as 0 | 1,
      position: 0,
      hasLegs: true,
    }));
    const media = new MediaReceiver({
      measurement,
      placeOf: (stream) => places[stream]!,
      holdNs: 1e6,
      mergeWindowNs: 1e6,
      endpoints: 1,
      silenceEnds: false,
      recoveryOf: () => null,
      outputsOf: () => [output],
      control: new NoControl(),
    });
    const lines = new Lines(framing, disturbed);
    const run = (datagrams: number): void => {
      for (let done = 0; done < datagrams; done += SIZE) {
        lines.fill();
        const { batch } = lines;
        measurement.onBatch(batch);
        media.onBatch(batch);
        const readNs = batch.readMonoNs;
        for (const socket of [0, 1]) measurement.socketReadPast(socket, readNs - 1e6);
        media.onTime(readNs, readNs - 1e6);
      }
    };
    // Until it is compiled, the engine's own feedback and code are allocated.
    run(2 * DATAGRAMS);
    // The smallest object for every second datagram; where other code has run before, a number on the way of the delay
    // into its histogram is one. What is declared lost is an event, and may cost one.
    const octets = framing.carriesSendTime ? 24 : 8;
    await expectNoGarbage(() => run(DATAGRAMS), octets * DATAGRAMS, disturbed ? 1 : 0);
    expect(measurement.streamCount).toBe(2);
    expect(output.octets).toBeGreaterThan(DATAGRAMS * SPAN * 8);
    expect(media.pairs()[0]!.repair.released).toBeGreaterThan(DATAGRAMS);
  });
});
