import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ntpFromUnixNs } from '../../src/core/ntpTime.js';
import type { Path } from '../../src/io/datagram.js';
import { RTCP_RESPONSE_OCTETS, RtcpResponder } from '../../src/runtime/rtcpResponder.js';
import { encodeLossRle } from '../../src/wire/lossRle.js';
import { rtcpCodec } from '../../src/wire/rtcp.js';
import type { RtcpPacket } from '../../src/wire/rtcp.js';
import type { RtcpReportBlock } from '../../src/wire/rtcpReports.js';
import { SdesType, sdesItem } from '../../src/wire/rtcpSdes.js';
import { XrTtlKind } from '../../src/wire/rtcpXr.js';
import { needs } from '../require.js';
import { inFolder, record, tsharkFields } from './captures.js';

const PATH: Path = { source: '10.0.0.1', sourcePort: 5005, group: '239.1.1.1', port: 5005, interfaceIndex: 2 };
const SSRC = 0x0102_0304;
const SOURCE = 0x89ab_cdef;
const NONE = new Uint8Array();
const thrice = (value: number): string => `${value},${value},${value}`;
const SENT_NS = 1_767_225_600_123_456_789n;

const BLOCK: RtcpReportBlock = {
  ssrc: SOURCE,
  fractionLost: 200,
  cumulativeLost: -1,
  extendedHighestSequence: 0x0003_fffe,
  jitter: 291,
  lastSr: 0xb705_2000,
  delaySinceLastSr: 344_064,
};
const RR: RtcpPacket = { kind: 'rr', ssrc: SSRC, blocks: [], extension: NONE };

function octetsOf(packets: readonly RtcpPacket[], padding = NONE): Uint8Array {
  const octets = new Uint8Array(rtcpCodec.octets({ packets, padding })).fill(0xa5);
  rtcpCodec.write(octets, 0, { packets, padding });
  return octets;
}

/** The fields of each compound packet; what occurs more than once in it is joined by commas. */
function dissect(compounds: readonly Uint8Array[], ...fields: readonly string[]): Promise<string[][]> {
  return inFolder(async (folder) => {
    const file = join(folder, 'rtcp.pcapng');
    await record(
      file,
      compounds.map((payload) => ({ path: PATH, timeNs: 0, tos: 0, ttl: 1, payload })),
    );
    const rows = tsharkFields(file, fields, '-d', 'udp.port==5005,rtcp');
    return rows.map((row) => fields.map((_, i) => row[i] ?? ''));
  });
}

const HEADERS = ['rtcp.version', 'rtcp.pt', 'rtcp.length', 'rtcp.length_check', '_ws.malformed', '_ws.expert.message'];

