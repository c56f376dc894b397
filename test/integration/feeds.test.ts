/** Sequenced feeds from `mcast send` to `mcast recv` over loopback: counted exactly, merged from two lines, saved octet for octet. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import { MessageTimes } from '../../src/feed/messageRates.js';
import { SourceStatus } from '../../src/feed/messageSource.js';
import { SyntheticItch } from '../../src/feed/syntheticItch.js';
import type { RunResult } from '../../src/result/model.js';
import { runCommand, testFolder } from '../command.js';
import { freshGroup, malformed, send, startReceiver, sum } from '../mcast.js';
import { lostOrdinals } from '../sim/lostOrdinals.js';

const SEED = 77;
const MPS = 2000;
const SECONDS = 1.5;
/** One message in each datagram: then those that impairment loses are messages. */
const LOAD = ['--mps', `${MPS}`, '--duration', `${SECONDS}s`, '--seed', `${SEED}`, '--messages-per-datagram', '1'];
/** Three messages close the day. */
const COUNT = MPS * SECONDS + 3;
/** Heartbeats close a feed that has no word for its end; those of MDP take numbers. */
const CLOSING = 5;

function moldAt(group: string): string {
  return `mold://${group}:26400/iface=lo`;
}

/** The messages that a sender of that load makes. */
function sentMessages(): Buffer[] {
  const source = new SyntheticItch({
    seed: SEED,
    symbols: 100,
    times: new MessageTimes({ kind: 'constant' }, MPS, SEED),
  });
  const all: Buffer[] = [];
  let isOver = false;
  while (source.look() === SourceStatus.Ready) {
    if (!isOver && source.dueNs[0]! >= SECONDS * 1e9) {
      isOver = true;
      source.end(SECONDS * 1e9);
      continue;
    }
    const octets = Buffer.alloc(2 + source.octets);
    octets.writeUInt16BE(source.octets);
    source.take(new DataView(octets.buffer, octets.byteOffset, octets.length), 2);
    all.push(octets);
  }
  expect(all).toHaveLength(COUNT);
  return all;
}

/** The messages without those of these ordinals, as they are saved. */
function savedWithout(lost: ReadonlySet<number>): Buffer {
  return Buffer.concat(sentMessages().filter((_, ordinal) => !lost.has(ordinal)));
}

function lostBy(impair: string): Set<number> {
  // What is lost is drawn before all else: copies and disorder change nothing of it.
  const [lost] = lostOrdinals(impair.replaceAll(/,(dup|reorder)=[0-9]+%/g, ''), [COUNT]);
  // Both ends are heard: from the first one on it is known what to expect.
  expect([lost!.has(0), lost!.size > 0]).toEqual([false, true]);
  return lost!;
}

