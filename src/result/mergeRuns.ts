import { McastError } from '../core/errors.js';
import { unixMsOf } from '../core/format.js';
import { fieldsOfEvery } from './briefStreams.js';
import { DEFAULT_DETAIL } from './streamOrder.js';
import { judgeLimits } from './judge.js';
import { parseExpect, type Limit } from './limits.js';
import { mergeParts } from './merge.js';
import { distinctlyNamed } from './distinctNames.js';
import type { LimitResult, Receiver, RunResult, Sender } from './model.js';
import type { NamedResult } from './namedResult.js';

/** Clocks of two hosts may be so far apart and the runs still one. */
const CLOCKS_APART_MS = 60_000;
/** Limits that every result has by itself: judging finds them anew. */
const IMPLICIT = new Set(['packets_received > 0', 'failures == 0', 'messages_lost == 0', 'sender.sent > 0']);
const SILENCE = 'packets_received > 0';

/**
 * One result of the parts of one run: those of one process, or that of a sender with those of its receivers, which become
 * `receivers[]`. The limits of all parts are judged on the whole, with `limits`. Throws ERR_USAGE when they are of
 * different runs.
 */
export function mergeRuns(given: readonly NamedResult[], limits: readonly Limit[] = []): RunResult {
  if (given.length < 2) throw refusal(`--merge needs two results at least, ${given.length} was read`);
  refuseTwins(given);
  const runs = joinProcesses(given);
  const merged = runs.length === 1 ? runs[0]!.result : withReceivers(runs);
  const all = given.map(({ result }) => result);
  const judged = judgeLimits(merged, [...limits, ...limitsOf(all)], {
    allowSilence: all.every((result) => result.limits.every(({ expression }) => expression !== SILENCE)),
  });
  return { ...merged, limits: [...judged, ...notJudgedAnew(given)] };
}

function refusal(message: string): McastError {
  return new McastError('ERR_USAGE', message, { hint: '' });
}

/** Counted twice, everything would be wrong. */
function refuseTwins(given: readonly NamedResult[]): void {
  const seen = new Map<string, string>();
  for (const { source, result } of given) {
    const { id, role, end } = result.run;
    const key = JSON.stringify([
      id,
      role,
      end,
      result.host.name,
      fieldsOfEvery(result, ['id']).map(({ id: stream }) => stream),
    ]);
    const before = seen.get(key);
    if (before !== undefined) throw refusal(`${before} and ${source} are the same result`);
    seen.set(key, source);
  }
}

/** What threads of one process measured comes together. */
function joinProcesses(given: readonly NamedResult[]): NamedResult[] {
  const byRun = new Map<string, NamedResult[]>();
  for (const one of given) {
    const key = JSON.stringify([one.result.run.id, one.result.host.name]);
    byRun.set(key, [...(byRun.get(key) ?? []), one]);
  }
  return [...byRun.values()].map((parts) => ({
    source: parts.map(({ source }) => source).join(', '),
    result: mergeParts(
      parts.map(({ result }) => result),
      DEFAULT_DETAIL,
    ),
  }));
}

function withReceivers(runs: readonly NamedResult[]): RunResult {
  const senders = runs.filter(({ result }) => result.run.role === 'sender' && result.sender !== null);
  const receivers = runs.filter((one) => !senders.includes(one));
  const [sender] = senders;
  if (sender === undefined) {
    const sources = runs.map(({ source }) => source).join(' and ');
    throw refusal(`${sources} are of different runs, and none is of the sender that they could belong to (--compare?)`);
  }
  if (senders.length > 1) {
    throw refusal(`${senders.map(({ source }) => source).join(' and ')} are of different runs: two senders`);
  }
  for (const receiver of receivers) refuseForeign(sender, receiver);
  const reported = sender.result.receivers;
  const added = receivers.map(({ result }) => asReceiver(result, reported));
  const replaced = new Set(added.map(({ result }) => result!.run.id));
  // What a receiver gave while it ran makes way for its own result.
  const kept = reported.filter(({ result }) => result === null || !replaced.has(result.run.id));
  return { ...sender.result, receivers: distinctlyNamed([...kept, ...added]) };
}

function refuseForeign(sender: NamedResult, { source, result }: NamedResult): void {
  const from = sender.result.sender!;
  const overlap =
    unixMsOf(result.run.start) <= unixMsOf(sender.result.run.end) + CLOCKS_APART_MS &&
    unixMsOf(sender.result.run.start) <= unixMsOf(result.run.end) + CLOCKS_APART_MS;
  if (!overlap)
    throw refusal(`${source} is of another run: it was over before that of ${sender.source} began, or began after it`);
  if (!belongs(from, result)) {
    throw refusal(
      `${source} is of another run: nothing in it comes from the sender of ${sender.source} (run ${from.run})`,
    );
  }
}

/** By the run that datagrams carry, else by where they come from; one that heard nothing by what it joined. */
function belongs(sender: Sender, result: RunResult): boolean {
  const streams = fieldsOfEvery(result, ['sender_run', 'group', 'port']);
  const told = streams.filter(({ sender_run: run }) => run !== null);
  if (told.length > 0) return told.some(({ sender_run: run }) => run === sender.run);
  const isSent = (group: string, port: number): boolean =>
    sender.streams.some((stream) => stream.group === group && stream.port === port);
  if (streams.length > 0) return streams.some(({ group, port }) => isSent(group, port));
  return result.memberships.some(({ group, port }) => isSent(group, port));
}

function asReceiver(result: RunResult, reported: readonly Receiver[]): Receiver {
  const addresses = result.host.interfaces.flatMap((one) => one.addresses);
  const address = addresses.find((one) => !one.startsWith('127.') && !one.startsWith('::1')) ?? addresses[0] ?? '';
  const known = reported.find((one) => one.result?.run.id === result.run.id);
  return {
    name: result.run.name ?? result.host.name,
    address: known?.address ?? address.split('/')[0]!,
    report: known?.report ?? null,
    result,
  };
}

/** What was demanded of the parts, each once. */
function limitsOf(results: readonly RunResult[]): Limit[] {
  const expressions = new Set(results.flatMap((result) => result.limits.map(({ expression }) => expression)));
  return [...expressions].flatMap((expression) => {
    if (IMPLICIT.has(expression)) return [];
    const limit = parsed(expression);
    return limit === null ? [] : [limit];
  });
}

/** `null`: it is none that a result can be judged by, as those of intervals. */
function parsed(expression: string): Limit | null {
  try {
    return parseExpect(expression);
  } catch (error) {
    if (error instanceof McastError) return null;
    throw error;
  }
}

/** What was judged while it ran stays as it was. */
function notJudgedAnew(given: readonly NamedResult[]): LimitResult[] {
  return given.flatMap(({ source, result }) =>
    result.limits
      .filter(({ expression }) => !IMPLICIT.has(expression) && parsed(expression) === null)
      .map((limit) => ({ ...limit, stream: [source, ...(limit.stream === null ? [] : [limit.stream])].join(': ') })),
  );
}
