import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';
import { planOutput } from '../../src/profile/makePlan.js';
import { parseInfluxTarget, parseMetricsPlace, parseOtlpUrl, parseWebPlace } from '../../src/profile/exportValues.js';

function refused(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof McastError) return `${error.code} ${error.message}`;
    throw error;
  }
  throw new Error('it was taken');
}

describe('--metrics', () => {
  it.each([
    ['-', null, 9464],
    ['9000', null, 9000],
    [':9000', null, 9000],
    ['0', null, 0],
    ['0.0.0.0', '0.0.0.0', 9464],
    ['0.0.0.0:9000', '0.0.0.0', 9000],
    ['[::1]:9000', '::1', 9000],
    ['[::]', '::', 9464],
    ['host.example:9000', 'host.example', 9000],
    ['localhost', 'localhost', 9464],
  ])('%s', (text, host, port) => {
    expect(parseMetricsPlace(text)).toEqual({ host, port });
  });

  it.each(['', ':', '::1', '1.2.3.4:', 'a:b', '65536', ':99999', '[::1', 'a b:1', 'http://x:1/'])(
    'refuses %j',
    (text) => {
      expect(refused(() => parseMetricsPlace(text))).toMatch(/^ERR_USAGE/u);
    },
  );
});

describe('--web', () => {
  it('is at a port of its own', () => {
    expect(parseWebPlace('-')).toEqual({ host: null, port: 8080 });
    expect(parseWebPlace('0.0.0.0')).toEqual({ host: '0.0.0.0', port: 8080 });
  });
});

describe('--otlp', () => {
  it.each([
    ['http://127.0.0.1:4318', 'http://127.0.0.1:4318/v1/metrics'],
    ['https://otel.example/', 'https://otel.example/v1/metrics'],
    ['https://otel.example/own/path?x=1#y', 'https://otel.example/own/path?x=1'],
  ])('%s', (text, url) => expect(parseOtlpUrl(text)).toBe(url));

  it.each(['localhost:4318', 'grpc://x:4317', 'file:///x', '', 'http://'])('refuses %j', (text) => {
    expect(refused(() => parseOtlpUrl(text))).toMatch(/^ERR_USAGE .*as http/u);
  });
});

describe('--influx', () => {
  it.each([
    [
      'http://h:8086/org=lab/bucket=mcast',
      { kind: 'http', url: 'http://h:8086/api/v2/write?org=lab&bucket=mcast&precision=ns' },
    ],
    [
      'http://h:8086?org=a b&bucket=c%26d',
      { kind: 'http', url: 'http://h:8086/api/v2/write?org=a+b&bucket=c%26d&precision=ns' },
    ],
    [
      'http://h/bucket=100%/org=ümlaut',
      { kind: 'http', url: 'http://h/api/v2/write?bucket=100%25&org=%C3%BCmlaut&precision=ns' },
    ],
    ['https://h/api/v2/write?bucket=b', { kind: 'http', url: 'https://h/api/v2/write?bucket=b&precision=ns' }],
    ['http://h:8086/write?db=x', { kind: 'http', url: 'http://h:8086/write?db=x' }],
    ['udp://127.0.0.1:8089', { kind: 'udp', host: '127.0.0.1', port: 8089 }],
    ['udp://[::1]:8089/', { kind: 'udp', host: '::1', port: 8089 }],
    ['-', { kind: 'file', path: '-' }],
    ['/tmp/lines.lp', { kind: 'file', path: '/tmp/lines.lp' }],
    ['lines', { kind: 'file', path: 'lines' }],
  ])('%s', (text, target) => expect(parseInfluxTarget(text)).toEqual(target));

  it.each(['http://h:8086', 'http://h/org=x', 'udp://h', 'udp://h:0', 'udp://h:99999', 'tcp://h:1', ''])(
    'refuses %j',
    (text) => {
      expect(refused(() => parseInfluxTarget(text))).toMatch(/^ERR_USAGE/u);
    },
  );
});

it.each(['http://user:secret@h/bucket=b', 'http://h/bucket=b?token=secret', 'http://h/write?db=x&u=me&p=secret'])(
  'a password has no place on a command line: %s',
  (text) => {
    for (const read of [parseInfluxTarget, parseOtlpUrl]) {
      const message = refused(() => read(text));
      expect(message).toContain('would be read by every user');
      expect(message).not.toContain('secret');
    }
  },
);

async function outputOf(line: string) {
  const { given } = await readCommandLine(line.split(' '));
  return planOutput(given);
}

describe('exports of a command', () => {
  it('are what its options say', async () => {
    const { exports } = await outputOf(
      'recv probe://239.1.1.1 --metrics=:9465 --web=[::] --otlp http://c:4318 --influx x.lp --series s.csv --name lab --label a=b',
    );
    expect(exports).toEqual({
      metrics: { host: null, port: 9465 },
      web: { host: '::', port: 8080 },
      otlp: 'http://c:4318/v1/metrics',
      influx: { kind: 'file', path: 'x.lp' },
      influxTokenFile: null,
      series: 's.csv',
      toStdout: false,
      name: 'lab',
      labels: { a: 'b' },
    });
    expect((await outputOf('recv probe://239.1.1.1')).exports).toMatchObject({
      metrics: null,
      otlp: null,
      toStdout: false,
    });
  });

  it('share standard output with nothing', async () => {
    expect((await outputOf('recv probe://239.1.1.1 --series -')).exports.toStdout).toBe(true);
    for (const both of ['--series - --influx -', '--series - --json', '--influx - --capture -']) {
      await expect(outputOf(`recv probe://239.1.1.1 ${both}`)).rejects.toThrow('cannot both be stdout');
    }
  });

  it('take a file of a token for InfluxDB alone', async () => {
    await expect(outputOf('recv probe://239.1.1.1 --influx x.lp --influx-token-file t')).rejects.toThrow(
      '--influx http',
    );
  });

  it.each([':9464', '9464', '0.0.0.0:9464', 'localhost:9464', '[::]:9464'])(
    '%s behind a blank is said to be astray',
    async (word) => {
      await expect(outputOf(`recv probe://239.1.1.1 --metrics ${word}`)).rejects.toThrow(`--metrics=${word}`);
      await expect(outputOf(`recv --metrics ${word} probe://239.1.1.1`)).rejects.toThrow(`--metrics=${word}`);
    },
  );

  it('an endpoint behind it is an endpoint', async () => {
    const { operands } = await readCommandLine(['recv', '--metrics', '239.1.1.1:5001']);
    expect(operands).toEqual(['239.1.1.1:5001']);
  });
});