describe('two lines of a feed', () => {
  it.each([
    ['through one socket', ''],
    ['through a socket each', '/source-port=26499'],
  ])('leave complete as fast as they can: %s', async (_name, own) => {
    const [a, b] = [moldAt(freshGroup()), moldAt(freshGroup())];
    const receiver = await startReceiver([a, '--leg-b', b, '--once', '--rcvbuf', '64M']);
    const sent = await send([a, '--leg-b', b + own, '--mps', 'max', '--count', '20000', '--force']);
    expect(sent.sender!.streams.map(({ leg, scheduled, sent: left }) => [leg, scheduled, left])).toEqual([
      ['a', 20_000, 20_000],
      ['b', 20_000, 20_000],
    ]);
    const { streams, arbitration } = await receiver.result();
    // What a full buffer dropped is told apart from what was not sent.
    const left = streams.map(({ leg, metrics }) => [leg, metrics.messages_received! + metrics.messages_lost!]);
    expect(left.map(([leg]) => leg)).toEqual(['a', 'b']);
    expect(left[0]![1]).toBe(left[1]![1]);
    expect(arbitration!.packets_expected).toBe(left[0]![1]);
    if (streams.every(({ metrics }) => metrics.loss_socket_buffer === 0)) {
      expect(streams.map(({ metrics }) => [metrics.packets_received, metrics.messages_lost])).toEqual([
        [20_000, 0],
        [20_000, 0],
      ]);
    }
  });

  it.each([
    ['independent losses', 'loss=5%,seed=3', 'ge=2%,30%,seed=5'],
    ['line A cut in the middle', 'list=1000-1999', 'loss=5%,seed=8'],
    ['line B cut in the middle', 'loss=5%,seed=8', 'list=1000-1999'],
    ['copies and disorder', 'loss=3%,dup=5%,reorder=2%,seed=2', 'loss=3%,dup=5%,seed=9'],
  ])('bring all that either carried, octet for octet: %s', async (_name, impairA, impairB) => {
    const path = join(testFolder(), 'out.itch');
    const [a, b] = [moldAt(freshGroup()), moldAt(freshGroup())];
    const receiver = await startReceiver([a, '--leg-b', b, '--once', '--save', path]);
    const sent = await send([`${a}/impair=${impairA}`, '--leg-b', `${b}/impair=${impairB}`, ...LOAD]);
    const received = await receiver.result();
    const lost = [impairA, impairB]
      .map((impair) => (impair.includes('seed') ? impair : `${impair},seed=0`))
      .map(lostBy);
    const both = new Set([...lost[0]!].filter((ordinal) => lost[1]!.has(ordinal)));

    expect(sent.sender!.streams.map(({ leg, scheduled, impairment }) => [leg, scheduled, impairment!.lost])).toEqual([
      ['a', COUNT, lost[0]!.size],
      ['b', COUNT, lost[1]!.size],
    ]);
    for (const stream of received.streams) {
      const done = sent.sender!.streams.find(({ leg }) => leg === stream.leg)!.impairment!;
      expect(stream).toMatchObject({
        format: 'moldudp64',
        unit: 'message',
        ended: true,
        metrics: {
          messages_expected: COUNT,
          messages_received: COUNT - done.lost,
          messages_lost: done.lost,
          messages_duplicated: done.duplicated,
          messages_reordered: done.reordered,
          packets_late: 0,
        },
      });
    }
    expect(received.streams).toHaveLength(2);
    expect(new Set(received.streams.map(({ flow }) => flow)).size).toBe(1);
    expect(received.arbitration).toMatchObject({
      packets_expected: COUNT,
      both_lost: both.size,
      remaining_lost: both.size,
    });
    expect(received.run.complete).toBe(true);
    expect(readFileSync(path).equals(savedWithout(both))).toBe(true);
  });

  it('lose nothing where each has what the other lacks', async () => {
    const path = join(testFolder(), 'out.itch');
    const [a, b] = [moldAt(freshGroup()), moldAt(freshGroup())];
    const receiver = await startReceiver([a, '--leg-b', b, '--once', '--save', path]);
    await send([`${a}/impair=list=10-999,2000-2500`, '--leg-b', `${b}/impair=list=5,1000-1999,2600`, ...LOAD]);
    const received = await receiver.result();
    expect(received.arbitration).toMatchObject({ packets_expected: COUNT, both_lost: 0, remaining_lost: 0 });
    expect(readFileSync(path).equals(savedWithout(new Set()))).toBe(true);
  });
});

