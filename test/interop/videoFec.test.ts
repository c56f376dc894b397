/** ffmpeg's Pro-MPEG FEC over a network that loses packets: nothing that its matrix can repair stays lost. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshGroup } from '../mcast.js';
import type { Lab } from '../netns/lab.js';
import { needs } from '../require.js';
import {
  expectSound,
  makeClip,
  mediaOf,
  openVideoLab,
  payloadsIn,
  PORT,
  receiveAt,
  same,
  TX_ADDRESS,
} from './videoLab.js';

const RTP_OCTETS = 12;
/** The lower seven bits of the RTP sequence number, behind the UDP header of eight octets. */
const NUMBER = '@th,89,7';
/** FEC leaves with the next matrix, which the end of a stream has not: losses end before. */
const LOSSY_OCTETS = 1_500_000;

describe.runIf(needs('netns', 'nft', 'capture', 'ffmpeg', 'dist'))("ffmpeg's FEC", { timeout: 60_000 }, () => {
  let lab: Lab;
  let clip: string;
  beforeAll(async () => {
    lab = await openVideoLab();
    clip = makeClip(lab.folder, 'h264', 3);
  }, 60_000);
  afterAll(async () => lab?.close());

  it.each([
    // Apart by more than a matrix, so that each matrix has one of them at most.
    ['single packets and bursts of L', '{ 20-29, 90 }', 'l=10:d=5'],
    ['two in a row of the matrix', '{ 20, 23 }', 'l=8:d=6'],
  ])('repairs %s', async (_what, numbers, matrix) => {
    const group = freshGroup();
    const saved = join(lab.folder, `${group}.ts`);
    await lab.run('rx', 'nft', [
      `table netdev wire {
        counter lost { }
        chain in {
          type filter hook ingress device "e0" priority 0
          udp dport != ${PORT} accept
          quota until 20000 bytes accept
          quota over ${LOSSY_OCTETS} bytes accept
          ${NUMBER} ${numbers} counter name lost drop
        }
      }`,
    ]);
    const capture = await lab.capture('tx', 'e0', `udp port ${PORT}`);
    const receiver = await receiveAt(lab, `rtp://${group}:${PORT}/iface=e0`, '--once', '--save', saved);
    const muxer = ['rtp_mpegts', '-fec', `prompeg=${matrix}`, '-rtp_muxer_options', 'rtpflags=send_bye'];
    const words = ['-nostdin', '-v', 'error', '-re', '-i', clip, '-map', '0', '-c', 'copy', '-f', ...muxer];
    await lab.run('tx', 'ffmpeg', [...words, `rtp://${group}:${PORT}?localaddr=${TX_ADDRESS}&pkt_size=1328&ttl=1`]);
    const result = await receiver.result();
    await capture.stop();
    const counter = await lab.run('rx', 'nft', ['list', 'counter', 'netdev', 'wire', 'lost']);
    await lab.run('rx', 'nft', ['delete', 'table', 'netdev', 'wire']);
    const dropped = Number(/packets (\d+)/.exec(counter)![1]);
    expect(dropped).toBeGreaterThan(10);
    const stream = mediaOf(result);
    expect(stream.metrics).toMatchObject({ packets_lost: dropped, loss_network: dropped });
    const [, columns, rows] = /l=(\d+):d=(\d+)/.exec(matrix)!.map(Number);
    expect(stream.fec).toMatchObject({
      columns,
      rows,
      has_rows: true,
      packets_malformed: 0,
      packets_inconsistent: 0,
      packets_recovered: dropped,
    });
    expect(stream.after!.metrics).toMatchObject({ packets_lost: 0, packets_received: stream.metrics.packets_expected });
    expectSound(stream);
    same(readFileSync(saved), payloadsIn(capture.path, PORT, RTP_OCTETS));
  });
});
