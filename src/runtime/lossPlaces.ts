/** Where datagrams were lost, from the results of a sender's receivers. */
import { locateLoss, type LossLocation, type LostNumbers, type ReceiverLoss } from '../control/lossLocation.js';
import { formatHostPort } from '../core/format.js';
import type { LossLocationReport, Receiver, Stream } from '../result/model.js';

const MOST_RANGES = 64;
const MOST_BRANCH_RANGES = 16;
const MOST_BRANCHES = 16;

type Numbers = LossLocationReport['common'];
type Range = LossLocationReport['common_ranges'][number];
type Branch = LossLocationReport['branches'][number];

/** `null`: fewer than two receivers have a result. */
export function lossPlaces(receivers: readonly Receiver[]): LossLocationReport | null {
  const having = receivers.filter(({ result }) => result !== null);
  if (having.length < 2) return null;
  const names = having.map(({ name }) => name);
  const flows = new Map<string, (Stream | null)[]>();
  for (const [index, { result }] of having.entries()) {
    for (const stream of result!.streams) {
      if (stream.role !== 'media' || stream.numbers === null || stream.loss_map === null) continue;
      const key = `${formatHostPort(stream.group, stream.port)} ${stream.flow ?? ''}`.trimEnd();
      const seen = flows.get(key) ?? having.map(() => null);
      seen[index] = stream;
      flows.set(key, seen);
    }
  }
  const sums = new Sums(names);
  for (const [flow, streams] of flows) sums.add(flow, streams, locateLoss(streams.map(lossOf)));
  return sums.report();
}

/** Numbers count from the first of them, so that 64 bits fit. */
function lossOf(stream: Stream | null): ReceiverLoss {
  if (stream === null) return { from: 0, to: 0, ranges: [], isCut: false };
  const { from, to } = stream.numbers!;
  return {
    from: Number(BigInt(from)),
    to: Number(BigInt(to)),
    ranges: stream.loss_map!.map(({ first, count, cause }) => ({
      from: Number(BigInt(first)),
      to: Number(BigInt(first)) + count,
      cause,
    })),
    isCut: stream.loss_map_truncated,
  };
}

class Sums {
  readonly #names: readonly string[];
  readonly #common = none();
  readonly #commonRanges: Range[] = [];
  readonly #branches = new Map<string, Branch>();
  readonly #otherBranches = none();
  readonly #alone = none();
  readonly #single: Numbers[];
  readonly #hosts: LossLocationReport['hosts'];
  #isComplete = true;

  constructor(names: readonly string[]) {
    this.#names = names;
    this.#single = names.map(none);
    this.#hosts = names.map((receiver) => ({ receiver, socket_buffer: 0, application: 0, mixed: 0 }));
  }

  add(flow: string, streams: readonly (Stream | null)[], location: LossLocation): void {
    this.#isComplete &&= location.isComplete;
    add(this.#common, location.common);
    addRanges(this.#commonRanges, flow, location.common, MOST_RANGES);
    add(this.#alone, location.alone);
    add(this.#otherBranches, location.otherBranches);
    for (const branch of location.branches) {
      const receivers = branch.receivers.map((index) => this.#names[index]!);
      const key = branch.receivers.join(' ');
      const known = this.#branches.get(key) ?? { ...none(), receivers, ranges: [] };
      this.#branches.set(key, known);
      add(known, branch);
      addRanges(known.ranges, flow, branch, MOST_BRANCH_RANGES);
    }
    for (const [index, single] of location.single.entries()) add(this.#single[index]!, single);
    for (const [index, { socketBuffer, application, mixed }] of location.hosts.entries()) {
      if (streams[index] === null) continue;
      const host = this.#hosts[index]!;
      host.socket_buffer += socketBuffer;
      host.application += application;
      host.mixed += mixed;
    }
  }

  report(): LossLocationReport {
    const branches = [...this.#branches.values()].sort((a, b) => b.lost + b.unsure - a.lost - a.unsure);
    for (const { lost, unsure } of branches.slice(MOST_BRANCHES)) {
      this.#otherBranches.lost += lost;
      this.#otherBranches.unsure += unsure;
    }
    return {
      receivers: this.#names.length,
      complete: this.#isComplete,
      common: this.#common,
      common_ranges: this.#commonRanges,
      branches: branches.slice(0, MOST_BRANCHES),
      other_branches: this.#otherBranches,
      single: this.#single.flatMap((numbers, index) =>
        numbers.lost + numbers.unsure === 0 ? [] : [{ ...numbers, receiver: this.#names[index]! }],
      ),
      alone: this.#alone,
      hosts: this.#hosts.filter(({ socket_buffer, application, mixed }) => socket_buffer + application + mixed > 0),
    };
  }
}

function none(): Numbers {
  return { lost: 0, unsure: 0 };
}

function add(into: Numbers, { numbers, unsure }: Pick<LostNumbers, 'numbers' | 'unsure'>): void {
  into.lost += numbers;
  into.unsure += unsure;
}

function addRanges(into: Range[], flow: string, { ranges }: LostNumbers, most: number): void {
  for (const [from, to] of ranges) {
    if (into.length < most) into.push({ flow, from: String(from), to: String(to) });
  }
}