describe('a merged feed that is forwarded', () => {
  it.each([
    ['mold', 'mold', 26_400],
    ['xdp', 'udp', 26_401],
    ['mdp', 'mdp', 26_402],
  ] as const)('is at another receiver what it was here: %s to %s', async (scheme, toScheme, port) => {
    const [here, there] = [join(testFolder(), 'here.itch'), join(testFolder(), 'there.itch')];
    const [a, b, c] = [freshGroup(), freshGroup(), freshGroup()].map((group) => `${group}:${port}/iface=lo`);
    const isMold = scheme === 'mold';
    const last = await startReceiver([`${scheme}://${c}`, ...(isMold ? ['--once'] : []), '--save', there]);
    const lines = [`${scheme}://${a}`, '--leg-b', `${scheme}://${b}`];
    const receiver = await startReceiver([...lines, '--save', here, '--forward', `${toScheme}://${c}`]);
    const [impairA, impairB] = ['loss=5%,seed=3', 'list=1000-1999'];
    const first = ['--first-sequence', '4294966000', ...(isMold ? ['--session', 'DAY7'] : [])];
    await send([
      `${scheme}://${a}/impair=${impairA}`,
      '--leg-b',
      `${scheme}://${b}/impair=${impairB}`,
      ...LOAD,
      ...first,
    ]);
    // The end of a session goes on at once: who waits for it need not be stopped.
    const ended = isMold ? await last.result() : null;
    const merged = await receiver.stop();
    const received = ended ?? (await last.stop());
    const both = new Set([...lostBy(impairA)].filter((ordinal) => ordinal >= 1000 && ordinal <= 1999));
    expect(both.size).toBeGreaterThan(10);
    const closing = scheme === 'mdp' ? CLOSING : 0;
    expect(merged.arbitration).toMatchObject({ packets_expected: COUNT + closing, remaining_lost: both.size });
    const noun = scheme === 'mdp' ? 'packets' : 'messages';
    const [stream, ...others] = received.streams;
    expect(others).toEqual([]);
    expect(stream).toMatchObject({
      flow: isMold ? 'DAY7' : null,
      ended: isMold,
      metrics: {
        [`${noun}_expected`]: COUNT + closing,
        [`${noun}_lost`]: both.size,
        packets_received: COUNT + closing - both.size,
        packets_duplicated: 0,
        packets_reordered: 0,
      },
    });
    // The headers have kept when the first sender sent them.
    if (!isMold) expect(stream!.histograms!.one_way_delay_ns!.count).toBe(COUNT + closing - both.size);
    const forwarded = merged.outputs.find(({ name }) => name.startsWith('forward'))!;
    expect(forwarded).toMatchObject({ dropped: 0 });
    expect(forwarded.datagrams).toBeGreaterThanOrEqual(COUNT - both.size);
    expect(readFileSync(here).equals(savedWithout(both))).toBe(true);
    expect(readFileSync(there).equals(savedWithout(both))).toBe(true);
  });
});

