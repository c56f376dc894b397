import { describe, expect, it } from 'vitest';
import { judgeLimits } from '../../src/result/judge.js';
import { malformedDatagrams, malformedText, silenceText } from '../../src/result/malformed.js';
import type { RunResult, SocketReport } from '../../src/result/model.js';
import { readResults } from '../../src/result/read.js';
import { renderHtml } from '../../src/report/html/renderHtml.js';
import { renderJunit } from '../../src/report/junit.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { renderText } from '../../src/report/text.js';
import { receiverResult as result } from './resultFixture.js';

const [HEARD] = result().sockets as [SocketReport];
const GARBAGE: SocketReport = {
  ...HEARD,
  group: '239.1.1.1',
  port: 26_400,
  datagrams: 1492,
  malformed: { too_short: 32, bad_magic: 1460 },
  demanded: 'moldudp64',
  instead: 'unknown',
};
const SAID = '1,492 datagrams arrived, none of them moldudp64 (1,460 bad_magic, 32 too_short)';

/** Of a receiver that heard nothing of what it was to hear. */
function silent(sockets: SocketReport[]): RunResult {
  const memberships = sockets.map((socket) => ({
    ...result().memberships[0]!,
    group: socket.group!,
    port: socket.port,
  }));
  const empty = { ...result(), streams: [], streams_total: 0, aggregate: null, sockets, memberships };
  return { ...empty, limits: judgeLimits(empty, []) };
}

describe('datagrams that belong to no stream', () => {
  it('are counted at all receive sockets', () => {
    const sent: SocketReport = { ...HEARD, direction: 'send' };
    expect(malformedDatagrams([GARBAGE, GARBAGE, HEARD, sent])).toBe(2984);
    expect(malformedDatagrams([HEARD])).toBe(0);
    expect(malformedDatagrams([sent])).toBeNull();
  });

  it('are told by kind, with what was demanded where that is one format', () => {
    const one = { ...GARBAGE, malformed: { bad_version: 1 }, instead: 'xdp' };
    expect(malformedText([HEARD])).toBeNull();
    expect(malformedText([{ ...HEARD, malformed: { truncated: 0 } }])).toBeNull();
    expect(malformedText([GARBAGE, HEARD])).toBe(
      '1,492 datagrams belong to no stream (1,460 bad_magic, 32 too_short); moldudp64 was demanded',
    );
    expect(malformedText([one])).toBe(
      '1 datagram belongs to no stream (1 bad_version); moldudp64 was demanded; the first looks like xdp',
    );
    expect(malformedText([one, { ...one, demanded: 'rtp' }])).toBe(
      '2 datagrams belong to no stream (2 bad_version); the first looks like xdp',
    );
  });

  it('are why there is no stream, each at its own place', () => {
    expect(silenceText([HEARD])).toBe('nothing arrived');
    expect(silenceText([GARBAGE])).toBe(SAID);
    expect(silenceText([GARBAGE], { group: '239.1.1.1', port: 26_400 })).toBe(SAID);
    expect(silenceText([GARBAGE], { group: '239.1.1.1', port: 26_401 })).toBe('nothing arrived');
    expect(silenceText([{ ...GARBAGE, malformed: { bad_magic: 1 }, demanded: null, instead: 'xdp' }])).toBe(
      '1 datagram arrived, and is not readable (1 bad_magic); the first looks like xdp',
    );
  });

  it('are the reason of the limit on silence where they came, and of others that found no stream', () => {
    const quiet = { ...GARBAGE, group: '239.1.1.2', malformed: {} };
    expect(silent([GARBAGE, quiet]).limits.map(({ stream, reason }) => [stream, reason])).toEqual([
      ['239.1.1.1 port 26400', SAID],
      ['239.1.1.2 port 26400', 'nothing arrived'],
    ]);
    const limit = {
      target: { kind: 'metric', id: 'packets_lost' },
      operator: '==',
      value: 0,
      expression: 'x',
    } as const;
    expect(judgeLimits(silent([GARBAGE]), [limit])[0]).toMatchObject({ ok: false, reason: SAID });
  });

  it.each([
    ['text', (of: RunResult) => renderText(of).replaceAll(/\s+/gu, ' ')],
    ['Markdown', (of: RunResult) => renderMarkdown([of])],
    ['JUnit', (of: RunResult) => renderJunit([of])],
    ['HTML', (of: RunResult) => renderHtml([of]).replaceAll(/\s+/gu, ' ')],
  ])('stand in a report as %s, which does not say that nothing came', (_, render) => {
    const report = render(silent([GARBAGE]));
    expect(report).toContain(SAID);
    expect(report.toLowerCase()).not.toContain('nothing arrived');
  });

  it('were not told by older documents', async () => {
    const old = JSON.parse(JSON.stringify(result())) as RunResult;
    delete (old.health as Partial<RunResult['health']>).malformed;
    for (const socket of old.sockets as Partial<SocketReport>[]) {
      delete socket.demanded;
      delete socket.instead;
    }
    const [read] = await readResults(JSON.stringify(old), 'x');
    expect(read!.health.malformed).toBeNull();
    expect(read!.sockets[0]).toMatchObject({ demanded: null, instead: null });
  });
});
