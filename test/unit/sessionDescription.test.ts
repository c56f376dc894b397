import { describe, expect, test } from 'vitest';
import { announcements, announcerOf, describeSender, type SentStream } from '../../src/runtime/sessionDescription.js';
import { sdpEndpoints } from '../../src/wire/sdpEndpoints.js';
import { parseSdp } from '../../src/wire/sdpRead.js';

const SESSION = { name: 'studio', address: '10.0.0.1', unixNs: 1_772_366_400_000_000_007n, tool: 'mcastkit' };

function stream(change: Partial<SentStream> = {}): SentStream {
  return {
    scheme: 'rtp',
    place: { group: '239.1.1.1', port: 5004, ttl: 4, source: null },
    name: null,
    ssrc: null,
    cname: null,
    sendTimeId: null,
    legB: null,
    fec: null,
    packetsPerSecond: 1000,
    ...change,
  };
}

function endpoints(text: string): (string | null)[][] {
  return sdpEndpoints(parseSdp(text, 'sdp'), 'sdp', []).map(({ endpoint, name }) => [endpoint, name]);
}

describe('a session description of a sender', () => {
  test('of one stream with all that it may have', () => {
    const text = describeSender(SESSION, [
      stream({
        place: { group: '232.1.1.1', port: 5004, ttl: 16, source: '10.0.0.1' },
        name: 'News',
        ssrc: 305_419_896,
        cname: 'a b@studio',
        sendTimeId: 1,
        legB: { group: '232.1.2.1', port: 5014, ttl: 17, source: '10.0.1.1' },
        fec: { columns: 10, rows: 5 },
        packetsPerSecond: 949,
      }),
    ]);
    expect(text.split('\r\n')).toEqual([
      'v=0',
      'o=- 1772366400000000007 1772366400000000007 IN IP4 10.0.0.1',
      's=News',
      'c=IN IP4 232.1.1.1/16',
      't=0 0',
      'a=tool:mcastkit',
      'a=group:DUP S1 S1b',
      'a=group:FEC-FR S1 R1',
      'm=video 5004 RTP/AVP 33',
      'c=IN IP4 232.1.1.1/16',
      'a=source-filter: incl IN IP4 232.1.1.1 10.0.0.1',
      'a=rtpmap:33 MP2T/90000',
      'a=extmap:1 urn:ietf:params:rtp-hdrext:ntp-64',
      'a=mid:S1',
      'a=ssrc:305419896 cname:a-b@studio',
      'm=video 5014 RTP/AVP 33',
      'c=IN IP4 232.1.2.1/17',
      'a=source-filter: incl IN IP4 232.1.2.1 10.0.1.1',
      'a=rtpmap:33 MP2T/90000',
      'a=extmap:1 urn:ietf:params:rtp-hdrext:ntp-64',
      'a=mid:S1b',
      'a=ssrc:305419896 cname:a-b@studio',
      // SMPTE ST 2022-1 section 8: columns on port + 2; one matrix takes 50 packets.
      'm=application 5006 RTP/AVP 96',
      'c=IN IP4 232.1.1.1/16',
      'a=source-filter: incl IN IP4 232.1.1.1 10.0.0.1',
      'a=rtpmap:96 1d-interleaved-parityfec/90000',
      'a=fmtp:96 L=10; D=5; repair-window=52688',
      'a=mid:R1',
      '',
    ]);
  });

  test('of several streams has their names as titles, and the sender’s as its own', () => {
    const text = describeSender(SESSION, [
      stream({ name: 'News', ssrc: 1 }),
      stream({ scheme: 'udp', place: { group: 'ff15::1', port: 1234, ttl: 1, source: null }, sendTimeId: 1 }),
    ]);
    expect(text).toContain('s=studio\r\n');
    expect(text).toContain('m=video 1234 udp MP2T\r\n');
    expect(text).toContain('c=IN IP6 ff15::1\r\n');
    expect(text).not.toMatch(/extmap|ssrc/);
    expect(endpoints(text)).toEqual([
      ['rtp://239.1.1.1:5004/ttl=4', 'studio News'],
      ['udp://ff15::1/port=1234', 'studio video 2'],
    ]);
  });

  test('of a stream without a name has the sender’s', () => {
    expect(endpoints(describeSender(SESSION, [stream()]))).toEqual([['rtp://239.1.1.1:5004/ttl=4', 'studio']]);
  });

  test('of a stream whose rate is not known yet has a window above 0', () => {
    const text = describeSender(SESSION, [stream({ fec: { columns: 4, rows: 4 }, packetsPerSecond: 0 })]);
    expect(text).toContain('repair-window=16000000\r\n');
  });
});

describe('announcements', () => {
  const streams = [
    stream({ name: 'News' }),
    stream({ place: { group: '239.1.1.2', port: 5004, ttl: 4, source: null } }),
    stream({ place: { group: '224.1.1.1', port: 5004, ttl: 4, source: null } }),
    stream({ place: { group: '10.0.0.9', port: 5004, ttl: 4, source: null } }),
  ];

  test('are a session for each group, on the SAP group of its scope', () => {
    const made = announcements(SESSION, streams);
    expect(made.map(({ name, sapGroup, others }) => [name, sapGroup, others])).toEqual([
      ['News', '239.255.255.255', 1],
      ['studio 239.1.1.2:5004', '239.255.255.255', 1],
      ['studio 224.1.1.1:5004', '224.2.127.254', 0],
    ]);
    const origins = made.map(({ description }) => parseSdp(description, 'sdp').origin!.sessionId);
    expect(new Set(origins).size).toBe(3);
    expect(endpoints(made[1]!.description)).toEqual([['rtp://239.1.1.2:5004/ttl=4', 'studio 239.1.1.2:5004']]);
  });

  test('the only one needs no address behind its name', () => {
    expect(announcements(SESSION, [stream()])[0]!.name).toBe('studio');
  });

  test('come at the interval of their group', () => {
    const [local, , global] = announcements(SESSION, streams);
    for (const [announcement, intervalNs] of [
      [local!, 5e9],
      [global!, 300e9],
    ] as const) {
      const announcer = announcerOf(announcement, '10.0.0.1', 7);
      expect(announcer.dueNs).toBe(7);
      announcer.announce(7, 0);
      expect(Math.abs(announcer.dueNs - 7 - intervalNs)).toBeLessThanOrEqual(intervalNs / 3);
    }
  });
});
