/** Captures sent again over loopback: octet for octet, in order, group by group; and what is refused of them. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openCapture } from '../../src/io/captureFile.js';
import type * as Api from '../../src/index.js';
import type { SenderIntervalRow } from '../../src/result/interval.js';
import { runCommand, testFolder } from '../command.js';
import { freshGroup, send, startMcast, startReceiver } from '../mcast.js';
import { until } from '../netns/lab.js';
import { captureOf, frameOf, pcapOfFrames, type Captured } from '../replayCapture.js';
import { DIST, needs } from '../require.js';
import { toHex } from '../vectors/hex.js';

const ENTRY = pathToFileURL(join(DIST, 'index.js')).href;
const PRESENT = needs('linux', 'dist');
const A = { group: '239.1.1.1', port: 5000 };
const B = { group: '239.1.1.2', port: 5001 };

/** Irregular in time and size, with equal times; `count` of them in two flows. */
function irregular(count: number, places: readonly (typeof A)[] = [A, B]): Captured[] {
  let timeNs = 0;
  return Array.from({ length: count }, (_, i) => {
    timeNs += [0, 1_000_003, 250_001, 3_000_000][(i * 7) % 4]!;
    const payload = new Uint8Array(4 + ((i * 37) % 1300)).fill(i);
    new DataView(payload.buffer).setUint32(0, i);
    return { ...places[(i * 3) % places.length]!, timeNs, payload };
  });
}

/** A socket that keeps what it gets of a group on lo, in order. */
async function listen(group: string, port: number): Promise<{ readonly octets: string[] }> {
  const socket: Socket = createSocket({ type: 'udp4', reuseAddr: true, recvBufferSize: 4 << 20 });
  onTestFinished(() => void socket.close());
  socket.bind(port, group);
  await once(socket, 'listening');
  socket.addMembership(group, '127.0.0.1');
  const octets: string[] = [];
  socket.on('message', (message) => octets.push(toHex(message)));
  return { octets };
}

const octetsTo = (all: readonly Captured[], { group, port }: typeof A): string[] =>
  all.filter((one) => one.group === group && one.port === port).map(({ payload }) => toHex(payload));

function write(name: string, octets: Uint8Array): string {
  const path = join(testFolder(), name);
  writeFileSync(path, octets);
  return path;
}

