/** Text that others wrote, in every place of a document, in every format. */
import { describe, expect, it } from 'vitest';
import { escapeHtml, markup, trusted } from '../../src/report/html/markup.js';
import { renderHtml } from '../../src/report/html/renderHtml.js';
import { printable } from '../../src/core/printable.js';
import { plainDocument } from '../../src/report/plainDocument.js';
import { renderReport } from '../../src/report/render.js';
import { renderStream, renderTables } from '../../src/report/text.js';
import type { RunResult } from '../../src/result/model.js';
import { REPORT_FORMATS } from '../../src/result/reportFormats.js';
import { all, elementsIn, readHtml, textOf, type HtmlElement } from './htmlReader.js';
import { documents, mediaResult } from './reportFixture.js';

/** What has broken other programs. Each ends in its number, so that it can be found again. */
const CORPUS = [
  '<script>alert(1)</script>',
  '</script><script>alert(2)</script>',
  '</title></style></textarea><svg onload=alert(3)>',
  '"><img src=x onerror=alert(4)>',
  "' onmouseover='alert(5)",
  'javascript:alert(6)',
  '<!--<script>7',
  ']]><![CDATA[8',
  '&lt;script&gt;9&#x3c;',
  '\u001b]0;owned\u0007\u001b[2J\u001b[31m10',
  '\u202Eevil\u2066\u061C11',
  'two\r\nlines\u2028and\u2029more12',
  '| cell | **bold** [link](http://evil) @everyone `code` 13',
  '=HYPERLINK("http://evil";"x")14',
  '@SUM(1)*15',
  '\uD800\uFFFE\u0000\u009b16',
  '${constructor} {{7*7}} %s 17',
  'ＦＵＬＬ＜script＞18',
] as const;
/** What would steer a terminal, the direction of text, or a reader of XML. */
const STEERING =
  // oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffe\uffff\ufeff]/u;

/** The document with `text` in place of, or behind, every text that is free. */
function poisoned(result: RunResult, text: string): RunResult {
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return FIXED.test(value) || KEPT.has(key) ? value : text;
    if (Array.isArray(value)) return value.map((part) => walk(part, key));
    if (typeof value !== 'object' || value === null) return value;
    const made = Object.entries(value).map(([name, part]) => [name, walk(part, name)] as const);
    const extra = FREE.has(key) ? [[text, Object.values(value)[0] ?? 1] as const] : [];
    return Object.fromEntries([...made, ...extra]);
  };
  return walk(result, '') as RunResult;
}

/** Instants, and numbers as text: what the schema lets be nothing else. */
const FIXED = /^(?:\d{4}-\d\d-\d\dT\S+|-?\d+)$/u;
/** Of which the schema knows every value. */
const KEPT = new Set([
  'schema',
  'verdict',
  'severity',
  'role',
  'unit',
  'cause',
  'direction',
  'kind',
  'stamps',
  'drain_layer',
  'receive_time',
  'random_access_by',
  'filter_mode',
  'state',
  'accuracy_why_not',
  'conditional',
  'media_loss_from',
  'send_time',
  'expected_from',
]);
/** Objects whose keys are free. */
const FREE = new Set(['labels', 'malformed', 'event_counts', 'host_counters', 'not_measured', 'options', 'detail']);

/** Each kind of document, and its page when everybody behaves. */
const pages = documents().map(([, result]) => [result, readHtml(renderHtml([result]))] as const);
const cases = CORPUS.map((text) => [JSON.stringify(text), text] as const);

