/** SRT over a path that loses packets: everything arrives, because what is lost is sent again. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SrtCounters } from '../../src/io/srt.js';
import { DIST, needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

/** Messages of seven packets; 3 MB in 0.6 s. */
const MESSAGES = 2400;

/** Octets of message `n`, at both ends. */
const COMMON = `
  import { createHash } from 'node:crypto';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { ByteRing } from '${DIST}/core/byteRing.js';
  import { openSrt, parseSrtUrl } from '${DIST}/io/srt.js';
  const hash = createHash('sha256');
  const told = (counters) => console.log(JSON.stringify({ hash: hash.digest('hex'), counters }));
`;

const RECEIVE = `${COMMON}
  const link = await openSrt(parseSrtUrl(process.argv[1]), { direction: 'receive', onEvent: ({ type }) => console.error(type) });
  const ring = new ByteRing(link.ring);
  const into = new Uint8Array(65536);
  for (let left = ${MESSAGES * 1316}; left > 0; ) {
    const octets = ring.read(into);
    if (octets < 0) break;
    if (octets === 0) await sleep(2);
    hash.update(into.subarray(0, Math.max(octets, 0)));
    left -= octets;
  }
  told(await link.stop());
`;

const SEND = `${COMMON}
  const link = await openSrt(parseSrtUrl(process.argv[1]), { direction: 'send' });
  const ring = new ByteRing(link.ring);
  for (let n = 0; n < ${MESSAGES}; n++) {
    const at = ring.claim(1316);
    for (let i = 0; i < 1316; i++) ring.bytes[at + i] = i % 188 === 0 ? 0x47 : (n * 31 + i * 7 + (n >> 8)) & 0xff;
    hash.update(ring.bytes.subarray(at, at + 1316));
    ring.publish(1316);
    if (n % 8 === 0) await sleep(2);
  }
  ring.close();
  told(await link.ended);
`;

interface Told {
  readonly hash: string;
  readonly counters: SrtCounters;
}

describe.runIf(needs('netns', 'nft', 'dist', 'srt-addon'))('SRT over a path that loses packets', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'rx');
    await lab.link('tx', 'e0', 'rx', 'e0');
    // Both ways: data one way, acknowledgements and reports of losses the other.
    for (const host of ['tx', 'rx']) {
      await lab.run(host, 'nft', [
        `table netdev wire {
          counter lost { }
          chain in {
            type filter hook ingress device "e0" priority 0
            udp length > 60 numgen random mod 100 < 2 counter name lost drop
          }
        }`,
      ]);
    }
  });
  afterAll(async () => lab?.close());

  it('delivers every octet', async () => {
    const words = ['--input-type=module', '-e'];
    // What comes behind the latency is dropped by SRT itself: long enough for a busy machine.
    const receiver = lab.spawn('rx', process.execPath, [...words, RECEIVE, 'srt://:9000/latency=4s']);
    await receiver.untilOutput(/^listening$/m);
    const sender = lab.spawn('tx', process.execPath, [...words, SEND, 'srt://10.77.1.2:9000/latency=4s']);
    const sent = JSON.parse((await sender.untilOutput(/^(\{.*\})$/m))[1]!) as Told;
    const received = JSON.parse((await receiver.untilOutput(/^(\{.*\})$/m))[1]!) as Told;
    expect(received.hash).toBe(sent.hash);
    const dropped = Number(
      /packets (\d+)/.exec(await lab.run('rx', 'nft', ['list', 'counter', 'netdev', 'wire', 'lost']))![1],
    );
    expect(dropped).toBeGreaterThan(0);
    expect(received.counters).toMatchObject({ connections: 1, packetsDroppedReceiving: 0, packetsUndecrypted: 0 });
    expect(received.counters.packetsLostReceiving).toBeGreaterThan(0);
    expect(sent.counters.packetsRetransmitted).toBeGreaterThan(0);
    expect(sent.counters.packetsDroppedSending).toBe(0);
  });
});
