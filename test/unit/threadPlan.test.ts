/** Which thread of a sender makes what, and what cannot be dealt. */
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';
import { planReceive, planSend } from '../../src/profile/makePlan.js';
import { dealtTo } from '../../src/profile/threadPlan.js';

const CONTEXT = {
  argv: ['mcast'],
  nowUnixNs: 1_772_366_400_000_000_000n,
  random: () => 4_000_000_000,
  files: {
    readWhole: () => new TextEncoder().encode('octets'),
    isFile: () => false,
    isCapture: (path: string) => path === 'a.pcap',
  },
};
const G = 'probe://239.1.1.1:5001';

async function send(line: string) {
  const { given, operands } = await readCommandLine(['send', ...line.split(' ')]);
  return planSend(operands, given, CONTEXT).plan;
}

async function refusal(line: string): Promise<string> {
  try {
    await send(line);
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    return error.message;
  }
  return 'accepted';
}

/** By thread, by stream: flows that it makes, `-`: none. */
async function deals(line: string): Promise<string[][]> {
  const { threads, streams } = await send(line);
  return Array.from({ length: threads }, (_, thread) =>
    dealtTo(thread, threads, streams).map((deal) => (deal === null ? '-' : `${deal.first}/${deal.of}`)),
  );
}

describe('the threads of a sender', () => {
  it('are one unless told, pinned as it is', async () => {
    expect(await send(G)).toMatchObject({ threads: 1, cpus: [], cpu: null });
    expect(await send(`${G} --cpu 3`)).toMatchObject({ threads: 1, cpus: [3], cpu: 3 });
    expect(await send(`${G} --flows 2 --threads 2 --cpu 3,1`)).toMatchObject({ threads: 2, cpus: [3, 1] });
  });

  it('get the flows of a stream in turn, and go on with those of the next', async () => {
    expect(await deals(`${G} --flows 4 --threads 2`)).toEqual([['0/2'], ['1/2']]);
    expect(await deals(`${G} probe://239.1.2.1/flows=2 probe://239.1.3.1 --flows 3 --threads 2`)).toEqual([
      ['0/2', '1/2', '1/2'],
      ['1/2', '0/2', '0/2'],
    ]);
    expect(await deals(`${G}/flows=1 probe://239.1.2.1/flows=1 probe://239.1.3.1/flows=1 --threads 3`)).toEqual([
      ['0/3', '-', '-'],
      ['-', '0/3', '-'],
      ['-', '-', '0/3'],
    ]);
    expect(await deals(`iperf://239.1.1.1 --flows 3 --threads 2`)).toEqual([['0/2'], ['1/2']]);
  });

  it('have every flow of every stream once', async () => {
    for (const threads of [2, 3, 4, 5]) {
      const plan = await send(`${G}/flows=3 probe://239.1.2.1/flows=1 probe://239.1.3.1/flows=7 --threads ${threads}`);
      const made = plan.streams.map(() => [] as number[]);
      for (let thread = 0; thread < threads; thread++) {
        for (const [at, deal] of dealtTo(thread, threads, plan.streams).entries()) {
          for (let flow = deal?.first ?? 99; flow < plan.streams[at]!.flows; flow += deal!.of) made[at]!.push(flow);
        }
      }
      expect(made.map((flows) => flows.toSorted((a, b) => a - b))).toEqual([[0, 1, 2], [0], [0, 1, 2, 3, 4, 5, 6]]);
    }
  });

  it('leave whole what is one: an impaired stream, a transport stream, a feed, a payload', async () => {
    expect(await deals(`${G}/impair=loss=1%,seed=1 ${G.replace('1.1:', '1.2:')} --flows 4 --threads 2`)).toEqual([
      ['0/1', '1/2'],
      ['-', '0/2'],
    ]);
    expect(await deals('rtp://239.1.1.1+2:5004 --threads 2 --no-feedback')).toEqual([
      ['0/1', '-'],
      ['-', '0/1'],
    ]);
    expect(await deals('mold://239.1.1.1:26400 udp://239.1.3.1/payload=text:a --threads 2')).toEqual([
      ['0/1', '-'],
      ['-', '0/1'],
    ]);
  });

  it('refuse in a line what cannot be dealt', async () => {
    expect(await refusal(`${G} --threads 2`)).toBe('--threads 2: there is 1 stream or flow to deal');
    expect(await refusal(`${G} --flows 3 --threads 4`)).toBe('--threads 4: there are 3 streams and flows to deal');
    expect(await refusal(`${G} --flows 3 --threads 2 --cpu 1`)).toContain('--cpu names 1 for 2 threads');
    expect(await refusal(`${G} --cpu 1,2`)).toContain('several processors are for the threads of a sender');
    expect(await refusal(`${G} --flows 2 --threads 2 --cpu 2,2`)).toContain('names a processor twice');
    expect(await refusal(`${G} --flows 2 --threads 2 --source-port 7000`)).toContain('--source-port is of one socket');
    expect(await refusal('iperf://239.1.1.1 --flows 2 --threads 2 --source-port 7000')).toBe('accepted');
    expect(await refusal('--input a.pcap --keep-groups --threads 2')).toContain(
      'the flows of a capture are one schedule',
    );
    expect(await refusal('rtp://239.1.1.1+2 --threads 2 --announce')).toContain('--sdp and --announce describe');
    expect(await refusal('mold://239.1.1.1+2:26400 --threads 2 --recovery 26401')).toContain('--recovery');
    const { given, operands } = await readCommandLine(['recv', G, '--cpu', '1,2']);
    expect(() => planReceive(operands, given, CONTEXT)).toThrow('several processors');
  });
});