describe('one line of a feed', () => {
  it('is packed, and arrives complete; a message of our own tells the delay', async () => {
    const path = join(testFolder(), 'out.itch');
    const to = moldAt(freshGroup());
    const receiver = await startReceiver([to, '--once', '--save', path]);
    const packed = ['--mps', `${MPS}`, '--duration', `${SECONDS}s`, '--seed', `${SEED}`, '--flush-after', '5ms'];
    const sent = await send([
      to,
      ...packed,
      '--session',
      'DAY1',
      '--first-sequence',
      '4294967000',
      '--stamp-every',
      '100ms',
    ]);
    const received = await receiver.result();
    const [stream, ...others] = received.streams;
    expect(others).toEqual([]);
    // The stamps are messages too.
    const stamps = stream!.metrics.messages_received! - COUNT;
    expect(stamps).toBeGreaterThan(10);
    expect(stream).toMatchObject({ flow: 'DAY1', send_time: 'departure', metrics: { messages_lost: 0 } });
    expect(stream!.histograms!.one_way_delay_ns!.count).toBe(stamps);
    expect(stream!.metrics.packets_received).toBe(sent.sender!.sent);
    expect(sent.sender!.scheduled).toBeLessThan(COUNT / 5);
    expect(readFileSync(path).equals(savedWithout(new Set()))).toBe(true);
  });

  it.each([
    ['mdp', 'mdp3', 'packet'],
    ['xdp', 'xdp', 'message'],
  ] as const)('in another framing is counted and saved as exactly: %s', async (scheme, format, unit) => {
    const path = join(testFolder(), 'out.itch');
    const impair = 'loss=3%,dup=2%,seed=4';
    const lost = lostBy(impair);
    expect(lost.has(COUNT - 1)).toBe(false);
    const to = `${scheme}://${freshGroup()}:14310/iface=lo`;
    const receiver = await startReceiver([to, '--save', path]);
    const sent = await send([`${to}/impair=${impair}`, ...LOAD, '--first-sequence', '4294966000']);
    const received = await receiver.stop();
    const done = sent.sender!.impairment!;
    expect(done.lost).toBe(lost.size);
    const [stream] = received.streams;
    expect(sent.sender!.streams).toMatchObject([{ format, pattern: 'constant' }]);
    expect(stream).toMatchObject({ format, unit, flow: null, send_time: 'due' });
    const noun = unit === 'packet' ? 'packets' : 'messages';
    const closing = unit === 'packet' ? CLOSING : 0;
    expect([
      sum([stream!], `${noun}_expected`),
      sum([stream!], `${noun}_lost`),
      sum([stream!], `${noun}_duplicated`),
    ]).toEqual([COUNT + closing, lost.size, done.duplicated]);
    expect(stream!.histograms!.one_way_delay_ns!.count).toBe(COUNT + closing - lost.size);
    expect(readFileSync(path).equals(savedWithout(lost))).toBe(true);
  });

  it('is a stream of its own for each session', async () => {
    const to = moldAt(freshGroup());
    const receiver = await startReceiver([to]);
    const sent: RunResult[] = [];
    for (const session of ['MONDAY', 'TUESDAY']) {
      sent.push(
        await send([to, ...LOAD.slice(0, 2), '--count', '300', '--messages-per-datagram', '2', '--session', session]),
      );
    }
    const received = await receiver.stop();
    expect(
      received.streams.map(({ flow, ended, metrics }) => [
        flow,
        ended,
        metrics.packets_received,
        metrics.messages_lost,
      ]),
    ).toEqual([
      ['MONDAY', true, 300, 0],
      ['TUESDAY', true, 300, 0],
    ]);
    expect(sent.map(({ sender }) => sender!.sent)).toEqual([300, 300]);
  });

  it('has its lost messages in the one line of a check', async () => {
    const patient = ['--wait', '30s', '--max-late', '20s'];
    const words = ['check', moldAt(freshGroup()), '--impair', 'loss=5%,seed=3', ...patient];
    const { status, stdout } = await runCommand(words);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ok: mold:\S+ received [\d,]+, lost [\d,]+ messages? \(\d[\d.]* %\), /u);
  });

  it('tells with heartbeats what was lost at the end', async () => {
    const to = `xdp://${freshGroup()}:14310/iface=lo`;
    const receiver = await startReceiver([to]);
    // A message each 100 ms, heartbeats in between, and the one that ends the day.
    const load = ['--mps', '10', '--heartbeat', '20ms', '--duration', '2s'];
    const { sender } = await send([`${to}/impair=list=5-99999`, ...load]);
    const [stream] = (await receiver.stop()).streams;
    expect(sender!).toMatchObject({ scheduled: 21, sent: 5 });
    expect(stream!.metrics).toMatchObject({ messages_received: 5, messages_expected: 21, messages_lost: 16 });
  });

  it.each([
    ['xdp', 'messages', 0],
    ['mdp', 'packets', CLOSING],
  ] as const)('tells at its end what was lost of it last, on either line: %s', async (scheme, noun, closing) => {
    const [a, b] = [freshGroup(), freshGroup()].map((group) => `${scheme}://${group}:14310/iface=lo`);
    const receiver = await startReceiver([a!, '--leg-b', b!, '--once']);
    const load = ['--mps', '2000', '--count', '200', '--messages-per-datagram', '1'];
    await send([`${a}/impair=list=190-199`, '--leg-b', `${b}/impair=list=150-160,195-199`, ...load]);
    const { streams, arbitration } = await receiver.result();
    expect(
      streams.map(({ metrics }) => [metrics[`${noun}_expected`], metrics[`${noun}_received`], metrics[`${noun}_lost`]]),
    ).toEqual([
      [200 + closing, 190 + closing, 10],
      [200 + closing, 184 + closing, 16],
    ]);
    expect(arbitration).toMatchObject({ packets_expected: 200 + closing, both_lost: 5, remaining_lost: 5 });
  });
});

