import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { recogniseFormat } from '../../src/wire/recognise.js';
import { needs } from '../require.js';

/** The payloads that came to one port. */
interface Port {
  readonly port: number;
  readonly datagrams: Uint8Array[];
}

/** Sockets on loopback at a free even port and at these distances from it. */
async function opened(distances: readonly number[]): Promise<Socket[]> {
  for (;;) {
    const sockets = distances.map(() => createSocket('udp4'));
    try {
      // The first decides; from 0 the system chooses, sometimes odd ports or such whose neighbours are taken.
      let first = 0;
      for (const [i, socket] of sockets.entries()) {
        socket.bind(i === 0 ? 0 : first + distances[i]!, '127.0.0.1');
        await once(socket, 'listening');
        if (i === 0) first = socket.address().port;
      }
      if (first % 2 === 0) return sockets;
    } catch {
      // Another program has one of them.
    }
    for (const socket of sockets) socket.close();
  }
}

/**
 * What a program sends to the one port that it is told and to those at `distances` from it, until that is `enough`; it
 * is ended then.
 */
async function sentBy(
  program: string,
  argv: (port: number) => string[],
  distances: readonly number[],
  enough: (ports: readonly Port[]) => boolean,
): Promise<Port[]> {
  const sockets = await opened(distances);
  try {
    const ports = sockets.map((socket) => ({ port: socket.address().port, datagrams: [] as Uint8Array[] }));
    const child = spawn(program, argv(ports[0]!.port), { stdio: 'ignore' });
    const exited = once(child, 'exit');
    try {
      await new Promise<void>((resolve, reject) => {
        for (const [i, socket] of sockets.entries()) {
          socket.on('message', (octets) => {
            ports[i]!.datagrams.push(octets);
            if (enough(ports)) resolve();
          });
        }
        exited.then(() => reject(new Error(`${program} ended before it had sent enough`)), reject);
      });
      return ports;
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
  } finally {
    for (const socket of sockets) socket.close();
  }
}

/** The formats of the first datagrams that come to the port. */
async function formatsOf(program: string, argv: (port: number) => string[]): Promise<string[]> {
  const [port] = await sentBy(program, argv, [0], ([only]) => only!.datagrams.length >= 5);
  return formats(port!).slice(0, 5);
}

function formats({ datagrams }: Port): string[] {
  return datagrams.map((octets) => recogniseFormat(octets, 0, octets.length));
}

function iperf(octets: number): (port: number) => string[] {
  return (port) => ['-c', '127.0.0.1', '-u', '-p', port, '-b', '500k', '-l', octets, '-t', 2].map(String);
}

/** A small picture, encoded as fast as it is shown. */
function ffmpeg(...output: readonly string[]): string[] {
  const input = ['-re', '-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=25', '-t', '30'];
  return ['-v', 'quiet', '-nostdin', ...input, '-c:v', 'mpeg2video', '-b:v', '600k', ...output];
}

describe('recogniseFormat of real senders', () => {
  for (const octets of [176, 500, 1470]) {
    it.runIf(needs('iperf'))(`iperf 2, ${octets} octets`, async () => {
      expect(await formatsOf('iperf', iperf(octets))).toEqual(new Array(5).fill('iperf'));
    });
  }

  it.runIf(needs('ffmpeg'))('ffmpeg, a transport stream', async () => {
    const found = await formatsOf('ffmpeg', (port) => ffmpeg('-f', 'mpegts', `udp://127.0.0.1:${port}?pkt_size=1316`));
    expect(found).toEqual(new Array(5).fill('mpeg-ts'));
  });

  it.runIf(needs('ffmpeg'))('ffmpeg, a transport stream in RTP with its sender reports and FEC', async () => {
    const ports = await sentBy(
      'ffmpeg',
      (port) => ffmpeg('-f', 'rtp_mpegts', '-fec', 'prompeg=l=5:d=4', `rtp://127.0.0.1:${port}?pkt_size=1328`),
      [0, 1, 2, 4],
      ([media, reports, columns, rows]) =>
        media!.datagrams.length >= 5 &&
        reports!.datagrams.length >= 1 &&
        columns!.datagrams.length >= 5 &&
        rows!.datagrams.length >= 5,
    );
    const expected = ['rtp/mpeg-ts', 'rtcp', 'rtp/smpte-2022-1', 'rtp/smpte-2022-1'];
    expect(ports.map((port) => [...new Set(formats(port))])).toEqual(expected.map((format) => [format]));
  });

  it.runIf(needs('ffmpeg'))('ffmpeg, announcements', async () => {
    // Announced on the first port, sent to the others: RTP and RTCP.
    const [announcements] = await sentBy(
      'ffmpeg',
      (port) => ffmpeg('-f', 'sap', `sap://127.0.0.1:${port + 2}?announce_addr=127.0.0.1&announce_port=${port}`),
      [0, 2, 3],
      ([announced]) => announced!.datagrams.length >= 1,
    );
    expect(formats(announcements!)).toEqual(['sap']);
  });
});
