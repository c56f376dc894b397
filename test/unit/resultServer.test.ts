import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { deliverResult } from '../../src/io/resultClient.js';
import { formatHead, parseHead, proofOf, ResultServer, type ReceivedResult } from '../../src/io/resultServer.js';

const RUN = '0123abcd';
const RECEIVER = '89abcdef';
const KEY = new TextEncoder().encode('0123456789abcdef');
let server: ResultServer | null = null;
afterEach(() => server?.close());

async function open(key: Uint8Array | null, got: ReceivedResult[]): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 20_000);
  server = await ResultServer.open('127.0.0.1', port, key, (result) => {
    got.push(result);
    return result.head.run === RUN;
  });
  return port;
}

/** What the server answers to octets. */
async function answer(port: number, octets: Uint8Array): Promise<string> {
  return await new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('data', (part) => (text += part.toString()));
    socket.on('close', () => resolve(text));
    socket.on('error', () => {});
    socket.end(octets);
  });
}

describe('results over TCP', () => {
  it.each([
    ['without a key', null],
    ['with one', KEY],
  ])('arrive whole, %s', async (_, key) => {
    const got: ReceivedResult[] = [];
    const port = await open(key, got);
    const text = JSON.stringify({ long: 'x'.repeat(300_000), round: 'Grüße' });
    const to = { address: '127.0.0.1', port, run: RUN, receiver: RECEIVER, key };
    expect(await deliverResult(to, text)).toBeNull();
    expect(got.map((result) => [result.head.receiver, result.address, result.text])).toEqual([
      [RECEIVER, '127.0.0.1', text],
    ]);
    expect(server!.refused).toBe(0);
  });

  it('are refused of another run, without the proof, and when they are none', async () => {
    const got: ReceivedResult[] = [];
    const port = await open(KEY, got);
    const document = gzipSync('{}');
    const head = { run: RUN, receiver: RECEIVER, octets: document.length, proof: proofOf(KEY, document) };
    const sent: Uint8Array[] = [
      Buffer.concat([Buffer.from(formatHead({ ...head, run: 'ffffffff' })), document]),
      Buffer.concat([Buffer.from(formatHead({ ...head, proof: '' })), document]),
      Buffer.concat([Buffer.from(formatHead({ ...head, proof: '0'.repeat(64) })), document]),
      Buffer.concat([
        Buffer.from(formatHead({ ...head, proof: proofOf(KEY, Buffer.from('abc')), octets: 3 })),
        Buffer.from('abc'),
      ]),
      Buffer.from(formatHead({ ...head, octets: 2 ** 29 })),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(5000, 0x41),
      Buffer.from(formatHead(head)),
      Buffer.alloc(0),
    ];
    const answers: string[] = [];
    for (const octets of sent) answers.push(await answer(port, octets));
    expect(new Set(answers)).toEqual(new Set(['refused\n', '']));
    expect(server!.refused).toBe(sent.length);
    expect(got).toHaveLength(1);
    const whole = Buffer.concat([Buffer.from(formatHead(head)), document]);
    expect(await answer(port, whole)).toBe('taken\n');
  });

  it('say why they could not be delivered', async () => {
    const to = { address: '127.0.0.1', port: 1, run: RUN, receiver: RECEIVER, key: null };
    expect(await deliverResult(to, '{}')).toBe('ECONNREFUSED');
  });

  it.each([
    '',
    'mcastkit-result/2 0123abcd 89abcdef 5 -',
    'mcastkit-result/1 0123abcd 89abcdef 0 -',
    'mcastkit-result/1 0123ABCD 89abcdef 5 -',
  ])('have a first line that is not %j', (line) => expect(parseHead(line)).toBeNull());
});
