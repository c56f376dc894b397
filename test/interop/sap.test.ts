import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SapAnnouncer } from '../../src/control/sapAnnouncer.js';
import { parseAddress } from '../../src/core/address.js';
import type { Path } from '../../src/io/datagram.js';
import { SAP_PORT } from '../../src/wire/sapGroups.js';
import { describeStreams } from '../../src/wire/sdpStreams.js';
import { writeSdp } from '../../src/wire/sdpWrite.js';
import { needs } from '../require.js';
import { inFolder, record, tsharkFields } from './captures.js';

const V4: Path = {
  source: '10.0.0.1',
  sourcePort: 40_000,
  group: '239.255.255.255',
  port: SAP_PORT,
  interfaceIndex: 2,
};
const V6: Path = { ...V4, source: '2001:db8::1', group: 'ff05::2:7ffe' };

const SDP = writeSdp(
  describeStreams(
    {
      origin: { username: '-', sessionId: '7', sessionVersion: '8', family: 4, address: '10.0.0.1' },
      name: 'News',
      tool: 'mcastkit',
    },
    [
      {
        scheme: 'rtp',
        place: { family: 4, group: '232.1.1.1', port: 5004, ttl: 16, sources: ['10.0.0.1'] },
        title: null,
        payloadType: 33,
        encoding: 'MP2T',
        clockRate: 90_000,
        extmaps: [],
        rtcpPort: null,
        legB: { family: 4, group: '232.1.2.1', port: 5006, ttl: 17, sources: [] },
        repair: null,
      },
    ],
  ),
);

/** Fields of an announcement, its repetition with a hash of its own, and its deletion, as tshark reads them. */
function announced(path: Path, fields: readonly string[]): Promise<string[][]> {
  const announcer = new SapAnnouncer({
    originatingSource: parseAddress(path.source)!,
    description: SDP,
    minimumNs: 1,
    random: () => 0.5,
    startNs: 0,
  });
  const packets = [announcer.announce(0, 0).slice(), announcer.end()!];
  return inFolder(async (folder) => {
    const file = join(folder, 'sap.pcapng');
    await record(
      file,
      packets.map((payload) => ({ path, timeNs: 0, tos: 0, ttl: 255, payload })),
    );
    return tsharkFields(file, ['sap.message_identifier_hash', ...fields]);
  });
}

describe.runIf(needs('tshark'))('session announcements', () => {
  it('are what tshark takes for SAP', async () => {
    const fields = ['sap.flags', 'sap.auth.len', 'sap.originating_source', 'sap.payload_type', 'sdp.owner'];
    const rows = await announced(V4, fields);
    const hash = rows[0]![0]!;
    expect(hash).not.toBe('0x0000');
    const origin = '- 7 8 IN IP4 10.0.0.1';
    expect(rows).toEqual([
      [hash, '0x20', '0', '10.0.0.1', 'application/sdp', origin],
      [hash, '0x24', '0', '10.0.0.1', 'application/sdp', origin],
    ]);
    const overIpv6 = await announced(V6, ['sap.flags', 'sap.originating_source.ipv6']);
    expect(overIpv6.map((row) => row.slice(1))).toEqual([
      ['0x30', '2001:db8::1'],
      ['0x34', '2001:db8::1'],
    ]);
  });

  it('hold a description that tshark reads as it was meant', async () => {
    const rows = await announced(V4, [
      'sdp.version',
      'sdp.session_name',
      'sdp.time',
      'sdp.media.media',
      'sdp.media.port',
      'sdp.media.proto',
      'sdp.connection_info.address',
      'sdp.connection_info.ttl',
      'sdp.invalid',
      'sdp.unknown',
      '_ws.malformed',
    ]);
    expect(rows[0]!.slice(1)).toEqual([
      '0',
      'News',
      '0 0',
      'video,video',
      '5004,5006',
      'RTP/AVP,RTP/AVP',
      // The first one of the session, for readers that look for it there alone.
      '232.1.1.1,232.1.1.1,232.1.2.1',
      '16,16,17',
      '',
      '',
      '',
    ]);
  });
});
