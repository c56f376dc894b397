/**
 * The picture of docs/live.md and the README, of a run that was recorded (test/vectors/live/run.ndjson: lines of --json without
 * figures that are not shown). After a change of the view: `npx vitest run test/unit/livePicture.test.ts -u`.
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LiveRegion } from '../../src/cli/live/liveRegion.js';
import { eventLine } from '../../src/report/eventLine.js';
import { LiveState, UNBOUNDED } from '../../src/report/live/liveState.js';
import { renderLive } from '../../src/report/live/renderLive.js';
import type { IntervalRow } from '../../src/result/interval.js';
import type { EventRecord } from '../../src/result/model.js';
import { Screen } from '../screen.js';
import { terminalPicture } from '../terminalPicture.js';

const COLUMNS = 100;
const ROWS = 15;

type Recorded =
  | ({ readonly type: 'event' } & EventRecord)
  | { readonly type: 'interval'; readonly time: string; readonly end_ns: number; readonly streams: IntervalRow[] };

/** What a terminal shows at the end of the recording, once without styles and once as it is. */
function replayed(): { readonly said: string[]; readonly view: string[] } {
  const text = readFileSync(new URL('../vectors/live/run.ndjson', import.meta.url), 'utf8');
  const state = new LiveState({ ...UNBOUNDED, durationNs: 24e9, fromFirst: true });
  const said = ['$ mcast recv channels.csv --wait 10s --duration 24s'];
  for (const recorded of text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded)) {
    if (recorded.type === 'interval') {
      const { time, end_ns, streams } = recorded;
      state.add({ time, endNs: end_ns, rows: streams, senderRows: [] }, 'recv');
    } else {
      state.tell(recorded);
      if (recorded.event !== 'joined') said.push(...eventLine(recorded, { color: true, several: true }).split('\n'));
    }
  }
  const look = { columns: COLUMNS, rows: ROWS - 1, color: true, hasKeys: true, title: 'mcast recv' };
  return { said, view: renderLive(state, look) };
}

it('the picture of the live view is what a terminal shows', async () => {
  const { said, view } = replayed();
  const lines = [...said, ...view].slice(-ROWS);
  const screen = new Screen(COLUMNS, ROWS);
  screen.write(said.map((line) => `${line}\r\n`).join('') + new LiveRegion().draw(view));
  // oxlint-disable-next-line no-control-regex -- ECMA-48 SGR
  expect(lines.map((line) => line.replaceAll(/\u001B\[\d+m/gu, '').trimEnd())).toEqual(screen.lines);
  const picture = terminalPicture(
    lines,
    COLUMNS,
    'mcast recv in a terminal: four streams, what was lost of them, and when',
  );
  await expect(picture).toMatchFileSnapshot('../../docs/live.svg');
});

it('pictures of terminals hold text as text', () => {
  const picture = terminalPicture(
    ['a <b> & "c"  \u001B[1m\u001B[31mx\u001B[39m\u001B[22m', '客\u2587\u2587\u2591 z'],
    20,
    '<t>',
  );
  expect(picture).toContain('>a &lt;b&gt; &amp; &quot;c&quot;</text>');
  expect(picture).toContain('<title>&lt;t&gt;</title>');
  // Where their columns are, behind a wide character too: 14 + 13 x 8.4, 14 + 2 x 8.4, 14 + 6 x 8.4.
  expect(picture).toMatch(/<text x="123\.2" y="27\.5" textLength="8\.4" \S+ fill="#ff7b72" font-weight="bold">x</u);
  expect(picture).toMatch(/<rect x="30\.8" y="\S+" width="16\.8" height="12\.3" fill="#d9dde4"\/>/u);
  expect(picture).toMatch(/<rect x="47\.6" y="\S+" width="8\.4" height="14" fill="#d9dde4" opacity="0\.25"\/>/u);
  expect(picture).toMatch(/<text x="64\.4" y="45\.5" textLength="8\.4" \S+>z</u);
});
