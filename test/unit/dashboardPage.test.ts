import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { formatCount, formatDuration, formatRate, formatRatio } from '../../src/core/format.js';
import { DASHBOARD_SCRIPT } from '../../src/report/dashboard/dashboardScript.js';
import { DASHBOARD_STYLE } from '../../src/report/dashboard/dashboardStyle.js';
import { ICON } from '../../src/report/dashboard/icon.js';
import { PART_IDS } from '../../src/report/dashboard/liveParts.js';
import { liveTitle } from '../../src/report/dashboard/liveVerdict.js';
import { shell } from '../../src/report/dashboard/shell.js';
import { addressOf, OVERVIEW, SORTS, viewOf } from '../../src/report/dashboard/view.js';
import type { RunResult, Stream } from '../../src/result/model.js';
import { partsOf, stateOf } from './dashboardFixture.js';
import { all, elementsIn, readHtml, textOf, type HtmlElement } from './htmlReader.js';
import { intervalRow, SECOND_NS, senderRow } from './intervalFixture.js';
import { documents, mediaResult, probeStream, receiver, sentResult } from './reportFixture.js';
import { receiverResult } from './resultFixture.js';

function pageOf(state: ReturnType<typeof stateOf>, view: Parameters<typeof partsOf>[1] = {}): HtmlElement {
  const parts = Object.entries(partsOf(state, view)).map(([id, html]) => ({
    id: id as (typeof PART_IDS)[number],
    html,
  }));
  return readHtml(shell({ title: liveTitle(state), parts, build: 'b' }));
}

/** Of the table of streams. */
function rowsOf(root: HtmlElement): string[][] {
  const table = all(root, 'table').find(({ attributes }) => attributes.get('class') === 'live');
  return all(all(table!, 'tbody')[0]!, 'tr').map(({ children }) => children.map((cell) => textOf(cell as HtmlElement)));
}

function severalStreams(): RunResult {
  const made = mediaResult();
  const [first] = made.streams;
  const other = { ...probeStream(), id: 'other', name: 'Alpha', ended: false };
  const quiet = { ...first!, id: 'quiet', name: 'Zulu', metrics: { ...first!.metrics, jitter_ns: 9e9 } };
  return { ...made, streams: [{ ...first!, ended: false }, other, { ...quiet, ended: false }] };
}

describe('the view', () => {
  it('stands in the address, and comes back from it', () => {
    for (const sort of SORTS) {
      for (const stream of [null, 'a b/c?d&e=f#g', '<">']) {
        for (const page of ['overview', 'conditions'] as const) {
          const view = { page, stream, sort };
          expect(viewOf(addressOf(view).slice(1))).toEqual(view);
        }
      }
    }
    expect(addressOf(OVERVIEW)).toBe('?');
  });

  it('is the overview where nothing that is known was asked for', () => {
    for (const query of ['', 'sort=evil&page=../etc', 'stream=', `stream=${'x'.repeat(2000)}`, '%', '=&&=']) {
      expect(viewOf(query)).toEqual(OVERVIEW);
    }
  });
});

