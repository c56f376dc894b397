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
      source: new MemorySource(fromHex('0000 0005'), { loop: true, startOctet: 2 }),
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
    expect(taken(file).dueNs).toEqual([0, 0, 100]);
    expect(faults(file)).toEqual([5, 1, 1, 0]);
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
          const whole = new MemorySource(octets, { loop: false });
          const source: ByteSource = {
            passOctets: null,
            startOctet: 0,
            available: () => 0,
            read: (into, at, most) => whole.read(into, at, Math.min(most, pieceOctets)),
          };
          const file = new ItchFile({ source, timing: STAMPS });
          const { hex, dueNs, status } = taken(file);
          expect(status).toBe(SourceStatus.Ended);
          const expected = messages.filter((m) => m.length > 0).map(toHex);
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
