import { describe, expect, it } from 'vitest';
import { eventLine, streamEndLine } from '../../src/report/eventLine.js';
import { fold } from '../../src/report/fold.js';
import type { EventRecord } from '../../src/result/model.js';
import { receiverResult } from './resultFixture.js';

describe('fold', () => {
  it('leaves a line that fits, its beginning and inner blanks, as it is', () => {
    for (const text of ['', 'x', '  indented', 'a  b', 'y'.repeat(80)]) expect(fold(text)).toBe(text);
  });

  it('breaks between words, never beyond 80 columns, and indents what follows', () => {
    const words = Array.from({ length: 60 }, (_, i) => 'w'.repeat(1 + (i % 9)));
    const lines = fold(words.join(' '), '    ').split('\n');
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {4}\S/u);
    expect(lines.map((line) => line.trim()).join(' ')).toBe(words.join(' '));
  });

  it('keeps a number with its unit', () => {
    const before = 'x'.repeat(74);
    for (const figure of ['100 ms', '(1.5 Mbit/s)', '12,345 datagrams', '-3 %']) {
      expect(fold(`${before} in ${figure} more`)).toBe(`${before} in\n  ${figure} more`);
    }
    expect(fold(`${before} port 54111 (${'y'.repeat(9)})`)).toBe(`${before} port\n  54111 (${'y'.repeat(9)})`);
    expect(fold(`${before} of 12`)).toBe(`${before} of 12`);
    expect(fold(`${before} of 4, both`)).toBe(`${before} of 4,\n  both`);
  });

  it('does not break a word', () => {
    expect(fold(`see ${'x'.repeat(90)} there`)).toBe(`see\n  ${'x'.repeat(90)}\n  there`);
  });
});

describe('the line of an event', () => {
  const event: EventRecord = {
    event: 'gap',
    time: '2026-03-01T12:00:00.250000000Z',
    at_ns: 1,
    stream: '239.1.1.1:5001/10.0.0.1:4000/eth0',
    text: '5 lost from number 100 on',
    detail: { first: 100, count: 5 },
  };

  it('has the time in the column of interval lines, and the stream where there are several', () => {
    expect(eventLine(event)).toBe('12:00:00.3Z    5 lost from number 100 on');
    expect(eventLine(event, { several: true, offsetAt: () => 60 })).toBe(
      '13:00:00.3+01:00 5 lost from number 100 on (239.1.1.1:5001)',
    );
  });

  it('tells which of several flows it was', () => {
    const lines = [0, 12].map((flow) =>
      eventLine({ ...event, stream: `239.1.1.1:5001/10.0.0.1:4000/eth0/${flow}/7b3bf517` }, { several: true }),
    );
    expect(lines.map((line) => line.slice(line.indexOf('(')))).toEqual(['(239.1.1.1:5001)', '(239.1.1.1:5001 #12)']);
  });

  it('lists the reasons of a silence', () => {
    const reasons = { reason_1: 'the firewall drops it', reason_2: 'nobody sends' };
    const silence = { ...event, event: 'silence', stream: null, text: 'nothing for 2 s: a; b', detail: reasons };
    expect(eventLine(silence).split('\n')).toEqual([
      '12:00:00.3Z    nothing for 2 s:',
      '               - the firewall drops it',
      '               - nobody sends',
    ]);
  });
});

describe('the line of a stream that has ended', () => {
  const [stream] = receiverResult().streams;

  it('says what it lost, and within a terminal', () => {
    const text = streamEndLine({ ...stream!, end: '2026-03-01T12:00:00.250000000Z', name: 'News' });
    expect(text.split('\n').map((line) => line.trim())).toEqual([
      '12:00:00.3Z    News has ended: received 990 of 1,000, lost 10 (1.00 %), delay',
      'p50 34.9 us p99 39.8 us',
    ]);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('needs neither a datagram nor a delay', () => {
    const bare = { ...stream!, end: null, histograms: null, flow: '3' };
    expect(streamEndLine(bare).trimStart()).toMatch(/^239\.1\.1\.1:5001 #3 has ended: received [^d]+$/u);
  });
});
