import { describe, expect, it } from 'vitest';
import type { OpenSrt, SrtCounters } from '../../src/io/srt.js';
import { srtOptions } from '../../src/io/srtOptions.js';
import { srtCounters, SRT_NUMBERS } from '../../src/io/srtCounters.js';
import { renderText } from '../../src/report/text.js';
import { exceeded, judgeLimits, limitsWithLinks } from '../../src/result/judge.js';
import { LINK_FIGURES } from '../../src/result/limitNames.js';
import { parseMax } from '../../src/result/limits.js';
import { mergeParts } from '../../src/result/merge.js';
import { RunResultSchema, type Link } from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import { linkReport } from '../../src/runtime/linkReport.js';
import { receiverResult, senderResult } from './resultFixture.js';

const OPTIONS = srtOptions({ host: '10.0.0.1', port: 9000, passphrase: 'very secret words' });
const NAME = 'srt://10.0.0.1:9000/mode=caller/latency=120ms/passphrase=***';

/** Every count its own number, times in ms. */
const COUNTERS: SrtCounters = srtCounters(
  1,
  Float64Array.from({ length: SRT_NUMBERS }, (_, i) => i + 1),
);

function link(change: Partial<SrtCounters> = {}, direction: 'receive' | 'send' = 'receive'): Link {
  const counters = (): SrtCounters => ({ ...COUNTERS, ...change });
  return linkReport({ counters, implementation: 'libsrt' } as OpenSrt, OPTIONS, direction);
}

/** As the document writes it. */
function nameOf(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replace(/_ms$/, '_ns');
}

/** The block of the report. */
function text(...links: Link[]): string {
  const whole = renderText({ ...senderResult(), links }, { most: 2 });
  return whole.slice(whole.indexOf(`${links.length} SRT link`)).split('\n\n')[0]!;
}

describe('limits on links', () => {
  it('may name every figure of a link', () => {
    const figures = Object.entries(link()).flatMap(([key, value]) => (typeof value === 'string' ? [] : [key]));
    expect([...LINK_FIGURES].toSorted()).toEqual(figures.toSorted());
  });

  it.each([
    ['links.rtt_ns=1s', 1e9],
    ['links.bandwidth_bit_per_second=20M', 20e6],
    ['links.wire_octets_received=1Mi', 1_048_576],
    ['links.packets_retransmitted=1k', 1000],
  ])('reads %s by its unit', (text, value) => {
    expect(parseMax(text).value).toBe(value);
  });

  it('judge every link by its name', () => {
    const lossy = link({ packetsDroppedReceiving: 3 }, 'send');
    const result = { ...receiverResult(), links: [link({ packetsDroppedReceiving: 0 }), lossy] };
    const limit = parseMax('links.packets_dropped_receiving=1');
    expect(judgeLimits(result, [limit], { allowSilence: true })).toMatchObject([
      { expression: 'links.packets_dropped_receiving <= 1', stream: NAME, value: 0, margin: 1, ok: true },
      { stream: NAME, value: 3, margin: -2, ok: false },
    ]);
  });

  it('are exceeded without a link, and where its implementation does not tell', () => {
    const limits = [parseMax('links.rtt_ns=1s')];
    expect(exceeded(receiverResult(), limits, { allowSilence: true })[0]!.reason).toContain('no link to one peer');
    const silent = { ...receiverResult(), links: [link({ rttMs: null })] };
    expect(exceeded(silent, limits, { allowSilence: true })[0]!.reason).toContain('rtt_ns was not measured');
  });

  it('are judged anew when the links are known, and nothing else is', () => {
    const limits = [parseMax('links.rtt_ns=1h'), parseMax('packets_lost=100')];
    const early = { ...receiverResult(), limits: judgeLimits(receiverResult(), limits) };
    const late = limitsWithLinks({ ...early, links: [link()] }, limits);
    const others = early.limits.filter(({ expression }) => !expression.startsWith('links.'));
    expect(late).toEqual([...others, expect.objectContaining({ stream: NAME, ok: true })]);
    expect(limitsWithLinks(early, [parseMax('packets_lost=100')])).toEqual(early.limits);
  });
});

