import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import { MemorySource, RingSource, type ByteSource } from '../../src/core/byteSource.js';
import { ItchFile, type ItchFileTiming } from '../../src/feed/itchFile.js';
import { MessageTimes } from '../../src/feed/messageRates.js';
import { SourceStatus } from '../../src/feed/messageSource.js';
import { fromHex, toHex } from '../vectors/hex.js';

const STAMPS: ItchFileTiming = { kind: 'stamps', speed: 1 };

/** A system event at so many ns since midnight, behind its length. */
function event(timestampNs: number): string {
  return `000c 53 0000 0000 ${timestampNs.toString(16).padStart(12, '0')} 4f`;
}

function fileOf(hex: string, timing: ItchFileTiming = STAMPS, loop = false): ItchFile {
  return new ItchFile({ source: new MemorySource(fromHex(hex), { loop }), timing });
}

/** Octets that come so many at a time. */
function inPieces(octets: Uint8Array, pieceOctets: number): ByteSource {
  const whole = new MemorySource(octets, { loop: false });
  return {
    passOctets: null,
    startOctet: 0,
    available: () => 0,
    read: (into, at, most) => whole.read(into, at, Math.min(most, pieceOctets)),
  };
}

/** Messages until there is none or there are so many, and when they are due. */
function taken(file: ItchFile, most = 1000): { hex: string[]; dueNs: number[]; status: number } {
  const hex: string[] = [];
  const dueNs: number[] = [];
  let status: number = SourceStatus.Ready;
  while (hex.length < most && (status = file.look()) === SourceStatus.Ready) {
    expect(file.look()).toBe(SourceStatus.Ready);
    const bytes = new Uint8Array(file.octets + 8).fill(0xa5);
    dueNs.push(file.dueNs[0]!);
    file.take(new DataView(bytes.buffer), 4);
    expect(toHex(bytes)).toMatch(/^a5a5a5a5.*a5a5a5a5$/u);
    hex.push(toHex(bytes.subarray(4, -4)));
  }
  return { hex, dueNs, status };
}

function faults(file: ItchFile): number[] {
  return [file.emptyMessages, file.truncatedMessages, file.backwardMessages, file.passes];
}

describe('a file', () => {
  it('is sent message by message, by its own timestamps', () => {
    const file = fileOf(`${event(5e9)} ${event(5e9 + 1500)} 0003 58aabb ${event(2 ** 48 - 1)}`);
    const { hex, dueNs, status } = taken(file);
    expect(hex.map((message) => message.length / 2)).toEqual([12, 12, 3, 12]);
    expect(hex[2]).toBe('58aabb');
    // Too short for a timestamp: with the one before.
    expect(dueNs).toEqual([0, 1500, 1500, 2 ** 48 - 1 - 5e9]);
    expect([status, file.look()]).toEqual([SourceStatus.Ended, SourceStatus.Ended]);
    expect(faults(file)).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [2, [0, 501, 1000]],
    [0.5, [0, 2002, 4000]],
    [Infinity, [0, 0, 0]],
  ])('at %s times its speed', (speed, due) => {
    expect(taken(fileOf(`${event(9)} ${event(1010)} ${event(2009)}`, { kind: 'stamps', speed })).dueNs).toEqual(due);
  });

  it('at a rate, until that ends', () => {
    const times = new MessageTimes({ kind: 'constant' }, 1000, 1);
    expect(taken(fileOf(event(9).repeat(3), { kind: 'rate', times })).dueNs).toEqual([0, 1e6, 2e6]);
    const points = [
      { offsetNs: 0, messagesPerSecond: 2 },
      { offsetNs: 1e9, messagesPerSecond: 0 },
    ];
    const trace = new MessageTimes({ kind: 'trace', points }, 1, 1);
    expect(taken(fileOf(event(9).repeat(3), { kind: 'rate', times: trace }, true)).dueNs).toEqual([0, 0.5e9]);
  });

  it('begins anew, each pass where the last one was', () => {
    const file = fileOf(`${event(100)} ${event(300)} 0000`, STAMPS, true);
    expect(taken(file, 6).dueNs).toEqual([0, 200, 200, 400, 400, 600]);
    expect(faults(file)).toEqual([0, 0, 0, 2]);
  });

  it('may begin anywhere where a message begins', () => {
    const octets = fromHex(`${event(100)} ${event(300)}`);
    const file = new ItchFile({ source: new MemorySource(octets, { loop: true, startOctet: 14 }), timing: STAMPS });
    expect(taken(file, 3).dueNs).toEqual([0, 0, 200]);
    const none = new ItchFile({
      source: new MemorySource(fromHex('0005 0005'), { loop: true, startOctet: 2 }),
      timing: STAMPS,
    });
    expect(taken(none).status).toBe(SourceStatus.Ended);
    expect(none.passes).toBe(2);
  });

  it('is waited for', () => {
    const ring = new ByteRing(ByteRing.allocate(64, 64));
    const file = new ItchFile({ source: new RingSource(ring, { passOctets: null }), timing: STAMPS });
    const write = (hex: string): void => {
      const octets = fromHex(hex);
      ring.bytes.set(octets, ring.claim(octets.length));
      ring.publish(octets.length);
    };
    expect(file.look()).toBe(SourceStatus.Dry);
    const [whole, half] = [event(7).replaceAll(' ', ''), event(8).replaceAll(' ', '')];
    write(whole + half.slice(0, 10));
    expect(taken(file)).toMatchObject({ dueNs: [0], status: SourceStatus.Dry });
    write(half.slice(10));
    expect(taken(file)).toMatchObject({ dueNs: [1], status: SourceStatus.Dry });
    ring.close();
    expect(file.look()).toBe(SourceStatus.Ended);
  });
});

