import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Path } from '../../src/io/datagram.js';
import { PROBE_HEADER_OCTETS, ProbeFlag } from '../../src/wire/probe.js';
import { probeCodec } from '../../src/wire/probeCodec.js';
import type { ProbeHeader } from '../../src/wire/probeCodec.js';
import { needs } from '../require.js';
import { inFolder, record, tsharkFields } from './captures.js';
import type { Datagram } from './captures.js';

const SCRIPT = fileURLToPath(new URL('../../docs/wireshark/mcastkit.lua', import.meta.url));
const ON_PORT: Path = { source: '10.0.0.1', sourcePort: 40_000, group: '239.1.1.1', port: 5001, interfaceIndex: 2 };
const ELSEWHERE: Path = { source: 'fe80::1', sourcePort: 40_001, group: 'ff15::7', port: 7777, interfaceIndex: 3 };

const DATA: ProbeHeader = {
  flags: ProbeFlag.SuperPacket,
  tos: 0x8a,
  ttl: 16,
  runId: 0xdead_beef,
  flow: 7,
  sequence: 0x1234_5678_9abc_def0n,
  sendTimeNs: 1_767_225_600_123_456_789n,
  total: 0xfedc_ba98_7654_3210n,
  notSent: 0x89ab_cdef,
};
const HEADERS: readonly ProbeHeader[] = [
  DATA,
  { ...DATA, flags: ProbeFlag.Start, tos: 0, ttl: 1, runId: 1, flow: 0, sequence: 0n, total: 0n, notSent: 0 },
  {
    flags: ProbeFlag.End | ProbeFlag.DueTime,
    tos: 0xff,
    ttl: 255,
    runId: 0xffff_ffff,
    flow: 0xffff_ffff,
    sequence: 0xffff_ffff_ffff_ffffn,
    sendTimeNs: 1_000_000_001n,
    total: 0xffff_ffff_ffff_ffffn,
    notSent: 0xffff_ffff,
  },
];

function octetsOf(header: ProbeHeader, payloadOctets: number): Uint8Array {
  const octets = new Uint8Array(payloadOctets).fill(0xa5);
  probeCodec.write(octets, 0, header);
  return octets;
}

function datagram(path: Path, payload: Uint8Array): Datagram {
  return { path, timeNs: 0, tos: 0, ttl: 1, payload };
}

const hex = (value: number, digits: number): string => `0x${value.toString(16).padStart(digits, '0')}`;
const yes = (flags: number, bit: number): string => ((flags & bit) === 0 ? '0' : '1');
const FIELDS = [
  '_ws.col.Protocol',
  'mcastkit.magic',
  'mcastkit.version',
  'mcastkit.flags',
  'mcastkit.flags.start',
  'mcastkit.flags.end',
  'mcastkit.flags.super_packets',
  'mcastkit.flags.due_time',
  'mcastkit.header_octets',
  'mcastkit.tos',
  'mcastkit.dscp',
  'mcastkit.ecn',
  'mcastkit.ttl',
  'mcastkit.reserved',
  'mcastkit.run_id',
  'mcastkit.flow',
  'mcastkit.sequence',
  'mcastkit.send_time_ns',
  'mcastkit.total',
  'mcastkit.not_sent',
  'mcastkit.check',
  'mcastkit.check.calculated',
  'mcastkit.check.status',
];

/** What tshark is to print for {@link FIELDS}. */
function expected(header: ProbeHeader, octets: Uint8Array): string[] {
  const check = hex(new DataView(octets.buffer).getUint32(48), 8);
  return [
    'mcastkit',
    '0x4d434b50',
    '1',
    hex(header.flags, 2),
    yes(header.flags, ProbeFlag.Start),
    yes(header.flags, ProbeFlag.End),
    yes(header.flags, ProbeFlag.SuperPacket),
    yes(header.flags, ProbeFlag.DueTime),
    '52',
    hex(header.tos, 2),
    String(header.tos >> 2),
    String(header.tos & 3),
    String(header.ttl),
    '000000',
    hex(header.runId, 8),
    String(header.flow),
    String(header.sequence),
    String(header.sendTimeNs),
    String(header.total),
    String(header.notSent),
    check,
    check,
    '1',
  ];
}