describe('a feed as fast as can be', () => {
  it('ends with its duration', async () => {
    const to = moldAt(freshGroup());
    const sent = await send([to, '--mps', 'max', '--duration', '300ms', '--force']);
    expect(sent.sender!.sent).toBeGreaterThan(100);
    expect(sent.run.complete).toBe(true);
  });
});

describe('random octets at a receiver of a feed', () => {
  it.each(['mold', 'mdp', 'xdp'])('are counted, each of them, beside an intact stream: %s', async (scheme) => {
    const group = freshGroup();
    const to = `${scheme}://${group}:26400/iface=lo`;
    const path = join(testFolder(), 'out.itch');
    const receiver = await startReceiver([to, '--save', path]);
    const random = new Random(5);
    const socket = createSocket('udp4');
    socket.bind(0);
    await once(socket, 'listening');
    socket.setMulticastInterface('127.0.0.1');
    const noise = 3000;
    const sending = send([to, '--mps', '1000', '--count', '500', '--messages-per-datagram', '1']);
    for (let i = 0; i < noise; i++) {
      const octets = new Uint8Array(random.below(i % 100 === 0 ? 9000 : 100));
      for (let at = 0; at < octets.length; at++) octets[at] = random.uint32();
      await new Promise((resolve) => socket.send(octets, 26400, group, resolve));
      if (i % 32 === 0) await sleep(1);
    }
    socket.close();
    const { sender } = await sending;
    const received = await receiver.stop();
    const whole = 500 + (scheme === 'mdp' ? CLOSING : 0);
    const own = received.streams.filter(({ metrics }) => metrics.packets_received === whole);
    expect(own).toHaveLength(1);
    expect(sender!.sent).toBe(500);
    // By chance some are headers of MDP without messages.
    const strays = received.streams.reduce((total, { metrics }) => total + metrics.packets_received!, 0) - whole;
    expect(malformed(received) + strays).toBe(noise);
    if (scheme !== 'mdp') expect(strays).toBe(0);
  });
});

describe('times of day in messages', () => {
  it.each([
    ['one line', []],
    ['two lines', ['--leg-b']],
  ])('tell one-way delay in the zone that both ends name, on %s', async (_name, legs) => {
    const [to, other] = [moldAt(freshGroup()), moldAt(freshGroup())];
    const words = ['--message-time', '--zone', 'Asia/Kolkata', ...(legs.length > 0 ? ['--leg-b', other] : [])];
    const receiver = await startReceiver([to, ...words, '--once']);
    const sent = await send([to, ...words, '--mps', '2000', '--duration', '0.5s', '--max-late', '20s']);
    const received = await receiver.result();
    expect(sent.sender!.not_sent).toBe(0);
    expect(received.clock.send_time).toBe('due');
    const media = received.streams.filter(({ role }) => role === 'media');
    expect(media).toHaveLength(1 + legs.length);
    for (const { histograms, metrics } of media) {
      const delay = histograms!.one_way_delay_ns!;
      expect(delay.count).toBe(metrics.packets_received);
      // From when it was due on one clock: never before, and by no hours.
      expect(delay.min!).toBeGreaterThan(-1e6);
      expect(delay.max!).toBeLessThan(60e9);
      expect(media[0]!.notes).toEqual([]);
    }
  });

  it('say so where the zone is another one', async () => {
    const to = moldAt(freshGroup());
    const receiver = await startReceiver([to, '--message-time', '--zone', 'UTC', '--once']);
    const words = ['--message-time', '--zone', 'Asia/Kolkata', '--mps', '1000', '--count', '50', '--max-late', '20s'];
    await send([to, ...words]);
    const [stream] = (await receiver.result()).streams;
    expect(stream!.notes.join()).toMatch(
      /times of day in its messages are 5 h 30 min ahead of the clock here: is --zone/,
    );
  });
});

