import { describe, expect, it } from 'vitest';
import type { SdpDescription, SdpMedia, SdpMediaRead, SdpOrigin } from '../../src/wire/sdp.js';
import { sdpEndpoints } from '../../src/wire/sdpEndpoints.js';
import { parseSdp } from '../../src/wire/sdpRead.js';
import { describeStreams, type DescribedPlace, type DescribedStream } from '../../src/wire/sdpStreams.js';
import { sdpOriginLine, writeSdp } from '../../src/wire/sdpWrite.js';

const ORIGIN: SdpOrigin = {
  username: '-',
  sessionId: '18446744073709551615',
  sessionVersion: '2',
  family: 4,
  address: '10.0.0.1',
};
const SESSION = { origin: ORIGIN, name: 'News', tool: 'mcastkit' };
const A: DescribedPlace = { family: 4, group: '232.1.1.1', port: 5004, ttl: 16, sources: ['10.0.0.1'] };
const STREAM: DescribedStream = {
  scheme: 'rtp',
  place: A,
  title: null,
  payloadType: 33,
  encoding: 'MP2T',
  clockRate: 90_000,
  extmaps: [],
  rtcpPort: null,
  legB: null,
  repair: null,
};

function without(media: SdpMediaRead): SdpMedia {
  const rest: SdpMedia & { line?: number } = { ...media };
  delete rest.line;
  return rest;
}

/** Read back, without the lines of the text. */
function reread(description: SdpDescription): SdpDescription {
  const read = parseSdp(writeSdp(description), 'x');
  return { ...read, media: read.media.map((media) => without(media)) };
}

describe('a description of streams', () => {
  it('of one transport stream over RTP, to the letter', () => {
    expect(writeSdp(describeStreams(SESSION, [STREAM]))).toBe(
      [
        'v=0',
        'o=- 18446744073709551615 2 IN IP4 10.0.0.1',
        's=News',
        'c=IN IP4 232.1.1.1/16',
        't=0 0',
        'a=tool:mcastkit',
        'm=video 5004 RTP/AVP 33',
        'c=IN IP4 232.1.1.1/16',
        'a=source-filter: incl IN IP4 232.1.1.1 10.0.0.1',
        'a=rtpmap:33 MP2T/90000',
        '',
      ].join('\r\n'),
    );
  });

  it('of plain datagrams over IPv6, from any source', () => {
    const place: DescribedPlace = { family: 6, group: 'ff15::1', port: 1234, ttl: 9, sources: [] };
    const stream: DescribedStream = { ...STREAM, scheme: 'udp', place, title: 'One', rtcpPort: 7, extmaps: [EXTMAP] };
    const text = writeSdp(describeStreams({ ...SESSION, name: null, tool: null }, [stream]));
    expect(text.split('\r\n').slice(2)).toEqual([
      's=-',
      'c=IN IP6 ff15::1',
      't=0 0',
      'm=video 1234 udp MP2T',
      'i=One',
      'c=IN IP6 ff15::1',
      '',
    ]);
  });

  it('with a second leg, a repair flow, extensions and RTCP elsewhere', () => {
    const legB: DescribedPlace = { ...A, group: '232.1.2.1', sources: ['10.0.1.1'] };
    const place: DescribedPlace = { ...A, port: 5006 };
    const repair = { place, payloadType: 100, columns: 5, rows: 10, repairWindowUs: 200_000 };
    const second = { ...STREAM, place: { ...A, port: 6000 } };
    const description = describeStreams(SESSION, [
      { ...STREAM, title: 'One', legB, repair, extmaps: [EXTMAP], rtcpPort: 7000 },
      second,
    ]);
    const lines = writeSdp(description).split('\r\n');
    expect(lines.slice(6)).toEqual([
      'a=group:DUP S1 S1b',
      'a=group:FEC-FR S1 R1',
      'm=video 5004 RTP/AVP 33',
      'i=One',
      'c=IN IP4 232.1.1.1/16',
      'a=source-filter: incl IN IP4 232.1.1.1 10.0.0.1',
      'a=rtpmap:33 MP2T/90000',
      'a=extmap:2 urn:x',
      'a=rtcp:7000',
      'a=mid:S1',
      'm=video 5004 RTP/AVP 33',
      'i=One',
      'c=IN IP4 232.1.2.1/16',
      'a=source-filter: incl IN IP4 232.1.2.1 10.0.1.1',
      'a=rtpmap:33 MP2T/90000',
      'a=extmap:2 urn:x',
      'a=rtcp:7000',
      'a=mid:S1b',
      'm=application 5006 RTP/AVP 100',
      'c=IN IP4 232.1.1.1/16',
      'a=source-filter: incl IN IP4 232.1.1.1 10.0.0.1',
      'a=rtpmap:100 1d-interleaved-parityfec/90000',
      'a=fmtp:100 L=5; D=10; repair-window=200000',
      'a=mid:R1',
      'm=video 6000 RTP/AVP 33',
      'c=IN IP4 232.1.1.1/16',
      'a=source-filter: incl IN IP4 232.1.1.1 10.0.0.1',
      'a=rtpmap:33 MP2T/90000',
      '',
    ]);
    expect(reread(description)).toEqual(description);
    const found = sdpEndpoints(parseSdp(lines.join('\n'), 'x'), 'x', []);
    expect(found.map(({ endpoint, duplicateOf }) => [endpoint, duplicateOf])).toEqual([
      ['rtp://10.0.0.1@232.1.1.1:5004/ttl=16', null],
      ['rtp://10.0.1.1@232.1.2.1:5004/ttl=16', 0],
      ['rtp://10.0.0.1@232.1.1.1:6000/ttl=16', null],
    ]);
  });
});