function dissect(
  datagrams: readonly Datagram[],
  fields: readonly string[],
  ...more: readonly string[]
): Promise<string[][]> {
  return inFolder(async (folder) => {
    const file = join(folder, 'probe.pcapng');
    await record(file, datagrams);
    return tsharkFields(file, fields, '-X', `lua_script:${SCRIPT}`, ...more);
  });
}

describe.runIf(needs('tshark'))('Wireshark dissector', () => {
  it('shows every field, on its port and on any other, over IPv4 and IPv6', async () => {
    for (const path of [ON_PORT, ELSEWHERE]) {
      const payloads = HEADERS.map((header, i) => octetsOf(header, PROBE_HEADER_OCTETS + i * 100));
      const rows = await dissect(
        payloads.map((payload) => datagram(path, payload)),
        FIELDS,
      );
      expect(rows).toEqual(HEADERS.map((header, i) => expected(header, payloads[i]!)));
    }
  });

  it('shows the send time to the nanosecond', async () => {
    const rows = await dissect([datagram(ON_PORT, octetsOf(DATA, 52))], ['mcastkit.send_time']);
    expect(rows[0]![0]).toContain('00:00:00.123456789');
  });

  it('marks a bad check, and says what it should be', async () => {
    const wrong = octetsOf(DATA, 52);
    wrong[19]! ^= 1;
    const right = octetsOf({ ...DATA, flow: DATA.flow ^ 1 }, 52);
    const rows = await dissect(
      [datagram(ON_PORT, wrong), datagram(ON_PORT, right)],
      ['mcastkit.check.status', 'mcastkit.check.calculated', '_ws.expert.message'],
    );
    const due = hex(new DataView(right.buffer).getUint32(48), 8);
    expect(rows[0]).toEqual(['0', due, expect.stringContaining('Bad check') as string]);
    expect(rows[1]!.slice(0, 2)).toEqual(['1', due]);
    expect(rows[1]![2]).not.toContain('Bad check');
  });

  it('marks reserved bits, other header lengths, two markers in one, and refused datagrams', async () => {
    const broken = (change: (octets: Uint8Array) => void): Datagram => {
      const octets = octetsOf({ ...DATA, notSent: 0 }, 52);
      change(octets);
      return datagram(ON_PORT, octets);
    };
    const rows = await dissect(
      [
        broken((o) => (o[5]! |= 0x80)),
        broken((o) => (o[10] = 1)),
        broken((o) => (o[6] = 60)),
        broken((o) => (o[5]! |= 3)),
        broken((o) => (o[4] = 9)),
        datagram(ON_PORT, octetsOf(DATA, 52)),
        datagram(ON_PORT, octetsOf({ ...DATA, notSent: 0 }, 52)),
      ],
      ['frame.number', '_ws.expert.message'],
    );
    const messages = rows.map((row) => row[1] ?? '');
    expect(messages[0]).toContain('Reserved bits are not 0');
    expect(messages[1]).toContain('Reserved bits are not 0');
    expect(messages[2]).toContain('header of 52 octets');
    expect(messages[3]).toContain('Start and end marker');
    expect(messages[4]).toContain('Version is not known');
    expect(messages[5]).toContain('refused datagrams');
    expect(messages[6]).toBe('');
  });

  it('leaves other payloads alone, on its port too', async () => {
    const other = octetsOf(DATA, 52);
    other[0] = 0;
    const short = octetsOf(DATA, 52).slice(0, 51);
    const rows = await dissect(
      [datagram(ON_PORT, other), datagram(ON_PORT, short), datagram(ELSEWHERE, other)],
      ['_ws.col.Protocol', 'mcastkit.magic'],
    );
    expect(rows.map((row) => row[1] ?? '')).toEqual(['', '', '']);
    expect(rows.map((row) => row[0])).not.toContain('mcastkit');
  });

  it('summarises a datagram in the info column and finds it by a display filter', async () => {
    const datagrams = HEADERS.map((header) => datagram(ELSEWHERE, octetsOf(header, 60)));
    const rows = await dissect(datagrams, ['_ws.col.Info'], '-Y', 'mcastkit.flags.end == 1');
    expect(rows).toEqual([['End run ffffffff flow 4294967295 sequence 18446744073709551615 not sent 4294967295']]);
    const good = await dissect(datagrams, ['mcastkit.flow'], '-Y', 'mcastkit.check.status == "Good"');
    expect(good.length).toBe(3);
  });
});
