/** The command as people and scripts use it: help, programs around it, what it prints, what it can be fed with. */
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { kindsOf, linesIn, linesOf, resultOf, runCommand, startCommand, testFolder } from '../command.js';
import { freshGroup, LocalProcess, MCAST } from '../mcast.js';
import { until } from '../netns/lab.js';
import { DIST, needs, programPath } from '../require.js';

const PRESENT = needs('linux', 'dist');
const BIN = dirname(MCAST);
const DISSECTOR = fileURLToPath(new URL('../../docs/wireshark/mcastkit.lua', import.meta.url));

/** Group and port over loopback, as one endpoint of both ends. */
function freshEndpoint(scheme = 'probe://'): string {
  return `${scheme}${freshGroup()}:5001/iface=lo`;
}

/** A receiver that has joined, then a sender to its end. */
async function receiveAndSend(receive: readonly string[], send: readonly string[]) {
  const receiver = startCommand(['recv', ...receive]);
  await receiver.untilOutput(/^(joined|listening)/m);
  // However busy this machine is, everything is sent.
  const sender = await runCommand(['send', '--max-late', '10s', ...send]);
  expect(sender.status, sender.stderr).toBe(0);
  return { receiver: await receiver.ended(), sender };
}

describe.runIf(PRESENT)('the programs', () => {
  it('mcast alone, -h and -V answer at once', async () => {
    const [alone, help, version, ofCommand] = await Promise.all(
      [[], ['-h'], ['-V'], ['recv', '-V']].map((words) => runCommand(words)),
    );
    for (const { status, stderr } of [alone!, help!, version!]) expect([status, stderr]).toEqual([0, '']);
    expect(alone!.stdout.trimEnd().split('\n')).toHaveLength(6);
    expect(help!.stdout.split('\n').length).toBeLessThanOrEqual(24);
    const text = readFileSync(join(BIN, '../package.json'), 'utf8');
    expect(version!.stdout).toBe(`${(JSON.parse(text) as { version: string }).version}\n`);
    expect(ofCommand!.stdout).toBe(version!.stdout);
  });

  it('mcast-send and mcast-recv are mcast send and mcast recv', async () => {
    const [send, recv, sendHelp, recvHelp] = await Promise.all([
      runCommand(['-h'], { file: join(BIN, 'mcast-send.js') }),
      runCommand(['-h'], { file: join(BIN, 'mcast-recv.js') }),
      runCommand(['send', '-h']),
      runCommand(['recv', '-h']),
    ]);
    expect([send.stdout, recv.stdout]).toEqual([sendHelp.stdout, recvHelp.stdout]);
    const version = await runCommand(['-V'], { file: join(BIN, 'mcast-recv.js') });
    expect([version.status, version.stdout]).toEqual([0, expect.stringMatching(/^\d/)]);
  });

  it('starts through the links that npm and npx make, from any folder', async () => {
    const folder = testFolder();
    mkdirSync(join(folder, '.bin'));
    const link = join(folder, '.bin', 'mcast');
    symlinkSync(MCAST, link);
    chmodSync(MCAST, 0o755);
    const child = new LocalProcess(spawn(link, ['check', freshEndpoint()], { cwd: folder, stdio: 'pipe' }), link);
    const { status } = await child.exited;
    expect([status, child.stdout.split('\n').length], child.stderr).toEqual([0, 2]);
  });
});

