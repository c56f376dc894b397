/** Whether what was sent in one step of a rate search reached as many receivers as it should, and if not, why not. */
import type { Nanos } from '../core/time.js';

/** Why a receiver did not get a rate, or why it was not even sent. */
export type RateObstacle =
  /** The sender's own queue refused it, or the sender was too slow. */
  | 'sender'
  | 'network'
  /** Nothing was lost, but a queue grew that would overflow in time. */
  | 'queue'
  /** A slow host, not the network: its socket buffer overflowed, or would in time; its program discarded. */
  | 'socket_buffer'
  | 'application'
  /** The receiver said nothing. */
  | 'silent';

export interface ReceiverObservation {
  readonly receiver: string;
  /** Of the datagrams sent in this step, by number and not by time: distinct ones that arrived until now. */
  readonly received: number;
  /** Of those that did not: dropped by the receiver's socket buffer, or discarded by its program. */
  readonly lostSocketBuffer: number;
  readonly lostApplication: number;
  /**
   * Least one-way delay in the last quarter of the step above the least one of the whole search until then; needs no
   * synchronised clocks. `null`: not measured, and then a queue hides as much overload as its length is of the trial's.
   */
  readonly delayRiseNs: Nanos | null;
  /**
   * Least time from arrival until the program read it, in the same quarter: how far the program is behind, which a large
   * socket buffer hides for seconds. `null`: not measured.
   */
  readonly readDelayNs: Nanos | null;
}

/** What came of one step. */
export interface StepObservation {
  /** {@link RateStep.index} */
  readonly step: number;
  /** Datagrams that left this host, and those that came due and never did: refused by its own queue, or too late. */
  readonly sent: number;
  readonly notSent: number;
  /** Of {@link ReceiverObservation.delayRiseNs}, what the sender's own queue caused (transmit stamps); `null`: not known. */
  readonly senderDelayRiseNs: Nanos | null;
  /** Who does not answer is left out. */
  readonly receivers: readonly ReceiverObservation[];
}

export interface JudgementLimits {
  /** Receivers that are asked; others that answer do not count. */
  readonly receivers: readonly string[];
  /** How many of them must get it: 1 .. all. */
  readonly quorum: number;
  /** Of what was sent. */
  readonly maxLossShare: number;
  /** Datagrams that may be lost beyond, by chance. */
  readonly lossSlack: (sent: number) => number;
  readonly maxDelayRiseNs: Nanos;
}

export interface ReceiverJudgement {
  readonly receiver: string;
  /** `null`: it got the rate. */
  readonly obstacle: RateObstacle | null;
  readonly lossShare: number;
  readonly delayRiseNs: Nanos | null;
  /** How long the last datagrams lay in its socket buffer. */
  readonly readDelayNs: Nanos;
  /** Of what was to be sent, the share that arrived as fast as it was sent. */
  readonly deliveredShare: number;
}

export interface Judgement {
  readonly passed: boolean;
  /** `null`: it passed. */
  readonly obstacle: RateObstacle | null;
  readonly notSentShare: number;
  /** The best `quorum`th receiver, on which it depends. */
  readonly decisive: ReceiverJudgement;
  /** Those that did not get it, the one that got least first. */
  readonly failed: readonly ReceiverJudgement[];
}

/** A rate that is sent but for this share is that rate. */
const NOT_SENT_TOLERANCE = 0.0005;

/** `durationNs`: how long was sent. */
export function judgeStep(observation: StepObservation, durationNs: Nanos, limits: JudgementLimits): Judgement {
  const { sent, notSent } = observation;
  const planned = sent + notSent;
  const notSentShare = planned > 0 ? notSent / planned : 0;
  const answers = new Map(observation.receivers.map((one) => [one.receiver, one]));
  const judged = limits.receivers.map((receiver) => {
    const answer = answers.get(receiver);
    return answer === undefined
      ? { receiver, obstacle: 'silent' as const, lossShare: 1, delayRiseNs: null, readDelayNs: 0, deliveredShare: 0 }
      : judgeReceiver(answer, observation, durationNs, notSentShare, limits);
  });
  judged.sort(byShare);
  const decisive = judged[limits.quorum - 1]!;
  const isSent = notSentShare <= Math.max(limits.maxLossShare, NOT_SENT_TOLERANCE);
  const isSenders = !isSent && (decisive.obstacle === null || notSentShare >= decisive.lossShare);
  const obstacle = isSenders ? 'sender' : decisive.obstacle;
  const failed = judged.filter((one) => one.obstacle !== null).toReversed();
  return { passed: obstacle === null, obstacle, notSentShare, decisive, failed };
}

/** Those that got it first, then who got most. */
function byShare(a: ReceiverJudgement, b: ReceiverJudgement): number {
  const passedFirst = Number(b.obstacle === null) - Number(a.obstacle === null);
  return passedFirst === 0 ? b.deliveredShare - a.deliveredShare : passedFirst;
}

function judgeReceiver(
  answer: ReceiverObservation,
  { sent, senderDelayRiseNs }: StepObservation,
  durationNs: Nanos,
  notSentShare: number,
  limits: JudgementLimits,
): ReceiverJudgement {
  const { receiver } = answer;
  const lost = Math.max(0, sent - counted(answer.received));
  const lossShare = sent > 0 ? lost / sent : 0;
  const delayRiseNs = answer.delayRiseNs === null ? null : counted(answer.delayRiseNs);
  const riseNs = delayRiseNs ?? 0;
  const readDelayNs = counted(answer.readDelayNs ?? 0);
  // What was sent in `durationNs` took so much longer to arrive and to be read.
  const deliveredShare = (1 - notSentShare) * (1 - lossShare) * (durationNs / (durationNs + riseNs + readDelayNs));
  const isLost = lost > limits.maxLossShare * sent + limits.lossSlack(sent);
  const isLate = Math.max(riseNs, readDelayNs) > limits.maxDelayRiseNs;
  const late =
    readDelayNs > riseNs ? 'socket_buffer' : counted(senderDelayRiseNs ?? 0) >= riseNs / 2 ? 'sender' : 'queue';
  const obstacle = isLost ? lossObstacle(lost, answer) : isLate ? late : null;
  return { receiver, obstacle, lossShare, delayRiseNs, readDelayNs, deliveredShare };
}

/** Of what others tell: no number, or a negative one, is nothing. */
function counted(value: number): number {
  return value > 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0;
}

/** What most of it was. */
function lossObstacle(lost: number, answer: ReceiverObservation): RateObstacle {
  const lostSocketBuffer = counted(answer.lostSocketBuffer);
  const lostApplication = counted(answer.lostApplication);
  const network = lost - lostSocketBuffer - lostApplication;
  if (network >= lostSocketBuffer && network >= lostApplication) return 'network';
  return lostSocketBuffer >= lostApplication ? 'socket_buffer' : 'application';
}
