import { describe, expect, it } from 'vitest';
import { renderStream, renderText } from '../../src/report/text.js';
import { buildStream } from '../../src/result/build.js';
import { buildArbitration } from '../../src/result/buildArbitration.js';
import { buildOutputs } from '../../src/result/buildRepair.js';
import type { MediaFacts } from '../../src/result/buildTransport.js';
import type { RunResult, Stream } from '../../src/result/model.js';
import { arbitration, indicators, mdi, media, pair, pcr, pid, repair, service, transport } from './mediaFixture.js';
import { HEALTHY, measurement, receiverResult, recorded, snapshot } from './resultFixture.js';

const RTP = { format: 'rtp', flow: '1a2b3c4d', senderRun: null } as const;

function stream(facts: Partial<MediaFacts> = {}, change: Parameters<typeof snapshot>[0] = {}): Stream {
  return buildStream(snapshot({ ...RTP, ...change }), measurement(), null, media(facts));
}

/** Lines about content alone, of the stream that is shown in full. */
function content(facts: Partial<MediaFacts>): string {
  const text = renderStream(stream(facts));
  return text.slice(text.indexOf('  transport'));
}

const clean = transport({
  pids: [pid({ continuityErrors: 0, missingPackets: 0, continuityErrorsExplained: 0 })],
  indicators: indicators().map((one) => ({ ...one, count: 0 })),
  mdi: mdi({ mediaLossRateMax: 0, erroredSeconds: 0 }),
});

/** Of a stream that is not the first. */
function brief(facts: Partial<MediaFacts>): string {
  const text = renderText(receiverResult({ streams: [stream(), stream(facts, { flow: 'second' })] }));
  const block = text.slice(text.indexOf('flow second'), text.indexOf('all 2 streams'));
  return block.slice(block.indexOf('  transport')).trimEnd();
}

