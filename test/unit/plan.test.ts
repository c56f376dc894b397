import { describe, expect, it } from 'vitest';
import { planOutput, planPair, planReceive, planSend } from '../../src/profile/makePlan.js';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';

const FILES: Readonly<Record<string, string>> = {
  'a.csv': 'name,endpoint,rate\nNews,probe://239.1.1.1:5001,8M\nSports,probe://239.1.1.2+2:5001/dscp=ef,2M\n',
  'bad.csv': 'name,endpoint\nA,probe://239.1.1:5\nB,probe://10.0.0.1:5\nC,probe://239.1.1.1/ttl=300\n',
  'rates.csv': 'endpoint,rate\nprobe://239.1.1.1/pps=5,8M\n',
  'inputs.csv':
    'name,endpoint,leg_b,input\nNews,rtp://239.1.1.1:5004,rtp://239.2.1.1:5004/ttl=3,a=b/news.ts\nSport,rtp://239.1.1.2:5004,,\n',
  'twice.csv': 'endpoint,input\nrtp://239.1.1.1:5004/input=a.ts,b.ts\n',
  'legs.csv': 'endpoint,leg_b\nrtp://239.1.1.1:5004,udp://239.2.1.1:5004\nrtp://239.1.1.2:5004,rtp://239.1:5004\n',
  '-': 'probe://239.7.7.7:5001\n',
  'payload.bin': 'hello',
  'empty.bin': '',
  'long.bin': 'x'.repeat(65_508),
};

const CONTEXT = {
  argv: ['mcast'],
  nowUnixNs: 1_772_366_400_000_000_000n,
  random: () => 4_000_000_000,
  files: {
    readWhole: (path: string): Uint8Array => {
      const text = FILES[path];
      if (text === undefined) throw new McastError('ERR_FILE', `${path}: no such file`);
      return new TextEncoder().encode(text);
    },
    isFile: (path: string): boolean => path in FILES,
  },
};

async function send(line: string) {
  const { given, operands } = await readCommandLine(['send', ...line.split(' ')]);
  return planSend(operands, given, CONTEXT).plan;
}

async function feedOf(options: string) {
  return (await send(`mold://239.1.1.1 ${options}`)).streams[0]!.feed;
}

async function recv(line: string) {
  const { given, operands } = await readCommandLine(['recv', ...line.split(' ')]);
  return planReceive(operands, given, CONTEXT).plan;
}

async function limitsOf(line: string) {
  const { given, operands } = await readCommandLine(['recv', ...line.split(' ')]);
  return planReceive(operands, given, CONTEXT).output;
}

async function refusal(plan: Promise<unknown>): Promise<string> {
  try {
    await plan;
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    return `${error.code} ${error.message}`;
  }
  return 'accepted';
}

const G = 'probe://239.1.1.1:5001';
const I = 'iperf://239.1.1.1';

