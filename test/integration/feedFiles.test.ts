/** Files of messages that `mcast send` is given: damaged, cut, foreign. Sent as far as they can be read, with a word. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { runCommand, testFolder } from '../command.js';
import { freshGroup, send } from '../mcast.js';

const MESSAGES = 3000;
/** Octets of a message and its length. */
const STEP = 38;
/** Orders that compress badly, so that what is cut off is missed. */
const DAY = orders(MESSAGES);
const PACKED = gzipSync(DAY);

function orders(count: number): Buffer {
  const random = new Random(3);
  const octets = Buffer.alloc(count * STEP);
  for (let at = 0; at < octets.length; at += STEP) {
    for (let i = 0; i < STEP; i++) octets[at + i] = random.below(256);
    octets.writeUInt16BE(STEP - 2, at);
    octets.write('A', at + 2);
  }
  return octets;
}

function fileOf(name: string, octets: Uint8Array): string {
  const path = join(testFolder(), name);
  writeFileSync(path, octets);
  return path;
}

function moldTo(path: string): string[] {
  return [`mold://${freshGroup()}:26400/iface=lo`, '--input', path, '--mps', '50k'];
}

/** With an octet changed. */
function changed(octets: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(octets);
  copy[at]! ^= 0xff;
  return copy;
}

describe('a file of messages', () => {
  it.each([
    ['cut in its middle', PACKED.subarray(0, PACKED.length >> 1), /^the compressed octets are damaged: of what they/],
    ['without its last octets', PACKED.subarray(0, -4), /damaged: of what they hold 114,000 octets can be read$/],
    ['with another check sum', changed(PACKED, PACKED.length - 8), /^the compressed octets are damaged: of what they/],
  ])('is sent as far as it can be unpacked: %s', async (_what, octets, failure) => {
    const sent = await send(moldTo(fileOf('day.itch.gz', octets)));
    const [input] = sent.sender!.inputs;
    expect(input!.failure).toMatch(failure);
    expect(input!.messages!.messages).toBeGreaterThan(MESSAGES / 3);
    expect(sent.health.verdict).not.toBe('invalid');
  });

  it.each([
    ['cut within a message', DAY.subarray(0, -7), 2999, 'it ends within the message at octet 113,962'],
    ['with an octet behind', Buffer.concat([DAY, Buffer.of(0)]), 3000, 'it ends within the message at octet 114,000'],
    [
      'with a damaged length',
      changed(DAY, 1000 * STEP),
      1000,
      'the length of the message at octet 38,000 makes no sense',
    ],
  ])('is sent as far as its lengths make sense: %s', async (_what, octets, messages, failure) => {
    const words = moldTo(fileOf('day.itch', octets));
    const { sender } = await send(words);
    expect(sender!.inputs).toMatchObject([{ name: words[2], failure, messages: { messages } }]);
    const { stdout, status } = await runCommand(['send', ...words]);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(failure);
    expect(status).toBe(0);
  });

  it('is sent without what no datagram has room for, and with messages of no octets', async () => {
    const long = Buffer.concat([Buffer.of(0x13, 0x88), Buffer.alloc(5000, 'A')]);
    const path = fileOf('big.itch', Buffer.concat([DAY, long, DAY, Buffer.of(0, 0), DAY.subarray(0, STEP)]));
    const words = [...moldTo(path), '--messages-per-datagram', '1'];
    const { sender } = await send(words);
    expect(sender).toMatchObject({
      sent: 6002,
      inputs: [{ failure: null, messages: { messages: 6002, too_long: 1, empty: 1, backwards: 0 } }],
    });
    const { stdout } = await runCommand(['send', ...words]);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('1 message left out: --mtu has no room for it');
  });

  it.each([
    ['five octets of gzip', PACKED.subarray(0, 5), /: the compressed octets are damaged: unexpected end of file\. /],
    ['gzip that is cut before its first message', PACKED.subarray(0, 30), /: the compressed octets are damaged: /],
    ['gzip of nothing', gzipSync(''), / is empty\. /],
    ['nothing', new Uint8Array(0), / is empty\. /],
    ['an octet', new Uint8Array(1), / is no file of messages: it ends within the length at octet 0\. /],
    ['zeros', new Uint8Array(100_000), / is no file of messages: octet 0 has a length of 0\. /],
    [
      'text',
      Buffer.from('hello world\n'.repeat(100)),
      / octet 0 has a length of 26,725, beyond the end of the file\. /,
    ],
  ])('is refused: %s', async (_what, octets, why) => {
    const words = moldTo(fileOf('x.itch', octets));
    for (const command of ['send', 'check']) {
      const { status, stdout, stderr } = await runCommand([command, ...words]);
      expect(stderr).toMatch(/^mcast: [^\n]+\n$/);
      expect(stderr).toMatch(why);
      expect([status, stdout]).toEqual([1, '']);
    }
  });

  it('that is damaged is told by a check', async () => {
    const path = fileOf('day.itch', DAY.subarray(0, -7));
    const { stdout, status } = await runCommand(['check', ...moldTo(path)]);
    expect(stdout).toMatch(/^ok: mold:[^\n]+; [^\n]+day\.itch: it ends within the message at octet 113,962\n$/);
    expect(status).toBe(0);
  });

  it('is refused from an empty pipe', async () => {
    const { status, stderr } = await runCommand(['send', ...moldTo('-')]);
    expect(stderr).toBe('mcast: standard input is empty. Name another file.\n');
    expect(status).toBe(1);
  });
});