describe('the text report of transport streams', () => {
  it.each<[string, RunResult]>([
    ['transport', receiverResult({ streams: [stream({ repair: repair() })] })],
    [
      'legs',
      receiverResult({
        streams: [
          stream({ transport: clean }, { name: 'News HD' }),
          stream(
            { repair: repair({ arbitration: arbitration(), fec: null }) },
            { group: '239.1.2.1', name: 'News HD' },
          ),
        ],
        arbitration: buildArbitration([pair(), pair({ name: 'Sport HD' })]),
        outputs: [
          ...buildOutputs(null, [
            { name: 'news.ts', datagrams: 990, octets: 1_306_788, dropped: 0, failure: null, failed: false },
          ]),
          ...buildOutputs('x', [
            {
              name: 'udp://10.0.0.9:5001',
              datagrams: 1,
              octets: 1316,
              dropped: 2,
              failure: 'no route to host',
              failed: true,
            },
          ]),
        ],
        health: { ...HEALTHY, kernelDrops: 4 },
      }),
    ],
  ])('of a %s run is as it was', async (name, result) => {
    const text = renderText(result);
    await expect(text).toMatchFileSnapshot(`../vectors/report/${name}.txt`);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('says nothing where there is none', () => {
    const text = renderStream(stream({ transport: null }));
    for (const word of ['transport', 'TR 101 290', 'MDI', 'FEC', 'after repair']) expect(text).not.toContain(word);
  });

  it('shows of a stream beyond the first one line, and what is wrong', () => {
    expect(brief({ transport: clean })).toBe('  transport     1 service, 1 PID, 4.59 Mbit/s, no TR 101 290 error');
    const wrong = brief({});
    expect(wrong).toMatch(
      /^ {2}transport {5}1 service, 6 PIDs, 4\.59 Mbit\/s\n {2}continuity {4}2 errors, at least 7/u,
    );
    expect(wrong).toContain('pcr_repetition_error 3 (first 12.3 s, last 13.0 s, PID 257)');
    expect(wrong).toContain('4 errored seconds of 10');
    for (const word of ['service 1', 'PCR 257', 'channel', '(500 null)']) expect(wrong).not.toContain(word);
  });

  it('tells what belongs to no packet', () => {
    const faults = { inSync: false, strayOctets: 376, oddDatagrams: 1, malformedPackets: 3, pidsOverflowed: 2 };
    const text = content({ transport: transport({ ...faults, malformedSections: 1 }) }).replaceAll(/\s+/gu, ' ');
    expect(text).toContain(
      'out of synchronisation at the end, 1 datagram of no whole number of packets, 376 stray octets, ' +
        '3 malformed packets, 1 malformed section, 2 PIDs beyond the table',
    );
    expect(content({ transport: clean })).not.toContain('synchronisation');
  });

  it('shows services without name or PMT, and not too many of them', () => {
    const services = Array.from({ length: 15 }, (_, i) =>
      service({
        programNumber: i,
        name: null,
        provider: null,
        hasPmt: false,
        pcrPid: null,
        pmtPid: 32 + i,
        streams: [],
      }),
    );
    const text = content({ transport: transport({ services }) });
    expect(text).toContain('service 11    no name told, -, PMT 43 did not come\n                and 3 more services\n');
    expect(text).not.toContain('service 12');
  });

  it('shows of many PIDs those with errors and the largest, in order', () => {
    const many = Array.from({ length: 40 }, (_, i) =>
      pid({
        pid: 100 + i,
        packets: i,
        continuityErrors: i === 0 ? 1 : 0,
        name: 'H.265 temporal enhancement',
        scrambled: i % 2,
      }),
    );
    const text = content({ transport: transport({ pids: many }) });
    const shown = [...text.matchAll(/^ {17}(\d{3}) {2}video/gmu)].map(([, one]) => Number(one));
    expect(shown).toEqual([100, ...Array.from({ length: 31 }, (_, i) => 109 + i)]);
    expect(text).toContain('and 8 more PIDs');
    expect(text).toContain(' H.265 temporal enha.. ');
    expect(text).toContain(' H.265 t.. (scrambled) ');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('shows PCR without accuracy, without arrival, with discontinuities, and not too many', () => {
    const none = pcr({
      accuracy: null,
      accuracyMinNs: NaN,
      accuracyMaxNs: NaN,
      accuracyWhyNot: 'too_few',
      arrival: null,
    });
    const of = (...clocks: (typeof none)[]): string => content({ transport: transport({ pcr: clocks }) });
    expect(of(none)).toContain('PCR 257       interval mean 40.0 ms, max 42.0 ms; accuracy - (too few)\n');
    expect(of(none)).not.toContain('arrival jitter');
    const variable = of({ ...none, accuracyWhyNot: 'variable_rate', discontinuities: 1 }).replaceAll(/\s+/gu, ' ');
    expect(variable).toContain('accuracy - (no constant rate); 1 discontinuity ');
    const empty = { ...none, pcrs: 1, interval: recorded(), accuracyWhyNot: null, discontinuities: 2 };
    expect(of(empty)).toContain('PCR 257       2 discontinuities\n');
    expect(of({ ...empty, discontinuities: 0 })).toContain('PCR 257       1 value\n');
    expect(of(...Array.from({ length: 6 }, (_, i) => ({ ...none, pid: 50 + i })))).toMatch(
      /PCR 53 .*\n {16}and 2 more PCR PIDs\n/u,
    );
  });

  it('shows indicators that came once, and concern no PID', () => {
    const once = indicators().map((one) =>
      one.id === 'crc_error' ? { ...one, count: 1, firstMonoNs: 2.5e9, lastMonoNs: 2.5e9 } : one,
    );
    expect(content({ transport: transport({ indicators: once }) })).toContain(
      '    priority 2  crc_error 1 (at 2.00 s)\n',
    );
  });

  it('says that MDI and channel change times could not be measured', () => {
    const text = content({ transport: transport({ mdi: mdi({ intervals: 0 }) }), joinMonoNs: NaN });
    expect(text).toContain('MDI           - (no interval of 1 s was complete)');
    expect(text).not.toContain('after the join\n  FEC');
    expect(text).not.toContain('channel');
    const told = content({ transport: transport({ mdi: mdi({ lossFrom: 'sequence' }) }) });
    expect(told).toContain('MLR at most 7 packets/s; 4');
  });
});

describe('the text report of repair', () => {
  it('says what FEC did, and what was wrong with its packets', () => {
    const fec = { ...repair().fec!, hasRows: false, malformed: 1, outOfWindow: 2, inconsistent: 3 };
    const text = renderStream(stream({ repair: repair({ fec }) }));
    expect(text).toContain('FEC           10 x 5, columns only; 300 heard, 40 recovered; lost 10 before,\n');
    expect(text).toContain('1 malformed, 2 out of reach, 3 contradicting the media\n');
    expect(text).toContain('after repair  lost 2 of 1,000 (0.200 %)\n');
    const silent = { ...fec, columns: 0, rows: 0, heard: 0 };
    expect(renderStream(stream({ repair: repair({ fec: silent }) }))).toContain('FEC           no FEC packet came\n');
  });

  it('names the pairs of which something is missing, and not too many', () => {
    const whole = pair({ name: 'whole', repair: repair({ givenUp: 0 }) });
    const wanting = Array.from({ length: 3 }, (_, i) => pair({ name: `line ${i}`, legA: null }));
    const result = receiverResult({ arbitration: buildArbitration([whole, ...wanting]) });
    const text = renderText(result, { most: 2 });
    expect(text).toContain('arbitration of two legs, 4 pairs\n');
    expect(text).toContain('remaining     line 0: leg a lost 11, leg b lost 4, both 1, after repair 2\n');
    expect(text).toContain('and 1 more pair with losses');
    expect(text).not.toContain('whole');
    expect(text).not.toContain('line 2');
    const one = renderText(receiverResult({ arbitration: buildArbitration([pair({ name: 'only' })]) }));
    expect(one).toContain('arbitration of two legs\n');
    expect(one).not.toContain('only:');
  });

  it('shows not too many outputs', () => {
    const files = Array.from({ length: 3 }, (_, i) => ({
      name: `${i}.ts`,
      datagrams: i,
      octets: 0,
      dropped: 0,
      failure: null,
      failed: false,
    }));
    const text = renderText(receiverResult({ outputs: buildOutputs(null, files) }), { most: 2 });
    expect(text).toContain(
      '3 outputs\n  output        0.ts: 0 datagrams, 0 B\n  output        1.ts: 1 datagram, 0 B\n',
    );
    expect(text).toContain('and 1 more output\n');
  });
});
