import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Path } from '../../src/io/datagram.js';
import { FrameField, FrameKind } from '../../src/wire/framing.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { needs } from '../require.js';
import { inFolder, record, tsharkFields } from './captures.js';

const PATH: Path = { source: '10.0.0.1', sourcePort: 40_000, group: '239.1.1.1', port: 26_400, interfaceIndex: 2 };
const FIELDS = ['session', 'sequence', 'count', 'msgseq', 'msglen', 'msgdata'].map((name) => `moldudp64.${name}`);
/** Expert information about what Wireshark holds for malformed. */
const FAULTS = ['msglen.invalid', 'count.invalid', 'end_of_session_extra'].map((name) => `moldudp64.${name}`);

function datagram(kind: number, sequence: number, messages: readonly string[]): Uint8Array {
  const octets = messages.reduce((sum, message) => sum + 2 + message.length, 20);
  const bytes = new Uint8Array(octets).fill(0xa5);
  const view = new DataView(bytes.buffer);
  const frame = new Uint32Array(FrameField.Count);
  frame[FrameField.Kind] = kind;
  frame[FrameField.SequenceHigh] = 1;
  frame[FrameField.SequenceLow] = sequence;
  frame[FrameField.Messages] = messages.length;
  frame.set(moldUdp64Framing.sessionWords('TSHARK01')!, FrameField.Session0);
  moldUdp64Framing.writeHeader(view, 0, octets, frame);
  let at = 20;
  for (const message of messages) {
    moldUdp64Framing.writeBlockHeader(view, at, message.length, message.charCodeAt(0));
    bytes.set(Buffer.from(message, 'latin1'), at + 2);
    at += 2 + message.length;
  }
  return bytes;
}

describe.runIf(needs('tshark'))('MoldUDP64 as Wireshark reads it', () => {
  it('is what was written', async () => {
    const payloads = [
      datagram(FrameKind.Data, 7, ['zabc', 'y']),
      datagram(FrameKind.Heartbeat, 9, []),
      datagram(FrameKind.End, 9, []),
    ];
    const rows = await inFolder(async (folder) => {
      const file = join(folder, 'mold.pcapng');
      await record(
        file,
        payloads.map((payload) => ({ path: PATH, timeNs: 0, tos: 0, ttl: 1, payload })),
      );
      return tsharkFields(file, [...FIELDS, ...FAULTS], '-d', 'udp.port==26400,moldudp64');
    });
    const session = 'TSHARK01  ';
    expect(rows).toEqual([
      [session, '4294967303', '2', '4294967303,4294967304', '4,1', '7a616263,79', '', '', ''],
      [session, '4294967305', '0', '', '', '', '', '', ''],
      [session, '4294967305', '65535', '', '', '', '', '', ''],
    ]);
  });
});
