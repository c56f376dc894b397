/** iperf 2 at either end: both tools count the same run, and have to come to the same figures. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { RunResult, Stream } from '../../src/result/model.js';
import { send, startReceiver, type Mcast } from '../mcast.js';
import { openLab, until, type Lab, type LabProcess } from '../netns/lab.js';
import { needs } from '../require.js';

const FAMILIES = [
  { family: 'IPv4', group: '239.192.9.1', host: '127.0.0.1', words: [] },
  { family: 'IPv6', group: 'ff15::9:1', host: '::1', words: ['-V'] },
] as const;
type Family = (typeof FAMILIES)[number];

/** Bits from the UDP header on: 8 octets of it, then the lower half of the number. A final one is negative. */
const NUMBER_LOW = '@th,64,32';
/** Some numbers of every run below, the first not among them: iperf counts from there, and we from the first one heard. */
const LOST = [10, 11, 12, 13, 14, 20, 100, 200, 201, 399];
/** In one second, so small that the 208 KiB of iperf's receive buffer hold most of them: this is no test of that. */
const COUNT = 400;
const SIZE = 100;
/** iperf cuts both stamps to microseconds, and prints the jitter so. */
const JITTER_MS = 0.003;

/** What iperf says of a run. */
interface Told {
  readonly received: number;
  readonly lost: number;
  readonly total: number;
  readonly outOfOrder: number;
  readonly octets: number;
  readonly jitterMs: number;
}

/** A line of `iperf -y C`. */
function toldBy(line: string): Told {
  const fields = line.split(',');
  const [octets, , jitterMs, lost, total, , outOfOrder] = fields.slice(7).map(Number) as number[];
  return {
    received: total! - lost!,
    lost: lost!,
    total: total!,
    outOfOrder: outOfOrder!,
    octets: octets!,
    jitterMs: jitterMs!,
  };
}

/** The same of our stream. */
function heardBy({ metrics, format, ended }: Stream): Omit<Told, 'jitterMs'> {
  expect([format, ended]).toEqual(['iperf', true]);
  return {
    received: metrics.packets_received!,
    lost: metrics.packets_lost!,
    total: metrics.packets_expected!,
    outOfOrder: metrics.packets_reordered!,
    octets: metrics.octets_received!,
  };
}

async function toldOf(iperf: LabProcess): Promise<Told> {
  const [line] = await iperf.untilOutput(/^\d+,.*\n/m);
  return toldBy(line.trim());
}

/** Both tools heard the same. */
function agree(stream: Stream, told: Told): void {
  const { jitterMs, ...counts } = told;
  expect(heardBy(stream)).toEqual(counts);
  expect(Math.abs(stream.metrics.jitter_ns! / 1e6 - jitterMs)).toBeLessThan(JITTER_MS);
}