describe('text of others', () => {
  it.each(cases)('is nothing but text in a page: %s', (_shown, text) => {
    for (const [result, clean] of pages) {
      const source = renderHtml([poisoned(result, text)]);
      // The reader refuses what is not closed, not quoted or not known as an entity.
      const root = readHtml(source);
      expect(STEERING.test(source)).toBe(false);
      expect(tagsOf(root)).toEqual(tagsOf(clean));
      expect(attributesOf(root)).toEqual(attributesOf(clean));
      const shown = printable(text);
      expect([...elementsIn(root)].some((element) => textOf(element).includes(shown.trim()))).toBe(true);
    }
  });

  it.each(cases)('is nothing but text in every other format: %s', (_shown, text) => {
    const result = poisoned(mediaResult(), text);
    for (const format of REPORT_FORMATS.filter((one) => one !== 'html' && one !== 'json')) {
      const report = renderReport(format, [result]);
      expect(STEERING.test(report.replaceAll('\r\n', '\n')), format).toBe(false);
    }
    expect(
      renderReport('txt', [result])
        .split('\n')
        .every((line) => !line.startsWith('lines')),
    ).toBe(true);
  });

  it('is nothing but text in what is told while the run goes on', () => {
    for (const text of CORPUS) {
      const [stream] = poisoned(mediaResult(), text).streams;
      const { services, pids } = stream!.transport!;
      expect(STEERING.test(renderStream(stream!)), text).toBe(false);
      expect(STEERING.test(renderTables(services, pids)), text).toBe(false);
    }
  });

  it('cannot leave a cell of a spreadsheet, nor begin a formula', () => {
    for (const text of CORPUS) {
      const report = renderReport('csv', [poisoned(mediaResult(), text)]);
      const rows = readCsv(report);
      const head = rows[0]!;
      for (const row of rows) expect(row).toHaveLength(head.length);
      const names = rows.slice(1).map((row) => row[head.indexOf('name')]!);
      for (const name of names) expect(name).not.toMatch(/^[=+@\t\r-]/);
      const plain = printable(text);
      expect(names[0]).toBe(/^[=+@-]/.test(plain) ? `'${plain}` : plain);
    }
  });

  it('cannot leave a cell of a table in Markdown, nor be markup there', () => {
    for (const text of CORPUS) {
      const report = renderReport('md', [poisoned(mediaResult(), text)]);
      for (const line of report.split('\n')) {
        const outside = line.replaceAll(/`[^`]*`/g, '');
        expect(outside, line).not.toMatch(/[<>@[\]]|https?:/);
        if (line.startsWith('|')) expect([7, 11]).toContain(line.split('|').length - 1);
      }
    }
  });

  it('cannot leave an attribute or an element of XML', () => {
    for (const text of CORPUS) {
      const report = renderReport('xml', [poisoned(mediaResult(), text)]);
      const outside = report.replaceAll(/"[^"]*"/g, '""');
      expect(outside.replaceAll(/<system-out>[^<]*<\/system-out>/g, '')).toMatch(
        /^<\?xml [^?]*\?>\n(?:\s*<\/?[a-z]+(?: [a-z]+="")*\/?>)+\s*$/,
      );
      expect(report.replaceAll(/&(?:amp|lt|gt|quot);/g, '')).not.toContain('&');
    }
  });
});

describe('templates', () => {
  it('escape what is put into them, in text and in attributes, and take what templates made', () => {
    const evil = `<b a="1" c='2'>&`;
    expect(markup`<p title="${evil}">${evil}</p>`.text).toBe(`<p title="${escapeHtml(evil)}">${escapeHtml(evil)}</p>`);
    expect(escapeHtml(evil)).toBe('&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;');
    expect(markup`${[markup`<i>${1}</i>`, [null, undefined, false, 'x'], 0]}`.text).toBe('<i>1</i>x0');
    expect(markup`${trusted('<hr>')}`.text).toBe('<hr>');
    // An object that looks like one that templates made is none.
    expect(() => markup`${{ text: '<b>' } as never}`.text).toThrow();
  });

  it('leave out how their source is laid out', () => {
    expect(
      markup`<p>
      <b>${'two\n   lines'}</b>
    </p>`.text,
    ).toBe('<p><b>two\n   lines</b></p>');
  });
});

describe('plain text', () => {
  it('keeps what people write, in any script', () => {
    for (const text of ['Übung 1 – «ня» 日本語 العربية עברית', 'नमस्ते', 'می\u200cخواهم', '👩\u200d🔬', 'a\u00a0b']) {
      expect(printable(text)).toBe(text);
    }
  });

  it('is one line without anything that steers', () => {
    expect(printable('a\tb\r\nc\u2028d')).toBe('a b c d');
    expect(printable('\u001b[31m\u202e\ufeff\u{e0041}\ud800\uffff')).toBe('\uFFFD[31m\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD');
  });

  it('is every text and key of a document, and shares its numbers', () => {
    const series = { points: [1] };
    const made = plainDocument({ a: ['x\u0007', { 'k\u0007': null }], series, n: 1 });
    expect(made).toEqual({ a: ['x\uFFFD', { 'k\uFFFD': null }], series, n: 1 });
    expect(made.series).toBe(series);
    const prototyped = plainDocument(JSON.parse('{"__proto__":{"x":"y\\u0007"}}')) as object;
    expect(Object.getPrototypeOf(prototyped)).toBe(Object.prototype);
    expect(Object.entries(prototyped)).toEqual([['__proto__', { x: 'y\uFFFD' }]]);
  });
});

/** Names of all elements, without those that hold nothing but text of others, of which there may be more or fewer. */
function tagsOf(root: HtmlElement): Set<string> {
  return new Set(
    [...elementsIn(root)]
      .map(({ name }) => name)
      .filter((name) => !['details', 'summary', 'h4', 'h5', 'bdi', 'span'].includes(name)),
  );
}

function attributesOf(root: HtmlElement): Set<string> {
  const names = new Set<string>();
  for (const element of elementsIn(root)) for (const name of element.attributes.keys()) names.add(name);
  for (const anchor of all(root, 'a')) names.add(`href ${anchor.attributes.get('href')![0]}`);
  return names;
}

/** RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)) {
    rows.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[2]!);
    if (match[3] === '\r\n') rows.push([]);
  }
  rows.pop();
  return rows;
}
