import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { FecDecoder } from '../../src/repair/fecDecoder.js';
import { FecEncoder } from '../../src/repair/fecEncoder.js';
import { InOrder, Release } from '../../src/repair/inOrder.js';
import { PacketStore, PutOutcome } from '../../src/repair/packetStore.js';
import { matrixFec, repairable, type FecEquation } from '../oracle/fec.js';
import { mediaStream, viewOfPacket } from '../oracle/fecMedia.js';
import { toHex } from '../vectors/hex.js';

const SHAPES = [
  [10, 5],
  [5, 10],
  [4, 4],
  [20, 5],
  [5, 20],
  [7, 6],
] as const;

type Arrival = { readonly n: number; readonly packet: Uint8Array } | { readonly fec: FecEquation };

interface Case {
  readonly shape: (typeof SHAPES)[number];
  readonly withRows: boolean;
  readonly firstWire: number;
  readonly origin: number;
  readonly mediaLoss: number;
  readonly fecLoss: number;
  readonly reordering: number;
  readonly seed: number;
}

const anyCase = fc.record<Case>({
  shape: fc.constantFrom(...SHAPES),
  withRows: fc.boolean(),
  firstWire: fc.constantFrom(0, 65_530, 65_400, 32_760),
  origin: fc.constantFrom(0, -3, 65_536, 2 ** 32 - 50, 2 ** 47, -(2 ** 40)),
  mediaLoss: fc.constantFrom(0.02, 0.1, 0.25, 0.5),
  fecLoss: fc.constantFrom(0, 0, 0.1, 0.4),
  reordering: fc.constantFrom(0, 3, 40, 1e9),
  seed: fc.nat(),
});

const key = (packets: ReadonlyMap<number, Uint8Array>): [number, string][] =>
  [...packets].map(([n, packet]): [number, string] => [n, toHex(packet)]).toSorted((a, b) => a[0] - b[0]);

describe('FEC against its definition', () => {
  it('repairs exactly what can be repaired, octet for octet, in whatever order it comes', () => {
    let repaired = 0;
    let hopeless = 0;
    fc.assert(
      fc.property(anyCase, (one) => {
        const { shape, origin, seed } = one;
        const [columns, rows] = shape;
        const random = new Random(seed);
        const media = mediaStream(one.firstWire, 2 * columns * rows, 0, 24, seed);
        const equations = matrixFec(media, 0, columns, rows, one.withRows);
        const inOrder: { readonly due: number; readonly arrival: Arrival }[] = [];
        for (const [n, packet] of media) inOrder.push({ due: n, arrival: { n, packet } });
        for (const fec of equations) inOrder.push({ due: fec.numbers.at(-1)! + 0.5, arrival: { fec } });
        const arrivals = inOrder
          .filter(({ arrival }) => random.unit() >= ('fec' in arrival ? one.fecLoss : one.mediaLoss))
          .map(({ due, arrival }) => ({ due: due + random.unit() * one.reordering, arrival }))
          .toSorted((a, b) => a.due - b.due)
          .map(({ arrival }) => arrival);

        const store = new PacketStore(512, 40);
        const decoder = new FecDecoder(store);
        const arrived = new Map<number, Uint8Array>();
        const heard: FecEquation[] = [];
        for (const arrival of arrivals) {
          if ('fec' in arrival) {
            heard.push(arrival.fec);
            decoder.addFec(viewOfPacket(arrival.fec.packet), 0, arrival.fec.packet.length, 0);
            continue;
          }
          const { n, packet } = arrival;
          arrived.set(n, packet);
          const outcome = store.put(origin + n, viewOfPacket(packet), 0, packet.length, 0, 0);
          if (outcome === PutOutcome.Stored) decoder.addMedia(origin + n, 0);
        }
        fc.pre(arrived.size > 0);
        const found = new Map<number, Uint8Array>();
        for (let n = 0; n < media.size; n++) {
          if (!store.has(origin + n)) continue;
          const at = store.offsetOf(origin + n);
          found.set(n, store.bytes.slice(at, at + store.lengthOf(origin + n)));
        }
        const expected = repairable(arrived, heard);
        expect(key(found)).toEqual(key(expected));
        for (const [n, packet] of expected) expect(toHex(packet)).toBe(toHex(media.get(n)!));
        expect(decoder.inconsistent + decoder.malformed + decoder.outOfWindow + decoder.overwritten).toBe(0);
        repaired += expected.size - arrived.size;
        hopeless += media.size - expected.size;
      }),
      { numRuns: 250 },
    );
    expect(repaired).toBeGreaterThan(500);
    expect(hopeless).toBeGreaterThan(500);
  });

  it('encoder to decoder, released in order: all that the definition can repair within two matrices', () => {
    let givenUp = 0;
    fc.assert(
      fc.property(fc.constantFrom(...SHAPES), fc.boolean(), fc.nat(), (shape, withRows, seed) => {
        const [columns, rows] = shape;
        const random = new Random(seed);
        const media = mediaStream(65_200, 6 * columns * rows, 0, 24, seed);
        const equations = matrixFec(media, 0, columns, rows, withRows);
        const encoder = new FecEncoder(columns, rows, {
          rows: withRows,
          columnSequence: 65_533,
          rowSequence: 65_500,
          maxPayloadOctets: 24,
        });
        const store = new PacketStore(512, 40);
        const decoder = new FecDecoder(store);
        const inOrder = new InOrder(store, { holdNs: Infinity, depthPackets: decoder.windowPackets });
        inOrder.begin(-7);
        const arrived = new Map<number, Uint8Array>();
        const released = new Map<number, Uint8Array>();
        const lost: number[] = [];
        const into = viewOfPacket(new Uint8Array(encoder.maxPacketOctets));
        const release = (): void => {
          inOrder.depthPackets = decoder.windowPackets;
          for (let found = inOrder.next(0); found !== Release.Nothing; found = inOrder.next(0)) {
            if (found === Release.Packet) {
              const at = store.offsetOf(inOrder.sequence);
              const octets = store.bytes.slice(at, at + store.lengthOf(inOrder.sequence));
              released.set(inOrder.sequence + 7, octets);
            } else {
              for (let i = 0; i < inOrder.count; i++) lost.push(inOrder.sequence + 7 + i);
            }
          }
        };
        const takeFec = (): void => {
          while (encoder.ready() > 0) decoder.addFec(into, 0, encoder.take(into, 0), 0);
        };
        for (const [n, packet] of media) {
          encoder.add(viewOfPacket(packet), 0, packet.length);
          if (n === 0 || random.unit() > 0.15) {
            arrived.set(n, packet);
            store.put(n - 7, viewOfPacket(packet), 0, packet.length, 0, 0);
            decoder.addMedia(n - 7, 0);
          }
          takeFec();
          release();
        }
        encoder.flush();
        takeFec();
        inOrder.flush();
        release();
        const expected = repairable(arrived, equations);
        expect(key(released)).toEqual(key(expected));
        expect(lost).toEqual([...media.keys()].filter((n) => !expected.has(n) && n <= store.newest + 7));
        givenUp += lost.length;
        expect(encoder.dropped).toBe(0);
      }),
      { numRuns: 60 },
    );
    expect(givenUp).toBeGreaterThan(20);
  });
});