describe.runIf(needs('netns', 'iperf', 'nft'))('iperf 2', () => {
  let lab: Lab;
  let port = 5100;

  beforeAll(async () => {
    lab = await openLab();
    await lab.shell(`
      ip route add 224.0.0.0/4 dev lo
      ip -6 route replace local ff00::/8 dev lo table local`);
  });
  afterAll(async () => lab?.close());

  async function isListening(at: number): Promise<boolean> {
    const sockets = await lab.run(null, 'cat', ['/proc/net/udp', '/proc/net/udp6']);
    return sockets.includes(`:${at.toString(16).toUpperCase().padStart(4, '0')} `);
  }

  /** A server at `address`, once it listens. */
  async function server({ words }: Family, address: string): Promise<LabProcess> {
    const iperf = lab.spawn(null, 'iperf', ['-s', '-u', ...words, '-B', address, '-p', String(port), '-y', 'C']);
    onTestFinished(() => iperf.signal('SIGKILL'));
    await until(() => isListening(port), 'a server of iperf listens');
    return iperf;
  }

  function client({ words, host }: Family, to: string, ...more: readonly string[]): Promise<string> {
    const where = ['-c', to, ...(to === host ? [] : ['-B', host, '-T', '1'])];
    return lab.run(null, 'iperf', [...words, ...where, '-u', '-p', String(port), ...more]);
  }

  /** The network loses {@link LOST}. */
  async function lossy(): Promise<void> {
    await lab.run(null, 'nft', [
      `table netdev wire {
        chain in {
          type filter hook ingress device "lo" priority 0
          udp dport ${port} ${NUMBER_LOW} { ${LOST.join(', ')} } drop
        }
      }`,
    ]);
    onTestFinished(async () => void (await lab.run(null, 'nft', ['delete', 'table', 'netdev', 'wire'])));
  }

  const endpoint = (address: string): string =>
    address.includes(':') ? `iperf://${address}/port=${port}/iface=lo` : `iperf://${address}:${port}/iface=lo`;

  const receiver = (address: string, ...words: readonly string[]): Promise<Mcast> =>
    startReceiver([endpoint(address), '--once', ...words], { lab });

  const sender = (address: string, ...words: readonly string[]): Promise<RunResult> =>
    send([endpoint(address), '--pps', '400', '--count', String(COUNT), '--size', String(SIZE), ...words], { lab });

  describe.each(FAMILIES)('$family', (family) => {
    const { group, host } = family;

    describe.each([
      ['whole', ''],
      ['with loss and reordering of our own', 'loss=5%,reorder=3%,seed=5'],
      ['with delay that varies', 'delay=9ms,jitter=5ms,seed=3'],
    ])('hears our stream, %s', (_name, impair) => {
      it('to a group, beside our receiver', async () => {
        port++;
        const iperf = await server(family, `${group}%lo`);
        const ours = await receiver(group);
        const sent = await sender(group, ...(impair === '' ? [] : ['--impair', impair]));
        const told = await toldOf(iperf);
        const [stream] = (await ours.result()).streams;
        agree(stream!, told);
        expect(told.total).toBe(COUNT);
        const lost = sent.sender!.impairment?.lost ?? 0;
        expect([told.lost, told.outOfOrder]).toEqual([lost, sent.sender!.impairment?.reordered ?? 0]);
        expect(sent.sender!.sent).toBe(COUNT - lost);
        expect(sent.sender!.markers_sent).toBe(4);
        if (impair.startsWith('loss')) expect(Math.min(lost, told.outOfOrder)).toBeGreaterThan(5);
      });

      it('to one host', async () => {
        port++;
        const iperf = await server(family, host);
        const sent = await sender(host, '--unicast', ...(impair === '' ? [] : ['--impair', impair]));
        const told = await toldOf(iperf);
        const { lost, reordered } = sent.sender!.impairment ?? { lost: 0, reordered: 0 };
        expect(told).toMatchObject({ total: COUNT, lost, outOfOrder: reordered, octets: (COUNT - lost) * SIZE });
      });
    });

    describe.each([
      ['whole', false],
      ['with loss', true],
    ])('is heard by us, %s', (_name, isLossy) => {
      // As many octets as so many datagrams have: the final one comes on top.
      const amount = ['-l', String(SIZE), '-b', '400pps', '-n', String((COUNT - 1) * SIZE)];
      const lost = isLossy ? LOST.length : 0;

      it('from a group, beside its own server', async () => {
        port++;
        if (isLossy) await lossy();
        const iperf = await server(family, `${group}%lo`);
        const ours = await receiver(group);
        await client(family, group, ...amount, '-S', '0xb8');
        const told = await toldOf(iperf);
        const [stream] = (await ours.result()).streams;
        agree(stream!, told);
        expect(told).toMatchObject({ total: COUNT, lost, outOfOrder: 0 });
        expect(stream!.metrics).toMatchObject({ dscp_sent: 46, dscp_received: { 46: COUNT - lost } });
        if (isLossy)
          expect(stream!.loss_map!.map(({ first, count }) => [first, count])).toEqual([
            ['10', 5],
            ['20', 1],
            ['100', 1],
            ['200', 2],
            ['399', 1],
          ]);
      });

      it('from one host, and told so: it prints our report', async () => {
        port++;
        if (isLossy) await lossy();
        const ours = await receiver(host, '--unicast');
        const printed = await client(family, host, ...amount);
        const report = /Server Report:\n.*\n.* +([\d.]+) ms +(\d+)\/ *(\d+) \(/.exec(printed);
        if (report === null) throw new Error(`no report: ${printed}`);
        const [stream] = (await ours.result()).streams;
        const { received, lost: missing, total } = heardBy(stream!);
        expect([received, missing, total]).toEqual([COUNT - lost, lost, COUNT]);
        expect([Number(report[2]), Number(report[3])]).toEqual([lost, COUNT]);
        expect(Math.abs(stream!.metrics.jitter_ns! / 1e6 - Number(report[1]))).toBeLessThan(JITTER_MS);
      });
    });

    it('several clients at once are as many streams, each with its report', async () => {
      port++;
      const ours = await receiver(host, '--unicast');
      const printed = await client(family, host, '-P', '3', '-l', '200', '-b', '500pps', '-n', '40000');
      const { streams, event_counts: events } = await ours.result();
      expect(streams.map((stream) => heardBy(stream).received)).toEqual([201, 201, 201]);
      expect(printed.match(/ 0\/ *201 \(0%\)/g)).toHaveLength(3);
      expect(events['foreign_sender'] ?? 0).toBe(0);
    });

    it('hears our flows as several clients', async () => {
      port++;
      const iperf = await server(family, host);
      // What lies in its queue when it takes one client for its own goes to that, whoever it is from: all is told of, by one or another.
      const sent = await sender(host, '--unicast', '--flows', '3', '--pps', '60', '--count', '61');
      // One line each, and one for all together.
      await until(() => (iperf.stdout.match(/\n/g)?.length ?? 0) >= 3, 'three lines of iperf');
      const lines = iperf.stdout.trim().split('\n').slice(0, 3).map(toldBy);
      expect(lines.map(({ total }) => total).sort()).toEqual([20, 20, 21]);
      expect(lines.reduce((sum, { octets }) => sum + octets, 0)).toBe(61 * SIZE);
      const ports = sent.sender!.streams.map(({ source_port }) => source_port);
      expect(new Set(ports).size).toBe(3);
    });

    it('is recognised without a scheme, and another run of the same client is another stream', async () => {
      port++;
      const ours = await startReceiver([endpoint(group).replace('iperf:', 'udp:')], { lab });
      for (let i = 0; i < 2; i++) {
        const from = family.family === 'IPv4' ? `${host}:7321` : `[${host}]:7321`;
        await client(family, group, '-B', from, '-l', '300', '-b', '500pps', '-n', '30000');
      }
      await ours.untilEvent('stream_end', 2);
      await ours.untilEvent('restart');
      const { streams } = await ours.stop();
      expect(streams.map((stream) => heardBy(stream).received)).toEqual([101, 101]);
    });
  });
});