const EXTMAP = { id: 2, direction: null, uri: 'urn:x', attributes: null };

describe('writing', () => {
  it('is read back, whatever the description holds', () => {
    const description: SdpDescription = {
      origin: { ...ORIGIN, family: 6, address: '2001:db8::1' },
      name: 'Naïve – 名',
      information: 'about it',
      tool: null,
      groups: [{ semantics: 'DUP', mids: ['a', 'b'] }],
      media: [
        {
          type: 'audio',
          port: 5004,
          ports: 3,
          protocol: 'RTP/AVPF',
          formats: ['98', '99'],
          title: 'left',
          connections: [
            { family: 4, address: '239.1.1.1', ttl: 0, addresses: 3 },
            { family: 4, address: 'studio.example', ttl: null, addresses: 1 },
            { family: 6, address: 'ff15::1', ttl: null, addresses: 2 },
          ],
          filters: [
            { mode: 'excl', family: null, destination: null, sources: ['10.0.0.1', '2001:db8::2'] },
            { mode: 'incl', family: 6, destination: 'ff15::1', sources: ['2001:db8::2'] },
          ],
          rtpmaps: [{ payloadType: 98, encoding: 'L24', clockRate: 48_000, channels: 2 }],
          formatParameters: [{ format: '98', text: 'a=b; c' }],
          extmaps: [{ id: 4096, direction: 'sendonly', uri: 'urn:y', attributes: 'p q' }],
          rtcp: { port: 53_020, address: '2001:db8::9' },
          mid: 'a',
        },
        {
          type: 'video',
          port: 0,
          ports: 1,
          protocol: 'udp',
          formats: [],
          title: null,
          connections: [],
          filters: [],
          rtpmaps: [],
          formatParameters: [],
          extmaps: [],
          rtcp: { port: 1, address: '10.0.0.2' },
          mid: null,
        },
      ],
    };
    expect(reread(description)).toEqual(description);
    expect(writeSdp(description)).toContain('a=rtcp:53020 IN IP6 2001:db8::9\r\n');
    expect(writeSdp(description)).toContain('a=rtcp:1 IN IP4 10.0.0.2\r\n');
    // A media without a place would be given it.
    expect(writeSdp(description).slice(0, writeSdp(description).indexOf('m='))).not.toContain('c=');
  });

  it('gives a number of IPv4 groups a TTL to stand behind', () => {
    const description = describeStreams(SESSION, [STREAM]);
    const connections = [{ family: 4 as const, address: '239.1.1.1', ttl: null, addresses: 2 }];
    const text = writeSdp({ ...description, media: [{ ...description.media[0]!, connections }] });
    expect(text).toContain('c=IN IP4 239.1.1.1/1/2\r\n');
  });

  it('keeps a name in its line', () => {
    const text = writeSdp(describeStreams({ ...SESSION, name: 'a\r\nm=video 1 udp x\u0000' }, []));
    expect(text).toContain('\r\ns=a m=video 1 udp x \r\n');
    expect(sdpOriginLine({ ...ORIGIN, username: 'a\nb' })).toBe('o=a b 18446744073709551615 2 IN IP4 10.0.0.1');
  });

  it('needs an origin', () => {
    expect(() => writeSdp({ ...describeStreams(SESSION, []), origin: null })).toThrow('origin');
  });
});
