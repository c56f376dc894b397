import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { recogniseFormat } from '../../src/wire/recognise.js';
import { needs } from '../require.js';

/** The first datagrams that a program sends to the port it is given; it is ended then. */
async function firstDatagrams(count: number, program: string, argv: (port: number) => string[]): Promise<Uint8Array[]> {
  const socket = createSocket('udp4');
  try {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const child = spawn(program, argv(socket.address().port), { stdio: 'ignore' });
    try {
      const found: Uint8Array[] = [];
      while (found.length < count) found.push(((await once(socket, 'message')) as [Uint8Array])[0]);
      return found;
    } finally {
      child.kill('SIGKILL');
    }
  } finally {
    socket.close();
  }
}

async function formatsOf(program: string, argv: (port: number) => string[]): Promise<string[]> {
  const datagrams = await firstDatagrams(5, program, argv);
  return datagrams.map((octets) => recogniseFormat(octets, 0, octets.length));
}

function iperf(octets: number): (port: number) => string[] {
  return (port) => ['-c', '127.0.0.1', '-u', '-p', port, '-b', '500k', '-l', octets, '-t', 2].map(String);
}

describe('recogniseFormat of real senders', () => {
  for (const octets of [176, 500, 1470]) {
    it.runIf(needs('iperf'))(`iperf 2, ${octets} octets`, async () => {
      expect(await formatsOf('iperf', iperf(octets))).toEqual(new Array(5).fill('iperf'));
    });
  }
});