describe.runIf(needs('tshark'))('RTCP as tshark reads it', () => {
  it('sender report, source description and BYE', async () => {
    const sr: RtcpPacket = {
      kind: 'sr',
      ssrc: SSRC,
      ntp: ntpFromUnixNs(SENT_NS),
      rtpTimestamp: 0xfedc_ba98,
      packetCount: 0xffff_fffe,
      octetCount: 0x8000_0001,
      blocks: [BLOCK, { ...BLOCK, cumulativeLost: 0x7f_ffff }, { ...BLOCK, cumulativeLost: -0x80_0000 }],
      extension: NONE,
    };
    const sdes: RtcpPacket = {
      kind: 'sdes',
      chunks: [{ ssrc: SSRC, items: [sdesItem(SdesType.Cname, 'a@host'), sdesItem(SdesType.Tool, 'mcast 1.0')] }],
    };
    const bye: RtcpPacket = { kind: 'bye', ssrcs: [SSRC, 7], reason: new TextEncoder().encode('over') };
    const compound = octetsOf([sr, sdes, bye]);
    expect(await dissect([compound], ...HEADERS)).toEqual([['2,2,2', '200,202,203', '24,6,4', '1', '', '']]);
    const rows = await dissect(
      [compound],
      'rtcp.senderssrc',
      'rtcp.timestamp.ntp.msw',
      'rtcp.timestamp.ntp.lsw',
      'rtcp.timestamp.ntp',
      'rtcp.timestamp.rtp',
      'rtcp.sender.packetcount',
      'rtcp.sender.octetcount',
      'rtcp.ssrc.fraction',
      'rtcp.ssrc.cum_nr',
      'rtcp.ssrc.high_cycles',
      'rtcp.ssrc.high_seq',
      'rtcp.ssrc.jitter',
      'rtcp.ssrc.lsr',
      'rtcp.ssrc.dlsr',
      'rtcp.sdes.type',
      'rtcp.sdes.text',
      'rtcp.ssrc.identifier',
    );
    const [row] = rows;
    expect(row!.slice(0, 3)).toEqual(['0x01020304', '3976214400', '530242871']);
    // Days and time zone aside.
    expect(row![3]).toContain('00:00:00.123456788');
    expect(row!.slice(4, 7)).toEqual(['4275878552', '4294967294', '2147483649']);
    expect(row![7]).toBe(thrice(200));
    expect(row![8]).toBe('-1,8388607,-8388608');
    expect(row!.slice(9, 14)).toEqual([3, 65_534, 291, 0xb705_2000, 344_064].map(thrice));
    expect(row![14]).toBe('1,6,0');
    expect(row![15]).toBe('a@host,mcast 1.0,over');
    const hex = '0x89abcdef';
    expect(row![16]).toBe(`${hex},${hex},${hex},0x01020304,0x01020304,0x00000007`);
  });

  it('APP, a padded source description, and an empty receiver report', async () => {
    const app: RtcpPacket = { kind: 'app', subtype: 5, ssrc: SSRC, name: 'test', data: Uint8Array.of(1, 2, 3, 4) };
    // In a BYE and in an APP packet tshark 4.0 reads padding as part of the body.
    const sdes: RtcpPacket = { kind: 'sdes', chunks: [{ ssrc: SSRC, items: [] }] };
    const compounds = [octetsOf([RR]), octetsOf([RR, app]), octetsOf([RR, sdes], Uint8Array.of(0, 0, 0, 4))];
    const rows = await dissect(
      compounds,
      ...HEADERS,
      'rtcp.rc',
      'rtcp.app.subtype',
      'rtcp.app.name',
      'rtcp.app.data',
      'rtcp.padding',
    );
    expect(rows).toEqual([
      ['2', '201', '1', '1', '', '', '0', '', '', '', '0'],
      ['2,2', '201,204', '1,3', '1', '', '', '0', '5', 'test', '01020304', '0,0'],
      ['2,2', '201,202', '1,3', '1', '', '', '0', '', '', '', '0,1'],
    ]);
  });

  it('extended reports', async () => {
    const trace = Uint8Array.from({ length: 40 }, (_, i) => (i === 20 || i === 22 ? 0 : 1));
    const xr: RtcpPacket = {
      kind: 'xr',
      ssrc: SSRC,
      reserved: 0,
      blocks: [
        {
          kind: 'loss-rle',
          ssrc: SOURCE,
          reserved: 0,
          thinning: 0,
          beginSequence: 65_520,
          endSequence: 24,
          chunks: encodeLossRle(trace),
        },
        { kind: 'reference-time', reserved: 0, ntp: ntpFromUnixNs(SENT_NS) },
        { kind: 'dlrr', reserved: 0, subBlocks: [{ ssrc: SOURCE, lastRr: 0xb705_2000, delaySinceLastRr: 344_064 }] },
        {
          kind: 'statistics',
          ssrc: SOURCE,
          hasLoss: true,
          hasDuplicates: true,
          hasJitter: true,
          ttlKind: XrTtlKind.Ipv4Ttl,
          reserved: 0,
          beginSequence: 65_520,
          endSequence: 24,
          lostPackets: 2,
          duplicatePackets: 3,
          minJitter: 4,
          maxJitter: 5,
          meanJitter: 6,
          devJitter: 7,
          minTtl: 8,
          maxTtl: 9,
          meanTtl: 10,
          devTtl: 11,
        },
      ],
    };
    const [row] = await dissect(
      [octetsOf([RR, xr])],
      ...HEADERS,
      'rtcp.xr.bt',
      'rtcp.xr.bl',
      'rtcp.xr.beginseq',
      'rtcp.xr.endseq',
      'rtcp.xr.chunk.length',
      'rtcp.xr.chunk.bit_vector',
      'rtcp.xr.lrr',
      'rtcp.xr.dlrr',
      'rtcp.xr.stats.lost',
      'rtcp.xr.stats.dups',
      'rtcp.xr.stats.minjitter',
      'rtcp.xr.stats.maxjitter',
      'rtcp.xr.stats.meanjitter',
      'rtcp.xr.stats.devjitter',
      'rtcp.xr.stats.minttl',
      'rtcp.xr.stats.maxttl',
      'rtcp.xr.stats.meanttl',
      'rtcp.xr.stats.devttl',
      'rtcp.xr.stats.ttl',
      'rtcp.xr.timestamp',
    );
    const values = row!.slice(HEADERS.length);
    expect(row!.slice(0, 6)).toEqual(['2,2', '201,207', '1,23', '1', '', '']);
    expect(values.slice(0, 4)).toEqual(['1,4,5,6', '4,2,3,9', '65520,65520', '24,24']);
    expect(values.slice(4, 6)).toEqual(['20,5', String(0x2fff)]);
    expect(values.slice(6, 18)).toEqual(['3070566400', '344064', ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map(String)]);
    expect(values[18]).toBe('1');
    expect(values[19]).toContain('00:00:00.123456788');
  });

  it('what a receiver reports', async () => {
    const responder = new RtcpResponder({
      ssrc: SSRC,
      cname: 'AAECAwQFBgcICQoL',
      reportedSsrc: SOURCE,
      rateBitPerSecond: 8e6,
      family: 4,
      clockHz: 90_000,
      dataSourcePort: 5004,
      startMonoNs: 0,
      seed: 1,
      trace: (_, came) => came.fill(1, 0, came.length - 1),
    });
    const figures = { firstNumber: 7, received: 99, duplicates: 0, payloadOctets: 0, jitterNs: NaN };
    const octets = new Uint8Array(RTCP_RESPONSE_OCTETS);
    let length = 0;
    while (length === 0) length = responder.write(responder.dueMonoNs, { ...figures, highestNumber: 106 }, octets, 0);
    const fields = [
      'rtcp.ssrc.cum_nr',
      'rtcp.ssrc.ext_high',
      'rtcp.xr.bt',
      'rtcp.xr.stats.lost',
      'rtcp.xr.chunk.length',
    ];
    const [row] = await dissect([octets.slice(0, length)], ...HEADERS, ...fields);
    expect(row).toEqual(['2,2,2', '201,202,207', '7,9,15', '1', '', '', '1', '106', '1,6', '1', '99,1']);
  });
});
