/** Text that others wrote, in the dashboard: names of services, of receivers, of streams, what the address asks for. */
import { describe, expect, it } from 'vitest';
import { PART_IDS } from '../../src/report/dashboard/liveParts.js';
import { liveTitle } from '../../src/report/dashboard/liveVerdict.js';
import { shell } from '../../src/report/dashboard/shell.js';
import type { View } from '../../src/report/dashboard/view.js';
import { printable } from '../../src/core/printable.js';
import type { RunResult } from '../../src/result/model.js';
import { partsOf, stateOf } from './dashboardFixture.js';
import { elementsIn, readHtml, type HtmlElement } from './htmlReader.js';
import { documents, receiver, sentResult } from './reportFixture.js';

const CORPUS = [
  '<script>alert(1)</script>',
  '</script><script>alert(2)</script>',
  '</title></style></textarea><svg onload=alert(3)>',
  '"><img src=x onerror=alert(4)>',
  "' onmouseover='alert(5)",
  'javascript:alert(6)',
  '<!--<script>7',
  '&lt;script&gt;8',
  '\u202Eevil\u2066 9',
  'two\r\n\r\ndata: lines\u2028 10',
];
/** Those that name what others wrote. */
const NAMES = new Set([
  'name',
  'text',
  'flow',
  'notes',
  'source',
  'interface',
  'id',
  'stream',
  'provider',
  'cname',
  'expression',
  'reason',
  'command',
]);

function poisoned(result: RunResult, text: string): RunResult {
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return NAMES.has(key) ? text : value;
    if (Array.isArray(value)) return value.map((part) => walk(part, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, walk(part, name)]));
  };
  const made = walk(result, '') as RunResult;
  return { ...made, run: { ...made.run, labels: { [text]: text }, endpoints: [text] } };
}

function pageOf(result: RunResult, isFinished: boolean, view: Partial<View>): HtmlElement {
  const state = stateOf(result, { isFinished });
  const made = partsOf(state, view);
  const parts = PART_IDS.map((id) => ({ id, html: made[id] }));
  return readHtml(shell({ title: liveTitle(state), parts, build: 'b' }));
}

/** Elements and their attributes, without what the values of those are, and in whichever order names put them. */
function skeleton(root: HtmlElement): string[] {
  const all = [...elementsIn(root)].map(({ name, attributes }) => `${name} ${[...attributes.keys()].join(' ')}`);
  return all.toSorted();
}

describe('text of others is nothing but text', () => {
  const results = [...documents().map(([, result]) => result), sentResult([receiver('a'), receiver('b')])];
  it.each(CORPUS.map((text) => [JSON.stringify(text), text]))('%s', (_shown, text) => {
    for (const result of results) {
      for (const isFinished of [false, true]) {
        for (const view of [{}, { page: 'conditions' }, { stream: printable(text) }] as const) {
          const harmless = pageOf(poisoned(result, 'x'), isFinished, 'stream' in view ? { stream: 'x' } : view);
          expect(skeleton(pageOf(poisoned(result, text), isFinished, view))).toEqual(skeleton(harmless));
        }
      }
    }
  });
});
