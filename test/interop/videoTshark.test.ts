/** What tshark makes of our stream, apart from us: RTP with MPEG-TS in it, and as much lost as we say. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { freshGroup } from '../mcast.js';
import type { Lab } from '../netns/lab.js';
import { needs } from '../require.js';
import { output, tsharkFields } from './captures.js';
import { makeClip, mediaOf, openVideoLab, PORT, receiveAt, sendFrom } from './videoLab.js';

const DECODE = ['-d', `udp.port==${PORT},rtp`, '-d', `udp.port==${PORT + 1},rtcp`];

/** The row of the only stream: what came, and what it misses. */
function streamIn(file: string): { packets: number; lost: number } {
  const text = output('tshark', '-n', '-r', file, ...DECODE, '-q', '-z', 'rtp,streams');
  const rows = text.split('\n').filter((row) => row.includes('MPEG-II streams'));
  expect(rows).toHaveLength(1);
  const [, packets, lost] = /MPEG-II streams\s+(\d+)\s+(-?\d+) \(/.exec(rows[0]!)!;
  return { packets: Number(packets), lost: Number(lost) };
}

describe.runIf(needs('netns', 'capture', 'tshark', 'ffmpeg', 'dist'))(
  'video as tshark reads it',
  {
    timeout: 60_000,
  },
  () => {
    let lab: Lab;
    let clip: string;
    beforeAll(async () => {
      lab = await openVideoLab();
      clip = makeClip(lab.folder, 'h264', 3);
    }, 60_000);
    afterAll(async () => lab?.close());

    interface Seen {
      readonly sent: RunResult;
      readonly received: RunResult;
      readonly file: string;
    }

    async function seen(...more: readonly string[]): Promise<Seen> {
      const endpoint = `rtp://${freshGroup()}:${PORT}/iface=e0`;
      const capture = await lab.capture('rx', 'e0', 'udp');
      const receiver = await receiveAt(lab, endpoint, '--once');
      const sent = await sendFrom(lab, endpoint, '--input', clip, ...more);
      const received = await receiver.result();
      await capture.stop();
      return { sent, received, file: capture.path };
    }

    it('is MPEG-TS in RTP in every packet, beyond any complaint', async () => {
      const { sent, received, file } = await seen();
      const fields = ['frame.protocols', 'udp.dstport', 'rtp.p_type', 'rtcp.pt', '_ws.expert.message', '_ws.malformed'];
      const rows = tsharkFields(file, fields, ...DECODE);
      const media = rows.filter(([, port]) => port === String(PORT));
      expect(media).toHaveLength(sent.sender!.sent);
      expect(media.filter(([protocols]) => !protocols!.startsWith('eth:ethertype:ip:udp:rtp:mp2t'))).toEqual([]);
      expect(new Set(media.map((row) => row[2]))).toEqual(new Set(['33']));
      const control = rows.filter(([, port]) => port === String(PORT + 1));
      // What goes elsewhere is the receiver's, by unicast; what begins with RR announces that it is wanted.
      const announcements = control.filter((row) => row[3]!.startsWith('201,202,204'));
      expect(announcements.length).toBeGreaterThan(1);
      // Sender reports with the name of the source; the last one says BYE.
      const reports = control.filter((row) => !announcements.includes(row));
      expect(reports.length).toBeGreaterThan(1);
      expect(reports.filter((row) => !row[3]!.startsWith('200,202'))).toEqual([]);
      expect(reports.at(-1)![3]).toBe('200,202,203');
      expect(rows.filter((row) => (row[4] ?? '') !== '' || (row[5] ?? '') !== '')).toEqual([]);
      expect(streamIn(file)).toEqual({ packets: media.length, lost: 0 });
      expect(mediaOf(received).metrics).toMatchObject({ packets_received: media.length, packets_lost: 0 });
    });

    it.each(['list=3,10-20,100-140,500,502,700-899', 'loss=5%,seed=3'])('misses what we miss: %s', async (network) => {
      const { sent, received, file } = await seen('--impair', network);
      const { packets_received, packets_lost } = mediaOf(received).metrics;
      const { packets, lost } = streamIn(file);
      expect(packets).toBe(packets_received);
      expect(lost).toBe(packets_lost);
      // At random the first and the last may be lost, of which nothing tells.
      if (network.startsWith('list')) expect(lost).toBe(sent.sender!.impairment!.lost);
      expect(lost).toBeGreaterThan(20);
    });
  },
);
