import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { influxInterval, influxResult } from '../../src/report/export/influxLines.js';
import { otlpMetrics } from '../../src/report/export/otlpMetrics.js';
import { runTags } from '../../src/report/export/runInfo.js';
import type { IntervalOthers } from '../../src/result/intervalOthers.js';
import type { IntervalRow, TransportIntervalRow } from '../../src/result/interval.js';
import {
  linesIn,
  linesOf,
  resultOf,
  runCommand,
  startCommand,
  testFolder,
  type Command,
  type Line,
} from '../command.js';
import { parseExposition, type Family } from '../exposition.js';
import { readInflux } from '../influx.js';
import { freshGroup } from '../mcast.js';
import { until } from '../netns/lab.js';
import { readOtlp } from '../otlp.js';
import { needs } from '../require.js';
import { closedPort, openCollector } from './collector.js';

const freshEndpoint = (): string => `probe://${freshGroup()}:5001/iface=lo`;

/** Reads a page; `null`: nobody answers. */
async function page(url: string, headers: Readonly<Record<string, string>> = {}) {
  try {
    const [response] = await once(get(url, { headers, agent: false }), 'response');
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part as Buffer);
    return { status: response.statusCode as number, text: Buffer.concat(parts).toString('utf8') };
  } catch {
    return null;
  }
}

/** Where the run says that its metrics are. */
async function metricsUrl(run: Command): Promise<string> {
  await run.untilOutput(/metrics: http:\S+/);
  return /metrics: (http:\S+)/.exec(run.stdout + run.stderr)![1]!;
}

const valueOf = (families: ReadonlyMap<string, Family>, name: string): number =>
  families.get(name)!.samples.reduce((sum, { value }) => sum + value, 0);

