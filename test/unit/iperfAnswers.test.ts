import { describe, expect, it } from 'vitest';
import type { DatagramSource } from '../../src/io/datagram.js';
import { IperfAnswers } from '../../src/runtime/iperfAnswers.js';
import type { OpenSource } from '../../src/runtime/receiverSetup.js';
import { iperfCodec } from '../../src/wire/iperfCodec.js';
import { iperfReportCodec } from '../../src/wire/iperfReport.js';
import { type Datagram, Driver, EPOCH_NS } from '../sim/drive.js';

const MS = 1e6;

function at(ms: number, number: number, path = 1): Datagram {
  const octets = new Uint8Array(100);
  const unixNs = EPOCH_NS + BigInt(Math.round(ms * MS));
  iperfCodec.write(octets, 0, {
    number: BigInt(number),
    seconds: Number(unixNs / 1_000_000_000n),
    microseconds: Number((unixNs % 1_000_000_000n) / 1000n),
    flags: 0x0800_0000,
    settings: null,
  });
  return { octets, monoNs: ms * MS + 50_000, path };
}

const pathOf = (path: number) => ({
  source: '192.0.2.1',
  sourcePort: 40_000 + path,
  group: '192.0.2.9',
  port: 5001,
  interfaceIndex: 1,
});

/** A receiver at a single host, and what it answers. */
function receiver() {
  const answers: { text: string; to: string }[] = [];
  const answer: DatagramSource['answer'] = (octets, length, address, port) => {
    const report = iperfReportCodec.create();
    expect(iperfReportCodec.parse(octets, 0, length, report)).toBe(0);
    answers.push({ text: iperfReportCodec.describe(report), to: `${address}:${port}` });
    return true;
  };
  const driver = new Driver({ sockets: [{ scheme: 'iperf' }] });
  const { measurement } = driver;
  const sources = [{ source: { index: 0, answer } } as unknown as OpenSource];
  return { driver, answers, agent: new IperfAnswers({ measurement, sources, pathOf }) };
}

describe('the answer to a final datagram', () => {
  it('is the report of its run, to whoever sent it', () => {
    const { driver, answers, agent } = receiver();
    driver.all([at(0, 1), at(1, 2), at(2, 4), at(3, 3), at(10, 8)]);
    agent.tend(11 * MS);
    expect(answers).toEqual([]);
    driver.all([at(20, -11)]);
    agent.tend(21 * MS);
    expect(answers).toEqual([
      {
        text: 'iperf report lost 5 of 11 out-of-order 1 octets 600 in 0.020000 s jitter 0.000000 s',
        to: '192.0.2.1:40001',
      },
    ]);
  });

  it('is given again as often as it is asked for, nine times at most', () => {
    const { driver, answers, agent } = receiver();
    driver.all([at(0, 1), at(1, 2)]);
    for (let i = 0; i < 30; i++) {
      driver.all([at(2 + 10 * i, -3 - i)]);
      agent.tend((3 + 10 * i) * MS);
    }
    expect(answers).toHaveLength(9);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]!.text).toMatch(/^iperf report lost 0 of 3 /);
  });

  it('is each run its own, and one for an end of which nothing else was heard', () => {
    const { driver, answers, agent } = receiver();
    driver.all([at(0, 1), at(1, -2), at(2, -9, 2), at(3000, 1), at(3001, 2), at(3002, -3)]);
    agent.tend(3003 * MS);
    expect(answers.map(({ text, to }) => `${to} ${/lost \d+ of \d+/.exec(text)![0]}`)).toEqual([
      '192.0.2.1:40001 lost 0 of 2',
      '192.0.2.1:40002 lost 0 of 0',
      '192.0.2.1:40001 lost 0 of 3',
    ]);
  });

  it('may be lost: until a quarter of a second has passed a client may ask again', () => {
    const { driver, agent } = receiver();
    expect(agent.isQuiet(0)).toBe(true);
    driver.all([at(0, 1), at(1, -2)]);
    agent.tend(2 * MS);
    expect([agent.isQuiet(251 * MS), agent.isQuiet(252 * MS)]).toEqual([false, true]);
  });

  it('is not kept for anybody where nobody answers', () => {
    const driver = new Driver({ sockets: [{ scheme: 'iperf' }] });
    driver.all([at(0, 1), at(1, -2), at(2, -2)]);
    expect(driver.measurement.decoder.iperf.finals).toEqual([]);
  });
});
