import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { parseEndpoint } from '../../src/core/parseEndpoint.js';
import { sdpEndpoints, type SdpEndpoint } from '../../src/wire/sdpEndpoints.js';
import { SDP_MOST_CHARACTERS, SDP_MOST_MEDIA, parseSdp, readSdp } from '../../src/wire/sdpRead.js';

const HEAD = ['v=0', 'o=- 1 2 IN IP4 10.0.0.1', 's=News', 't=0 0'];
const text = (...lines: readonly string[]): string => lines.join('\n');
const session = (...lines: readonly string[]): string => text(...HEAD, ...lines);

function problems(sdp: string): string[] {
  const found: string[] = [];
  const description = readSdp(sdp, 'x', found);
  if (description !== null) sdpEndpoints(description, 'x', found);
  return found;
}

function endpoints(sdp: string): SdpEndpoint[] {
  const found: string[] = [];
  const list = sdpEndpoints(parseSdp(sdp, 'x'), 'x', found);
  expect(found).toEqual([]);
  // What a description says must be readable as an endpoint.
  for (const { endpoint } of list) parseEndpoint(endpoint, { parameters: new Set(['ttl']), unicast: true });
  return list;
}

const texts = (sdp: string): string[] => endpoints(sdp).map((one) => one.endpoint);

describe('descriptions as other programs write them', () => {
  it('ffmpeg: a transport stream over RTP, heading included', () => {
    const sdp = text(
      'SDP:',
      'v=0',
      'o=- 0 0 IN IP4 127.0.0.1',
      's=No Name',
      'c=IN IP4 239.1.1.1/16',
      't=0 0',
      'a=tool:libavformat 59.27.100',
      'm=video 5004 RTP/AVP 33',
      'b=AS:200',
      '',
    );
    expect(parseSdp(sdp, 'x')).toMatchObject({ name: 'No Name', tool: 'libavformat 59.27.100' });
    expect(endpoints(sdp)).toEqual([
      {
        endpoint: 'rtp://239.1.1.1:5004/ttl=16',
        name: 'No Name',
        line: 8,
        payloadType: 33,
        encoding: 'MP2T',
        clockRate: 90_000,
        extmaps: [],
        duplicateOf: null,
      },
    ]);
  });

  it('VLC: a source filter for every destination, CR LF', () => {
    const sdp = [
      'v=0',
      'o=- 16777216 3 IN IP4 studio.example',
      's=Test card',
      'i=N/A',
      'c=IN IP4 232.1.1.1/255',
      't=0 0',
      'a=tool:vlc 3.0.20',
      'a=recvonly',
      'a=type:broadcast',
      'a=charset:UTF-8',
      'a=source-filter: incl IN IP4 * 10.0.0.7',
      'm=video 5004 RTP/AVP 33',
      'b=RR:0',
      'a=rtpmap:33 MP2T/90000',
      '',
    ].join('\r\n');
    expect(endpoints(sdp)).toEqual([
      expect.objectContaining({ endpoint: 'rtp://10.0.0.7@232.1.1.1:5004/ttl=255', name: 'Test card' }),
    ]);
    expect(texts(sdp.replace('RTP/AVP 33', 'udp mpeg'))).toEqual(['udp://10.0.0.7@232.1.1.1:5004/ttl=255']);
  });

  it('GStreamer: a dynamic payload type with its parameters and extensions', () => {
    const sdp = text(
      'v=0',
      'o=- 1188340656180883 1 IN IP4 127.0.0.1',
      's=Session streamed by GStreamer',
      'i=server',
      't=0 0',
      'a=tool:GStreamer',
      'a=type:broadcast',
      'm=video 5000 RTP/AVP 96',
      'c=IN IP4 239.1.1.2/1',
      'a=rtpmap:96 H264/90000',
      'a=fmtp:96 packetization-mode=1;profile-level-id=42c015',
      'a=extmap:1 urn:ietf:params:rtp-hdrext:ntp-64',
      'a=extmap:3/recvonly urn:example:other 25@600/24',
    );
    expect(endpoints(sdp)).toEqual([
      {
        endpoint: 'rtp://239.1.1.2:5000/ttl=1',
        name: 'Session streamed by GStreamer',
        line: 8,
        payloadType: 96,
        encoding: 'H264',
        clockRate: 90_000,
        extmaps: [
          { id: 1, direction: null, uri: 'urn:ietf:params:rtp-hdrext:ntp-64', attributes: null },
          { id: 3, direction: 'recvonly', uri: 'urn:example:other', attributes: '25@600/24' },
        ],
        duplicateOf: null,
      },
    ]);
    expect(parseSdp(sdp, 'x').media[0]!.formatParameters).toEqual([
      { format: '96', text: 'packetization-mode=1;profile-level-id=42c015' },
    ]);
  });

  it('AES67: audio with clocks that nobody here needs', () => {
    const sdp = session(
      'm=audio 5004 RTP/AVP 98',
      'c=IN IP4 239.69.1.1/32',
      'a=rtpmap:98 L24/48000/2',
      'a=ptime:1',
      'a=ts-refclk:ptp=IEEE1588-2008:39-A7-94-FF-FE-07-CB-D0:0',
      'a=mediaclk:direct=963214424',
    );
    expect(endpoints(sdp)).toEqual([
      expect.objectContaining({ endpoint: 'rtp://239.69.1.1:5004/ttl=32', encoding: 'L24', clockRate: 48_000 }),
    ]);
    expect(parseSdp(sdp, 'x').media[0]!.rtpmaps[0]!.channels).toBe(2);
  });

  it('SMPTE 2022-7: two legs, each with its own source, and a repair flow that is left out', () => {
    const sdp = session(
      'a=group:DUP primary secondary',
      'a=group:FEC-FR primary R1',
      'm=video 5000 RTP/AVP 33',
      'c=IN IP4 239.1.1.1/8',
      'a=source-filter: incl IN IP4 239.1.1.1 10.0.0.1',
      'a=mid:primary',
      'm=video 5000 RTP/AVP 33',
      'c=IN IP4 239.1.2.1/8',
      'a=source-filter:incl IN IP4 239.1.2.1 10.0.1.1',
      'a=mid:secondary',
      'm=application 5002 RTP/AVP 100',
      'c=IN IP4 239.1.1.1/8',
      'a=rtpmap:100 1d-interleaved-parityfec/90000',
      'a=mid:R1',
    );
    expect(parseSdp(sdp, 'x').groups).toEqual([
      { semantics: 'DUP', mids: ['primary', 'secondary'] },
      { semantics: 'FEC-FR', mids: ['primary', 'R1'] },
    ]);
    expect(endpoints(sdp).map(({ endpoint, name, duplicateOf }) => [endpoint, name, duplicateOf])).toEqual([
      ['rtp://10.0.0.1@239.1.1.1:5000/ttl=8', 'News primary', null],
      ['rtp://10.0.1.1@239.1.2.1:5000/ttl=8', 'News secondary', 0],
    ]);
  });
});