describe.runIf(needs('linux', 'dist'))('metrics for Prometheus', () => {
  it('are where check says, beside its one line', async () => {
    const words = ['check', `probe://${freshGroup()}:5001/iface=lo`, '--metrics=0'];
    const told = await runCommand(words);
    expect(told.stdout).toMatch(/^ok: [^\n]+\n$/);
    expect(told.stderr).toMatch(/^metrics: http:\/\/127\.0\.0\.1:\d+\/metrics\n$/);
    expect((await runCommand([...words, '--quiet'])).stderr).toBe('');
  });

  it('are read while the run goes on; no count ever goes back', async () => {
    const group = freshGroup();
    const legs = `rtp://${group}:5004/iface=lo --leg-b rtp://${group.replace('239', '238')}:5004/iface=lo`.split(' ');
    const receiver = startCommand(['recv', ...legs, '--metrics=0', '--name', 'edge', '--label', 'site=fra']);
    const url = await metricsUrl(receiver);
    await receiver.untilOutput(/joined/);
    const sender = startCommand([
      'send',
      ...legs,
      '--fec',
      '5x5',
      '--impair',
      'loss=5%,dup=2%,reorder=3%,seed=3',
      '--metrics=0',
    ]);
    const urls = [url, await metricsUrl(sender)];
    const before = new Map<string, number>();
    let scrapes = 0;
    let lost = 0;
    const scrape = async (): Promise<boolean> => {
      for (const one of urls) {
        const format = scrapes++ % 2 === 0 ? 'openmetrics' : 'text';
        const accept = format === 'openmetrics' ? 'application/openmetrics-text; version=1.0.0' : '*/*';
        const told = await page(one, { Accept: accept });
        if (told === null || told.status === 503) continue;
        for (const { name: family, type, samples } of parseExposition(told.text, format).values()) {
          if (type !== 'counter' && type !== 'histogram') continue;
          if (family.startsWith('mcast_stream_packets_lost'))
            lost = Math.max(lost, ...samples.map(({ value }) => value));
          for (const { name, labels, value } of samples) {
            // A sum of what may be negative is no count.
            if (name.endsWith('_sum')) continue;
            const key = `${one}${name}${JSON.stringify([...labels])}`;
            expect(value, key).toBeGreaterThanOrEqual(before.get(key) ?? 0);
            before.set(key, value);
          }
        }
      }
      return scrapes >= 24 && lost > 0;
    };
    await until(scrape, 'twelve looks at each, and a loss');
    const told = await page(url);
    const families = parseExposition(told!.text, 'text');
    expect(valueOf(families, 'mcast_stream_packets_received_total')).toBeGreaterThan(0);
    expect(valueOf(families, 'mcast_stream_packets_lost_total')).toBeGreaterThan(0);
    expect(valueOf(families, 'mcast_arbitration_packets_expected_total')).toBeGreaterThan(0);
    expect(valueOf(families, 'mcast_fec_packets_heard_total')).toBeGreaterThan(0);
    expect(Object.fromEntries(families.get('mcast_run_info')!.samples[0]!.labels)).toMatchObject({
      name: 'edge',
      label_site: 'fra',
      command: 'recv',
    });
    for (const run of [sender, receiver]) run.signal('SIGINT');
    for (const run of [sender, receiver]) expect((await run.ended()).status).toBeLessThanOrEqual(4);
    expect(await page(url)).toBeNull();
  });

  it('of both ends of one process are one page', async () => {
    const run = startCommand(['demo', '--duration', '30s', '--metrics=0']);
    const url = await metricsUrl(run);
    await run.untilOutput(/recv .*first datagram/);
    let families: ReadonlyMap<string, Family> = new Map();
    await until(async () => {
      const told = await page(url);
      if (told?.status !== 200) return false;
      families = parseExposition(told.text, 'text');
      return families.has('mcast_stream_packets_received_total') && families.has('mcast_sender_packets_sent_total');
    }, 'both ends');
    expect(families.get('mcast_run_info')!.samples[0]!.labels.get('role')).toBe('pair');
    run.signal('SIGINT');
    await run.ended();
  });

  it('are asked for until the run is gone, and nothing of it hangs or breaks', async () => {
    const run = startCommand(['demo', '--duration', '2s', '--metrics=0', '--json']);
    const url = await metricsUrl(run);
    let whole = 0;
    await until(async () => {
      const told = await Promise.all([1, 2, 3].map(() => page(url)));
      for (const one of told) {
        if (one === null || one.status === 503) continue;
        expect(one.status).toBe(200);
        parseExposition(one.text, 'text');
        whole++;
      }
      return !run.running;
    }, 'its end');
    expect(whole).toBeGreaterThan(0);
    const { status, stdout } = await run.ended();
    expect(status).toBe(0);
    expect(resultOf(linesOf(stdout)).run.complete).toBe(true);
  });

  it('at a port in use are refused in one line, before anything is joined', async () => {
    const first = startCommand(['recv', freshEndpoint(), '--metrics=0']);
    const { port } = new URL(await metricsUrl(first));
    const { status, stdout, stderr } = await runCommand([
      'recv',
      freshEndpoint(),
      `--metrics=${port}`,
      '--series',
      '-',
    ]);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `mcast: --metrics: 127.0.0.1:${port} is in use by another program. Choose another port, or end the program that holds it.\n`,
    );
    first.signal('SIGINT');
    await first.ended();
  });
});

/** The result of a run that was told by JSON lines, too. */
const jsonOf = (folder: string): Line[] => linesIn(join(folder, 'run.ndjson'));

