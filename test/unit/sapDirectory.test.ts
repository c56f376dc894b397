import { describe, expect, it } from 'vitest';
import { SapAnnouncer } from '../../src/control/sapAnnouncer.js';
import { SapDirectory, SapHearing } from '../../src/control/sapDirectory.js';
import { parseAddress } from '../../src/core/address.js';
import { Random } from '../../src/core/random.js';
import { sapCodec, sapPacket, type SapHeader } from '../../src/wire/sap.js';

const S = 1e9;
const HOUR = 3600 * S;

function described(id: number, name = 'News', group = '239.1.1.1'): string {
  return `v=0\r\no=- ${id} 1 IN IP4 10.0.0.1\r\ns=${name}\r\nt=0 0\r\nm=video 5004 RTP/AVP 33\r\nc=IN IP4 ${group}/16\r\n`;
}

function packet(text: string, header: Partial<SapHeader> = {}): Uint8Array {
  const source = parseAddress('10.0.0.1')!;
  return sapPacket(
    { ...sapCodec.create(), originatingSource: source, messageIdHash: 1, payloadType: 'application/sdp', ...header },
    new TextEncoder().encode(text),
  );
}

function hear(directory: SapDirectory, octets: Uint8Array, nowNs: number): SapHearing {
  // Not at the start of its buffer, nor at its end.
  const bytes = new Uint8Array(octets.length + 30).fill(0x76);
  bytes.set(octets, 11);
  return directory.hear(bytes, 11, octets.length, nowNs);
}

const session = (id: number): Uint8Array => packet(described(id), { messageIdHash: id });

