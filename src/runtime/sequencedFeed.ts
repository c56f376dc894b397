import { randomInt } from 'node:crypto';
import type { MessageMemory } from '../core/messageMemory.js';
import { splitNs, type Nanos, type SplitTime } from '../core/time.js';
import { ZoneClock } from '../core/zone.js';
import { ClockedSource } from '../feed/clockedSource.js';
import { ItchFile } from '../feed/itchFile.js';
import { LegSplitter, type Leg } from '../feed/legs.js';
import { MessageFeed } from '../feed/messageFeed.js';
import type { MessageSource } from '../feed/messageSource.js';
import type { PayloadSlots } from '../feed/payloadSlots.js';
import type { FeedPlan } from '../profile/plan.js';
import type { SessionWords } from '../wire/framing.js';
import { framingOfScheme } from '../wire/framings.js';
import { messageSource } from './messageSources.js';
import type { SharedOctets } from './sharedInput.js';

export interface SequencedFeed {
  readonly feed: MessageFeed | Leg;
  /** What makes the messages of both legs. */
  readonly origin: MessageFeed;
  /** What is read for it; `null`: its messages are made, or another leg has told of it. */
  readonly file: ItchFile | null;
}

interface Paced {
  readonly count: number | null;
  readonly durationNs: Nanos | null;
  readonly startMonoNs: Nanos;
  readonly unixAtMonoZero: SplitTime;
  readonly destination: number;
  readonly flowBase: number;
  readonly payloadSlots: PayloadSlots;
}

/** What is known of a feed before it begins, where somebody answers requests for its messages. */
export interface Remembered {
  readonly memory: MessageMemory;
  readonly session: SessionWords;
}

/** By position in the plan, what both legs of a feed are fed by. */
export type SplitFeeds = Map<number, { readonly splitter: LegSplitter; readonly origin: MessageFeed }>;

/** Datagrams that a leg may lag behind the other. */
const LEG_DATAGRAMS = 4096;
const SESSION_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const SESSION_LENGTH = 10;

/** The feed of a stream, or one leg of it. */
export function sequencedFeed(
  plan: FeedPlan,
  input: SharedOctets | null,
  paced: Paced,
  position: number,
  splits: SplitFeeds,
  remembered: Remembered | null,
): SequencedFeed {
  if (!plan.hasLegs) {
    const source = messageSource(plan, input);
    const origin = messageFeed(plan, source, paced, remembered);
    return { feed: origin, origin, file: fileOf(source) };
  }
  let split = splits.get(position);
  let file: ItchFile | null = null;
  if (split === undefined) {
    const source = messageSource(plan, input);
    file = fileOf(source);
    // It fills batches of its own.
    const origin = messageFeed(plan, source, { ...paced, flowBase: 0, destination: 0 }, remembered);
    split = { splitter: new LegSplitter(origin, LEG_DATAGRAMS, plan.payloadOctets), origin };
    splits.set(position, split);
  }
  const { flowBase, destination } = paced;
  return { feed: split.splitter.leg({ flowBase, destination }), origin: split.origin, file };
}

function fileOf(source: MessageSource): ItchFile | null {
  return source instanceof ItchFile ? source : null;
}

function messageFeed(plan: FeedPlan, source: MessageSource, paced: Paced, remembered: Remembered | null): MessageFeed {
  const framing = framingOfScheme(plan.scheme)!;
  return new MessageFeed({
    ...paced,
    source: clocked(source, plan, paced),
    framing,
    session: remembered?.session ?? sessionOf(plan),
    memory: remembered?.memory ?? null,
    firstSequence: splitNs(plan.firstSequence),
    mtuOctets: plan.payloadOctets,
    mostMessages: plan.mostMessages,
    flushAfterNs: plan.flushAfterNs,
    heartbeatNs: plan.heartbeatNs,
    stampNs: plan.stampNs,
    // Nor may what is asked for again differ from what was sent.
    stampsDeparture: !plan.hasLegs && remembered === null,
    unpaced: plan.messagesPerSecond === Infinity,
  });
}

/** With the times of day at which its messages are due, where that is asked for. */
function clocked(source: MessageSource, { messageTimeZone }: FeedPlan, paced: Paced): MessageSource {
  if (messageTimeZone === null) return source;
  const { high, low } = paced.unixAtMonoZero;
  const clock = new ZoneClock(messageTimeZone, (BigInt(high) << 32n) | BigInt(low));
  return new ClockedSource(source, clock, paced.startMonoNs);
}

/** Its words, of a random one where the plan names none. */
export function sessionOf({ scheme, session }: FeedPlan): SessionWords {
  return framingOfScheme(scheme)!.sessionWords(session ?? randomSession()) ?? [0, 0, 0];
}

function randomSession(): string {
  let name = '';
  while (name.length < SESSION_LENGTH) name += SESSION_CHARACTERS[randomInt(SESSION_CHARACTERS.length)]!;
  return name;
}