describe('a link', () => {
  it('has each count where it belongs, and no passphrase', () => {
    const reported = link();
    const told = new Map<string, unknown>(Object.entries(reported));
    let found = 0;
    for (const [key, value] of Object.entries(COUNTERS)) {
      const own = nameOf(key);
      if (!told.has(own)) continue;
      found++;
      expect(told.get(own), own).toBe(own.endsWith('_ns') ? (value as number) * 1e6 : value);
    }
    expect(found).toBe(told.size - 3);
    expect(reported).toMatchObject({ name: NAME, direction: 'receive', implementation: 'libsrt' });
  });

  it('is in a valid document, in its parts, and missing in an older one', async () => {
    const result = { ...receiverResult(), links: [link(), link({ rttMs: null, packetsSent: null }, 'send')] };
    const json = JSON.stringify(result);
    expect(RunResultSchema.parse(JSON.parse(json))).toEqual(result);
    expect(mergeParts([receiverResult(), result], 256).links).toEqual(result.links);
    const { links: _, ...older } = result;
    expect(await readResults(JSON.stringify(older), 'f')).toMatchObject([{ links: [] }]);
  });
});

describe('the report of a link', () => {
  const quiet = {
    lostConnections: 0,
    failedAttempts: 0,
    refusedPeers: null,
    turnedAwayPeers: null,
    octetsDiscarded: 0,
    packetsDroppedReceiving: 0,
    packetsDroppedSending: 0,
    connections: 1,
  };

  it('of an input says what came, what was lost on the way and what is missing', () => {
    const counts = { ...quiet, octetsReceived: 2e6, packetsReceived: 1520, packetsLostReceiving: 30, rttMs: 0.25 };
    expect(text(link({ ...counts, latencyMs: 500 }))).toBe(
      `1 SRT link\n  received      ${NAME}:\n                2.00 MB over 1 connection\n` +
        '  packets       1,520, 30 lost on the way\n' +
        '  latency       500 ms agreed upon, round trip 250 us',
    );
    expect(text(link({ ...counts, packetsDroppedReceiving: 1 }))).toContain('1 packet came too late and is missing');
    expect(text(link({ ...counts, packetsDroppedReceiving: 2 }))).toContain('2 packets came too late and are missing');
  });

  it('of an output says what was sent again', () => {
    const counts = { ...quiet, octetsSent: 2e6, packetsSent: 1550, packetsRetransmitted: 30, packetsLostSending: 31 };
    const told = text(link({ ...counts, peerLatencyMs: 120, rttMs: null }, 'send'));
    expect(told).toContain('1,550, 30 of them again, 31 lost on the way');
    expect(told).toContain('120 ms agreed upon, round trip -');
  });

  it('says what went wrong with peers, and only that', () => {
    const wrong = { lostConnections: 1, failedAttempts: 2, refusedPeers: 3, turnedAwayPeers: 4, octetsDiscarded: 1316 };
    const told = text(link({ ...quiet, ...wrong })).replaceAll(/\s+/g, ' ');
    expect(told).toContain(
      '1 connection lost, 2 calls failed, 3 peers refused for a passphrase, 4 peers turned away because there was one',
    );
    expect(told).toContain('discarded while no peer was there');
    expect(text(link(quiet))).not.toMatch(/lost,|failed|refused|turned|discarded/);
    // Without statistics of the library.
    const bare = { packetsReceived: null, latencyMs: null, connections: 0 };
    expect(text(link({ ...quiet, ...bare }))).not.toMatch(/packets|agreed/);
  });

  it('shows not too many', () => {
    expect(text(link(), link(), link())).toContain('and 1 more link');
  });
});