describe('what cannot be', () => {
  const PLACE = `${freshGroup()}:26400/iface=lo`;
  const OTHER = `${freshGroup()}:26401/iface=lo`;

  it.each<[readonly string[], RegExp]>([
    [['send', `mold://${PLACE}`, '--rate', '5M'], /rate is not for feeds: mps is the rate of a feed/],
    [['send', `mold://${PLACE}`, '--pps', '5'], /pps is not for feeds/],
    [['send', `mold://${PLACE}`, '--size', '500'], /size is not for feeds: mtu and messages-per-datagram/],
    [['send', `mold://${PLACE}`, '--pattern', 'poisson'], /pattern is not for feeds: arrivals/],
    [['send', `mold://${PLACE}`, '--payload', 'text:x'], /payload is not for feeds/],
    [['send', `mold://${PLACE}`, '--flows', '2'], /flows is not for feeds/],
    [['send', `mold://${PLACE}`, '--fec', '5x5'], /fec is not for feeds: .* --leg-b/],
    [['send', `mold://${PLACE}`, '--session', 'ELEVENCHARS'], /session "ELEVENCHARS" cannot be one of mold:\/\//],
    [['send', `xdp://${PLACE}`, '--session', 'A'], /session "A" cannot be one of xdp:\/\/: .*, of mold:\/\/ alone/],
    [['send', `mdp://${PLACE}`, '--first-sequence', '4294967296'], /first-sequence: mdp:\/\/ has 32 bits for it/],
    [['send', `mold://${PLACE}`, '--first-sequence', '9007199254740992'], /is no number of a sequence: 0\.\./],
    [['send', `mold://${PLACE}`, '--first-sequence', '-1'], /is no number of a sequence/],
    [['send', `mdp://${PLACE}`, '--message-time'], /message-time: the headers of mdp:\/\/ carry the send time/],
    [['send', `mold://${PLACE}`, '--message-time', '--mps', 'max', '--force'], /message-time: .* no message is due/],
    [['send', `mold://${PLACE}`, '--zone', 'UTC'], /--zone is for captures/],
    [['recv', `mold://${PLACE}`, '--message-time', '--zone', 'Mars/North'], /Mars\/North/],
    [['send', `mdp://${PLACE}`, '--stamp-every', '1s'], /stamp-every: the headers of mdp:\/\/ carry the send time/],
    [
      ['send', `mold://${PLACE}`, '--mps', 'max', '--arrivals', 'poisson', '--force'],
      /poisson needs a rate: max has none/,
    ],
    [['send', `mold://${PLACE}`, '--arrivals', 'sometimes'], /sometimes.* or trace:<file>/],
    [['send', `mold://${PLACE}`, '--arrivals', 'trace:./none'], /: \.\/none cannot be read: no such file or directory/],
    [['send', `mold://${PLACE}`, '--arrivals', 'trace:/dev/null'], /: \/dev\/null: the trace has no messages/],
    [['send', `mold://${PLACE}`, '--symbols', '0'], /--symbols: 0 is out of range: 1\.\.10000/],
    [['send', `mold://${PLACE}`, '--mtu', '64'], /--mtu: 64 is out of range: 128\.\.65535/],
    [['send', `mold://${PLACE}`, '--input', 'testcard'], /the test card is for rtp:\/\/ and udp:\/\//],
    [['recv', `mold://${PLACE}`, '--mps', '5'], /--mps is no option of recv/],
    [['recv', `mold://${PLACE}`, '--leg-b', `xdp://${OTHER}`], /the second leg is mold:\/\/ like the first/],
    [['recv', `udp://${PLACE}`, '--leg-b', `udp://${OTHER}`], /two legs carry RTP .* or a feed/],
  ])('is refused in one line that says what to do: %j', async (words, what) => {
    const { status, stdout, stderr } = await runCommand(words);
    expect(stderr).toMatch(/^mcast: [^\n]+\n$/);
    expect(stderr).toMatch(what);
    expect([status, stdout]).toEqual([2, '']);
  });
});
