import { expect, test } from 'vitest';
import { TsAnalyzer } from '../../src/analysis/mpegts/tsAnalyzer.js';
import { putContinuityCounter, tsPid } from '../../src/wire/mpegts.js';
import { expectNoGarbage } from '../garbage.js';
import { makeTransportStream } from '../ts/synthetic.js';
import { DATAGRAM, PACKET } from './mpegtsArrivals.js';

const DATAGRAMS = 72_000;

test.each([
  ['sequence numbers', 0],
  ['none', NaN],
])('half a million packets with %s cost no garbage', async (_name, lost) => {
  // Without seam: a second of stream again and again, its counters made to go on.
  const stream = makeTransportStream({ seconds: 1.504 });
  const datagrams = Math.floor(stream.length / DATAGRAM);
  const analyzer = new TsAnalyzer();
  const times = new Float64Array(1);
  const advances = new Uint8Array(8192);
  for (let at = 0; at < datagrams * DATAGRAM; at += PACKET) {
    if ((stream[at + 3]! & 0x10) !== 0) advances[tsPid(stream, at)]!++;
  }
  let made = 0;
  const run = (count: number): void => {
    made += count;
    for (let n = 0; n < count; n++) {
      const at = (n % datagrams) * DATAGRAM;
      if (at === 0 && n > 0) {
        for (let packet = 0; packet < datagrams * DATAGRAM; packet += PACKET) {
          const pid = tsPid(stream, packet);
          putContinuityCounter(stream, packet, (stream[packet + 3]! + advances[pid]!) & 15);
        }
      }
      times[0]! += 2_632_000;
      analyzer.onPayload(stream, at, DATAGRAM, times[0]!, lost);
      if (n % 512 === 0) analyzer.takeMdi();
    }
  };
  // Until it is compiled, the engine's own feedback and code are allocated.
  run(2 * DATAGRAMS);
  // One object of the smallest size per packet would be 8 MB. PCRs, PTS and time-outs (every 10 ms) may cost some.
  await expectNoGarbage(() => run(DATAGRAMS), 6_000_000, 1);
  expect(analyzer.snapshot().packets).toBe(7 * made);
});
