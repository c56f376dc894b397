/**
 * The page in parts, each of which is told when it has changed. They stand in one order, and are there when they are
 * empty: the page has a place for each.
 */
import { everyStream } from '../../result/briefStreams.js';
import type { RunResult, Stream } from '../../result/model.js';
import { arbitration } from '../html/arbitration.js';
import { capacity } from '../html/capacity.js';
import { conditions } from '../html/conditions.js';
import { definitions } from '../html/definitions.js';
import { keyFigures } from '../html/keyFigures.js';
import { lossLocation } from '../html/lossLocation.js';
import { markup, NOTHING, type Markup } from '../html/markup.js';
import { links, outputs } from '../html/outputs.js';
import { streamName } from '../html/stream.js';
import { zap } from '../html/zap.js';
import { liveDetail, noSuchStream } from './liveDetail.js';
import { liveEvents } from './liveEvents.js';
import { liveLimits } from './liveLimits.js';
import { liveReceivers } from './liveReceivers.js';
import { liveSender, liveSent, sentName } from './liveSender.js';
import type { LiveState } from './liveState.js';
import { liveStreams } from './liveStreams.js';
import { liveHeader, liveVerdict } from './liveVerdict.js';
import type { View } from './view.js';

export const PART_IDS = [
  'head',
  'verdict',
  'streams',
  'limits',
  'arbitration',
  'capacity',
  'zap',
  'sender',
  'receivers',
  'lost-where',
  'outputs',
  'links',
  'events',
  'conditions',
  'definitions',
] as const;
export type PartId = (typeof PART_IDS)[number];

export interface Part {
  readonly id: PartId;
  /** HTML; empty: there is nothing of it. */
  readonly html: string;
}

/** All parts of a view, in order. Yields each, so that a thread may do other things between them. */
export function* liveParts(state: LiveState, view: View): Generator<Part> {
  for (const id of PART_IDS) yield { id, html: RENDERERS[id](state, view).text };
}

type Renderer = (state: LiveState, view: View) => Markup;

const RENDERERS: Readonly<Record<PartId, Renderer>> = {
  head: liveHeader,
  verdict: (state) => markup`${liveVerdict(state)}${state.result !== null && keyFigures(state.result)}`,
  streams,
  limits: inOverview('Limits', ({ limits: list }) => liveLimits(list)),
  arbitration: inOverview('Two legs', ({ arbitration: of }) => (of === null ? NOTHING : arbitration(of))),
  capacity: inOverview('Capacity', ({ capacity: of }) => (of === null ? NOTHING : capacity(of))),
  zap: inOverview('Channel changes', ({ zap: of }) => (of === null ? NOTHING : zap(of))),
  sender: inOverview('Sender', ({ sender: of }, { history }) => (of === null ? NOTHING : liveSender(of, history))),
  receivers: inOverview('Receivers', ({ receivers: list }, { isFinished }) => liveReceivers(list, isFinished)),
  'lost-where': inOverview('Where it was lost', ({ sender: of }) =>
    of?.loss_location ? lossLocation(of.loss_location) : NOTHING,
  ),
  outputs: inOverview('Outputs', ({ outputs: list }) => (list.length === 0 ? NOTHING : outputs(list))),
  links: inOverview('Links', ({ links: list }) => links(list)),
  events: inOverview('Events', (result) => liveEvents(result)),
  conditions: ({ result }, { page }) =>
    result === null || page !== 'conditions' ? NOTHING : titled('Path and host', conditions(result)),
  definitions: ({ result }, { page }) => (result === null || page !== 'overview' ? NOTHING : obtained(result)),
};

function streams(state: LiveState, view: View): Markup {
  const { result, history } = state;
  if (result === null || view.page !== 'overview') return NOTHING;
  const only = result.streams.length === 1 ? result.streams[0] : undefined;
  const { stream: id } = view;
  const stream = id === null ? only : streamOf(result, id);
  if (stream !== undefined) {
    return titled(markup`Stream ${streamName(stream)}`, liveDetail(result, stream, state, view));
  }
  const sent = result.sender?.streams.find((one) => one.id === id);
  if (sent !== undefined) return titled(markup`Sent stream ${sentName(sent)}`, liveSent(result, sent, history));
  if (id !== null) return titled('Stream', noSuchStream(id));
  return result.streams.length === 0 ? NOTHING : titled('Streams', liveStreams(result, history, view));
}

/** One that is told in brief is looked up alone when it is asked for. */
function streamOf(result: RunResult, id: string): Stream | undefined {
  return result.streams.find((one) => one.id === id) ?? everyStream(result).find((one) => one.id === id);
}

/** Of the whole run: not beside one stream. */
function inOverview(title: string, of: (result: RunResult, state: LiveState) => Markup): Renderer {
  return (state, { page, stream }) =>
    state.result === null || page !== 'overview' || stream !== null ? NOTHING : titled(title, of(state.result, state));
}

/** Names of figures lead there. */
function obtained(result: RunResult): Markup {
  return titled(
    'How each figure was obtained',
    markup`<details><summary>Definitions, clauses and clocks</summary>${definitions([result])}</details>`,
  );
}

function titled(title: string | Markup, body: Markup): Markup {
  return body.text === '' ? NOTHING : markup`<h2 tabindex="-1">${title}</h2>${body}`;
}
