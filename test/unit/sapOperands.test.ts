import { describe, expect, test } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';
import { planReceive, planSend } from '../../src/profile/makePlan.js';
import { sapOperand } from '../../src/profile/operands.js';

const SDP =
  'v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=Evening News\r\nt=0 0\r\nm=video 5004 RTP/AVP 33\r\nc=IN IP4 239.1.1.1/16\r\n';
const TWO = `${SDP}m=audio 5006 RTP/AVP 14\r\nc=IN IP6 ff15::1\r\n`;
const SESSIONS: Readonly<Record<string, string>> = {
  'Evening News': SDP,
  Two: TWO,
  Odd: 'v=0\r\ns=Odd\r\nm=video\r\n',
};

function context(readSession?: (name: string) => string | null) {
  return {
    argv: ['mcast'],
    nowUnixNs: 1_772_366_400_000_000_000n,
    random: () => 1,
    files: {
      readWhole: (path: string): Uint8Array => {
        if (path !== 'channel.sdp') throw new McastError('ERR_FILE', `${path}: no such file`);
        return new TextEncoder().encode(SDP);
      },
      isFile: () => false,
      ...(readSession === undefined ? {} : { readSession }),
    },
  };
}

async function recv(...words: string[]): Promise<string[]> {
  const { given, operands } = await readCommandLine(['recv', ...words]);
  const { plan } = planReceive(
    operands,
    given,
    context((name) => SESSIONS[name] ?? null),
  );
  return plan.streams.flatMap(({ scheme, group, port, name, iface }, i) =>
    // Beside it go RTCP and protection.
    plan.places[i]!.role === 'media'
      ? [`${name}: ${scheme} ${group} ${port} ${iface} ttl ${plan.sentMarks[i]!.ttl}`]
      : [],
  );
}

async function send(...words: string[]): Promise<{ sdp: string | null; announce: boolean }> {
  const { given, operands } = await readCommandLine(['send', ...words]);
  const { sdp, announce } = planSend(operands, given, context()).plan;
  return { sdp, announce };
}

async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    return `${error.code} ${error.message}`;
  }
  return 'accepted';
}

describe('sap://<name>', () => {
  test.each([
    ['sap://News', 'News', null, ''],
    ['SAP://News', 'News', null, ''],
    ['sap://Evening News/iface=eth0/ttl=4', 'Evening News', 'eth0', '/iface=eth0/ttl=4'],
    ['sap://News/dscp=af41', 'News', null, '/dscp=af41'],
    ['sap://Sports/Live/a=b', 'Sports/Live/a=b', null, ''],
    ['sap://Sports/a=b/ttl=4', 'Sports/a=b', null, '/ttl=4'],
    ['sap://24.7 Radio', '24.7 Radio', null, ''],
    ['sap://1', '1', null, ''],
    ['sap://auto', 'auto', null, ''],
  ])('%s', (operand, name, iface, parameters) => {
    expect(sapOperand(operand)).toEqual({ name, iface, parameters });
  });

  test.each([
    'sap://',
    'sap:///ttl=4',
    'udp://239.1.1.1',
    'News',
    'sap://239.255.255.255:9875',
    'sap://10.0.0.1@239.255.255.255',
    'sap://239.255.255.255%lo:9875/ttl=4',
    'sap://ff02::2:7ffe/port=9875',
    'sap://[ff02::2:7ffe]:9875',
  ])('%s names no session', (operand) => {
    expect(sapOperand(operand)).toBeNull();
  });

  test('is received as its description says, under its name', async () => {
    expect(await recv('sap://Evening News')).toEqual(['Evening News: rtp 239.1.1.1 5004 null ttl 16']);
  });

  test('gives its parameters to all endpoints, before their own and before flags', async () => {
    expect(await recv('sap://Two/ttl=9/iface=lo', '--iface', 'eth0')).toEqual([
      'Evening News video 1: rtp 239.1.1.1 5004 lo ttl 9',
      'Evening News audio 2: rtp ff15::1 5006 lo ttl 9',
    ]);
  });

  test('with a description that cannot be used says where', async () => {
    expect(await refusal(() => recv('sap://Odd'))).toMatch(/^ERR_LINEUP sap:\/\/Odd:3: /);
  });

  test('is refused where nobody listened for it', async () => {
    const message = 'ERR_ENDPOINT endpoint "sap://News": mcast recv alone looks for sessions';
    expect(await refusal(() => send('sap://News'))).toBe(message);
    expect(await refusal(() => recv('sap://News'))).toBe(message);
  });
});

test('a file that ends in .sdp is a line-up', async () => {
  expect(await recv('channel.sdp')).toEqual(['Evening News: rtp 239.1.1.1 5004 null ttl 16']);
  expect(await refusal(() => recv('missing.sdp'))).toMatch(/^ERR_FILE missing\.sdp/);
});

describe('a sender that tells of itself', () => {
  test('writes and announces only when it is asked to', async () => {
    expect(await send('rtp://239.1.1.1')).toEqual({ sdp: null, announce: false });
    expect(await send('rtp://239.1.1.1/announce=yes', '--sdp', 'a.sdp')).toEqual({ sdp: 'a.sdp', announce: true });
    expect(await send('udp://239.1.1.1', 'probe://239.1.1.2', '--announce')).toEqual({ sdp: null, announce: true });
  });

  test.each([
    [['probe://239.1.1.1', '--announce'], '--announce: only transport streams'],
    [['probe://239.1.1.1', '--announce', '--sdp', 'a'], '--sdp and --announce: only transport streams'],
    [['rtp://10.0.0.1', '--unicast', '--announce'], '--announce: sessions of groups are announced'],
    [['rtp://239.1.1.1', '--json', '--sdp', '-'], '--json and --sdp cannot both be stdout'],
  ])('%j is refused', async (words, message) => {
    expect(await refusal(() => send(...words))).toContain(message);
  });

  test('a single host may be described', async () => {
    expect(await send('rtp://10.0.0.1', '--unicast', '--sdp', '-')).toEqual({ sdp: '-', announce: false });
  });
});
