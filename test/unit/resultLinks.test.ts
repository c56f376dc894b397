import { describe, expect, it } from 'vitest';
import type { OpenSrt, SrtCounters } from '../../src/io/srt.js';
import { srtOptions } from '../../src/io/srtOptions.js';
import { srtCounters, SRT_NUMBERS } from '../../src/io/srtCounters.js';
import { renderText } from '../../src/report/text.js';
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
