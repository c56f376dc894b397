import { once } from 'node:events';
import { get, request } from 'node:http';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { describe, expect, it, onTestFinished } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { isOwnHost, openHttpServer, sendText, type HttpServerOptions } from '../../src/dashboard/httpServer.js';
import { until } from '../netns/lab.js';

type Answer = HttpServerOptions['answer'];

async function opened(
  answer: Answer = (_, response) => sendText(response, 200, 'here'),
  change: Partial<HttpServerOptions> = {},
) {
  const server = await openHttpServer({ what: '--metrics', host: null, port: 0, answer, ...change });
  onTestFinished(() => server.close());
  return { server, port: Number(new URL(server.url).port) };
}

async function asked(
  port: number,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<{ status: number; text: string; headers: NodeJS.Dict<string | string[]> }> {
  const sent = request({ host: '127.0.0.1', port, path: '/', method, headers });
  sent.end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode, text, headers: response.headers };
}

describe('the server', () => {
  it('is at loopback unless told, and says where', async () => {
    const { server, port } = await opened();
    expect(server.url).toBe(`http://127.0.0.1:${port}`);
    expect(await asked(port)).toMatchObject({
      status: 200,
      text: 'here\n',
      headers: { 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' },
    });
  });

  it('answers HEAD without a body, and takes nothing', async () => {
    const { port } = await opened();
    expect(await asked(port, {}, 'HEAD')).toMatchObject({ status: 200, text: '', headers: { 'content-length': '5' } });
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      expect(await asked(port, {}, method)).toMatchObject({
        status: 405,
        headers: { allow: 'GET, HEAD', connection: 'close' },
      });
    }
    expect((await asked(port, { 'Content-Length': '0' })).status).toBe(413);
  });

  it('is known by addresses and by its own names, and by none that DNS could have given it', async () => {
    const { port } = await opened();
    for (const host of [
      '127.0.0.1',
      `127.0.0.1:${port}`,
      '[::1]:1',
      '10.0.0.1',
      'localhost:80',
      'LOCALHOST',
      hostname(),
    ]) {
      expect([host, (await asked(port, { Host: host })).status]).toEqual([host, 200]);
    }
    for (const host of ['evil.example', `evil.example:${port}`, 'localhost.evil.example', '127.0.0.1.evil.example']) {
      expect([host, (await asked(port, { Host: host })).status]).toEqual([host, 421]);
    }
  });

  it('is known by the name that it was given', async () => {
    const { server, port } = await opened(undefined, { host: 'localhost' });
    expect(server.url).toBe(`http://localhost:${port}`);
    expect(isOwnHost('monitor.example:9464', new Set(['monitor.example']))).toBe(true);
    expect(isOwnHost('monitor.example.:9464', new Set(['monitor.example']))).toBe(true);
    expect(isOwnHost('a.monitor.example', new Set(['monitor.example']))).toBe(false);
  });

  it('is nothing for pages of another origin, but a link to it may be followed', async () => {
    const { port } = await opened();
    const own = `127.0.0.1:${port}`;
    const status = async (headers: Record<string, string>) => (await asked(port, { Host: own, ...headers })).status;
    expect(await status({ Origin: `http://${own}` })).toBe(200);
    expect(await status({ Origin: 'http://evil.example' })).toBe(403);
    expect(await status({ Origin: 'null' })).toBe(403);
    expect(await status({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' })).toBe(403);
    expect(await status({ 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' })).toBe(200);
    expect(await status({ 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' })).toBe(200);
  });

  it('survives what is no HTTP, headers without end, and readers that go', async () => {
    const { port } = await opened((_, response) => {
      response.writeHead(200);
      for (let i = 0; i < 64; i++) response.write(Buffer.alloc(65_536));
      response.end();
    });
    for (const octets of [
      '\u0000\u0001 nonsense\r\n\r\n',
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    ]) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(octets);
      let text = '';
      socket.on('data', (part) => (text += String(part)));
      await once(socket, 'close');
      expect(text).toMatch(/^HTTP\/1\.1 4(00|31)/u);
    }
    const going = get({ host: '127.0.0.1', port });
    going.on('error', () => {});
    const [response] = await once(going, 'response');
    response.destroy();
    expect((await asked(port)).status).toBe(200);
  });

  it('has so many connections and no more', async () => {
    const { port } = await opened();
    const sockets = Array.from({ length: 48 }, () => connect(port, '127.0.0.1').on('error', () => {}));
    onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
    let closed = 0;
    for (const socket of sockets) socket.on('close', () => closed++);
    await until(() => closed >= 48 - 32, 'those that are too many');
    for (const socket of sockets) socket.destroy();
    await until(() => closed === 48, 'all');
    expect((await asked(port)).status).toBe(200);
  });

  it('ends at once: idle connections, readers that take nothing, answers that never come', async () => {
    const { server, port } = await opened((incoming, response) => {
      if (incoming.url === '/idle') sendText(response, 200, 'here');
      else response.write('and so on');
    });
    const idle = connect(port, '127.0.0.1');
    idle.write('GET /idle HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(idle, 'data');
    const stuck = connect(port, '127.0.0.1');
    stuck.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(stuck, 'data');
    const ends = [once(idle, 'close'), once(stuck, 'close')];
    await server.close();
    await Promise.all(ends);
  });
});

async function failure(change: Partial<HttpServerOptions>): Promise<McastError> {
  const error: unknown = await opened(undefined, change).catch((reason: unknown) => reason);
  if (!(error instanceof McastError)) throw new Error('it was opened', { cause: error });
  return error;
}

describe('a place that cannot be had is said in one line', () => {
  it('in use', async () => {
    const { port } = await opened();
    const error = await failure({ port });
    expect([error.code, error.message]).toEqual([
      'ERR_PORT_IN_USE',
      `--metrics: 127.0.0.1:${port} is in use by another program`,
    ]);
  });

  it('elsewhere, or nowhere', async () => {
    expect(await failure({ host: '192.0.2.1' })).toMatchObject({
      code: 'ERR_SOCKET',
      message: '--metrics: 192.0.2.1 is no address of this host',
    });
    expect((await failure({ host: 'no-such-host.invalid' })).message).toContain('has no address that can be found');
  });
});
