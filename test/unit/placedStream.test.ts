/** Which streams, and which of their flows, a thread of a sender has; what is random stays as in one thread. */
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { planSend } from '../../src/profile/makePlan.js';
import { dealtTo } from '../../src/profile/threadPlan.js';
import { ownStreams, placeStreams } from '../../src/runtime/placedStream.js';
import { needs } from '../require.js';

const CONTEXT = {
  argv: ['mcast'],
  nowUnixNs: 1_772_366_400_000_000_000n,
  random: () => 4_000_000_000,
  files: { readWhole: () => new Uint8Array(1), isFile: () => false },
};

async function placed(line: string) {
  const { given, operands } = await readCommandLine(['send', ...line.split(' ')]);
  const { plan } = planSend(operands, given, CONTEXT);
  const all = await placeStreams(plan, []);
  const parts = Array.from({ length: plan.threads }, (_, thread) =>
    ownStreams(all, dealtTo(thread, plan.threads, plan.streams)),
  );
  return { all, parts };
}

/** A transport stream with what goes beside it, on both legs. */
function whole(position: number): string[] {
  return ['mediaa', 'feca', 'feca', 'controla', 'mediab', 'controlb'].map((what) => `${position}${what}`);
}

describe.runIf(needs('linux'))('what a thread of a sender has', () => {
  it('is its flows at their share of the rate, of streams that are numbered as in one thread', async () => {
    const { all, parts } = await placed(
      'probe://239.1.1.1 probe://239.1.1.2/flows=2 probe://239.1.1.3 --iface lo --flows 5 --pps 1000 --threads 2',
    );
    expect(all.map(({ order, stream }) => [order, stream.flows])).toEqual([
      [0, 5],
      [1, 2],
      [2, 5],
    ]);
    const told = parts.map((part) =>
      part.map(({ position, order, deal, stream, whole }) => [
        position,
        order,
        deal.first,
        stream.flows,
        stream.packetsPerSecond,
        whole.packetsPerSecond,
      ]),
    );
    expect(told).toEqual([
      [
        [0, 0, 0, 3, 600, 1000],
        [1, 1, 1, 1, 500, 1000],
        [2, 2, 1, 2, 400, 1000],
      ],
      [
        [0, 0, 1, 2, 400, 1000],
        [1, 1, 0, 1, 500, 1000],
        [2, 2, 0, 3, 600, 1000],
      ],
    ]);
  });

  it('is clients of iperf by their number, and a transport stream with all that goes with it', async () => {
    const iperf = await placed('iperf://239.1.1.1 --iface lo --flows 5 --source-port 7000 --threads 2');
    const ports = iperf.parts.map((part) => part.map(({ stream }) => stream.sourcePort));
    expect(ports).toEqual([
      [7000, 7002, 7004],
      [7001, 7003],
    ]);
    const rtp = await placed('rtp://239.1.1.1+3 --leg-b rtp://239.1.2.1+3 --iface lo --fec 5x5 --threads 2');
    const roles = rtp.parts.map((part) => part.map(({ position, role, leg }) => `${position}${role}${leg}`));
    expect(roles).toEqual([[...whole(0), ...whole(2)], whole(1)]);
    // Each is where it is among all.
    expect(rtp.parts[1]!.map(({ order }) => order)).toEqual(
      rtp.all.filter(({ position }) => position === 1).map(({ order }) => order),
    );
  });
});
