import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SdpDescription, SdpMedia } from '../../src/wire/sdp.js';
import { sdpEndpoints } from '../../src/wire/sdpEndpoints.js';
import { readSdp } from '../../src/wire/sdpRead.js';
import { writeSdp } from '../../src/wire/sdpWrite.js';

const word = fc.stringMatching(/^[A-Za-z0-9.*/_-]{1,8}$/);
const number = fc.integer({ min: -1, max: 70_000 }).map(String);
const piece = fc.oneof(
  word,
  number,
  fc.constantFrom('IN', 'IP4', 'IP6', 'incl', 'excl', '*', '239.1.1.1/1/3', 'ff15::1', '10.0.0.1', 'RTP/AVP', 'udp'),
  fc.string({ maxLength: 6, unit: 'binary' }),
);
const start = fc.constantFrom(
  'v=0',
  'o=',
  's=',
  'c=IN IP4 ',
  'm=video 1000/3 udp ',
  'm=',
  'a=rtpmap:',
  'a=extmap:',
  'a=source-filter:',
  'a=group:DUP ',
  'a=mid:',
  'a=rtcp:',
  '',
);
const line = fc.tuple(start, fc.array(piece, { maxLength: 6 })).map(([head, rest]) => head + rest.join(' '));

describe('a session description', () => {
  it('is read or refused with a reason, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), fc.constantFrom('\n', '\r\n', '\r'), (lines, end) => {
        const problems: string[] = [];
        const description = readSdp(`v=0${end}${lines.join(end)}`, 'x', problems);
        expect(description === null).toBe(problems.length > 0);
        for (const problem of problems) expect(problem).toMatch(/^x:\d+: [^\n]/);
        if (description === null) return;
        const names = sdpEndpoints(description, 'x', problems).map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
      }),
      { numRuns: 500 },
    );
  });

  const token = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
  const port = fc.integer({ min: 0, max: 65_535 });
  const group = fc.integer({ min: 0, max: 255 }).map((octet) => `239.1.${octet}.1`);
  const sources = fc.uniqueArray(
    fc.integer({ min: 1, max: 254 }).map((octet) => `10.0.0.${octet}`),
    { minLength: 1, maxLength: 4 },
  );
  const media: fc.Arbitrary<SdpMedia> = fc.record({
    type: token,
    port,
    ports: fc.integer({ min: 1, max: 1024 }),
    protocol: fc.constantFrom('RTP/AVP', 'udp', 'TCP'),
    formats: fc.array(token, { maxLength: 3 }),
    title: fc.option(token),
    connections: fc.array(
      fc.record({
        family: fc.constant(4 as const),
        address: group,
        ttl: fc.integer({ min: 0, max: 255 }),
        addresses: fc.integer({ min: 1, max: 65_536 }),
      }),
      { maxLength: 3 },
    ),
    filters: fc.array(
      fc.record({
        mode: fc.constantFrom('incl' as const, 'excl' as const),
        family: fc.constantFrom(4 as const, null),
        destination: fc.option(group),
        sources,
      }),
      { maxLength: 3 },
    ),
    rtpmaps: fc.array(
      fc.record({
        payloadType: fc.integer({ min: 0, max: 127 }),
        encoding: token,
        clockRate: fc.integer({ min: 1, max: 0xffff_ffff }),
        channels: fc.option(fc.integer({ min: 1, max: 64 })),
      }),
      { maxLength: 3 },
    ),
    formatParameters: fc.array(fc.record({ format: token, text: token }), { maxLength: 2 }),
    extmaps: fc.array(
      fc.record({
        id: fc.integer({ min: 1, max: 255 }),
        direction: fc.constantFrom(null, 'sendonly', 'recvonly', 'sendrecv', 'inactive'),
        uri: token,
        attributes: fc.option(token),
      }),
      { maxLength: 3 },
    ),
    rtcp: fc.option(fc.record({ port, address: fc.constantFrom(null, '10.0.0.1', '2001:db8::1') })),
    mid: fc.option(token),
  });

  it('that was written is read back as it was', () => {
    fc.assert(
      fc.property(fc.array(media, { maxLength: 4 }), (all) => {
        const description: SdpDescription = {
          origin: { username: '-', sessionId: '1', sessionVersion: '2', family: 4, address: '10.0.0.1' },
          name: 'News',
          information: null,
          tool: null,
          groups: [{ semantics: 'FEC-FR', mids: ['a', 'b'] }],
          media: all,
        };
        const problems: string[] = [];
        const read = readSdp(writeSdp(description), 'x', problems);
        expect(problems).toEqual([]);
        expect(read).toMatchObject(description);
      }),
      { numRuns: 300 },
    );
  });
});
