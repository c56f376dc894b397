import { describe, expect, it } from 'vitest';
import { RtpChannel } from '../../src/runtime/mediaChannel.js';
import { matrixFec } from '../oracle/fec.js';
import { mediaStream, viewOfPacket } from '../oracle/fecMedia.js';

const MS = 1e6;
const COUNT = 400;
const MEDIA = mediaStream(65_500, COUNT, 20, 40, 8);
/** FEC of matrices of 10 columns and 5 rows, each with the number of the last packet that it protects. */
const FEC = Array.from({ length: COUNT / 50 }, (_, matrix) => matrixFec(MEDIA, matrix * 50, 10, 5, true)).flat();

interface Channel {
  readonly channel: RtpChannel;
  /** Payloads in the order in which they were given out, and numbers missing before them. */
  readonly given: number[];
  lost: number;
}

function channelOf(storePackets: number): Channel {
  const made = { given: [] as number[], lost: 0 };
  const output = {
    put: (_bytes: Uint8Array, _at: number, length: number, lost: number): void => {
      made.given.push(length);
      made.lost += lost;
    },
  };
  const options = { storePackets, holdNs: 20 * MS, mergeWindowNs: null, outputs: [output] };
  return Object.assign(made, { channel: new RtpChannel(options, false) });
}

function media({ channel }: Channel, n: number, timeNs: number): void {
  const packet = MEDIA.get(n)!;
  const view = viewOfPacket(packet);
  channel.onPacket(view, 0, packet.length, channel.numberOf(view.getUint16(2)), timeNs, 0);
}

function fec({ channel }: Channel, packet: Uint8Array, timeNs: number): void {
  channel.onFec(viewOfPacket(packet), 0, packet.length, timeNs);
}

const at = (n: number): number => n * 1000;

describe('a channel with FEC', () => {
  it('waits for FEC that is read long after the media', () => {
    const made = channelOf(512);
    const lost = new Set([40, 41, 42, 43, 90, 91, 149, 320]);
    for (let n = 0; n < COUNT; n++) if (!lost.has(n)) media(made, n, n);
    made.channel.onTime(COUNT, 0, 0);
    expect(made.given).toHaveLength(40);
    for (const { packet } of FEC) fec(made, packet, COUNT);
    made.channel.onTime(COUNT, COUNT, COUNT);
    expect(made.given).toEqual([...MEDIA.values()].map((packet) => packet.length - 12));
    expect(made.lost).toBe(0);
    expect(made.channel.repair()).toMatchObject({ released: COUNT, givenUp: 0, fec: { recovered: lost.size } });
  });

  it('gives up what FEC no longer reaches once all has been read', () => {
    const made = channelOf(512);
    // Nothing repairs four in a square.
    const lost = new Set([0, 1, 10, 11].map((n) => 50 + n));
    for (let n = 0; n < COUNT; n++) {
      if (!lost.has(n)) media(made, n, at(n));
      for (const { numbers, packet } of FEC) if (numbers.at(-1) === n) fec(made, packet, at(n));
      made.channel.onTime(at(n), at(n), at(n));
      // Two matrices, and what came between two looks.
      expect(made.lost > 0).toBe(n > 50 + 100 + 1);
    }
    expect(made.lost).toBe(4);
    expect(made.given).toHaveLength(COUNT - 4);
  });

  it('does not count what came after all as repaired', () => {
    const made = channelOf(512);
    for (let n = 0; n < 49; n++) if (n !== 7) media(made, n, n);
    for (const { numbers, packet } of FEC) if (numbers.at(-1)! < 50) fec(made, packet, 50);
    media(made, 49, 51);
    made.channel.finish(60);
    expect(made.given).toHaveLength(50);
    expect(made.channel.repair()).toMatchObject({ released: 50, givenUp: 0, fec: { recovered: 1 } });
  });
});