describe.runIf(needs('linux', 'dist'))('metrics for OpenTelemetry', () => {
  it('are what the document says, as OTLP defines it; periodically and at the end', async () => {
    const folder = testFolder();
    const collector = await openCollector();
    const words = [
      'demo',
      '--duration',
      '3s',
      `--json=${join(folder, 'run.ndjson')}`,
      '--otlp',
      collector.url,
      '--label',
      'site=fra',
    ];
    const env = {
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b,x=1',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=lab',
      OTEL_SERVICE_NAME: 'probes',
    };
    expect((await runCommand(words, { env })).status).toBe(0);
    expect(collector.posts.length).toBeGreaterThanOrEqual(2);
    for (const { url, headers, body } of collector.posts) {
      expect(url).toBe('/v1/metrics');
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'api-key': 'a b', x: '1' });
      const { resource } = readOtlp(body);
      expect(resource).toMatchObject({ 'service.name': 'probes', 'deployment.environment': 'lab', site: 'fra' });
    }
    const result = resultOf(jsonOf(folder));
    const given = [
      ['deployment.environment', 'lab'],
      ['service.name', 'probes'],
    ] as const;
    expect(collector.posts.at(-1)!.body).toBe([...otlpMetrics(result, given)].join(''));
  });

  it('arrive in spite of a collector that closes, is busy, or is not there yet', async () => {
    const collector = await openCollector((n, response) => {
      if (n === 0) response.destroy();
      else if (n === 1) response.writeHead(503, { 'Retry-After': '0' }).end('starting');
      else if (n === 2) response.writeHead(429, { 'Retry-After': new Date(0).toUTCString() }).end();
      else response.end('{}');
    });
    const { status, stdout } = await runCommand(['demo', '--duration', '1s', '--otlp', collector.url]);
    expect(status).toBe(0);
    // The same again until it is taken.
    expect(collector.posts).toHaveLength(4);
    expect(new Set(collector.posts.map(({ body }) => body)).size).toBe(1);
    expect(stdout.match(/^--otlp: .*$/gmu)).toEqual([expect.stringMatching(/tried again, and counted$/u)]);
  });

  it.each([
    ['down', null],
    ['silent', () => {}],
    ['without end', (_: number, response: import('node:http').ServerResponse) => void response.write('{')],
  ])('delay no end for long where the collector is %s, and change no status', async (_, answer) => {
    const url = answer === null ? `http://127.0.0.1:${await closedPort()}` : (await openCollector(answer)).url;
    const { status, stdout } = await runCommand(['demo', '--duration', '1s', '--otlp', url]);
    expect(status).toBe(0);
    expect(stdout).toContain('--otlp: 1 of 1 did not arrive');
  });

  it.each([
    [400, '{"message":"bad \u001b[2J"}', /answers with 400: \{"message":"bad .{1,3}\[2J"\}; dropped/u],
    [404, '', /answers with 404; dropped/u],
    [307, '', /answers with 307, to http:\/\/elsewhere\/: give that URL; dropped/u],
    [
      200,
      '{"partialSuccess":{"rejectedDataPoints":"7","errorMessage":"too old"}}',
      /rejected 7 data points: too old; partly/u,
    ],
  ])('are not sent again where the answer is %d', async (answered, body, said) => {
    const collector = await openCollector((_, response) => {
      response.writeHead(answered, { Location: 'http://elsewhere/' }).end(body);
    });
    const { status, stdout } = await runCommand(['demo', '--duration', '1s', '--otlp', collector.url]);
    expect(status).toBe(0);
    expect(collector.posts).toHaveLength(1);
    expect(stdout.replaceAll(/\n\s*/gu, ' ')).toMatch(said);
    expect(stdout).not.toContain('\u001b');
  });

  it('from an environment that cannot be read are a mistake that is told', async () => {
    for (const env of [{ OTEL_EXPORTER_OTLP_HEADERS: 'nonsense' }, { OTEL_METRIC_EXPORT_INTERVAL: '1ms' }]) {
      const { status, stderr } = await runCommand(['demo', '--otlp', 'http://127.0.0.1:1'], { env });
      expect(status).toBe(2);
      expect(stderr).toMatch(/^mcast: OTEL_\w+ .*\n$/u);
    }
  });
});

type IntervalLine = Line & {
  readonly streams?: readonly IntervalRow[];
  readonly others?: IntervalOthers | null;
  readonly transport?: readonly TransportIntervalRow[];
};

