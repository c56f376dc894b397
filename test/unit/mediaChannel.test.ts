import { describe, expect, it } from 'vitest';
import { viewOf } from '../../src/core/bytes.js';
import { RtpChannel } from '../../src/runtime/mediaChannel.js';
import { makeTransportStream } from '../ts/synthetic.js';

const MS = 1e6;
const PAYLOAD = 7 * 188;
const stream = makeTransportStream({ seconds: 1 });

function packetOf(number: number): DataView {
  const packet = new Uint8Array(12 + PAYLOAD);
  packet[0] = 0x80;
  packet[1] = 33;
  packet.set(stream.subarray(number * PAYLOAD, (number + 1) * PAYLOAD), 12);
  const view = viewOf(packet);
  view.setUint16(2, number);
  return view;
}

function channelOf(mergeWindowNs: number | null): RtpChannel {
  return new RtpChannel({ storePackets: 512, holdNs: 20 * MS, mergeWindowNs, outputs: [] }, true);
}

function arrive(channel: RtpChannel, number: number, timeNs: number, leg: 0 | 1 = 0): void {
  const view = packetOf(number);
  channel.onPacket(view, 0, view.byteLength, channel.numberOf(number), timeNs, leg);
  channel.onTime(timeNs, timeNs, timeNs);
}

describe('the end of a warm-up', () => {
  it('leaves out numbers up to the highest before it, also those that are still waited for', () => {
    const channel = channelOf(null);
    // 6 does not come; 7, 8 and 9 wait for it.
    for (let number = 0; number < 10; number++) if (number !== 6) arrive(channel, number, number * MS);
    expect(channel.repair()).toMatchObject({ expected: 6, released: 6, givenUp: 0 });
    channel.restart();
    for (let number = 10; number < 60; number++) if (number !== 40) arrive(channel, number, number * MS);
    channel.onTime(65 * MS, 65 * MS, 65 * MS);
    arrive(channel, 40, 70 * MS);
    channel.finish(80 * MS);
    expect(channel.repair()).toMatchObject({ expected: 50, released: 49, givenUp: 1, late: 1, octets: 49 * PAYLOAD });
    // What waited then is analysed later.
    expect(channel.transport()!.packets).toBe(7 * (49 + 3));
  });

  it('leaves sums of two legs that add up', () => {
    const channel = channelOf(10 * MS);
    const lostOnA = new Set([5, 28, 30, 70]);
    const lostOnB = new Set([3, 29, 30, 50, 51]);
    for (let number = 0; number < 90; number++) {
      if (!lostOnA.has(number)) arrive(channel, number, number * MS, 0);
      if (number >= 4 && !lostOnB.has(number - 4)) arrive(channel, number - 4, number * MS, 1);
      // 27 is the highest decided number by then; B ends four earlier.
      if (number === 37) channel.restart();
    }
    channel.finish(200 * MS);
    const { expected, givenUp, arbitration } = channel.repair();
    const { legs, onlyA, onlyB, both, neither, open } = arbitration!;
    expect({ onlyA, onlyB, neither, open }).toEqual({ onlyA: 3 + 4, onlyB: 2, neither: 1, open: 0 });
    for (const { received, lost } of legs) expect(received + lost + neither).toBe(onlyA + onlyB + both + neither);
    expect([expected, givenUp]).toEqual([52, 0]);
  });
});