describe.runIf(PRESENT)('check and demo', () => {
  it('check says in one line whether multicast works, and how it does', async () => {
    const [good, strict, json] = await Promise.all([
      runCommand(['check', freshEndpoint()]),
      runCommand(['check', freshEndpoint(), '--min', 'packets_received=1M']),
      runCommand(['check', freshEndpoint(), '--json']),
    ]);
    expect(good.stdout).toMatch(/^ok: probe:\S+ received \d+, lost 0 \(0 %\), delay p50 [^\n]+\n$/);
    expect([good.status, good.stderr]).toEqual([0, '']);
    expect(strict.stdout).toMatch(/^FAILED: probe:[^\n]+; packets_received >= 1M: exceeded\n$/);
    expect(strict.status).toBe(3);
    const result = resultOf(linesOf(json.stdout));
    expect(result.run.role).toBe('pair');
    // One thread sends, one receives, and one runs the command; each has a number of its own.
    const threads = result.evidence.threads.filter(({ role }) => role === 'measuring' || role === 'command');
    expect(threads.map(({ role }) => role).toSorted()).toEqual(['command', 'measuring', 'measuring']);
    expect(new Set(threads.map(({ id }) => id)).size).toBe(3);
    expect(threads.every(({ cpu_ns: cpuNs }) => cpuNs > 0)).toBe(true);
    expect(result.sender!.sent).toBe(result.aggregate!.metrics.packets_received);
    expect(json.stderr).toMatch(/^ok: /);
  });

  it('demo shows both ends, ends by itself in about ten seconds, and says the same by hand', async () => {
    const demo = await runCommand(['demo']);
    expect([demo.status, demo.stderr]).toEqual([0, '']);
    const { stdout } = demo;
    expect(stdout).toMatch(/^ {2}mcast recv rtp:\S+$/m);
    expect(stdout).toMatch(/^ {2}mcast send rtp:\S+$/m);
    expect(stdout.match(/^recv time .* delay99 /gm)).toHaveLength(1);
    expect(stdout.match(/^send time .* late99 /gm)).toHaveLength(1);
    expect(stdout.match(/^recv \d\d:\d\d:\d\d(\.\d)?Z +\d/gm)!.length).toBeGreaterThanOrEqual(7);
    expect(stdout.match(/^send \d\d:\d\d:\d\d(\.\d)?Z +\d/gm)!.length).toBeGreaterThanOrEqual(7);
    expect(stdout.match(/^rtp\/mpeg-ts \S+ from /gm)).toHaveLength(1);
    expect(stdout.match(/^recv \S+ +1 service, 6 PIDs: Test card \(H\.264, AAC \(ADTS\)\)$/gm)).toHaveLength(1);
    expect(stdout).toMatch(/^ {2}lost {10}0 /m);
    expect(stdout).toMatch(/^sender, run /m);
    expect(stdout).toMatch(/^measurement (valid|degraded)/m);
    // What it sends takes eight seconds.
    expect(Number(/ scheduled in ([\d.]+) s$/m.exec(stdout)![1])).toBeLessThanOrEqual(8);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('demo takes options, names them in what it says, and counts what it was told to lose', async () => {
    const options = ['--duration', '1s', '--pps', '300', '--flows', '2', '--impair', 'loss=5%,dup=2%,seed=3'];
    const [text, json] = await Promise.all([
      runCommand(['demo', ...options]),
      runCommand(['demo', ...options, '--json']),
    ]);
    expect(text.stdout).toContain('--impair loss=5%,dup=2%,seed=3');
    expect(text.stdout).toMatch(/^recv 239\.255\S* #1 +\d/m);
    const lines = linesOf(json.stdout);
    const result = resultOf(lines);
    const impairment = result.sender!.impairment!;
    expect(impairment['lost']).toBeGreaterThan(0);
    expect(result.aggregate!.metrics).toMatchObject({
      packets_lost: impairment['lost'],
      packets_duplicated: impairment['duplicated'],
    });
    expect(new Set(lines.map(({ run_id: id }) => id))).toEqual(new Set([result.run.id]));
    for (const name of ['sender', 'streams'] as const)
      expect(lines.some((line) => line[name] !== undefined)).toBe(true);
  });
});

describe.runIf(PRESENT)('the start of a sender', () => {
  it("prints the receiver's command, which works as it stands", async () => {
    const group = freshGroup();
    const sender = startCommand([
      'send',
      `probe://127.0.0.1@${group}+2:5001`,
      ...'--iface lo --ttl 3 --dscp af41 --pps 100 --duration 5m'.split(' '),
    ]);
    const [, line] = await sender.untilOutput(/^receive it with:\n {2}(mcast recv .+)\n/m);
    expect(line).toBe(`mcast recv probe://127.0.0.1@${group}+2:5001/iface=lo/ttl=3/dscp=af41`);
    // The shell has the last word on what is ready to paste.
    const shell = `${line!.replace(/^mcast /, '"$NODE" "$MCAST" ')} --count 40 --json --expect 'dscp_received==af41'`;
    const env = { ...process.env, NODE: process.execPath, MCAST };
    const receiver = new LocalProcess(spawn('sh', ['-c', shell], { stdio: 'pipe', env }), shell);
    onTestFinished(() => {
      if (receiver.running) receiver.signal('SIGKILL');
    });
    expect((await receiver.exited).status, receiver.stderr).toBe(0);
    sender.signal('SIGINT');
    const result = resultOf(linesOf(receiver.stdout));
    expect(result.streams.map((stream) => [stream.source, stream.metrics.hops_max, stream.metrics.dscp_sent])).toEqual([
      ['127.0.0.1', 0, 34],
      ['127.0.0.1', 0, 34],
    ]);
  });

  it('says the load on all layers before it is there, and warns of fragments unless they are meant', async () => {
    const words = ['send', freshEndpoint(), '--size', '65507', '--pps', '50', '--count', '2'];
    const [large, usual] = await Promise.all([runCommand(words), runCommand([...words, '--size', '1000'])]);
    expect(usual.stdout).toMatch(
      /^50 datagrams\/s in 1 stream, 400 kbit\/s of UDP payload\n {2}IP 411 kbit\/s, Ethernet 417 kbit\/s, wire 426 kbit\/s\n/,
    );
    expect(usual.stdout).not.toMatch(/warning|MTU/);
    // 65,535 octets are within the 65,536 of loopback.
    expect(large.stdout).not.toMatch(/warning|MTU/);
  });
});

describe.runIf(PRESENT)('any UDP payload', () => {
  it('is sent as text, octets or a file, and named by what it is', async () => {
    const path = join(testFolder(), 'ts');
    // Seven null packets of a transport stream: ISO/IEC 13818-1 section 2.4.3.
    const packets = Buffer.alloc(7 * 188, 0xff);
    for (let i = 0; i < 7; i++) packets.set([0x47, 0x1f, 0xff, 0x10 | i], i * 188);
    writeFileSync(path, packets);
    // RTP: RFC 3550 section 5.1, payload type 33.
    const rtp = 'hex:8021000100000000deadbeef00';
    const payloads: [payload: string, scheme: string, format: string, octets: number][] = [
      ['text:hello', 'udp://', 'unknown', 5],
      [rtp, '', 'rtp', 13],
      [path, 'udp://', 'mpeg-ts', 1316],
    ];
    await Promise.all(
      payloads.map(async ([payload, scheme, format, octets]) => {
        const place = freshEndpoint('');
        const options = ['--payload', payload, '--count', '10', '--pps', '100'];
        const { receiver } = await receiveAndSend(
          [scheme + place, '--count', '10', '--json'],
          [`udp://${place}`, ...options],
        );
        expect([payload, receiver.status]).toEqual([payload, 0]);
        const [stream] = resultOf(linesOf(receiver.stdout)).streams;
        expect([stream!.format, stream!.metrics.octets_received, stream!.metrics.packets_lost]).toEqual([
          format,
          10 * octets,
          null,
        ]);
      }),
    );
  });

  it('a receiver without a scheme recognises probe datagrams', async () => {
    const place = freshEndpoint('');
    const { receiver } = await receiveAndSend(
      [place, '--once', '--json'],
      [`probe://${place}`, '--count', '10', '--pps', '100'],
    );
    const [stream] = resultOf(linesOf(receiver.stdout)).streams;
    expect(stream).toMatchObject({ format: 'probe', metrics: { packets_received: 10, packets_lost: 0 } });
  });
});

describe.runIf(PRESENT)('line-ups and saved results', () => {
  it('a line-up names its streams at both ends, from a file and from standard input', async () => {
    const folder = testFolder();
    const [a, b] = [freshEndpoint(), freshEndpoint()];
    const path = join(folder, 'channels.csv');
    writeFileSync(path, `name,endpoint,rate\nNews,${a},800k\nSports,${b},400k\n`);
    const receiver = startCommand(['recv', path, '--once', '--json']);
    await receiver.untilOutput(/"joined"/);
    const sender = await runCommand(['send', '-', '--duration', '300ms', '--json'], { input: readFileSync(path) });
    expect(sender.status, sender.stderr).toBe(0);
    const result = resultOf(linesOf((await receiver.ended()).stdout));
    expect(result.streams.map(({ name }) => name).toSorted()).toEqual(['News', 'Sports']);
    expect(resultOf(linesOf(sender.stdout)).sender!.streams.map(({ name }) => name)).toEqual(['News', 'Sports']);
  });

  it('--json is a stream of lines, the last of which is a result as the schema wants it; report prints the same text again', async () => {
    const folder = testFolder();
    const path = join(folder, 'run.ndjson');
    const endpoint = freshEndpoint();
    const options = ['--pps', '300', '--duration', '500ms', '--impair', 'loss=5%,dup=3%,reorder=2%,seed=9'];
    const { receiver, sender } = await receiveAndSend(
      [endpoint, '--once', `--json=${path}`],
      [endpoint, ...options, '--json'],
    );
    const schema = z.fromJSONSchema(JSON.parse(readFileSync(join(DIST, 'result/schema.json'), 'utf8')) as never);
    for (const [lines, printed] of [
      [linesIn(path), receiver.stdout],
      [linesOf(sender.stdout), sender.stderr],
    ] as const) {
      expect(kindsOf(lines)[0]).toBe('start');
      expect(lines.filter(({ type }) => type === 'result')).toHaveLength(1);
      for (const { time } of lines) expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      const result = resultOf(lines);
      expect(schema.safeParse(result).error).toBeUndefined();
      const document = join(folder, 'result.json');
      writeFileSync(document, JSON.stringify(result));
      const reports = await Promise.all([
        runCommand(['report', document]),
        runCommand(['report', '-'], { input: lines.map((line) => JSON.stringify(line)).join('\n') }),
      ]);
      for (const report of reports) {
        expect([report.status, report.stderr]).toEqual([0, '']);
        expect(printed.endsWith(`\n\n${report.stdout}`)).toBe(true);
        for (const line of report.stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      }
    }
  });

  it('--quiet leaves the summary, and nothing where JSON says it already', async () => {
    const [text, json] = await Promise.all([
      runCommand(['send', freshEndpoint(), '--count', '3', '--quiet']),
      runCommand(['send', freshEndpoint(), '--count', '3', '--quiet', '--json']),
    ]);
    expect(text.stdout).toMatch(/^mcast send probe:/);
    expect(text.stdout).not.toMatch(/^time /m);
    expect([json.stderr, kindsOf(linesOf(json.stdout)).at(-1)]).toEqual(['', 'result']);
  });
});

describe.runIf(PRESENT)('captures', () => {
  it('of a run are read by dump, plain, compressed and from a pipe, and until nobody reads on', async () => {
    const folder = testFolder();
    const path = join(folder, 'run.pcapng');
    const endpoint = freshEndpoint();
    const { receiver } = await receiveAndSend(
      [endpoint, '--once', '--capture', path],
      [endpoint, '--count', '2000', '--pps', '20k', '--size', '100'],
    );
    expect(receiver.status, receiver.stderr).toBe(0);
    const octets = readFileSync(path);
    writeFileSync(`${path}.gz`, gzipSync(octets));
    const [plain, few, gzip, pipe] = await Promise.all([
      runCommand(['dump', path]),
      runCommand(['dump', path, '--count', '2']),
      runCommand(['dump', `${path}.gz`]),
      runCommand(['dump', '-'], { input: octets }),
    ]);
    const data = plain!.stdout.match(
      /^\S+Z 127\.0\.0\.1:\d+ > \S+:5001 .* probe data run [0-9a-f]{8} flow 0 sequence \d+ /gm,
    )!;
    expect(data).toHaveLength(2000);
    expect(few!.stdout.trimEnd().split('\n')).toHaveLength(3);
    expect([gzip!.stdout, pipe!.stdout]).toEqual([plain!.stdout, plain!.stdout]);
    const head = startCommand(['dump', path]);
    await head.untilOutput(/probe/);
    head.closeOutput();
    expect(await head.ended()).toMatchObject({ status: 0, stderr: '' });
  });

  it.runIf(needs('tshark'))('are dissected by tshark with our script', async () => {
    const path = join(testFolder(), 'run.pcapng');
    const endpoint = freshEndpoint();
    const sent = await receiveAndSend(
      [endpoint, '--once', '--capture', path, '--json'],
      [endpoint, '--count', '5', '--pps', '200'],
    );
    const fields = ['ip.src', 'ip.dst', 'ip.ttl', 'mcastkit.sequence'].flatMap((field) => ['-e', field]);
    const words = ['-X', `lua_script:${DISSECTOR}`, '-r', path, '-Y', 'mcastkit.flags == 0', '-T', 'fields', ...fields];
    const tshark = new LocalProcess(spawn(programPath('tshark')!, words, { stdio: 'pipe' }), 'tshark');
    expect((await tshark.exited).status, tshark.stderr).toBe(0);
    const { group } = resultOf(linesOf(sent.receiver.stdout)).streams[0]!;
    expect(tshark.stdout.trimEnd().split('\n')).toEqual([0, 1, 2, 3, 4].map((n) => `127.0.0.1\t${group}\t1\t${n}`));
  });

  it('to standard output leave it to the capture alone', async () => {
    const folder = testFolder();
    const path = join(folder, 'piped.pcapng');
    const endpoint = freshEndpoint();
    const line = `exec '${process.execPath}' '${MCAST}' recv '${endpoint}' --once --capture - > '${path}'`;
    const receiver = new LocalProcess(spawn('sh', ['-c', line], { stdio: 'pipe' }), line);
    await until(() => receiver.stderr.includes('joined'), 'the join');
    await runCommand(['send', endpoint, '--count', '5', '--pps', '200', '--max-late', '10s']);
    expect((await receiver.exited).status).toBe(0);
    expect(receiver.stderr).toMatch(/received {6}5 datagrams of 5 expected/);
    expect((await runCommand(['dump', path])).stdout.match(/probe data/g)).toHaveLength(5);
  });
});

describe.runIf(PRESENT)('standard output that cannot be written', () => {
  it.each([
    ['help', '-h'],
    ['a run', `send ${freshEndpoint()} --duration 1m`],
    ['JSON lines', `recv ${freshEndpoint()} --duration 1m --json`],
  ])('ends %s with one line that says so', async (_what, words) => {
    const line = `exec '${process.execPath}' '${MCAST}' ${words} > /dev/full`;
    const full = new LocalProcess(spawn('sh', ['-c', line], { stdio: 'pipe' }), line);
    expect((await full.exited).status).toBe(1);
    const last = full.stderr.trimEnd().split('\n').at(-1);
    expect(last).toMatch(/^mcast: standard output cannot be written: no space left on device \(ENOSPC\)\. Make room/);
    expect(full.stderr).not.toMatch(/\bat .*\.js:/);
  });
});