/** What the JSON lines of a receiver say, as lines for InfluxDB. */
function expectedLines(lines: readonly Line[], name: string | null): string[] {
  const result = resultOf(lines);
  const tags = runTags(result.run.id, result.host.name, { name, labels: {} });
  const intervals = (lines as readonly IntervalLine[]).filter(
    ({ type, streams }) => type === 'interval' && streams !== undefined,
  );
  const rows = intervals.flatMap(({ time, end_ns: endNs, streams, others, transport }) => {
    const interval = {
      time,
      endNs: endNs!,
      rows: streams!,
      others: others!,
      senderRows: [],
      transportRows: transport!,
    };
    return [...influxInterval(interval, tags)];
  });
  return [...rows, ...influxResult(result, tags)].filter((line) => line !== '').map((line) => line.trimEnd());
}

/** A receiver of 200 datagrams that exports as told. */
async function received(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const folder = testFolder();
  const endpoint = freshEndpoint();
  const json = `--json=${join(folder, 'run.ndjson')}`;
  const receiver = startCommand(['recv', endpoint, '--once', json, '--interval', '100ms', '--name', 'edge', ...words], {
    env,
  });
  await until(() => {
    try {
      return readFileSync(join(folder, 'run.ndjson'), 'utf8').includes('"joined"');
    } catch {
      return false;
    }
  }, 'joined');
  expect((await runCommand(['send', endpoint, '--count', '200', '--pps', '400'])).status).toBe(0);
  const ended = await receiver.ended();
  expect(ended.status).toBe(0);
  return { ...ended, lines: jsonOf(folder) };
}

describe.runIf(needs('linux', 'dist'))('lines for InfluxDB', () => {
  it('are posted with the token of a file: each interval, each event, and the result', async () => {
    const collector = await openCollector((_, response) => void response.writeHead(204).end());
    const token = join(testFolder(), 'token');
    writeFileSync(token, 'very-secret==\n');
    chmodSync(token, 0o600);
    const { lines } = await received([
      '--influx',
      `${collector.url}/org=lab/bucket=mcast`,
      '--influx-token-file',
      token,
    ]);
    for (const { url, headers } of collector.posts) {
      expect(url).toBe('/api/v2/write?org=lab&bucket=mcast&precision=ns');
      expect(headers.authorization).toBe('Token very-secret==');
    }
    const told = collector.posts.flatMap(({ body }) => body.trimEnd().split('\n'));
    expect(readInflux(`${told.join('\n')}\n`)).toHaveLength(told.length);
    for (const line of expectedLines(lines, 'edge')) expect(told).toContain(line);
    const events = told.filter((line) => line.startsWith('mcast_event,'));
    expect(events).toHaveLength(lines.filter(({ type }) => type === 'event').length);
    // The token is nowhere but in the header.
    expect(JSON.stringify(lines) + told.join('')).not.toContain('very-secret');
  });

  it('have the token of the environment, and a server that wants another one is quoted', async () => {
    const collector = await openCollector((_, response) => void response.writeHead(401).end('{"code":"unauthorized"}'));
    const { stdout } = await received(['--influx', `${collector.url}/bucket=b`], {
      INFLUX_TOKEN: 'of-the-environment',
    });
    expect(collector.posts[0]!.headers.authorization).toBe('Token of-the-environment');
    const said = stdout.replaceAll(/\n\s*/gu, ' ');
    expect(said).toMatch(
      /--influx: http:\/\/127\.0\.0\.1:\d+\/api\/v2\/write answers with 401: \{"code":"unauthorized"\}; dropped/u,
    );
    expect(said).toMatch(/--influx: \d+ of \d+ did not arrive/u);
  });

  it('go to a file, or to standard output while the text goes elsewhere', async () => {
    const path = join(testFolder(), 'lines.lp');
    const toFile = await received(['--influx', path]);
    const written = readFileSync(path, 'utf8');
    for (const line of expectedLines(toFile.lines, 'edge')) expect(written.split('\n')).toContain(line);
    const toStdout = await received(['--influx', '-']);
    expect(readInflux(toStdout.stdout).length).toBeGreaterThan(0);
    for (const line of expectedLines(toStdout.lines, 'edge')) expect(toStdout.stdout.split('\n')).toContain(line);
    expect(toStdout.stderr).toContain('received');
  });

  it('go by UDP in datagrams that fit', async () => {
    const socket = createSocket('udp4');
    onTestFinished(() => void socket.close());
    const datagrams: Buffer[] = [];
    socket.on('message', (datagram) => datagrams.push(datagram));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { lines } = await received(['--influx', `udp://127.0.0.1:${socket.address().port}`]);
    const result = resultOf(lines);
    const isLast = (): boolean => datagrams.some((datagram) => datagram.includes('mcast_health,'));
    await until(isLast, 'the result');
    for (const datagram of datagrams) expect(datagram.length).toBeLessThanOrEqual(1400);
    const points = datagrams.flatMap((datagram) => readInflux(datagram.toString('utf8')));
    const counted = points.find(
      ({ measurement, fields }) => measurement === 'mcast_stream' && 'packets_received' in fields,
    );
    expect(counted!.fields['packets_received']).toBe(BigInt(result.streams[0]!.metrics.packets_received!));
  });

  it('are made of a saved result, too', async () => {
    const { lines } = await received([]);
    const path = join(testFolder(), 'result.json');
    writeFileSync(path, JSON.stringify(resultOf(lines)));
    const { status, stdout } = await runCommand(['report', path, '--influx', '-']);
    expect(status).toBe(0);
    expect(readInflux(stdout).find(({ measurement }) => measurement === 'mcast_stream')!.tags['instrument']).toBe(
      'edge',
    );
  });
});