describe('a sender', () => {
  it('is complete with nothing but an endpoint', async () => {
    expect(await send('probe://10.0.0.1@232.1.1.1:5001')).toEqual({
      command: 'send',
      argv: ['mcast'],
      io: 'auto',
      unicast: false,
      durationNs: 10e9,
      count: null,
      intervalNs: 1e9,
      omitNs: 0,
      startAtUnixNs: null,
      endAtUnixNs: null,
      seed: 4_000_000_000,
      cpu: null,
      realtime: false,
      cpus: [],
      threads: 1,
      name: null,
      labels: {},
      inject: null,
      timestamps: 'auto',
      offload: 'auto',
      spinNs: null,
      streams: [
        {
          address: {
            scheme: 'probe',
            family: 4,
            group: '232.1.1.1',
            port: 5001,
            sources: ['10.0.0.1'],
            iface: null,
            name: null,
            endpoint: 'probe://10.0.0.1@232.1.1.1:5001',
          },
          ttl: 1,
          tos: 0,
          sourcePort: 0,
          flows: 1,
          sizeOctets: 1316,
          sizes: null,
          packetsPerSecond: 1e6 / (8 * 1316),
          pattern: { kind: 'cbr' },
          flowRates: { kind: 'turns' },
          payload: null,
          media: null,
          replay: null,
          feed: null,
          legB: null,
          impair: null,
        },
      ],
      sdp: null,
      announce: false,
      feedback: { controlPort: 5002, hosts: [], port: 0, receivers: 0, waitNs: 30e9, reportIntervalNs: 500e6 },
      feedbackKey: null,
      flowReplay: null,
      quantumNs: null,
      maxLateNs: 10e6,
      loopback: true,
      sendBufferOctets: 0,
      dontFragment: false,
      fragmentsExpected: false,
      transmitTimestamps: false,
      force: false,
    });
  });

  it('takes the endpoint before the flag, the flag before the default', async () => {
    const plan = await send(`${G}/ttl=4 probe://239.1.1.2:5001/tos=0xb9/rate=2M -T 9 --dscp af41 --pps 50`);
    expect(plan.streams.map(({ ttl, tos, packetsPerSecond }) => ({ ttl, tos, packetsPerSecond }))).toEqual([
      { ttl: 4, tos: 34 << 2, packetsPerSecond: 50 },
      { ttl: 9, tos: 0xb9, packetsPerSecond: 2e6 / (8 * 1316) },
    ]);
  });

  // 64 octets are 92 of IPv4, 106 of Ethernet, 130 on the wire; 112 of IPv6.
  it.each([
    ['-b 20M', G, 64],
    ['-b 20M@payload', G, 64],
    ['-b 20M@ip', G, 92],
    ['-b 20M@ethernet', G, 106],
    ['-b 20M@wire', G, 130],
    ['-b 20M@ip', 'probe://ff15::1/port=5001', 112],
  ])('%s of %s', async (rate, endpoint, octets) => {
    const plan = await send(`${endpoint} ${rate} -l 64`);
    expect(plan.streams[0]!.packetsPerSecond).toBeCloseTo(20e6 / (8 * octets), 6);
  });

  it('several sizes share the rate by their mean, and iperf has one', async () => {
    const [stream] = (await send('probe://239.1.1.1:5001 -l 64:3,1316 --rate 1M')).streams;
    expect(stream).toMatchObject({ sizeOctets: 1316, sizes: [64, 64, 1316, 64], packetsPerSecond: 1e6 / 8 / 377 });
    expect((await send('probe://239.1.1.1:5001 -l 64')).streams[0]).toMatchObject({ sizeOctets: 64, sizes: null });
    await expect(send('iperf://239.1.1.1:5001 -l 64,1316')).rejects.toThrow(/one size/);
    await expect(send('probe://239.1.1.1:5001 -l 51,1316')).rejects.toThrow(/size 51: .* 52 octets/);
  });

  it('has a rate per group, shared by its flows; a burst sets its own', async () => {
    const plan = await send(`probe://239.1.1.1+3:5001 --pps 90 -P 4`);
    expect(plan.streams.map((stream) => [stream.address.group, stream.packetsPerSecond, stream.flows])).toEqual([
      ['239.1.1.1', 90, 4],
      ['239.1.1.2', 90, 4],
      ['239.1.1.3', 90, 4],
    ]);
    const telemetry = await send(`${G} --pps 100 --flows 50 --pattern telemetry:alarms=10%,burst=20,jitter=0`);
    // A report of each in half a second, and two alarm datagrams of each for one report.
    expect(telemetry.streams[0]).toMatchObject({
      packetsPerSecond: 300,
      pattern: { kind: 'telemetry', jitter: 0, alarms: 0.1, burst: 20 },
      flowRates: { kind: 'equal' },
    });
    expect((await send(`${G} --flows 9 --flow-rates zipf`)).streams[0]!.flowRates).toEqual({
      kind: 'zipf',
      exponent: 1,
    });
    expect((await send(`${G}/flow-rates=uniform:2.5`)).streams[0]!.flowRates).toEqual({ kind: 'uniform', ratio: 2.5 });
    const burst = await send(`${G}/pattern=burst:10/2ms --pps 7`);
    expect(burst.streams[0]!.packetsPerSecond).toBe(5000);
  });

  it('sends what it is given over udp', async () => {
    const text = await send('udp://239.1.1.1 --payload text:abc --pps 10');
    expect(text.streams[0]).toMatchObject({ payload: new TextEncoder().encode('abc'), sizeOctets: 3 });
    const hex = await send('udp://239.1.1.1/payload=hex:00:ff -l 64 --pps 10');
    expect(hex.streams[0]).toMatchObject({ payload: Uint8Array.of(0, 255), sizeOctets: 64 });
    const file = await send('239.1.1.1 --payload payload.bin --pps 10');
    expect(file.streams[0]).toMatchObject({ payload: new TextEncoder().encode('hello'), sizeOctets: 5 });
    expect(file.streams[0]!.address.scheme).toBe('udp');
  });

  it('fills in the seed of an impairment that has none', async () => {
    expect((await send(`${G} --impair loss=1% --seed 5`)).streams[0]!.impair).toMatchObject({ loss: 0.01, seed: 5 });
    expect((await send(`${G} --impair loss=1%,seed=7 --seed 5`)).streams[0]!.impair).toMatchObject({ seed: 7 });
    expect((await send(`${G} --impair loss=1%`)).streams[0]!.impair).toMatchObject({ seed: 4_000_000_000 });
  });

  it('ends by duration, count or instant; ten seconds when none is given', async () => {
    expect((await send(`${G} -t 5`)).durationNs).toBe(5e9);
    expect(await send(`${G} -c 5`)).toMatchObject({ durationNs: null, count: 5 });
    expect(await send(`${G} -c 5 -t 3`)).toMatchObject({ durationNs: 3e9, count: 5 });
    expect(await send(`${G} --start-at +1s --end-at +4s`)).toMatchObject({
      durationNs: null,
      startAtUnixNs: CONTEXT.nowUnixNs + 1_000_000_000n,
      endAtUnixNs: CONTEXT.nowUnixNs + 4_000_000_000n,
    });
  });

  it('asks for transmit stamps when kernel or hardware stamps are asked for', async () => {
    expect((await send(`${G} --timestamps kernel`)).transmitTimestamps).toBe(true);
    expect((await send(`${G} --timestamps hardware`)).transmitTimestamps).toBe(true);
    expect((await send(`${G} --timestamps user`)).transmitTimestamps).toBe(false);
  });

  it.each(['', ' --input synthetic'])('makes up the messages of a feed, told%s or not', async (input) => {
    for (const scheme of ['mold', 'mdp', 'xdp']) {
      const { streams } = await send(`${scheme}://239.1.1.1 --symbols 7${input}`);
      expect(streams[0]!.feed!.input).toEqual({ kind: 'synthetic', symbols: 7 });
    }
  });

  it('sends a transport stream to its end, or the test card for ever', async () => {
    const [film, card] = [await send('rtp://239.1.1.1 --input a.ts'), await send('udp://239.1.1.1+4')];
    expect(film).toMatchObject({ durationNs: null, maxLateNs: 1e9 });
    expect(film.streams[0]).toMatchObject({
      packetsPerSecond: 0,
      sizeOctets: 12 + 16 + 7 * 188,
      media: {
        input: { kind: 'named', name: 'a.ts' },
        loop: false,
        tsPerDatagram: 7,
        rtp: { sendTime: true },
        fec: null,
        startShare: 0,
      },
    });
    expect(card.durationNs).toBeNull();
    expect(card.streams.map(({ media }) => media!.startShare)).toEqual([0, 0.25, 0.5, 0.75]);
    expect(card.streams[0]).toMatchObject({
      sizeOctets: 7 * 188,
      media: { input: { kind: 'testcard' }, loop: true, rtp: null },
    });
    const plan = await send('rtp://239.1.1.1/ts-per-datagram=5/fec=10x5 rtp://239.1.1.2/no-send-time=yes -t 3');
    expect(plan.durationNs).toBe(3e9);
    expect(plan.streams.map(({ sizeOctets }) => sizeOctets)).toEqual([12 + 5 * 188, 12 + 7 * 188]);
    // What is protected does not change behind its protection.
    expect(plan.streams[0]!.media).toMatchObject({
      rtp: { sendTime: false },
      fec: { columns: 10, rows: 5, hasRows: true },
    });
    const protectedPair = await send('rtp://239.1.1.1 --leg-b rtp://239.2.1.1 --fec 10x5');
    expect(protectedPair.streams[0]!.legB!.media!.fec).toBeNull();
    const columns = await send('rtp://239.1.1.1/fec=4x6c');
    expect(columns.streams[0]!.media!.fec).toEqual({ columns: 4, rows: 6, hasRows: false });
  });

  it('of a feed takes periods and a first number up to their limits', async () => {
    expect(await feedOf('--heartbeat 1ms --stamp-every 10us')).toMatchObject({ heartbeatNs: 1e6, stampNs: 10e3 });
    expect(await feedOf('--heartbeat 0 --stamp-every 0')).toMatchObject({ heartbeatNs: Infinity, stampNs: Infinity });
    const last = 2n ** 53n - 2n ** 40n;
    expect(await feedOf(`--first-sequence ${last}`)).toMatchObject({ firstSequence: last });
    // Of a foreign one whatever it has.
    const { recovery } = await recv('mold://239.1.1.1 --recover 10.0.0.1:5 --recover-from 9007199254740991');
    expect(recovery[0]).toMatchObject({ from: 2 ** 53 - 1 });
  });

  it('takes what concerns the run from any endpoint', async () => {
    const plan = await send(`${G}/duration=3s/no-local=yes probe://239.1.1.2:5001/label=a=b -t 9`);
    expect(plan).toMatchObject({ durationNs: 3e9, loopback: false, labels: { a: 'b' } });
  });

  it.each([
    [
      'rtp://239.1.1.1 --rate 4M',
      `ERR_USAGE endpoint "rtp://239.1.1.1": rate is for probe datagrams and payloads: the input's clock sets the pace; mux-rate says it where there is none`,
    ],
    [
      'udp://239.1.1.1 -l 1000',
      'ERR_USAGE endpoint "udp://239.1.1.1": size is for probe datagrams and payloads: ts-per-datagram sets the size',
    ],
    [
      `${G} --input testcard`,
      `ERR_USAGE endpoint "${G}": a probe has no input: --input is for rtp://, udp:// and feeds (mold://, mdp://, xdp://)`,
    ],
    [
      'udp://239.1.1.1 --input a.ts --payload text:x',
      'ERR_USAGE endpoint "udp://239.1.1.1": input and payload: give one of them',
    ],
    [
      'rtp://239.1.1.1 --input synthetic',
      'ERR_USAGE endpoint "rtp://239.1.1.1": "synthetic" is an input of market-data feeds: rtp and udp take testcard or a file',
    ],
    [
      'mold://239.1.1.1 --input testcard',
      'ERR_USAGE endpoint "mold://239.1.1.1": the test card is for rtp:// and udp://: a feed is synthetic, or an ITCH file',
    ],
    [
      'rtp://239.1.1.1 --fps 30',
      'ERR_USAGE endpoint "rtp://239.1.1.1": fps is for other inputs: the test card is sent as it is',
    ],
    [
      'rtp://239.1.1.1 --input - --loop',
      'ERR_USAGE endpoint "rtp://239.1.1.1": loop: standard input comes once; give a file',
    ],
    [
      'udp://239.1.1.1 --fec 10x5',
      'ERR_USAGE endpoint "udp://239.1.1.1": fec protects RTP: say rtp:// in the endpoint',
    ],
    [
      'rtp://239.1.1.1 --fec 3x5',
      'ERR_USAGE --fec: 3x5: SMPTE 2022-1 protects rows from 4 columns on; 3x5c leaves them out',
    ],
    [
      'rtp://239.1.1.1 --fec 20x6',
      'ERR_USAGE --fec: 20x6: SMPTE 2022-1 allows 1..20 columns, 4..20 rows, and at most 100 packets in a matrix',
    ],
    [
      `${G} --payload text:x`,
      `ERR_USAGE endpoint "${G}": a probe datagram has no payload of its own: --payload is for udp://`,
    ],
    ['udp://239.1.1.1 --payload empty.bin', 'ERR_USAGE endpoint "udp://239.1.1.1": empty.bin is empty'],
    ['udp://239.1.1.1 --payload none.bin', 'ERR_FILE none.bin: no such file'],
    [
      'udp://239.1.1.1 --payload text:abcd -l 3',
      'ERR_USAGE endpoint "udp://239.1.1.1": the payload of 4 octets does not fit the size of 3',
    ],
    [
      'udp://239.1.1.1 --payload text:abcd -P 2',
      'ERR_USAGE endpoint "udp://239.1.1.1": flows are numbered by probe datagrams; udp has one',
    ],
    [
      'srt://239.1.1.1:5',
      'ERR_USAGE endpoint "srt://239.1.1.1:5": srt:// cannot be sent by this version: probe://, iperf://, rtp://, udp://, mold://, mdp:// and xdp:// can',
    ],
    ['mold://239.1.1.1 --heartbeat 1ns', 'ERR_USAGE --heartbeat: "1ns" is too short: 1ms or longer, or 0 for never'],
    [
      'mold://239.1.1.1/stamp-every=9.9us',
      'ERR_USAGE endpoint "mold://239.1.1.1/stamp-every=9.9us": stamp-every: "9.9us" is too short: 10us or longer, or 0 for never',
    ],
    [
      'mold://239.1.1.1 --first-sequence 9006099743113217',
      'ERR_USAGE --first-sequence: 9006099743113217 leaves too few numbers: receivers count up to 9007199254740991, so begin with 9006099743113216 at most',
    ],
    [
      'mold://239.1.1.1 --zone America/New_York',
      'ERR_USAGE --zone is for captures (pcap, pcapng) and for --message-time: give one of them',
    ],
    ['mold://239.1.1.1 --arrivals foo', 'ERR_USAGE --arrivals: "foo" is not a profile of rates'],
    [
      'mold://239.1.1.1 --mps abc',
      'ERR_USAGE --mps: "abc" is not a message rate: messages per second as 665, 50k, 1M, or max',
    ],
    ['mold://239.1.1.1 --mps 0', 'ERR_USAGE --mps: "0": a message rate is above 0'],
    [
      'mold://239.1.1.1 --arrivals bursts --mps max',
      'ERR_USAGE endpoint "mold://239.1.1.1": bursts needs a rate: max has none',
    ],
    [`${I} -l 19`, `ERR_USAGE endpoint "${I}": size 19: a datagram of iperf has 20 octets at least, its header`],
    [
      `${I} --input testcard`,
      `ERR_USAGE endpoint "${I}": iperf has no input: --input is for rtp://, udp:// and feeds (mold://, mdp://, xdp://)`,
    ],
    [
      `${I} --payload text:x`,
      `ERR_USAGE endpoint "${I}": a datagram of iperf has no payload of its own: --payload is for udp://`,
    ],
    [`${I} -P 129`, `ERR_USAGE endpoint "${I}": flows 129: each has a socket of its own here, at most 128`],
    [
      `${I} -P 2 --pattern burst:5/1s`,
      `ERR_USAGE endpoint "${I}": flows and burst:<n>/<period>: each flow is a sender of its own`,
    ],
    [
      `${I} -P 4 --source-port 65533`,
      `ERR_USAGE endpoint "${I}": source-port 65533: the flows take 4 ports from there on`,
    ],
    [
      `${I} -P 2 -c 3`,
      `ERR_USAGE endpoint "${I}": count 3: each flow has two datagrams at least, and the last of them ends it`,
    ],
    [
      `${I} --leg-b iperf://239.1.1.2`,
      `ERR_USAGE --leg-b "iperf://239.1.1.2": two legs carry RTP (SMPTE 2022-7) or a feed: say rtp://, mold://, mdp:// or xdp:// in "${I}"`,
    ],
    [`${G} -l 51`, `ERR_USAGE endpoint "${G}": size 51: a probe datagram has 52 octets at least, its header`],
    [`${G} -b 1M --pps 5`, `ERR_USAGE endpoint "${G}": rate and pps both set the rate: give one of them`],
    [
      `${G} -b 1M --pattern burst:5/1s`,
      `ERR_USAGE endpoint "${G}": burst:<n>/<period> sets the rate itself: leave out rate and pps`,
    ],
    [
      `${G}/pps=5 --pattern burst:5/1s`,
      `ERR_USAGE endpoint "${G}/pps=5": burst:<n>/<period> sets the rate itself: leave out rate and pps`,
    ],
    [
      `${G} --pps max --flow-rates equal --force`,
      `ERR_USAGE endpoint "${G}": flows that send by themselves need a rate: max has none`,
    ],
    [
      `${G} --pattern telemetry --flow-rates turns`,
      `ERR_USAGE endpoint "${G}": telemetry comes from flows that send by themselves: leave out --flow-rates turns`,
    ],
    [
      'udp://239.1.1.1:1234 --payload text:a --flow-rates equal',
      'ERR_USAGE endpoint "udp://239.1.1.1:1234": flow-rates is for the flows of probe datagrams; udp has one',
    ],
    [
      'udp://239.1.1.1:1234 --payload text:a --pattern telemetry',
      'ERR_USAGE endpoint "udp://239.1.1.1:1234": telemetry is what flows of probe datagrams send',
    ],
    [`${G} --pps max --pattern poisson --force`, `ERR_USAGE endpoint "${G}": poisson needs a rate: max has none`],
    [`${G} --dscp af41 --tos 0`, `ERR_USAGE endpoint "${G}": dscp 34 and tos 0 (DSCP 0) differ: give one of them`],
    [`${G} -I all`, `ERR_USAGE endpoint "${G}": all interfaces are for receivers: a sender needs one, with /iface=`],
    [
      '10.0.0.1,10.0.0.2@232.1.1.1',
      'ERR_USAGE endpoint "10.0.0.1,10.0.0.2@232.1.1.1": a sender has one source; a receiver may name several',
    ],
    [
      '224.0.0.5',
      'ERR_RESERVED_GROUP endpoint "224.0.0.5": 224.0.0.5 is in 224.0.0.0/24, which routing protocols and hosts use themselves',
    ],
    ['10.0.0.1:5', 'ERR_UNICAST endpoint "10.0.0.1:5": 10.0.0.1 is a single host, not a multicast group'],
    [
      `${G} ${G}`,
      `ERR_USAGE 239.1.1.1 port 5001 is given twice, by "${G}" and "${G}": several flows into one group are --flows n`,
    ],
    [
      `${G} 10.0.0.1:5/unicast=yes`,
      'ERR_USAGE "10.0.0.1:5/unicast=yes" is a single host: groups and hosts cannot be mixed in one run',
    ],
    [
      `${G}/duration=3 probe://239.1.1.2/duration=4`,
      `ERR_USAGE endpoint "probe://239.1.1.2/duration=4": duration=4 holds for the whole run, but "${G}/duration=3" says duration=3`,
    ],
    [`${G} -i 1ms`, 'ERR_USAGE --interval: 1ms is too short, at least 10ms'],
    [`${G} --df --fragment`, 'ERR_USAGE --df forbids fragments, --fragment expects them'],
    [`${G} --start-at 2020-01-01T00:00:00Z`, 'ERR_USAGE --start-at: that instant is over'],
    [`${G} --start-at +5s --end-at +5s`, 'ERR_USAGE --end-at: that is not after --start-at'],
    [`${G} --end-at 2020-01-01T00:00:00Z`, 'ERR_USAGE --end-at: that is not after now'],
    [
      `${G} --impair delay=2s`,
      `ERR_USAGE --impair: impair "delay=2s": a delay of up to 2000ms is beyond the receiver's reorder window of 1s: datagrams that come later count as lost; shorten it, or add beyond-window=yes`,
    ],
    [
      `${G} --pps 0.0001`,
      `ERR_USAGE endpoint "${G}": that is less than a datagram of 1316 octets an hour: raise the rate`,
    ],
    ['probe://239.1.1.1+65536 239.9.9.9 --force', 'ERR_USAGE 65537 groups are too many for one run: at most 65536'],
  ])('%s', async (line, message) => {
    expect(await refusal(send(line))).toBe(message);
  });

  it('of iperf has the options of a probe, and flows of its own', async () => {
    const plan = await send(`${I} -P 3 -b 3M -l 1470 -c 6 -S 0xb8`);
    expect(plan).toMatchObject({
      durationNs: null,
      count: 6,
      streams: [
        {
          address: { scheme: 'iperf', port: 5001 },
          flows: 3,
          sizeOctets: 1470,
          tos: 0xb8,
          payload: null,
          media: null,
          replay: null,
          feed: null,
        },
      ],
    });
    expect((await send(I)).durationNs).toBe(10e9);
  });

  it('is not one that floods a network by mistake', async () => {
    const fast = 'ERR_SAFETY this would send 1.2Gbit/s: more than 1 Gbit/s wants --force';
    expect(await refusal(send(`${G} -b 1.2G`))).toBe(fast);
    expect(await refusal(send('probe://239.1.1.1+12:5001 -b 100M'))).toBe(fast);
    expect(await refusal(send(`${G} -b 1G`))).toBe('accepted');
    expect(await refusal(send(`${G} -b max`))).toBe(
      'ERR_SAFETY this would send as fast as can be: more than 1 Gbit/s wants --force',
    );
    expect(await refusal(send(`${G} -b max --force`))).toBe('accepted');
    const long = 'ERR_SAFETY this would send for more than an hour: that wants --duration or --force';
    expect(await refusal(send(`${G} --pps 1 -c 3601`))).toBe(long);
    expect(await refusal(send(`${G} --pps 1 -c 3600`))).toBe('accepted');
    expect(await refusal(send(`${G} --end-at +61m`))).toBe(long);
    expect(await refusal(send(`${G} --end-at +61m --pps 1 -c 10`))).toBe('accepted');
    expect(await refusal(send(`${G} --end-at +61m --force`))).toBe('accepted');
    expect(await refusal(send(`${G} -t 2h`))).toBe('accepted');
  });
});