const media = (...lines: readonly string[]): string[] => texts(session(...lines));
const names = (...lines: readonly string[]): (string | null)[] => endpoints(text(...lines)).map(({ name }) => name);

function encoding(m: string, ...more: readonly string[]): unknown[] {
  const read = endpoints(session(m, 'c=IN IP4 239.1.1.1/1', ...more))[0]!;
  return [read.payloadType, read.encoding, read.clockRate];
}

function duplicates(group: string, ...lines: readonly string[]): unknown[] {
  return endpoints(session('c=IN IP4 239.1.1.1/1', `a=group:${group}`, ...lines)).map((one) => one.duplicateOf);
}

describe('what a media lets a receiver join', () => {
  it('its own connection, filters and title before those of the session', () => {
    const sdp = session(
      'c=IN IP4 239.9.9.9/9',
      'a=source-filter: incl IN IP4 * 10.0.0.9',
      'm=video 1000 RTP/AVP 33',
      'i=One',
      'm=video 2000 RTP/AVP 33',
      'i=Two',
      'c=IN IP4 239.1.1.1/1',
      'a=source-filter: incl IN * 239.1.1.1 10.0.0.1 10.0.0.2 10.0.0.1',
    );
    expect(endpoints(sdp).map(({ endpoint, name }) => [endpoint, name])).toEqual([
      ['rtp://10.0.0.9@239.9.9.9:1000/ttl=9', 'News One'],
      ['rtp://10.0.0.1,10.0.0.2@239.1.1.1:2000/ttl=1', 'News Two'],
    ]);
  });

  it('sources of filters for its group only, its IP version only', () => {
    expect(
      media(
        'm=video 1000 udp MP2T',
        'c=IN IP4 239.1.1.1',
        'c=IN IP6 ff3e::8000:1/2',
        'a=source-filter: incl IN IP4 239.1.1.2 10.0.0.2',
        'a=source-filter: incl IN IP4 239.1.1.1 10.0.0.1',
        'a=source-filter: incl IN IP6 ff3e::8000:2 2001:db8::2',
        'a=source-filter: incl IN IP6 ff3e::8000:3 2001:db8::3',
        'a=source-filter: incl IN * * 10.0.0.3 2001:DB8:0::4',
      ),
    ).toEqual(['udp://10.0.0.1,10.0.0.3@239.1.1.1:1000', 'udp://2001:db8::2,2001:db8::4@ff3e::8000:1+2/port=1000']);
  });

  it('whatever a filter of the other IP version says', () => {
    expect(media('a=source-filter: excl IN IP4 * 10.0.0.1', 'm=video 1000 udp MP2T', 'c=IN IP6 ff15::1')).toEqual([
      'udp://ff15::1/port=1000',
    ]);
  });

  it('duplicates by DUP only, of what is joined only', () => {
    const legs = ['m=video 1000 udp x', 'a=mid:a', 'm=video 2000 udp x', 'a=mid:b', 'm=video 3000 udp x', 'a=mid:c'];
    expect(duplicates('LS a b c', ...legs)).toEqual([null, null, null]);
    expect(duplicates('DUP b c a', ...legs)).toEqual([1, null, 1]);
    expect(duplicates('DUP a b', 'm=video 0 udp x', ...legs.slice(1))).toEqual([null, null]);
  });

  it('consecutive groups, and ports that belong to them (RFC 8866 section 5.14)', () => {
    expect(media('m=video 1000 RTP/AVP 33', 'c=IN IP4 239.1.1.1/3/4')).toEqual(['rtp://239.1.1.1+4:1000/ttl=3']);
    expect(media('m=video 1000/2 RTP/AVP 33', 'c=IN IP4 239.1.1.255/3/2')).toEqual([
      'rtp://239.1.1.255:1000/ttl=3',
      'rtp://239.1.2.0:1002/ttl=3',
    ]);
    expect(media('m=video 1000/2 udp MP2T', 'c=IN IP4 239.1.1.1/3')).toEqual([
      'udp://239.1.1.1:1000/ttl=3',
      'udp://239.1.1.1:1001/ttl=3',
    ]);
    expect(media('m=video 1000/2 udp MP2T', 'c=IN IP4 239.1.1.1/3', 'c=IN IP4 239.1.2.1/3')).toEqual([
      'udp://239.1.1.1:1000/ttl=3',
      'udp://239.1.2.1:1001/ttl=3',
    ]);
  });

  it('nothing of media without a port, over other transports, or a second time', () => {
    expect(
      media(
        'c=IN IP4 239.1.1.1/1',
        'm=video 0 RTP/AVP 33',
        'm=video 9 TCP/RTP/AVP 33',
        'm=text 9 TCP *',
        'm=video 1000 RTP/AVP 33',
        'm=video 1000 RTP/AVP 96',
      ),
    ).toEqual(['rtp://239.1.1.1:1000/ttl=1']);
  });

  it('single hosts, which the endpoint then refuses or not', () => {
    expect(media('m=video 1000 RTP/AVP 33', 'c=IN IP4 10.0.0.1/5')).toEqual(['rtp://10.0.0.1:1000']);
  });

  it('names that tell media apart', () => {
    const one = ['m=video 1000 RTP/AVP 33', 'm=audio 2000 RTP/AVP 14'];
    expect(names('v=0', 's=-', 'c=IN IP4 239.1.1.1/1', ...one)).toEqual(['video 1', 'audio 2']);
    expect(names('v=0', 's= ', 'c=IN IP4 239.1.1.1/1', one[0]!)).toEqual([null]);
    expect(names('v=0', 's= ', 'c=IN IP4 239.1.1.1/1', one[0]!, 'i=T')).toEqual(['T']);
    expect(names('v=0', 's=N', 'c=IN IP4 239.1.1.1/1', one[0]!, 'i=T', one[1]!, 'i=T')).toEqual([
      'N T 239.1.1.1:1000/ttl=1',
      'N T 239.1.1.1:2000/ttl=1',
    ]);
  });

  it('the payload type with what it means', () => {
    expect(encoding('m=audio 1000 RTP/AVP 14 33')).toEqual([14, 'MPA', 90_000]);
    expect(encoding('m=audio 1000 RTP/AVP 33', 'a=rtpmap:34 X/1', 'a=rtpmap:33 Y/2')).toEqual([33, 'Y', 2]);
    expect(encoding('m=audio 1000 RTP/AVP 97')).toEqual([97, null, null]);
    expect(encoding('m=audio 1000 RTP/AVP')).toEqual([null, null, null]);
    expect(encoding('m=video 1000 UDP mpeg')).toEqual([null, 'mpeg', null]);
  });

  it('extensions of the session too', () => {
    const sdp = session('a=extmap:1 urn:a', 'm=video 1000 RTP/AVP 33', 'c=IN IP4 239.1.1.1/1', 'a=extmap:255 urn:b');
    expect(endpoints(sdp)[0]!.extmaps.map(({ id, uri }) => [id, uri])).toEqual([
      [1, 'urn:a'],
      [255, 'urn:b'],
    ]);
  });
});

