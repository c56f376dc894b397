import { describe, expect, it } from 'vitest';
import {
  SAP_GLOBAL_MINIMUM_NS,
  SAP_LOCAL_MINIMUM_NS,
  SapAnnouncer,
  sapIntervalNs,
  sapMessageIdHash,
  sapMinimumIntervalNs,
} from '../../src/control/sapAnnouncer.js';
import { parseAddress } from '../../src/core/address.js';
import { sapCodec, type SapHeader } from '../../src/wire/sap.js';
import { WireStatus } from '../../src/wire/status.js';

const S = 1e9;
const TEXT = 'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=News\r\nt=0 0\r\n';
const LONGER = TEXT.replace('News', 'News at ten');

function announcer(random = (): number => 0.5, description = TEXT, startNs = 7): SapAnnouncer {
  const originatingSource = parseAddress('10.0.0.1')!;
  return new SapAnnouncer({ originatingSource, description, minimumNs: SAP_LOCAL_MINIMUM_NS, random, startNs });
}

function read(packet: Uint8Array): SapHeader & { readonly text: string } {
  const header = sapCodec.create();
  expect(sapCodec.parse(packet, 0, packet.length, header)).toBe(WireStatus.Ok);
  return { ...header, text: new TextDecoder().decode(packet.subarray(packet.length - header.payloadOctets)) };
}

describe('the interval (RFC 2974 section 3.1)', () => {
  it('keeps all announcements of a group together within 4000 bit/s', () => {
    // 8 bits x 20 announcements x 500 octets are 80,000 bits: 20 s.
    expect(sapIntervalNs(20, 500, SAP_LOCAL_MINIMUM_NS)).toBe(20 * S);
    expect(sapIntervalNs(1, 500, SAP_LOCAL_MINIMUM_NS)).toBe(5 * S);
    expect(sapIntervalNs(1, 500, SAP_GLOBAL_MINIMUM_NS)).toBe(300 * S);
    expect(sapIntervalNs(600, 500, SAP_GLOBAL_MINIMUM_NS)).toBe(600 * S);
  });

  it('is at least 300 s where announcements leave the organization, and 5 s elsewhere', () => {
    expect(sapMinimumIntervalNs(parseAddress('224.2.127.254')!)).toBe(300 * S);
    expect(sapMinimumIntervalNs(parseAddress('239.255.255.255')!)).toBe(5 * S);
  });

  it('varies by a third, from one announcement to the next', () => {
    const at = (random: number): number => {
      const one = announcer(() => random);
      expect(one.dueNs).toBe(7);
      one.announce(100 * S, 0);
      return one.dueNs;
    };
    expect(at(0)).toBeCloseTo(100 * S + (5 * S * 2) / 3, -1);
    expect(at(0.5)).toBe(105 * S);
    expect(at(1)).toBeCloseTo(100 * S + (5 * S * 4) / 3, -1);
  });

  it('grows with the announcements of others', () => {
    const one = announcer();
    one.announce(0, 99);
    expect(one.dueNs).toBe((8 * 100 * one.octets * S) / 4000);
    expect(one.dueNs).toBeGreaterThan(5 * S);
  });
});

describe('an announcer', () => {
  it('sends the description with its type, source and hash', () => {
    const one = announcer();
    const packet = one.announce(0, 0);
    expect(packet).toHaveLength(one.octets);
    expect(read(packet)).toMatchObject({
      isDeletion: false,
      payloadType: 'application/sdp',
      messageIdHash: one.messageIdHash,
      originatingSource: parseAddress('10.0.0.1'),
      text: TEXT,
    });
    expect(one.announce(S, 0)).toBe(packet);
  });

  it('announces a changed description with another hash, at once but within the bandwidth', () => {
    const one = announcer();
    const hash = read(one.announce(0, 0)).messageIdHash;
    one.replace(LONGER, 3 * S, 0);
    expect(one.dueNs).toBe(3 * S);
    const changed = read(one.announce(3 * S, 0));
    expect(changed.text).toBe(LONGER);
    expect(changed.messageIdHash).not.toBe(hash);
    one.replace(TEXT, 3 * S + 1, 9);
    expect(one.dueNs).toBe(3 * S + sapIntervalNs(10, one.octets, 0));
    // A later announcement is never put off.
    one.announce(10 * S, 0);
    one.replace(LONGER, 10 * S, 1000);
    expect(one.dueNs).toBe(15 * S);
  });

  it('changes nothing for the same description', () => {
    const one = announcer();
    const packet = one.announce(0, 0);
    one.replace(TEXT, S, 0);
    expect(one.dueNs).toBe(5 * S);
    expect(one.announce(5 * S, 0)).toBe(packet);
  });

  it('takes another hash where two descriptions share one', () => {
    const byHash = new Map<number, string>();
    let i = 0;
    while (!byHash.has(hashOf(describedBy(i)))) {
      byHash.set(hashOf(describedBy(i)), describedBy(i));
      i++;
    }
    const one = announcer(undefined, byHash.get(hashOf(describedBy(i))));
    const before = one.messageIdHash;
    one.replace(describedBy(i), 0, 0);
    expect(one.messageIdHash).toBe(before + 1);
  });

  it('keeps its first due time when the description changes before it', () => {
    const one = announcer(undefined, TEXT, 100 * S);
    one.replace(LONGER, 3 * S, 0);
    expect(one.dueNs).toBe(100 * S);
    expect(read(one.announce(100 * S, 0)).text).toBe(LONGER);
  });

  it('ends with the deletion of what was announced last', () => {
    const one = announcer();
    expect(one.end()).toBeNull();
    const announced = read(one.announce(0, 0));
    one.replace(LONGER.replace('o=- 1 1', 'o=- 1 2'), 1, 0);
    const packet = one.end()!;
    expect(read(packet)).toMatchObject({
      isDeletion: true,
      messageIdHash: announced.messageIdHash,
      payloadType: 'application/sdp',
      text: 'o=- 1 1 IN IP4 10.0.0.1\r\n',
    });
    expect(one.dueNs).toBe(Infinity);
  });

  it('needs an origin', () => {
    expect(() => announcer(undefined, 'v=0\r\ns=x\r\n')).toThrow('origin');
    const one = announcer();
    expect(() => one.replace('v=0\r\ns=x\r\n', 0, 0)).toThrow('origin');
  });
});

const describedBy = (i: number): string => `v=0\r\no=- ${i} 1 IN IP4 10.0.0.1\r\n`;
const hashOf = (text: string): number => sapMessageIdHash(new TextEncoder().encode(text));

it('a hash is never 0', () => {
  // FNV-1a of no octet is its offset basis, 0x811c9dc5.
  expect(sapMessageIdHash(new Uint8Array())).toBe(0x811c ^ 0x9dc5);
  // Octets whose halves cancel out.
  expect(sapMessageIdHash(Uint8Array.of(0x23, 0x63, 0x00))).toBe(1);
  expect(sapMessageIdHash(Uint8Array.of(0x4e, 0x16, 0x04))).toBe(1);
});
