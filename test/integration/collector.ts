/** A server that takes posts as it is told to, for tests of what a run pushes. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

export interface Post {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** As it was before compression. */
  readonly body: string;
}

export interface Collector {
  readonly url: string;
  readonly port: number;
  readonly posts: readonly Post[];
}

/** `answer`: to the n-th post, from 0; without it all are taken. */
export async function openCollector(
  answer: (n: number, response: ServerResponse, post: Post) => void = (_, response) => void response.end('{}'),
): Promise<Collector> {
  const posts: Post[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('error', () => {});
    response.on('error', () => {});
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const octets = Buffer.concat(parts);
      const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(octets) : octets).toString('utf8');
      const post = { url: request.url ?? '', headers: request.headers, body };
      posts.push(post);
      answer(posts.length - 1, response, post);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, port, posts };
}

/** A port at which nothing listens. */
export async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
