/** The capacity of paths that a token bucket limits: found, and put down to where it is. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { startMcast, startReceiver } from '../mcast.js';
import { mayBeRealtime, needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

const BIT_PER_SECOND = 20_000_000;
/** Of a limit that tc counts in Ethernet frames. A quiet machine finds it to 2 %; one that is held up finds it lower. */
const TOLERANCE = 0.06;

const SHALLOW = { queueOctets: 20_000, burstOctets: 40_000 };
const DEEP = { queueOctets: 125_000, burstOctets: 5000 };

/** Beside other tests ordinary threads wait for a processor for longer than a step may be held up. */
const SCHEDULING = mayBeRealtime() ? ['--realtime'] : [];

/** Whether a search did not end, or is off while this host had no processor for it. */
function isDisturbed({ capacity, health, evidence }: RunResult): boolean {
  const [search] = capacity!.searches;
  if (!search!.confirmed) return true;
  const off = Math.abs(search!.rate_bit_per_second / BIT_PER_SECOND - 1);
  const stolen = evidence.processors === null ? 0 : evidence.processors.stolen_ns / evidence.processors.time_ns;
  return off > TOLERANCE && (health.stalls > 0 || stolen > 0.005);
}

describe.runIf(needs('netns', 'tc'))('the capacity of a path of 20 Mbit/s', { timeout: 200_000 }, () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await openLab();
    await lab.addHosts('tx', 'sw', 'rx');
    const none = { ipv4: null, ipv6: null, multicastRoute: false } as const;
    await lab.link('sw', 'p-tx', 'tx', 'e0', none);
    await lab.link('sw', 'p-rx', 'rx', 'e0', none);
    await lab.run('sw', 'sh', [
      '-ec',
      `ip link add name br0 type bridge mcast_snooping 0
       ip link set br0 up
       ip link set p-tx master br0
       ip link set p-rx master br0`,
    ]);
    for (const [i, host] of ['tx', 'rx'].entries()) {
      await lab.run(host, 'sh', ['-ec', `ip addr add 10.9.2.${i + 1}/24 dev e0; ip route add 224.0.0.0/4 dev e0`]);
    }
  });
  afterEach(async () => lab?.close());

  it.each([
    { host: 'tx', device: 'e0', obstacles: ['sender'], ...SHALLOW },
    { host: 'sw', device: 'p-rx', obstacles: ['network'], ...SHALLOW },
    // 50 ms of its rate: half a step, in which nothing is lost of a rate that is too high.
    { host: 'tx', device: 'e0', obstacles: ['sender'], ...DEEP },
    // Whether it fills, or is full already, when a rate fails.
    { host: 'sw', device: 'p-rx', obstacles: ['queue', 'network'], ...DEEP },
  ] as const)('is found, limited by $obstacles behind $queueOctets octets', async (path) => {
    const { host, device, obstacles, queueOctets, burstOctets } = path;
    await lab.limitRate(host, device, BIT_PER_SECOND, queueOctets, burstOctets);
    const endpoint = 'probe://239.192.7.1:5001/iface=e0';
    const receiver = await startReceiver([endpoint, '--quiet', ...SCHEDULING], { lab, host: 'rx' });
    // --force: no listening for other senders first, whose own reports would be in the queue too.
    const words = ['--lowest-rate', '2M', '--highest-rate', '80M', '--force', '--quiet', '--json', ...SCHEDULING];
    const run = () => startMcast(['capacity', endpoint, ...words], { lab, host: 'tx' }).result(0, 3);
    let result = await run();
    // A host that is held up finds less, or nothing, and says so.
    for (let again = 0; again < 3 && isDisturbed(result); again++) result = await run();
    const [search] = result.capacity!.searches;
    expect(search!.confirmed, JSON.stringify([search, result.health])).toBe(true);
    expect(search!.rate_bit_per_second / BIT_PER_SECOND).toBeGreaterThan(1 - TOLERANCE);
    expect(search!.rate_bit_per_second / BIT_PER_SECOND).toBeLessThan(1 + TOLERANCE);
    expect(search!.failing_bit_per_second).toBeGreaterThan(search!.rate_bit_per_second);
    expect(obstacles).toContain(search!.obstacle);
    expect(result.capacity!.receivers).toHaveLength(1);
    receiver.signal('SIGINT');
    await receiver.result();
  });
});
