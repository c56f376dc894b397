/** Load both ways: what is sent, what is received meanwhile, and how the other end is started. */
import { describe, expect, it } from 'vitest';
import { otherEndCommand } from '../../src/cli/otherEndCommand.js';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';
import { planBoth } from '../../src/profile/bothPlan.js';
import { planSend } from '../../src/profile/makePlan.js';

const CONTEXT = {
  argv: ['mcast'],
  nowUnixNs: 1_772_366_400_000_000_000n,
  random: () => 4_000_000_000,
  files: {
    readWhole: () => new TextEncoder().encode('sixteen octets or more'),
    isFile: () => false,
    isCapture: (path: string) => path === 'a.pcap',
  },
};

const A = 'probe://239.1.1.1:5001';
const B = 'probe://239.1.1.2:5001';

async function both(line: string) {
  const { given, operands } = await readCommandLine(['send', ...line.split(' ')]);
  return { ...planBoth(operands, given, given.values.both ?? [], CONTEXT), given };
}

async function refusal(line: string): Promise<string> {
  try {
    await both(line);
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    return error.message;
  }
  return 'accepted';
}

describe('load both ways', () => {
  it('is sent as without it, and received until it is over', async () => {
    const { send, receive } = await both(`${A} --both ${B} --pps 500 --duration 3s --interval 100ms --iface eth7`);
    expect(send).toMatchObject({ command: 'send', durationNs: 3e9, intervalNs: 1e8 });
    expect(send.streams.map(({ address, packetsPerSecond }) => [address.group, packetsPerSecond])).toEqual([
      ['239.1.1.1', 500],
    ]);
    expect(receive).toMatchObject({ command: 'send', once: true, durationNs: null, count: null, intervalNs: 1e8 });
    expect(receive.streams.map(({ group, iface }) => [group, iface])).toEqual([['239.1.1.2', 'eth7']]);
    expect(receive.waitNs).toBeNull();
  });

  it('has the marks of the other way from its endpoint alone, and what receivers have too', async () => {
    const { send, receive } = await both(`${A} --ttl 9 --dscp ef --both ${B}/ttl=4/detail=7`);
    expect(send.streams[0]).toMatchObject({ ttl: 9, tos: 184 });
    expect(receive.sentMarks).toEqual([{ ttl: 4, dscp: null }]);
    expect(receive.detail).toBe(7);
  });

  it('asks for reports and gives them, each way for itself', async () => {
    const { send, receive } = await both(`${A} --both ${B} --feedback=7000 --key-file k --await 1 --wait 3s`);
    expect(send.feedback).toMatchObject({ controlPort: 5002, port: 7000, receivers: 1, waitNs: 3e9 });
    expect(receive.feedback!.places.map(({ group, port }) => [group, port])).toEqual([['239.1.1.2', 5002]]);
    expect(receive.feedbackKey).toEqual(send.feedbackKey);
    expect(receive.waitNs).toBe(3e9);
    const silent = await both(`${A} --both ${B} --no-feedback`);
    expect([silent.send.feedback, silent.receive.feedback]).toEqual([null, null]);
  });

  it('waits for the other end without --await, too', async () => {
    const { send, receive } = await both(`${A} --both ${B} --wait 4s`);
    expect([send.feedback!.receivers, receive.waitNs]).toEqual([0, 4e9]);
  });

  it('is judged as a whole: limits of the run, and of the endpoints of both ways', async () => {
    const { output } = await both(
      `${A}/max=sender.not_sent=0 --both ${B}/max=loss_ratio=1%/max-each=packets_lost=3 --max jitter_ns=1ms`,
    );
    expect(output.limits.map(({ expression, places }) => [expression, places?.map(({ group }) => group)])).toEqual([
      ['jitter_ns <= 1ms', undefined],
      ['sender.not_sent <= 0', ['239.1.1.1']],
      ['loss_ratio <= 1%', ['239.1.1.2']],
    ]);
    expect(output.eachLimits.map(({ figure, places }) => [figure, places?.map(({ group }) => group)])).toEqual([
      ['packets_lost', ['239.1.1.2']],
    ]);
  });

  it('takes several endpoints, either way', async () => {
    const { send, receive } = await both(
      `probe://239.1.1.1+2 probe://239.1.9.1 --both probe://239.1.2.1+2 --both probe://239.1.1.2:7`,
    );
    expect(send.streams).toHaveLength(3);
    expect(receive.streams.map(({ group, port }) => `${group} ${port}`)).toEqual([
      '239.1.2.1 5001',
      '239.1.2.2 5001',
      '239.1.1.2 7',
    ]);
  });

  it('refuses what cannot go both ways, in a line', async () => {
    expect(await refusal(`${A} --both ${A}`)).toBe(
      `--both ${A}: 239.1.1.1 port 5001 is what is sent; give the other way another group`,
    );
    expect(await refusal(`${A} --both probe://239.1.1.1:5002`)).toContain('port 5002 is where this sender announces');
    expect(await refusal(`probe://239.1.1.1:5002 --both ${A}`)).toContain('port 5002 is what is sent');
    expect(await refusal('rtp://239.1.1.1:5004 --both rtp://239.1.1.1:5006')).toContain('goes with the RTP');
    expect(await refusal('rtp://239.1.1.1:5004 --both rtp://239.1.1.1:5002')).toContain('port 5004 is what is sent');
    expect(await refusal(`--both ${B} --input a.pcap --keep-groups`)).toContain(
      '--both wants an endpoint that is sent',
    );
    expect(await refusal(`${A}/both=x --both ${B}`)).toContain('--both stands beside the endpoints');
    expect(await refusal(`${A} --both probe://239.1:5`)).toContain('239.1');
    expect(await refusal(`${A}/ttl=300 --both probe://nothing`)).toMatch(/ttl.*\n.*nothing/);
    expect(await refusal(`rtp://239.1.1.1 --leg-b rtp://239.1.2.1 --both rtp://239.1.2.1`)).toContain(
      'is what is sent',
    );
  });

  it('is two runs to a program, which opens them itself', async () => {
    const { given, operands } = await readCommandLine(['send', A, '--both', B]);
    expect(() => planSend(operands, given, CONTEXT)).toThrow('both: open a receiver beside the sender');
  });

  it('tells how the other end is started: the other way round, with the same load', async () => {
    const asked = await both(
      `${A}/iface=e0/ttl=3 --both ${B}/iface=e0 --pps 500 -t 3s --start-at +5s --source-port 9 --await 1 -q --name x --df`,
    );
    const command = otherEndCommand(asked.send, asked.receive, asked.given);
    expect(command({ interfaces: ['e0'], loopback: false })).toBe(
      `mcast send ${B}/iface=e0 --both ${A}/iface=e0/ttl=3 --pps 500 --duration 3s --await 1 --df`,
    );
  });

  it('tells the loopback interface where all goes over that', async () => {
    const asked = await both(`${A} --both rtp://239.1.1.2:5004`);
    expect(otherEndCommand(asked.send, asked.receive, asked.given)({ interfaces: ['lo'], loopback: true })).toBe(
      `mcast send rtp://239.1.1.2:5004/iface=lo --both ${A}/iface=lo`,
    );
  });
});
