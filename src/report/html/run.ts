/** One run, block by block: the verdict first, the conditions last. */
import { formatDuration } from '../../core/format.js';
import { silenceText } from '../../result/malformed.js';
import type { RunResult, Stream } from '../../result/model.js';
import { commandTitle } from '../title.js';
import { arbitration } from './arbitration.js';
import { bench } from './bench.js';
import { capacity } from './capacity.js';
import { conditions } from './conditions.js';
import { events } from './events.js';
import { instant } from './instant.js';
import { keyFigures } from './keyFigures.js';
import { lossLocation } from './lossLocation.js';
import { markup, NOTHING, type Markup, type Part } from './markup.js';
import { metricTables } from './metricTables.js';
import { links, outputs } from './outputs.js';
import { overview } from './overview.js';
import { receivers } from './receivers.js';
import { sender } from './sender.js';
import { streamHistograms, streamSection } from './stream.js';
import { taps } from './taps.js';
import { limits, verdict } from './verdict.js';
import { zap } from './zap.js';

/** With more than these a stream is opened by whoever reads. */
const UNFOLDED_STREAMS = 4;
/** With more than these the long tables of each are cut short. */
const MANY_STREAMS = 16;
/** Points of all series of a run that stand in tables too: some 130 octets each. */
const MOST_POINTS = 4096;
/** Points of all series that are drawn one by one, and with more than these of each stream: half a kilobyte a hundred. */
const MOST_DRAWN = 16_384;
const FEWER_DRAWN = 96;

interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Markup;
}

/** `prefix`: of all anchors of this run; nothing where the page has one run alone. */
export function runArticle(result: RunResult, prefix: string): Markup {
  const all = sectionsOf(result, prefix).filter(({ body }) => body.text !== '');
  return markup`<article class="run">
    ${header(result)}
    <nav aria-label="Sections">
      <ul>
        ${all.map(({ id, title }) => markup`<li><a href="#${prefix}${id}">${title}</a></li>`)}
      </ul>
    </nav>
    ${all.map(
      ({ id, title, body }) =>
        markup`<section id="${prefix}${id}">
          <h2>${title}</h2>
          ${body}
        </section>`,
    )}
  </article>`;
}

/** What was run, as one would write it. */
export function titleOf(result: RunResult): string {
  const { run } = result;
  const capture = run.options['capture'];
  const read = run.role === 'analyzer' && typeof capture === 'string' ? [capture] : [];
  const more = run.endpoints.length > 3 ? ` and ${run.endpoints.length - 3} more` : '';
  return [commandTitle(result), ...read, ...run.endpoints.slice(0, 3)].join(' ') + more;
}

function header(result: RunResult): Markup {
  const { run, host, tool } = result;
  const labels = Object.entries(run.labels).map(([key, value]) => markup`<span class="tag">${key}=${value}</span> `);
  return markup`<header>
    <h1>${titleOf(result)}</h1>
    <p>
      ${instant(run.start)} to ${instant(run.end)}, ${formatDuration(run.duration_ns)}
      ${!run.complete && markup`, <span class="warn">cut short</span>`}
    </p>
    <p>
      ${run.name !== null && markup`<b>${run.name}</b>, `}
      ${`${host.name}, ${host.system}, ${tool.name} ${tool.version} (${run.io.implementation}) `}${labels}
    </p>
  </header>`;
}

function section(id: string, title: string, body: Markup): Section {
  return { id, title, body };
}

function sectionsOf(result: RunResult, prefix: string): Section[] {
  const ids = new Map<Stream, string>(result.streams.map((stream, i) => [stream, `${prefix}stream-${i + 1}`]));
  const idOf = (stream: Stream): string => ids.get(stream)!;
  const location = result.sender?.loss_location ?? null;
  return [
    section('verdict', 'Verdict', markup`${verdict(result)}${keyFigures(result)}`),
    section('limits', 'Limits', limits(result.limits)),
    section('bench', 'Benchmark', result.bench === null ? NOTHING : bench(result.bench)),
    section('streams', 'Streams', overview(result, idOf)),
    section('arbitration', 'Two legs', result.arbitration === null ? NOTHING : arbitration(result.arbitration)),
    section('capacity', 'Capacity', result.capacity === null ? NOTHING : capacity(result.capacity)),
    section('zap', 'Channel changes', result.zap === null ? NOTHING : zap(result.zap)),
    section('taps', 'Between two captures', result.taps === null ? NOTHING : taps(result.taps)),
    section('receivers', 'Receivers', result.receivers.length === 0 ? NOTHING : receivers(result.receivers)),
    section('lost-where', 'Where it was lost', location === null ? NOTHING : lossLocation(location)),
    section('detail', result.streams.length === 1 ? 'Stream' : 'Streams in detail', streams(result, idOf)),
    section('together', 'All streams together', together(result)),
    section('sender', 'Sender', result.sender === null ? NOTHING : sender(result.sender)),
    section('outputs', 'Outputs', result.outputs.length === 0 ? NOTHING : outputs(result.outputs)),
    section('links', 'Links', links(result.links)),
    section('events', 'Events', events(result)),
    section('conditions', 'Path and host', conditions(result)),
  ];
}

function streams(
  { streams: list, run, sockets, zap: zapped, taps: compared, bench: benched }: RunResult,
  idOf: (stream: Stream) => string,
): Markup {
  if (list.length === 0) {
    const isMissing = run.role !== 'sender' && zapped === null && compared === null && benched === null;
    return isMissing ? markup`<p class="bad">${sentence(silenceText(sockets))}</p>` : NOTHING;
  }
  const points = list.reduce((sum, { series }) => sum + (series?.points ?? 0), 0);
  const hasPoints = points <= MOST_POINTS;
  const media = list.filter(({ role }) => role === 'media').length;
  const parts: Part[] = list.map((stream) =>
    streamSection(stream, run, {
      id: idOf(stream),
      folded: media > UNFOLDED_STREAMS || stream.role !== 'media',
      hasPoints,
      brief: media > MANY_STREAMS,
      drawn: points > MOST_DRAWN ? FEWER_DRAWN : Infinity,
    }),
  );
  const elsewhere = markup`<p class="note">
    The points of the drawings in figures: <code>mcast report result.json -o points.series.csv</code>.
  </p>`;
  return markup`${parts}${points > 0 && !hasPoints && elsewhere}`;
}

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`;
}

/** Of several streams; two legs are one stream, and the arbitration says what they are together. */
function together({ aggregate, streams_total: total, arbitration: legs, streams: list }: RunResult): Markup {
  const isOne = total < 2 || aggregate === null || aggregate.streams < 2;
  if (isOne || legs !== null || list.every(({ leg }) => leg !== null)) return NOTHING;
  return markup`${metricTables(aggregate)}${streamHistograms(aggregate.histograms)}`;
}
