import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { planReceive, planSend, type PlanContext } from '../../src/profile/makePlan.js';
import type { ReceivePlan, SendPlan } from '../../src/profile/plan.js';
import { relayRoute } from '../../src/profile/relayRoute.js';

const SRT = 'srt://10.0.0.1:9000/passphrase=very-secret-words';
const RTP = 'rtp://239.1.1.1:5004';

const context: PlanContext = {
  argv: [],
  nowUnixNs: 0n,
  random: () => 0,
  files: {
    isFile: () => false,
    readWhole: () => {
      throw new Error('nothing is read');
    },
  },
};

/** The plan behind a command line. */
async function planned(...words: string[]): Promise<{ send: SendPlan | null; receive: ReceivePlan | null }> {
  const { given, operands } = await readCommandLine(['relay', ...words]);
  const route = relayRoute(operands[0]!, operands[1]!, given);
  if (route.kind === 'send') return { send: planSend([route.endpoint], route.given, context).plan, receive: null };
  return { send: null, receive: planReceive([route.endpoint], route.given, context).plan };
}

/** Where datagrams go with two marks given. */
async function forwarded(to: string): Promise<unknown> {
  const { receive } = await planned('udp://239.1.1.1:1234', to, '--ttl', '9', '--tos', '0x28');
  return receive!.mediaOutputs[0]!.forward[0];
}

async function refusal(...words: string[]): Promise<string> {
  const error: unknown = await planned(...words).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'ERR_USAGE' });
  const { message } = error as Error;
  expect(message).not.toContain('very-secret-words');
  return message;
}

describe('a relay from SRT', () => {
  it('is a sender with that input, until it is stopped', async () => {
    const { send } = await planned(SRT, RTP, '--ttl', '4', '--fec', '10x5', '--announce', '--mux-rate', '8M');
    expect(send).toMatchObject({ command: 'relay', durationNs: null, announce: true });
    expect(send!.streams).toMatchObject([
      {
        address: { group: '239.1.1.1', port: 5004 },
        ttl: 4,
        media: { input: { kind: 'named', name: SRT }, fec: { columns: 10, rows: 5 }, muxRateBitPerSecond: 8e6 },
      },
    ]);
    expect((await planned(SRT, 'udp://239.1.1.1:1234', '--duration', '3s')).send).toMatchObject({
      durationNs: 3e9,
      streams: [{ media: { rtp: null } }],
    });
  });

  it('goes to one group, once', async () => {
    expect(await refusal(SRT, 'rtp://239.1.1.1+2:5004')).toContain('an SRT input is for one group');
    const { given, operands } = await readCommandLine(['send', RTP, '--input', SRT, '--loop']);
    expect(() => planSend(operands, given, context)).toThrow('loop: what SRT brings comes once; give a file');
  });

  it('has no use for what only a receiver does', async () => {
    expect(await refusal(SRT, RTP, '--merge-window', '1s', '--allow-silence')).toBe(
      '--merge-window is for the other direction: a relay from srt:// only sends\n' +
        '--allow-silence is for the other direction: a relay from srt:// only sends',
    );
  });
});

describe('a relay from a group', () => {
  it('to SRT is a receiver that forwards', async () => {
    const { receive } = await planned(RTP, SRT, '--iface', 'lo', '--duration', '3s');
    expect(receive).toMatchObject({ command: 'relay', durationNs: 3e9 });
    expect(receive!.streams[0]).toMatchObject({ group: '239.1.1.1', iface: 'lo' });
    expect(receive!.mediaOutputs[0]).toEqual({
      save: null,
      hls: null,
      play: null,
      forward: [{ kind: 'srt', text: SRT }],
    });
  });

  it('to another group gives that one the marks', async () => {
    const marks = ['--ttl', '9', '--dscp', 'af41', '--iface', 'lo'];
    const { receive } = await planned('udp://239.1.1.1:1234', 'rtp://239.2.2.2:5004/', ...marks);
    expect(receive!.sentMarks).toEqual([{ ttl: null, dscp: null }]);
    expect(receive!.mediaOutputs[0]!.forward).toMatchObject([
      { kind: 'datagrams', scheme: 'rtp', ttl: 9, tos: 34 << 2, address: { group: '239.2.2.2', iface: 'lo' } },
    ]);
  });

  it('leaves an endpoint the marks that it has', async () => {
    expect(await forwarded('rtp://239.2.2.2:5004/ttl=3')).toMatchObject({ ttl: 3, tos: 0x28 });
    expect(await forwarded('rtp://239.2.2.2:5004?ttl=3&iface=lo')).toMatchObject({ ttl: 3, tos: 0x28 });
  });

  it('has no use for what only a sender does, nor SRT for marks', async () => {
    expect(await refusal(RTP, SRT, '--fec', '10x5')).toBe(
      '--fec is for the other direction: a relay to srt:// only receives, and forwards as it comes',
    );
    expect(await refusal(RTP, SRT, '--ttl', '4')).toBe('--ttl is for datagrams to a group: SRT has none');
  });
});

describe('other ends', () => {
  it.each([
    [SRT, SRT, 'from srt:// to srt://'],
    ['probe://239.1.1.1:5001', SRT, 'from probe:// to srt://'],
    [RTP, '239.1.1.2:5004', 'from rtp:// to an endpoint without a scheme'],
    ['film.ts', RTP, 'from an endpoint without a scheme to rtp://'],
  ])('%s to %s is refused', async (from, to, text) => {
    expect(await refusal(from, to)).toContain(text);
  });

  it('are two', async () => {
    await expect(readCommandLine(['relay', SRT])).rejects.toThrow('relay needs <from> <to>, as in: mcast relay srt://');
    await expect(readCommandLine(['relay', SRT, RTP, 'a'])).rejects.toThrow(
      'relay takes <from> <to>; "a" is one too many',
    );
  });
});
