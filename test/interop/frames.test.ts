import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FrameStatus } from '../../src/wire/ip.js';
import { needs } from '../require.js';
import { EXPECTED, FRAMES } from '../vectors/frames.js';
import { fromHex, toHex } from '../vectors/hex.js';
import { inFolder, output, tsharkFields } from './captures.js';

const FIELDS = [
  'udp.payload',
  'udp.srcport',
  'udp.dstport',
  'ip.src',
  'ipv6.src',
  'ip.dst',
  'ipv6.dst',
  'ip.dsfield',
  'ipv6.tclass',
  'ip.ttl',
  'ipv6.hlim',
  'ip.checksum.status',
  'udp.checksum.status',
];

/** The frames our vectors are made of mean to tshark what we say they mean: nobody marks his own work. */
describe.runIf(needs('tshark', 'text2pcap'))('frames of the vectors, read by tshark', () => {
  for (const frame of FRAMES) {
    it(frame.name, async () => {
      await inFolder(async (folder) => {
        const dump = join(folder, 'dump.txt');
        const file = join(folder, 'frame.pcap');
        const octets = toHex(fromHex(frame.hex)).match(/../g)!.join(' ');
        writeFileSync(dump, `0000 ${octets}\n`);
        output('text2pcap', '-F', 'pcap', '-l', String(frame.linkType), dump, file);
        const rows = tsharkFields(
          file,
          FIELDS,
          '-o',
          'ip.check_checksum:TRUE',
          '-o',
          'udp.check_checksum:TRUE',
          '-o',
          'ip.defragment:FALSE',
          '-o',
          'ipv6.defragment:FALSE',
        );
        const row = rows[0]!;
        if (frame.status !== FrameStatus.Udp) {
          // tshark shows the ports of first fragments, and no payload of what is not UDP.
          if (frame.status !== FrameStatus.Fragment) expect(row.slice(0, 3)).toEqual(['', '', '']);
          return;
        }
        const six = frame.six === true;
        const pick = (four: string, other: string): [string, string] => (six ? ['', other] : [four, '']);
        expect(row).toEqual([
          frame.payload ?? EXPECTED.payload,
          String(EXPECTED.sourcePort),
          String(EXPECTED.port),
          ...pick(EXPECTED.source4, EXPECTED.source6),
          ...pick(EXPECTED.group4, EXPECTED.group6),
          ...pick('0xb8', '0x000000b8'),
          ...pick(String(EXPECTED.ttl), String(EXPECTED.ttl)),
          six ? '' : '1',
          six ? '1' : '3',
        ]);
      });
    });
  }

  it('and the fragments are fragments', async () => {
    await inFolder(async (folder) => {
      const fragments = FRAMES.filter(({ status }) => status === FrameStatus.Fragment);
      for (const frame of fragments) {
        const dump = join(folder, 'dump.txt');
        const file = join(folder, 'frame.pcap');
        writeFileSync(dump, `0000 ${toHex(fromHex(frame.hex)).match(/../g)!.join(' ')}\n`);
        output('text2pcap', '-F', 'pcap', '-l', String(frame.linkType), dump, file);
        const filter = 'ip.flags.mf == 1 || ip.frag_offset > 0 || ipv6.fraghdr.more == 1';
        expect(tsharkFields(file, ['frame.number'], '-Y', filter), frame.name).toEqual([['1']]);
      }
      expect(fragments.length).toBe(3);
    });
  });
});
