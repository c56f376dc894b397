import type { Nanos } from '../core/time.js';

/** The count of a request has 16 bits. */
export const MOST_REQUEST_MESSAGES = 0xffff;

export interface RecoveryOptions {
  /** Ranges of missing numbers that are kept apart, 1 .. 65535. */
  readonly ranges: number;
  /** Ranges that the list of what was not recovered has room for. */
  readonly listed: number;
  /** From when a number is found missing to its first request: the other line may still fill it. */
  readonly delayNs: Nanos;
  /** How long an answer is waited for. Doubles each time that all servers have been asked, up to `longestTimeoutNs`. */
  readonly timeoutNs: Nanos;
  readonly longestTimeoutNs: Nanos;
  /** How long more of an answer is waited for when some of it came: a server may answer with less than was asked for. */
  readonly restNs: Nanos;
  /** Requests for one number without anything in return before it is given up, 1 .. 255. */
  readonly tries: number;
  /** Asked in turn, 1 .. 255. */
  readonly servers: number;
  /** Requests under way at a time. */
  readonly outstandingRequests: number;
  /** Most messages that one asks for, up to {@link MOST_REQUEST_MESSAGES}; so what is under way is bounded by both. */
  readonly requestMessages: number;
}

/** Bounds of our own: whoever reads options of an operator has judged them before. */
export function checkRecoveryOptions(options: RecoveryOptions): void {
  const { tries, servers, outstandingRequests, requestMessages } = options;
  const isBounded = isCount(tries, 255) && isCount(servers, 255) && isCount(requestMessages, MOST_REQUEST_MESSAGES);
  if (!isBounded || !(outstandingRequests >= 1)) {
    throw new Error(`${tries} tries at ${servers} servers for ${requestMessages} messages`);
  }
}

function isCount(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}

/** How long all tries of one range take, from its first request to when it is given up. */
export function cycleNs(options: RecoveryOptions): Nanos {
  let ns = 0;
  for (let tries = 0; tries < options.tries; tries++) ns += answerNs(options, tries);
  return ns;
}

/** How long an answer is waited for after so many requests in vain. */
export function answerNs({ timeoutNs, longestTimeoutNs, servers }: RecoveryOptions, tries: number): Nanos {
  return Math.min(longestTimeoutNs, timeoutNs * 2 ** Math.floor(tries / servers));
}