describe('a directory', () => {
  it('keeps what it hears, and when', () => {
    const directory = new SapDirectory();
    expect(hear(directory, packet(described(1)), 10 * S)).toBe(SapHearing.New);
    expect(directory.entries()).toEqual([
      {
        name: 'News',
        endpoints: ['rtp://239.1.1.1:5004/ttl=16'],
        originatingSource: '10.0.0.1',
        session: '- 1 IP4 10.0.0.1',
        messageIdHash: 1,
        firstHeardNs: 10 * S,
        lastHeardNs: 10 * S,
        intervalNs: null,
        timesHeard: 1,
        sdp: described(1),
      },
    ]);
    expect(hear(directory, packet(described(1)), 18 * S)).toBe(SapHearing.Refreshed);
    expect(directory.entries()[0]).toMatchObject({ firstHeardNs: 10 * S, lastHeardNs: 18 * S, intervalNs: 8 * S });
    hear(directory, packet(described(1)), 42 * S);
    expect(directory.entries()[0]).toMatchObject({ intervalNs: 10 * S, timesHeard: 3 });
    // A copy from another interface is no announcement.
    hear(directory, packet(described(1)), 42 * S + 1000);
    expect(directory.entries()[0]).toMatchObject({ lastHeardNs: 42 * S, intervalNs: 10 * S, timesHeard: 3 });
  });

  it('does not read what its hash says is known, but always where there is no hash', () => {
    const directory = new SapDirectory();
    hear(directory, packet(described(1)), 0);
    expect(hear(directory, packet(described(1, 'Other')), S)).toBe(SapHearing.Refreshed);
    expect(directory.entries()[0]!.name).toBe('News');

    const unhashed = new SapDirectory();
    const zero = { messageIdHash: 0 };
    expect(hear(unhashed, packet(described(1), zero), 0)).toBe(SapHearing.New);
    expect(hear(unhashed, packet(described(2, 'Second'), zero), 0)).toBe(SapHearing.New);
    expect(hear(unhashed, packet(described(1), zero), 5 * S)).toBe(SapHearing.Refreshed);
    expect(hear(unhashed, packet(described(1, 'Other'), zero), 10 * S)).toBe(SapHearing.Changed);
    expect(unhashed.entries().map(({ name }) => name)).toEqual(['Other', 'Second']);
  });

  it('takes a changed description of a session in place of the old one', () => {
    const directory = new SapDirectory();
    hear(directory, packet(described(1)), 0);
    const changed = described(1, 'Sports', '239.1.1.2').replace('- 1 1 IN', '- 1 2 IN');
    expect(hear(directory, packet(changed, { messageIdHash: 2 }), 5 * S)).toBe(SapHearing.Changed);
    expect(directory.entries()).toEqual([
      expect.objectContaining({
        name: 'Sports',
        endpoints: ['rtp://239.1.1.2:5004/ttl=16'],
        messageIdHash: 2,
        firstHeardNs: 0,
        lastHeardNs: 5 * S,
        intervalNs: 5 * S,
      }),
    ]);
    // Known by its new hash, and not read again.
    expect(hear(directory, packet('v=0', { messageIdHash: 2 }), 10 * S)).toBe(SapHearing.Refreshed);
    // The old hash means nothing any more: its description is read.
    expect(hear(directory, packet(described(1)), 15 * S)).toBe(SapHearing.Changed);
  });

  it('keeps sessions of another source apart, so that nobody changes or deletes those of others', () => {
    const directory = new SapDirectory();
    const other = { originatingSource: parseAddress('2001:db8::1')! };
    hear(directory, packet(described(1)), 0);
    expect(hear(directory, packet(described(1, 'Forged'), other), 0)).toBe(SapHearing.New);
    expect(directory.entries().map(({ name, originatingSource }) => [name, originatingSource])).toEqual([
      ['Forged', '2001:db8::1'],
      ['News', '10.0.0.1'],
    ]);
    const deletion = { isDeletion: true, messageIdHash: 9, originatingSource: parseAddress('10.0.0.2')! };
    expect(hear(directory, packet('o=- 1 1 IN IP4 10.0.0.1\r\n', deletion), 0)).toBe(SapHearing.NotKnown);
    expect(directory.size).toBe(2);
  });

  it('deletes by hash, or by the origin when the hash is not known', () => {
    const directory = new SapDirectory();
    hear(directory, packet(described(1)), 0);
    expect(hear(directory, packet('o=', { isDeletion: true }), 0)).toBe(SapHearing.Deleted);
    expect(directory.size).toBe(0);
    expect(hear(directory, packet(described(1)), 0)).toBe(SapHearing.New);
    const unknown = { isDeletion: true, messageIdHash: 5 };
    expect(hear(directory, packet('o=- 1 7 IN IP4 10.0.0.1\n', { ...unknown, payloadType: null }), 0)).toBe(
      SapHearing.Deleted,
    );
    hear(directory, packet(described(1)), 0);
    expect(hear(directory, packet(described(1), unknown), 0)).toBe(SapHearing.Deleted);
    expect(hear(directory, packet(described(1), unknown), 0)).toBe(SapHearing.NotKnown);
    expect(hear(directory, packet('o=x', unknown), 0)).toBe(SapHearing.Malformed);
    expect(hear(directory, packet('s=x', unknown), 0)).toBe(SapHearing.Malformed);
  });

  it('understands our announcer from its beginning to its end', () => {
    const directory = new SapDirectory();
    const announcer = new SapAnnouncer({
      originatingSource: parseAddress('10.0.0.1')!,
      description: described(1),
      minimumNs: 5 * S,
      random: () => 0.5,
      startNs: 0,
    });
    expect(hear(directory, announcer.announce(0, 0), 0)).toBe(SapHearing.New);
    expect(hear(directory, announcer.announce(5 * S, 0), 5 * S)).toBe(SapHearing.Refreshed);
    announcer.replace(described(1, 'Sports'), 6 * S, 0);
    expect(hear(directory, announcer.announce(6 * S, 0), 6 * S)).toBe(SapHearing.Changed);
    expect(hear(directory, announcer.end()!, 7 * S)).toBe(SapHearing.Deleted);
    expect(directory.entries()).toEqual([]);
  });

  it('forgets after an hour, or after ten intervals when those are longer (RFC 2974 section 4)', () => {
    const directory = new SapDirectory();
    hear(directory, packet(described(1)), 0);
    hear(directory, packet(described(2, 'Slow'), { messageIdHash: 2 }), 0);
    hear(directory, packet(described(1)), 300 * S);
    hear(directory, packet(described(2, 'Slow'), { messageIdHash: 2 }), 600 * S);
    expect(directory.expire(300 * S + HOUR)).toEqual([]);
    expect(directory.expire(300 * S + HOUR + 1).map(({ name }) => name)).toEqual(['News']);
    expect(directory.expire(6600 * S)).toEqual([]);
    expect(directory.expire(6600 * S + 1).map(({ name }) => name)).toEqual(['Slow']);
    expect(directory.size).toBe(0);
    // Gone with its hash.
    expect(hear(directory, packet(described(1)), 6700 * S)).toBe(SapHearing.New);
  });

  it('names a session without a name by its origin', () => {
    const directory = new SapDirectory();
    hear(directory, packet(described(1, '-')), 0);
    expect(directory.entries()[0]!.name).toBe('- 1 IP4 10.0.0.1');
  });

  it('lists what cannot be joined too, and at most 64 endpoints', () => {
    const directory = new SapDirectory();
    hear(directory, packet(described(1, 'None', 'studio.example')), 0);
    const ports = described(2, 'Many').replace('5004 RTP', '5004/100 RTP');
    hear(directory, packet(ports, { messageIdHash: 2 }), 0);
    expect(directory.entries().map(({ endpoints }) => endpoints.length)).toEqual([64, 0]);
  });

  it('is bounded, makes room of what is forgotten, and counts', () => {
    const directory = new SapDirectory(2);
    hear(directory, session(1), 0);
    hear(directory, session(2), 100 * S);
    expect(hear(directory, session(3), 100 * S)).toBe(SapHearing.NoRoom);
    expect(hear(directory, session(3), 101 * S)).toBe(SapHearing.NoRoom);
    expect(hear(directory, session(3), HOUR + 1)).toBe(SapHearing.New);
    expect(directory.entries().map((entry) => entry.messageIdHash)).toEqual([2, 3]);
    expect(directory.counts[SapHearing.NoRoom]).toBe(2);
    expect(directory.counts[SapHearing.New]).toBe(3);
  });

  it.each([
    ['no SAP', Uint8Array.of(1, 2, 3), SapHearing.Malformed],
    ['no description', packet('v=0\r\nm=x'), SapHearing.Malformed],
    ['a description without an origin', packet('v=0\r\ns=x\r\n'), SapHearing.Malformed],
    ['too long', packet(described(1).padEnd(8193)), SapHearing.Malformed],
    ['as long as it may be', packet(described(1).padEnd(8192)), SapHearing.New],
    ['compressed', packet('x', { isCompressed: true, payloadType: null }), SapHearing.NotReadable],
    ['encrypted', packet('x', { isEncrypted: true, payloadType: null }), SapHearing.NotReadable],
    ['of another type', packet(described(1), { payloadType: 'text/plain' }), SapHearing.NotReadable],
    ['with parameters of its type', packet(described(1), { payloadType: 'Application/SDP ;a=b' }), SapHearing.New],
  ])('takes a packet that is %s', (_what, octets, expected) => {
    const directory = new SapDirectory();
    expect(hear(directory, octets, 0)).toBe(expected);
    expect(directory.counts[expected]).toBe(1);
    expect(directory.size).toBe(expected === SapHearing.New ? 1 : 0);
  });

  it('never throws, whatever comes', () => {
    const random = new Random(11);
    const directory = new SapDirectory(4);
    const valid = packet(described(1));
    for (let i = 0; i < 3000; i++) {
      const octets = i % 2 === 0 ? valid.slice() : Uint8Array.from({ length: random.below(60) }, () => random.uint32());
      for (let n = 0; n < 3; n++) if (octets.length > 0) octets[random.below(octets.length)] = random.uint32();
      hear(directory, octets, i * S);
    }
    expect(directory.counts.reduce((sum, count) => sum + count, 0)).toBe(3000);
    expect(directory.size).toBeLessThanOrEqual(4);
  });
});
