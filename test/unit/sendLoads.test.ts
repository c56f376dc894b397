import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { planSend } from '../../src/profile/makePlan.js';
import type { SendStream } from '../../src/profile/plan.js';
import { sendLoads, withPlannedRate } from '../../src/profile/sendLoads.js';

const CONTEXT = {
  argv: [],
  nowUnixNs: 0n,
  random: () => 1,
  files: { readWhole: () => new Uint8Array(), isFile: () => false },
};

async function streams(line: string): Promise<readonly SendStream[]> {
  const { given, operands } = await readCommandLine(['send', ...line.split(' ')]);
  return planSend(operands, given, CONTEXT).plan.streams;
}

/** Datagrams/s and their payload, once the rate of the stream is known. */
async function loadsOf(line: string): Promise<(readonly [number, number])[]> {
  const [stream] = await streams(line);
  const planned = withPlannedRate(stream!);
  if (planned === null) throw new Error('its rate is not known');
  return sendLoads(planned).map(({ packetsPerSecond, sizeOctets }) => [packetsPerSecond, sizeOctets]);
}

describe('what streams load the network with', () => {
  it('is their rate, or that of their bursts', async () => {
    expect(await loadsOf('probe://239.1.1.1:5001 --rate 8M --size 1000')).toEqual([[1000, 1000]]);
    expect(await loadsOf('probe://239.1.1.1:5001 --pattern burst:10/1ms --size 100')).toEqual([[10_000, 100]]);
  });

  it('is known of the test card, and of whatever is filled up to a rate', async () => {
    // 1000 transport packets a second, seven in a datagram behind 12 octets of RTP and 16 of its send time.
    expect(await loadsOf('rtp://239.1.1.1')).toEqual([[expect.closeTo(1000 / 7), 7 * 188 + 28]]);
    expect(await loadsOf('udp://239.1.1.1 --mux-rate 15.04M')).toEqual([[expect.closeTo(10_000 / 7), 7 * 188]]);
    expect(await loadsOf('rtp://239.1.1.1 --input film.ts --mux-rate 3.008M')).toEqual([
      [expect.closeTo(2000 / 7), 1344],
    ]);
  });

  it('is not known of a file before it is open', async () => {
    for (const line of ['rtp://239.1.1.1 --input film.ts', 'mold://239.1.1.1:26400 --input day.itch']) {
      expect(withPlannedRate((await streams(line))[0]!), line).toBeNull();
    }
  });

  it('is also what the second leg and the protection take', async () => {
    const rate = 1000 / 7;
    // Neither carries a time of departure.
    expect(await loadsOf('rtp://239.1.1.1 --leg-b rtp://239.1.1.2')).toEqual([
      [expect.closeTo(rate), 1328],
      [expect.closeTo(rate), 1328],
    ]);
    // SMPTE ST 2022-1: a column packet for each 10 media packets of 5 rows, a row packet for each 10 of a row.
    expect(await loadsOf('rtp://239.1.1.1 --fec 10x5')).toEqual([
      [expect.closeTo(rate), 1328],
      [expect.closeTo(rate / 5), 1344],
      [expect.closeTo(rate / 10), 1344],
    ]);
    expect(await loadsOf('rtp://239.1.1.1 --fec 10x5c')).toHaveLength(2);
    const feed = await loadsOf('mold://239.1.1.1:26400 --leg-b mold://239.1.1.2:26400 --mps 1k');
    expect(feed).toHaveLength(2);
    expect(feed[0]).toEqual(feed[1]);
  });

  /** Datagrams/s, and octets of one: 20 of the header, 2 + 32 of a message. */
  it.each([
    ['--mps 5k', 5000, 54],
    ['--mps 18k', 18_000, 54],
    ['--mps 20k', 10_000, 88],
    ['--mps 30k', 15_000, 88],
    ['--mps 30k --flush-after 0', 30_000, 54],
    ['--mps 30k --arrivals poisson', 12_000, 105],
    ['--mps 100k --messages-per-datagram 3', 100_000 / 3, 122],
    ['--mps 4.2M --force', 100_000, 20 + 42 * 34],
  ])('of a feed is as its messages are packed: %s', async (options, packetsPerSecond, octets) => {
    expect(await loadsOf(`mold://239.1.1.1:26400 ${options}`)).toEqual([
      [expect.closeTo(packetsPerSecond), expect.closeTo(octets)],
    ]);
  });

  it('of a feed is what is safe to send', async () => {
    // 54 octets each are 1.04 Gbit/s, packed together they are 0.66.
    await expect(streams('mold://239.1.1.1:26400 --mps 2.4M --flush-after 0')).rejects.toThrow(/Gbit\/s/);
    expect(await streams('mold://239.1.1.1:26400 --mps 2.4M')).toHaveLength(1);
  });

  it('is more than the test card alone, and no more than is held in memory', async () => {
    await expect(streams('rtp://239.1.1.1 --mux-rate 1M')).rejects.toThrow(
      'mux-rate: the test card alone has 1.504Mbit/s',
    );
    await expect(streams('rtp://239.1.1.1 --mux-rate 61M')).rejects.toThrow('filled up to 60Mbit/s at most');
  });
});