describe.runIf(PRESENT)('a capture', () => {
  it('is sent to an endpoint as it was, and its capture by a receiver holds the same', async () => {
    const all = irregular(300, [A]);
    const input = write('one.pcap', captureOf(all));
    const group = freshGroup();
    const captured = join(testFolder(), 'again.pcapng');
    const receiver = await startReceiver([`udp://${group}:6000/iface=lo`, '--capture', captured]);
    const listener = await listen(group, 6000);
    const sent = await send([`${group}:6000/iface=lo`, '--input', input, '--ttl', '3']);
    await until(() => listener.octets.length >= all.length, 'the datagrams');
    await receiver.stop();
    expect(listener.octets).toEqual(octetsTo(all, A));
    const again: string[] = [];
    const stamps: number[] = [];
    const file = await openCapture(captured);
    for await (const batch of file) {
      for (let slot = 0; slot < batch.count; slot++) {
        const at = batch.offset[slot]!;
        again.push(toHex(batch.bytes.subarray(at, at + batch.length[slot]!)));
        stamps.push(batch.timeRealNs[slot]!);
        expect(batch.ttl[slot]).toBe(3);
      }
    }
    expect(again).toEqual(octetsTo(all, A));
    // Nothing leaves early: not one is nearer to the first than it was, by more than that one was late.
    const late = sent.sender!.departure_error_ns!.max!;
    for (const [i, { timeNs }] of all.entries()) expect(stamps[i]! - stamps[0]!).toBeGreaterThan(timeNs - late - 1e6);
    expect(sent.run.complete).toBe(true);
    expect(sent.sender).toMatchObject({ scheduled: 300, sent: 300, not_sent: 0, underruns: 0 });
    expect(sent.sender!.streams).toMatchObject([
      { format: 'udp', group, port: 6000, size_octets: null, pattern: 'capture', flows: [], ttl: 3 },
    ]);
    expect(sent.sender!.inputs).toMatchObject([
      { name: input, passes: 0, failure: null, pcr_pid: null, capture: { frames: 300, datagrams: 300, fault: null } },
    ]);
    expect(sent.clock.send_time).toBe(null);
  });

  it('of several flows is sent to a group each, in order, whatever the file is', async () => {
    const all = irregular(200);
    const input = write('two.pcap', captureOf(all, { little: true, vlanTags: 1 }));
    const [first, second] = [freshGroup(), freshGroup()];
    const listeners = await Promise.all([listen(first, 6001), listen(second, 5001)]);
    const maps = ['--map', `${A.group}:${A.port}=${first}:6001`, '--map', `${B.group}=${second}`];
    const sent = await send(['--input', input, ...maps, '--iface', 'lo', '--speed', '4']);
    await until(() => listeners.every(({ octets }, i) => octets.length >= octetsTo(all, [A, B][i]!).length), 'them');
    expect(listeners[0]!.octets).toEqual(octetsTo(all, A));
    expect(listeners[1]!.octets).toEqual(octetsTo(all, B));
    expect(sent.sender!.streams.map(({ group, sent: count }) => [group, count])).toEqual([
      [first, octetsTo(all, A).length],
      [second, octetsTo(all, B).length],
    ]);
    expect(sent.sender!.inputs).toHaveLength(1);
  });

  it('is selected, begun later, ended early and begun again', async () => {
    const all = irregular(120);
    const input = write('part.pcap', captureOf(all));
    const group = freshGroup();
    const listener = await listen(group, 6002);
    const part = all.filter(({ timeNs, ...place }) => place.group === B.group && timeNs >= 20e6 && timeNs < 60e6);
    const count = part.length + 3;
    const words = ['--input', input, '--select', B.group, '--from', '20ms', '--to', '60ms', '--loop'];
    const sent = await send([`udp://${group}:6002/iface=lo`, ...words, '--count', String(count)]);
    await until(() => listener.octets.length >= count, 'the datagrams');
    const octets = part.map(({ payload }) => toHex(payload));
    expect(listener.octets).toEqual([...octets, ...octets].slice(0, count));
    expect(sent.sender!.inputs[0]).toMatchObject({ passes: 1, capture: { datagrams: part.length } });
    expect(sent.sender!.inputs[0]!.capture!.outside).toBe(
      all.filter(({ timeNs }) => timeNs < 20e6 || timeNs >= 60e6).length,
    );
  });

  it('goes on for ever with --loop, and is stopped', async () => {
    const input = write('loop.pcap', captureOf(irregular(20, [A])));
    const sender = startMcast([
      'send',
      `udp://${freshGroup()}:6003/iface=lo`,
      '--input',
      input,
      '--loop',
      '--interval',
      '100ms',
    ]);
    // More than one pass has 20 datagrams; a busy host may not come so far in an interval.
    const counts = () => sender.lines.flatMap((line) => ('sender' in line ? (line.sender as SenderIntervalRow[]) : []));
    await until(() => counts().reduce((sum, { sent: count }) => sum + count, 0) > 20, 'the second pass');
    const sent = await sender.stop();
    expect(sent.sender!.sent).toBeGreaterThan(20);
    expect(sent.sender!.inputs[0]!.passes).toBeGreaterThan(0);
  });

  it('is sent through a bad network, and by the portable implementation', async () => {
    const all = irregular(100, [A]);
    const input = write('impaired.pcap', captureOf(all));
    const endpoint = `udp://${freshGroup()}:6004/iface=lo`;
    const sent = await send([endpoint, '--input', input, '--impair', 'loss=50%,seed=3', '--speed', '10']);
    const { scheduled, sent: left, impairment } = sent.sender!;
    expect(impairment!.lost).toBeGreaterThan(0);
    expect(left).toBe(100 - impairment!.lost);
    expect(scheduled).toBe(100);
    const portable = await send([endpoint, '--input', input, '--io', 'dgram', '--speed', '10']);
    expect(portable.sender!.sent).toBe(100);
  });

  it('that is damaged is sent up to there, with a warning; what cannot be sent is named', async () => {
    const folder = testFolder();
    const fragment = frameOf({ ...A, timeNs: 2, payload: Uint8Array.of(9) });
    fragment.octets[14 + 6] = 0x20;
    const whole = pcapOfFrames([
      ...irregular(20, [A]).map((one) => frameOf(one)),
      fragment,
      frameOf({ ...A, timeNs: 4e7, payload: new Uint8Array(9) }),
    ]);
    writeFileSync(join(folder, 'cut.pcap'), whole.subarray(0, whole.length - 3));
    const { stdout, status } = await runCommand(
      ['send', `udp://${freshGroup()}:6005/iface=lo`, '--input', 'cut.pcap', '--speed', '10', '--max-late', '20s'],
      { cwd: folder },
    );
    expect(stdout).toMatch(/cut\.pcap: 20 datagrams in 0\.0\d+ s, 10 times as fast as captured/);
    expect(stdout).toMatch(/warning: cut\.pcap: not sent: 1 fragment/);
    expect(stdout).toMatch(/warning: cut\.pcap ends early: .*the file ends within a record/);
    expect(stdout).toMatch(/input +cut\.pcap: .*ends within a record.*not sent:\s+1 fragment/s);
    expect(status).toBe(0);
  });

  it('is sent by the library', async () => {
    const input = write('library.pcap', captureOf(irregular(30, [A])));
    const { openSender } = (await import(/* @vite-ignore */ ENTRY)) as typeof Api;
    await using run = await openSender([], {
      input,
      iface: 'lo',
      map: [`${A.group}=${freshGroup()}`],
      speed: 10,
      maxLate: '20s',
    });
    const result = await run.finished;
    expect(result.sender!.sent).toBe(30);
  });
});