describe('a receiver', () => {
  it('is complete with nothing but an endpoint', async () => {
    expect(await recv('239.1.1.1:5001')).toMatchObject({
      durationNs: null,
      streams: [{ scheme: null, group: '239.1.1.1', port: 5001, sources: [], iface: null, endpoint: '239.1.1.1:5001' }],
      sentMarks: [{ ttl: null, dscp: null }],
      expectedRates: [null],
      waitNs: null,
      once: false,
      untilIdleNs: null,
      receiveBufferOctets: 67_108_864,
      gatherNs: 1e6,
      busyPollUs: 0,
      reorderWindowNs: 1e9,
      reorderWindowPackets: 65_536,
      maxStreams: 16_384,
      detail: 256,
      capture: null,
      // A sender whose streams come may ask.
      passive: false,
      answersIperf: false,
      rtcp: false,
      force: false,
    });
  });

  it('knows from the endpoint what was sent, and leaves the rest of it to the sender', async () => {
    const plan = await recv(`${G}/ttl=4/dscp=af41/rate=20M/flows=3 239.1.1.2:5001/tos=0xb9 239.1.1.3:5001 -T 8`);
    expect(plan.sentMarks).toEqual([
      { ttl: 4, dscp: 34 },
      { ttl: 8, dscp: 46 },
      { ttl: 8, dscp: null },
    ]);
  });

  it('knows from the endpoint what rate is to come', async () => {
    const plan = await recv(
      '239.1.1.1+2/rate=20M 239.1.2.1/rate=92k@ip/size=64 239.1.2.2/pps=10/size=100 239.1.2.3/pattern=burst:5/1ms/size=125 239.1.2.4/rate=max 239.1.2.5',
    );
    expect(plan.expectedRates).toEqual([20e6, 20e6, expect.closeTo(64e3), 8000, expect.closeTo(5e6), null, null]);
  });

  it('does not sleep between reads when it is to poll', async () => {
    expect(await recv(`${G} --busy-poll 50us`)).toMatchObject({ gatherNs: 0, busyPollUs: 50 });
    expect(await recv(`${G} --busy-poll 1s`)).toMatchObject({ busyPollUs: 1e6 });
    expect(await recv(`${G} --busy-poll 50us --gather 2ms`)).toMatchObject({ gatherNs: 2e6 });
  });

  it('knows the link whose queue is asked for, which has a rate', async () => {
    expect((await recv(G)).drain).toBeNull();
    expect((await recv(`${G} --drain 1G`)).drain).toEqual({ bitPerSecond: 1e9, layer: 'payload' });
    expect((await recv(`${G} --drain 100M@wire`)).drain).toEqual({ bitPerSecond: 100e6, layer: 'wire' });
    expect(await refusal(recv(`${G} --drain abc`))).toBe(
      'ERR_USAGE --drain: "abc" is not a rate: bit/s as 500k, 20M or 1G',
    );
    expect(await refusal(recv(`${G} --drain max`))).toContain('a link has a rate, as 1G or 100M@wire');
  });

  it('takes the window as time and numbers', async () => {
    expect(await recv(`${G} --reorder-window 200ms,1000`)).toMatchObject({
      reorderWindowNs: 200e6,
      reorderWindowPackets: 1000,
    });
    expect(await recv(`${G} --reorder-window 2s`)).toMatchObject({
      reorderWindowNs: 2e9,
      reorderWindowPackets: 65_536,
    });
  });

  it('may join reserved groups, and several sources of one group', async () => {
    expect((await recv('224.0.0.251:5353')).streams).toHaveLength(1);
    expect((await recv('10.0.0.1@232.1.1.1 10.0.0.2@232.1.1.1')).streams).toHaveLength(2);
    expect((await recv('239.1.1.1/iface=a 239.1.1.1/iface=b')).streams).toHaveLength(2);
  });

  it.each([
    [
      'srt://239.1.1.1:5',
      'ERR_USAGE endpoint "srt://239.1.1.1:5": srt:// is not analysed by this version: udp:// counts and meters any datagrams',
    ],
    [
      '10.0.0.1@232.1.1.1:5 232.1.1.1:5',
      'ERR_USAGE 232.1.1.1 port 5 is given with and without a source: without one every source is heard',
    ],
    [
      '10.0.0.1@232.1.1.1:5 10.0.0.1,10.0.0.2@232.1.1.1:5',
      'ERR_USAGE 232.1.1.1 port 5 is given twice, by "10.0.0.1@232.1.1.1:5" and "10.0.0.1,10.0.0.2@232.1.1.1:5": one is enough',
    ],
    [
      '239.1.1.1+3:5 239.1.1.3:5',
      'ERR_USAGE 239.1.1.3 port 5 is given twice, by "239.1.1.1+3:5" and "239.1.1.3:5": one is enough',
    ],
    [`${G} --busy-poll 1h`, 'ERR_USAGE --busy-poll: "1h" is too long: at most 1s'],
    [`${G} -t 2 --omit 2`, 'ERR_USAGE --omit leaves nothing of --duration'],
    [`${G} --json --capture -`, 'ERR_USAGE --json and --capture cannot both be stdout: give one of them a file'],
  ])('%s', async (line, message) => {
    expect(await refusal(recv(line))).toBe(message);
  });
});