const rows = (path: string): string[] => readFileSync(path, 'utf8').trimEnd().split('\n');

describe.runIf(needs('linux', 'dist'))('a series of intervals', () => {
  it('has each row of the run as it came, and a heading of its own after the file was moved away', async () => {
    const folder = testFolder();
    const path = join(folder, 'series.csv');
    const endpoint = freshEndpoint();
    const json = join(folder, 'run.ndjson');
    const receiver = startCommand(['recv', endpoint, '--interval', '100ms', '--series', path, `--json=${json}`]);
    await receiver.untilOutput(/joined/);
    const sender = startCommand(['send', endpoint, '--pps', '200', '--duration', '1m']);
    await until(() => rows(path).length > 3, 'some rows');
    renameSync(path, `${path}.1`);
    receiver.signal('SIGHUP');
    await until(() => {
      try {
        return rows(path).length > 3;
      } catch {
        return false;
      }
    }, 'a new file with rows');
    for (const run of [sender, receiver]) run.signal('SIGINT');
    await receiver.ended();
    const [heading, ...before] = rows(`${path}.1`);
    const [again, ...behind] = rows(path);
    expect(again).toBe(heading);
    const told = (linesIn(json) as IntervalLine[]).flatMap(({ time, streams }) =>
      (streams ?? []).map((row) => [time, row['stream'], row['packets_received'], row['octets_received']]),
    );
    const names = heading!.split(',');
    const cells = [...before, ...behind].map((row) => {
      const own = row.split(',');
      const of = (name: string): string => own[names.indexOf(name)]!;
      return [of('time'), of('stream'), Number(of('packets_received')), Number(of('octets_received'))];
    });
    expect(cells).toEqual(told);
  });

  it('that cannot be written ends the run with the reason', async () => {
    const { status, stderr } = await runCommand(['recv', freshEndpoint(), '--series', '/dev/full', '--duration', '1s']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^mcast: \/dev\/full cannot be written: no space left on device/u);
  });
});