describe('what is wrong with a file', () => {
  it('is counted', () => {
    const file = fileOf(`${event(500)} 0000 ${event(400)} 0000 0000 ${event(600)} 0000 0000 000c 53`);
    expect(taken(file).dueNs).toEqual([0, 0, 0, 0, 0, 100, 100, 100]);
    expect(faults(file)).toEqual([5, 1, 1, 0]);
    expect(file.fault).toBe('it ends within the message at octet 52');
  });

  it('no length at the end of it, if that is 0', () => {
    const file = fileOf(`${event(500)} 0000 0000`);
    expect(taken(file).hex.map((message) => message.length / 2)).toEqual([12, 0]);
    expect([...faults(file), file.fault]).toEqual([1, 0, 0, 0, null]);
  });

  it.each([
    ['behind the last message', '00', 'it ends within the message at octet 126'],
    ['a length of its own type', '0024 41 00', 'it ends within the message at octet 126'],
    ['and an unknown type, which is sent', '0004 7e616263', null],
    ['and a type of another length, which is sent', '0003 416161', null],
  ])('at its end: %s', (_what, rest, fault) => {
    const file = fileOf(event(1).repeat(9) + rest);
    expect(taken(file).hex).toHaveLength(fault === null ? 10 : 9);
    expect(file.fault).toBe(fault);
  });

  /** Behind enough messages of ITCH 5.0 and before others. */
  it.each([
    ['a length that is damaged', `800c ${event(1).slice(4)}`, 9, true],
    ['one that leads to a message by chance', `001a ${event(1).slice(4)}`, 9, true],
    ['an octet too many', `00 ${event(1)}`, 9, true],
    ['an octet too few', event(1).slice(2) + event(1).repeat(300), 9, true],
    ['nothing but zeros', '00'.repeat(20), 9, true],
    ['a message of no octets', '0000', 19, false],
    ['two unknown types', '0004 7e616263 0002 7e61', 20, false],
    ['an unknown one behind one of no octets', '0000 0002 7e61', 20, false],
    ['one that is too long for its type', `1388 ${'41'.repeat(5000)}`, 19, false],
    ['one that is too short for its type', '0003 416161', 19, false],
  ])('in its middle: %s', (_what, middle, messages, isFault) => {
    const octets = fromHex(event(1).repeat(9) + middle + event(1).repeat(9));
    const ends: unknown[] = [];
    for (const pieceOctets of [1, 7, 1e6]) {
      const file = new ItchFile({ source: inPieces(octets, pieceOctets), timing: STAMPS });
      expect(taken(file).hex).toHaveLength(messages);
      ends.push(file.fault);
    }
    const fault = isFault ? 'the length of the message at octet 126 makes no sense' : null;
    expect(ends).toEqual([fault, fault, fault]);
  });

  it('is that its octets broke off', () => {
    const ring = new ByteRing(ByteRing.allocate(64, 64));
    const octets = fromHex(event(7) + event(8).slice(0, 7));
    ring.bytes.set(octets, ring.claim(octets.length));
    ring.publish(octets.length);
    ring.breakOff();
    ring.close();
    const file = new ItchFile({ source: new RingSource(ring, { passOctets: null }), timing: STAMPS });
    expect(taken(file)).toMatchObject({ dueNs: [0], status: SourceStatus.Ended });
    expect(file.fault).toBe('the compressed octets are damaged: of what they hold 17 octets can be read');
    expect(file.truncatedMessages).toBe(1);
  });

  it('at its end, each time that it comes by', () => {
    const file = fileOf(`${event(500)} 000c 5300`, STAMPS, true);
    expect(taken(file, 3).dueNs).toEqual([0, 0, 0]);
    expect(faults(file)).toEqual([0, 2, 0, 2]);
    expect(faults(fileOf(`${event(500)} 00`))).toEqual([0, 0, 0, 0]);
  });

  it.each(['', '00', '0000', '0005 53'])('%j ends it, though it would begin anew', (hex) => {
    const file = fileOf(hex, STAMPS, true);
    expect(taken(file)).toEqual({ hex: [], dueNs: [], status: SourceStatus.Ended });
  });

  it('is never more than that, and no octet is lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 }),
        fc.uint8Array({ maxLength: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (messages, rest, pieceOctets) => {
          const octets = Buffer.concat([...messages.flatMap((m) => [Buffer.of(0, m.length), m]), rest]);
          const file = new ItchFile({ source: inPieces(octets, pieceOctets), timing: STAMPS });
          const { hex, dueNs, status } = taken(file);
          expect(status).toBe(SourceStatus.Ended);
          // A length of 0 at the end marks that.
          const marksEnd = rest.length === 0 && messages.at(-1)?.length === 0;
          const expected = (marksEnd ? messages.slice(0, -1) : messages).map(toHex);
          expect(hex.slice(0, expected.length)).toEqual(expected);
          expect(dueNs.every((ns, i) => i === 0 || ns >= dueNs[i - 1]!)).toBe(true);
        },
      ),
    );
  });

  it('nor is it with messages as long as lengths can be', () => {
    const octets = Buffer.concat(
      Array.from({ length: 9 }, (_, i) => Buffer.concat([Buffer.of(255, 255), Buffer.alloc(65_535, i)])),
    );
    const { hex } = taken(new ItchFile({ source: new MemorySource(octets, { loop: false }), timing: STAMPS }));
    expect(hex.map((message) => [message.length, message.slice(-2)])).toEqual(
      Array.from({ length: 9 }, (_, i) => [131_070, `0${i}`]),
    );
  });
});