describe('a receiver of iperf', () => {
  const U = 'iperf://10.0.0.1 --unicast';
  it.each([
    [U, true],
    [I, false],
    ['10.0.0.1:5001 --unicast', false],
    ['probe://10.0.0.1 --unicast', false],
    [`${U} --passive`, false],
    [`${U} --no-feedback`, false],
  ])('answers clients that send to this host alone, and nobody else: %s', async (line, answersIperf) => {
    expect(await recv(line)).toMatchObject({ answersIperf });
  });

  it('is not passive then, whoever else is answered', async () => {
    expect(await recv(`${U} udp://10.0.0.1:5002`)).toMatchObject({
      answersIperf: true,
      feedback: null,
      passive: false,
    });
  });
});

describe('line-ups in place of endpoints', () => {
  it('give names and rates; a range gets the group behind its name', async () => {
    const plan = await send(`a.csv ${'probe://239.9.9.9:5001'} -b 1M`);
    expect(
      plan.streams.map(({ address, packetsPerSecond, tos }) => [
        address.name,
        address.group,
        packetsPerSecond * 8 * 1316,
        tos,
      ]),
    ).toEqual([
      ['News', '239.1.1.1', expect.closeTo(8e6), 0],
      ['Sports 239.1.1.2', '239.1.1.2', expect.closeTo(2e6), 184],
      ['Sports 239.1.1.3', '239.1.1.3', expect.closeTo(2e6), 184],
      [null, '239.9.9.9', expect.closeTo(1e6), 0],
    ]);
  });

  it('lose independently on two legs, unless a leg says its own seed', async () => {
    const legs = 'rtp://239.2.1.1:5004 --leg-b rtp://239.2.1.2:5004';
    const found: unknown[] = [];
    for (const line of [
      `${legs} --impair loss=1%,seed=4294967295`,
      `${legs} --impair loss=1% --seed 7`,
      `${legs}/impair=loss=2%,seed=9 --impair loss=1%,seed=9`,
      `${legs}/impair=loss=2% --impair loss=1% --seed 7`,
    ]) {
      const [stream] = (await send(line)).streams;
      found.push([stream!.impair!.seed, stream!.legB!.impair!.seed]);
    }
    expect(found).toEqual([
      [4_294_967_295, 0],
      [7, 8],
      [9, 9],
      [7, 8],
    ]);
  });

  it('give inputs, which a receiver passes over, and second legs', async () => {
    const inputs = (plan: Awaited<ReturnType<typeof send>>) =>
      plan.streams.map(({ address, media, legB }) => [address.name, media!.input, legB?.address.group, legB?.ttl]);
    const news = { kind: 'named', name: 'a=b/news.ts' };
    expect(inputs(await send('inputs.csv -T 2'))).toEqual([
      ['News', news, '239.2.1.1', 3],
      ['Sport', { kind: 'testcard' }, undefined, undefined],
    ]);
    // A flag is for those that have none.
    expect(inputs(await send('inputs.csv --leg-b rtp://239.2.1.2:5004 --input c.ts'))).toEqual([
      ['News', news, '239.2.1.1', 3],
      ['Sport', { kind: 'named', name: 'c.ts' }, '239.2.1.2', 1],
    ]);
    const { streams, places } = await recv('inputs.csv');
    const media = streams.flatMap(({ group, name }, i) =>
      places[i]!.role === 'media' ? [[name, group, places[i]!.leg, places[i]!.position, places[i]!.hasLegs]] : [],
    );
    expect(media).toEqual([
      ['News', '239.1.1.1', 0, 0, true],
      ['News', '239.2.1.1', 1, 0, true],
      ['Sport', '239.1.1.2', 0, 2, false],
    ]);
  });

  it('have inputs and second legs refused where they contradict', async () => {
    expect(await refusal(send('twice.csv'))).toBe(
      'ERR_LINEUP twice.csv:2: endpoint "rtp://239.1.1.1:5004/input=a.ts" and the column input both give an input',
    );
    expect(await refusal(recv('legs.csv'))).toBe(
      [
        'ERR_USAGE legs.csv:2: leg_b "udp://239.2.1.1:5004": the second leg is rtp:// like the first',
        'legs.csv:3: endpoint "rtp://239.1:5004": 239.1 is an IPv4 address of 2 parts, which programs fill up differently; write all four',
      ].join('\n'),
    );
    expect(await refusal(send('inputs.csv --leg-b rtp://239.9.9.9:1 --leg-b rtp://239.9.9.8:1'))).toBe(
      'ERR_USAGE --leg-b is given 2 times for 1 of the endpoints, those without one in a line-up: each needs its own',
    );
  });

  it('come from standard input', async () => {
    expect((await recv('-')).streams.map((stream) => stream.group)).toEqual(['239.7.7.7']);
  });

  it('have all their problems told at once', async () => {
    expect(await refusal(recv('bad.csv'))).toBe(
      [
        'ERR_USAGE bad.csv:2: endpoint "probe://239.1.1:5": 239.1.1 is an IPv4 address of 3 parts, which programs fill up differently; write all four',
        'bad.csv:3: endpoint "probe://10.0.0.1:5": 10.0.0.1 is a single host, not a multicast group',
        'bad.csv:4: endpoint "probe://239.1.1.1/ttl=300": ttl: 300 is out of range: 0..255',
      ].join('\n'),
    );
    expect(await refusal(recv('rates.csv'))).toBe(
      'ERR_LINEUP rates.csv:2: endpoint "probe://239.1.1.1/pps=5" and the column rate both give a rate',
    );
    expect(await refusal(recv('none.csv'))).toBe('ERR_FILE none.csv: no such file');
  });
});