describe.runIf(PRESENT)('is refused in one line:', () => {
  const place = `udp://${freshGroup()}:6010/iface=lo`;
  const FILES: Readonly<Record<string, Uint8Array>> = {
    'two.pcap': captureOf(irregular(10)),
    'one.pcap': captureOf(irregular(10, [A])),
    'nothing.pcap': captureOf([]),
    'header.pcap': captureOf([]).subarray(0, 9),
    'arp.pcap': pcapOfFrames([{ timeNs: 0, octets: new Uint8Array(60) }]),
    'same.pcap': captureOf([{ ...A, timeNs: 0, payload: Uint8Array.of(1) }]),
    'damaged.pcap.gz': Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xff, 0xff),
    'zero.pcap': new Uint8Array(0),
  };
  const cases: readonly (readonly [words: string, status: number, what: RegExp])[] = [
    [`${place} --input two.pcap`, 2, /two\.pcap holds 2 flows: 239\.1\.1\.\d:500\d \(\d\), .*--select/],
    [`${place} --input nothing.pcap`, 1, /nothing\.pcap holds no UDP datagrams \(0 frames\)/],
    [`${place} --input arp.pcap`, 1, /arp\.pcap holds no UDP datagrams \(1 frame: 1 frame without UDP\)/],
    [`${place} --input header.pcap`, 1, /header\.pcap holds no UDP datagrams \(0 frames\)/],
    [`${place} --input zero.pcap`, 1, /zero\.pcap is empty/],
    [`${place} --input two.pcap --select 239.9.9.9`, 2, /--select 239\.9\.9\.9: two\.pcap holds 239/],
    [
      `${place} --input one.pcap --from 10m`,
      2,
      /nothing of it can be sent between --from and --to; it begins at 2026-01-01T00:00:00\.123456789Z/,
    ],
    [`${place} --input same.pcap --loop`, 2, /all datagrams of same\.pcap have the same time/],
    [
      `--input two.pcap --iface lo`,
      2,
      /no group is said for 239.*--map 239\.1\.1\.\d:500\d=<group\[:port\]>, or --keep-groups/,
    ],
    [`--input two.pcap --iface lo --map 239.1.1.1`, 2, /--map: "239\.1\.1\.1" is no map/],
    [
      `--input two.pcap --iface lo --map 239.1.1.1=239.2.2.2 --map 239.8.8.8=239.2.2.3`,
      2,
      /--map 239\.8\.8\.8=\.\.\.: two\.pcap holds/,
    ],
    [`--input gone.pcap --iface lo`, 1, /gone\.pcap cannot be read: no such file or directory/],
    [`--input gone.pcap --map 239.1.1.1=239.2.2.2 --iface lo`, 1, /gone\.pcap cannot be read/],
    [`udp://239.1.1.1:5000/iface=lo --input gone.pcap --speed 2`, 1, /gone\.pcap cannot be read: no such file/],
    [`--input /dev/null --iface lo`, 1, /\/dev\/null is not a capture file/],
    [`--input / --keep-groups --iface lo`, 1, /\/ cannot be read: illegal operation on a directory/],
    [`${place} --input one.pcap --zone Mars/Base`, 2, /"Mars\/Base" is no time zone/],
    [`${place} --input one.pcap --speed 0.001`, 2, /"0\.001" is no speed: 0\.01\.\.1000/],
  ];
  it.each(cases)('%s', async (words, status, what) => {
    const folder = testFolder();
    for (const [name, octets] of Object.entries(FILES)) writeFileSync(join(folder, name), octets);
    const ended = await runCommand(['send', ...words.split(' ')], { cwd: folder });
    expect(ended.stderr).toMatch(what);
    expect(ended.stderr).toMatch(/^mcast: [^\n]+\n$/);
    expect(ended.status).toBe(status);
  });
});