describe('the page', () => {
  it('has a place for every part, whether there is something of it or not', () => {
    for (const state of [stateOf(null), ...documents().map(([, result]) => stateOf(result))]) {
      const sections = all(pageOf(state), 'section');
      const ids = sections
        .filter(({ attributes }) => attributes.has('data-part'))
        .map(({ attributes }) => attributes.get('id'));
      expect(ids).toEqual([...PART_IDS]);
      expect(sections.some(({ attributes }) => attributes.get('id') === 'picture')).toBe(true);
    }
  });

  it('says how long the run has gone on by its intervals too, and by its document when it is over', () => {
    const state = stateOf({ ...mediaResult(), run: { ...mediaResult().run, duration_ns: 7 * SECOND_NS } });
    expect(partsOf(state).head).toContain('7.00 s');
    state.history.add({ startNs: 7e9, endNs: 9e9, rows: [], senderRows: [], others: null, transportRows: [] });
    expect(partsOf(state).head).toContain('9.00 s');
    expect(partsOf({ ...state, isFinished: true }).head).toContain('7.00 s');
  });

  it('has one heading of the first order, names for its regions, and heads for all columns', () => {
    for (const [, result] of documents()) {
      const root = pageOf(stateOf(result));
      expect(all(root, 'h1')).toHaveLength(1);
      for (const nav of all(root, 'nav')) expect(nav.attributes.get('aria-label')).toMatch(/./u);
      for (const head of all(root, 'th')) expect(['col', 'row']).toContain(head.attributes.get('scope'));
      for (const picture of all(root, 'svg').filter(({ attributes }) => attributes.get('class') === 'plot')) {
        expect(textOf(all(picture, 'title')[0]!)).toMatch(/./u);
      }
    }
  });

  it('loads nothing but its own, and runs nothing that stands in it', () => {
    const root = pageOf(stateOf(mediaResult()));
    for (const { name, attributes } of elementsIn(root)) {
      for (const [key, value] of attributes) {
        expect(key).not.toMatch(/^on|^style$/u);
        if (['src', 'href'].includes(key))
          expect(value, name).toMatch(/^(?:[?#]|page\.(?:css|js)$|icon\.svg$|result\.json$)/u);
      }
    }
    expect(all(root, 'script').map((script) => textOf(script))).toEqual(['']);
    expect(all(root, 'style')).toEqual([]);
  });

  it('is made of files that load nothing from anywhere', () => {
    for (const text of [DASHBOARD_SCRIPT, DASHBOARD_STYLE, ICON.replace('http://www.w3.org/2000/svg', '')]) {
      expect(text).not.toMatch(/https?:|url\(|@import|import\(|eval|new Function|document\.write/u);
    }
    expect(() => new Script(DASHBOARD_SCRIPT)).not.toThrow();
  });

  it('says before anything is known that nothing is', () => {
    expect(partsOf(stateOf(null)).verdict).toContain('Starting');
    expect(liveTitle(stateOf(null))).toBe('mcast recv: starting');
  });

  it('reads a change of the verdict aloud, and nothing else', () => {
    const state = stateOf(mediaResult());
    const later = stateOf({ ...mediaResult(), run: { ...mediaResult().run, duration_ns: 77 * SECOND_NS } });
    const spoken = (one: typeof state): string[] =>
      [...elementsIn(pageOf(one))]
        .filter(({ attributes }) => attributes.get('role') === 'status')
        .map((element) => textOf(element));
    expect(spoken(state)).toEqual(spoken(later));
    expect(spoken(state)).toHaveLength(2);
    expect(spoken(state)[1]).toMatch(/^Running; limits exceeded so far: \d+ of \d+$/u);
  });

  it.each([
    ['valid', [], 'Running'],
    ['degraded', [true], 'Running, within its limits so far'],
    ['valid', [true, false], 'Running; limits exceeded so far: 1 of 2'],
    ['invalid', [false], 'Running; the result so far is invalid'],
  ] as const)('verdict %s with limits %j', (verdict, kept, text) => {
    const made = mediaResult();
    const limits = kept.map((ok) => ({ ...made.limits[0]!, ok }));
    const result = { ...made, limits, health: { ...made.health, verdict } };
    expect(partsOf(stateOf(result)).verdict).toContain(`role="status">${text}</p>`);
  });

  it('has the verdict of the report when it is over', () => {
    const { verdict, head } = partsOf(stateOf(mediaResult(), { isFinished: true }));
    expect(verdict).toContain('limits exceeded');
    expect(verdict).not.toContain('Running');
    expect(head).toContain(mediaResult().run.end.slice(0, 10));
  });
});

describe('the table of streams', () => {
  it('shows the figures of the document, and of the last interval', () => {
    const result = severalStreams();
    const state = stateOf(result);
    const told = { rate_bit_per_second: 7_654_321, packets_lost: 3, loss_ratio: 0.03 };
    state.history.add({
      startNs: SECOND_NS,
      endNs: 2 * SECOND_NS,
      rows: [intervalRow('other', told), intervalRow('quiet', { packets_received: 0 })],
      others: null,
      senderRows: [],
      transportRows: [],
    });
    const [other, first, quiet] = rowsOf(pageOf(state));
    const { metrics, histograms } = result.streams[1]!;
    expect(other).toEqual([
      'Alpha',
      'probe',
      'losing',
      formatRate(7_654_321),
      '',
      '3',
      formatCount(metrics.packets_lost),
      formatRatio(metrics.loss_ratio),
      '',
      formatCount(metrics.packets_received),
      formatDuration(histograms!.one_way_delay_ns!.p50),
      formatDuration(histograms!.one_way_delay_ns!.p99),
      formatDuration(metrics.jitter_ns),
    ]);
    expect([first![2], quiet![2]]).toEqual(['', 'silent']);
    expect(first![8]).toBe(formatCount(result.streams[0]!.after!.metrics.packets_lost));
  });

  it('counts the messages of a feed that were lost in the last interval, by whatever cause', () => {
    const state = stateOf(severalStreams());
    const messages = {
      packets_lost: null,
      loss_network: 4,
      loss_socket_buffer: 1,
      loss_application: 0,
      loss_ratio: 0.1,
    };
    const rows = [intervalRow('other', messages)];
    state.history.add({
      startNs: SECOND_NS,
      endNs: 2 * SECOND_NS,
      rows,
      others: null,
      senderRows: [],
      transportRows: [],
    });
    expect(rowsOf(pageOf(state))[0]!.slice(2, 6)).toEqual(['losing', formatRate(1_052_800), '', '5']);
  });

  it('ends with the streams that have no row, together', () => {
    const state = stateOf(severalStreams());
    const footOf = (): string[] => {
      const [foot] = all(pageOf(state), 'tfoot');
      return foot === undefined ? [] : all(foot, 'tr')[0]!.children.map((cell) => textOf(cell as HtmlElement));
    };
    expect(footOf()).toEqual([]);
    const told = { streams: 1744, rate_bit_per_second: 3_456_789, packets_lost: 12, loss_ratio: 0.01 };
    const interval = { rows: [intervalRow('other')], senderRows: [], transportRows: [] };
    const others = { ...intervalRow(''), ...told };
    state.history.add({ ...interval, startNs: SECOND_NS, endNs: 2 * SECOND_NS, others });
    expect(footOf()).toEqual(['1,744 others, together', 'losing', formatRate(3_456_789), '', '12', '']);
    const spans = all(all(pageOf(state), 'tfoot')[0]!, 'tr')[0]!.children.map((cell) =>
      Number((cell as HtmlElement).attributes.get('colspan') ?? 1),
    );
    expect(spans.reduce((sum, span) => sum + span)).toBe(rowsOf(pageOf(state))[0]!.length);
    expect(all(all(pageOf(state), 'tfoot')[0]!, 'svg')).toHaveLength(1);
    state.history.add({ ...interval, startNs: 2 * SECOND_NS, endNs: 3 * SECOND_NS, others: null });
    expect(footOf()).toEqual([]);
  });

  it('tells by their flows those that have the name in common', () => {
    const result = severalStreams();
    const headsOf = (shown: RunResult): string[] =>
      all(pageOf(stateOf(shown)), 'thead').flatMap((head) => all(head, 'th').map(textOf));
    expect(headsOf(result)).not.toContain('flow');
    const same = result.streams.map((stream, i) => ({ ...stream, name: 'News', flow: i === 0 ? null : `flow ${i}` }));
    const shown = { ...result, streams: same };
    expect(headsOf(shown)[1]).toBe('flow');
    const [{ source, source_port: port }] = same as [Stream];
    expect(rowsOf(pageOf(stateOf(shown))).map((row) => row[1])).toEqual(
      expect.arrayContaining([`${source}:${port}`, 'flow 1', 'flow 2']),
    );
  });

  it('is sorted by what the address says, largest first, and says so', () => {
    const state = stateOf(severalStreams());
    const names = (sort: (typeof SORTS)[number]): string[] => rowsOf(pageOf(state, { sort })).map(([name]) => name!);
    expect(names('name')).toEqual(['Alpha', 'News HD', 'Zulu']);
    expect(names('jitter')[0]).toBe('Zulu');
    const sorted = all(pageOf(state, { sort: 'jitter' }), 'th').filter(({ attributes }) => attributes.has('aria-sort'));
    expect(sorted.map((head) => [textOf(head), head.attributes.get('aria-sort')])).toEqual([['jitter', 'descending']]);
  });

  it('leads to each stream, and from there to its neighbours and back', () => {
    const state = stateOf(severalStreams());
    const links = (view: Parameters<typeof partsOf>[1]) =>
      all(pageOf(state, view), 'section')
        .filter(({ attributes }) => attributes.get('id') === 'streams')
        .flatMap((part) => all(part, 'a'))
        .map(({ attributes }) => [attributes.get('rel') ?? '', attributes.get('href')!] as const)
        .filter(([, href]) => href.startsWith('?'))
        .map(([rel, href]) => [rel, viewOf(href.slice(1)).stream]);
    expect(
      links({})
        .filter(([, stream]) => stream !== null)
        .map(([, stream]) => stream),
    ).toEqual(['other', severalStreams().streams[0]!.id, 'quiet']);
    expect(links({ stream: 'other' })).toEqual([
      ['up', null],
      ['next', severalStreams().streams[0]!.id],
    ]);
    expect(links({ stream: 'quiet', sort: 'jitter' })).toEqual([
      ['up', null],
      ['next', 'other'],
    ]);
    expect(partsOf(state, { stream: 'other' }).limits).toBe('');
  });

  it('shows a stream beyond the detail, which has no neighbours, and leads back to all', () => {
    const streams = ['0', '1', '2', '3'].map((flow) => probeStream({ flow }));
    const { streams: told } = partsOf(stateOf(receiverResult({ streams, detail: 2 })), { stream: streams[3]!.id });
    expect(told).toContain('Stream ');
    expect(told).toContain('All 4 streams');
    expect(told).not.toMatch(/rel="(?:next|prev)"/u);
  });

  it('says when there is no such stream', () => {
    expect(partsOf(stateOf(mediaResult()), { stream: '<b>x' }).streams).toContain('no stream <bdi>&lt;b&gt;x</bdi>');
  });
});

describe('what is sent', () => {
  it('has a row each and a page each, with the course of its departures', () => {
    const result = sentResult();
    const { id, sent } = result.sender!.streams[0]!;
    const state = stateOf(result, { command: 'send' });
    state.history.add({
      startNs: SECOND_NS,
      endNs: 2 * SECOND_NS,
      rows: [],
      others: null,
      senderRows: [senderRow(id, { not_sent: 9 })],
      transportRows: [],
    });
    const { sender } = partsOf(state);
    expect(sender).toContain(formatCount(sent));
    expect(sender).toContain('<span class="bad">9</span>');
    const { streams } = partsOf(state, { stream: id });
    for (const title of ['Rate', 'Departure error', 'Not sent']) expect(streams).toContain(`<title>${title}</title>`);
  });

  it('has what receivers last reported, and their results in the end', () => {
    const receivers = [receiver('Hall 1')];
    const state = stateOf(sentResult(receivers), { command: 'send' });
    expect(partsOf(state).receivers).toContain('as they last reported');
    expect(partsOf({ ...state, isFinished: true }).receivers).not.toContain('as they last reported');
  });
});