describe('what is wrong', () => {
  it.each([
    ['', 'x:1: a session description begins with v=0'],
    ['v=1', 'x:1: a session description begins with v=0'],
    [text('', 's=x'), 'x:2: a session description begins with v=0'],
    [session('nonsense\u0007'), 'x:5: "nonsense\uFFFD" is not <letter>=<value>'],
    [session('v=0'), 'x:5: a second v=: one description at a time is read'],
    [text('v=0', 'o=- 1 IN IP4 10.0.0.1'), 'x:2: o= is <username> <id> <version> IN IP4|IP6 <address>'],
    [session('c=IN IP5 1'), 'x:5: c= is IN IP4 <address>[/<ttl>[/<addresses>]] or IN IP6 <address>[/<addresses>]'],
    [session('c=IN IP4 239.001.1.1/1'), /x:5: "239.001.1.1" is written with leading zeros/],
    [session('c=IN IP4 -x/1'), 'x:5: "-x" is not an address'],
    [session('c=IN IP4 ff15::1'), 'x:5: ff15::1 is not an address of IP4'],
    [session('c=IN IP4 239.1.1.1/256'), 'x:5: the TTL "256" is not 0..255'],
    [session('c=IN IP4 239.1.1.1/1/0'), 'x:5: the number of addresses "0" is not 1..65536'],
    [session('c=IN IP4 239.1.1.1/1/1/1'), 'x:5: "239.1.1.1/1/1/1" has too many parts behind its address'],
    [session('c=IN IP6 ff15::1/1/1'), 'x:5: "ff15::1/1/1" has too many parts behind its address'],
    [session('m=video'), 'x:5: m= is <media> <port>[/<ports>] <protocol> <format>...'],
    [session('m=video 65536 RTP/AVP 33'), 'x:5: the port "65536" is not 0..65535'],
    [session('m=video x RTP/AVP 33'), 'x:5: the port "x" is not 0..65535'],
    [session('m=video 1/0 RTP/AVP 33'), 'x:5: the number of ports "0" is not 1..1024'],
    [session('a=source-filter: incl 10.0.0.1'), /x:5: a=source-filter: is incl\|excl/],
    [session('a=source-filter: incl IN IP4 * studio.example'), /x:5: the source "studio.example" is a name/],
    [session('a=source-filter: incl IN IP4 * 239.1.1.1'), 'x:5: the source 239.1.1.1 is a multicast group'],
    [session('a=source-filter: incl IN IP4 * ::1'), 'x:5: the source ::1 is not of IP4'],
    [session('a=source-filter: incl IN IP6 10.0.0.1 ::1'), 'x:5: 10.0.0.1 is not an address of IP6'],
    [session('a=rtpmap:33 MP2T'), 'x:5: a=rtpmap: is <payload type> <encoding>/<clock rate>[/<channels>]'],
    [session('a=rtpmap:128 MP2T/90000'), 'x:5: the payload type 128 is not 0..127'],
    [session('a=rtpmap:33 MP2T/0'), 'x:5: the clock rate 0 is not 1..4294967295'],
    [session('a=rtpmap:33 L16/8000/0'), 'x:5: the number of channels 0 is not 1..65535'],
    [session('a=extmap:1'), 'x:5: a=extmap: is <id>[/<direction>] <URI> [<attributes>]'],
    [session('a=extmap:0 urn:x'), 'x:5: the extension id 0 is not 1..255 or 4096..4351'],
    [session('a=extmap:256 urn:x'), 'x:5: the extension id 256 is not 1..255 or 4096..4351'],
    [session('a=rtcp:x'), 'x:5: a=rtcp: is <port> [IN IP4|IP6 <address>]'],
    [session('a=rtcp:65536'), 'x:5: the RTCP port 65536 is not 0..65535'],
    [session('a=group:'), 'x:5: a=group: is <semantics> <mid>...'],
    [session('a=fmtp:96'), 'x:5: a=fmtp: is <format> <parameters>'],
    [session('m=video 1 RTP/AVP 33'), 'x:5: this media has no c= line, nor has the session'],
    [
      session('m=video 1 RTP/AVP 33', 'c=IN IP4 studio.example'),
      'x:5: "studio.example" is a name, which is not looked up: write the address in numbers',
    ],
    [
      session('m=video 1 RTP/AVP 33', 'c=IN IP4 239.255.255.255/1/2'),
      'x:5: 2 addresses from 239.255.255.255 on leave the multicast range',
    ],
    [session('m=video 65535/2 RTP/AVP 33', 'c=IN IP4 239.1.1.1/1'), 'x:5: 2 ports from 65535 on go beyond 65535'],
    [
      session('m=video 1/3 RTP/AVP 33', 'c=IN IP4 239.1.1.1/1/2'),
      'x:5: 3 ports and another number of addresses: which belong together is not said',
    ],
    [
      session('m=video 1 RTP/AVP 33', 'c=IN IP4 239.1.1.1/1', 'a=source-filter: excl IN IP4 239.1.1.1 10.0.0.1'),
      'x:5: a=source-filter: excl is not supported: name the sources that are wanted',
    ],
  ])('%j is told with its line', (sdp, expected) => {
    expect(problems(sdp)).toEqual([typeof expected === 'string' ? expected : expect.stringMatching(expected)]);
  });

  it('is told at once, and thrown where nobody collects', () => {
    const sdp = session('m=x', 'a=fmtp:1');
    expect(problems(sdp)).toHaveLength(2);
    let thrown: unknown;
    try {
      parseSdp(sdp, 'x');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(McastError);
    expect(thrown).toMatchObject({ code: 'ERR_LINEUP', message: problems(sdp).join('\n') });
  });

  it('is bounded', () => {
    expect(problems(session(...Array.from({ length: 100 }, () => 'm=x')))).toHaveLength(20);
    expect(problems('v=0\n'.padEnd(SDP_MOST_CHARACTERS + 1))).toEqual([
      `x: a session description of more than ${SDP_MOST_CHARACTERS} characters is not read`,
    ]);
    const many = Array.from({ length: SDP_MOST_MEDIA + 1 }, () => 'm=video 0 udp x');
    expect(problems(session(...many.slice(1)))).toEqual([]);
    expect(problems(session(...many))).toEqual([
      `x:${SDP_MOST_MEDIA + 5}: more than ${SDP_MOST_MEDIA} media are not read`,
    ]);
  });

  it('is too much for one description', () => {
    const head = session('c=IN IP4 239.1.1.1/1');
    const ranges = [1, 2000, 4000, 6000, 8000].map((port) => `m=video ${port}/1024 udp x`);
    expect(problems(text(head, ...ranges.slice(0, 4)))).toEqual([]);
    expect(problems(text(head, ...ranges))).toEqual(['x:10: more than 4096 endpoints are not read']);
    expect(problems(session(`i=${'x'.repeat(8190)}`, `i=${'x'.repeat(8191)}`))).toEqual([
      'x:6: a line of more than 8192 characters is not read',
    ]);
    // Told once for all ports of a media.
    expect(problems(session('m=video 1/9 udp x', 'c=IN IP4 studio.example'))).toHaveLength(1);
    expect(problems(session('a=fmtp:1 a\u2028b'))).toEqual([]);
  });

  it('is nothing that is only unknown, blank or out of order', () => {
    const sdp =
      '\uFEFF\n v=0 \n\nq=1\nm=video 1000 RTP/AVP 33\na=x-unknown:1\na=flag\ni=T\nc=IN IP4 239.1.1.1/1\nb=AS:1\nk=x\n';
    expect(texts(sdp)).toEqual(['rtp://239.1.1.1:1000/ttl=1']);
    expect(parseSdp(sdp, 'x')).toMatchObject({ origin: null, name: null });
  });
});

it('names are free of control characters, and short', () => {
  const { name, information } = parseSdp(text('v=0', 's=a\u001b[31mb', `i=${'x'.repeat(300)}`), 'x');
  expect(name).toBe('a\uFFFD[31mb');
  expect(information).toHaveLength(200);
});