describe('a pair', () => {
  it('is one group for both, and ends by itself', async () => {
    const { given, operands } = await readCommandLine(['check', 'probe://auto/iface=lo', '--dscp', 'ef']);
    const { send: sender, receive } = planPair(operands, given, CONTEXT);
    expect(sender.durationNs).toBe(1e9);
    expect(receive).toMatchObject({ once: true, durationNs: null, waitNs: 2e9, seed: sender.seed });
    expect(receive.streams[0]!.group).toBe(sender.streams[0]!.address.group);
    expect(receive.streams[0]!.group).toMatch(/^239\.255\./);
    expect(receive.sentMarks).toEqual([{ ttl: 1, dscp: 46 }]);
    expect(receive.expectedRates).toEqual([expect.closeTo(1e6)]);
  });
});

describe('outputs', () => {
  it('are read apart from the plan', async () => {
    const { given } = await readCommandLine(['report', 'r.json', '--json', '-q', '--max', 'loss_ratio=1%', '--utc']);
    expect(planOutput(given)).toMatchObject({
      json: '-',
      quiet: true,
      utc: true,
      readyFile: null,
      allowSilence: false,
      limits: [{ expression: 'loss_ratio <= 1%', operator: '<=', value: 0.01 }],
    });
  });

  it('have limits for all streams, and for those of one endpoint', async () => {
    const output = await limitsOf(
      'probe://239.1.1.1+2:5001/max=loss_ratio=1% probe://239.1.2.1:5001 --max jitter_ns=1ms',
    );
    expect(output.limits.map(({ expression, places }) => [expression, places?.map(({ group }) => group)])).toEqual([
      ['jitter_ns <= 1ms', undefined],
      ['loss_ratio <= 1%', ['239.1.1.1', '239.1.1.2']],
    ]);
    const legs = await limitsOf('rtp://239.1.1.1:5004/min-each=loss_ratio=0 --leg-b rtp://239.2.1.1:5006');
    expect(legs.eachLimits).toMatchObject([
      {
        expression: 'each loss_ratio >= 0',
        places: [
          { group: '239.1.1.1', port: 5004 },
          { group: '239.2.1.1', port: 5006 },
        ],
      },
    ]);
  });

  it('tell every limit that cannot be understood', async () => {
    const { given } = await readCommandLine(['report', 'r', '--max', 'lossratio=1%', '--expect', 'packets_lost']);
    expect(() => planOutput(given)).toThrow(/lossratio[^\n]*\n[^\n]*has no operator/);
  });
});
