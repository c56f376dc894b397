import type { ReceiveBatch } from '../core/batch.js';
import { splitNs, type Nanos, type RunEpoch } from '../core/time.js';
import { Histogram } from '../metrics/histogram.js';
import type { TapSnapshot, TapState, TapStreamSnapshot } from '../metrics/tapSnapshot.js';
import { DecodedBatch, NO_STREAM, SlotKind } from './decoded.js';
import { PlainDecoder } from './plainDecoder.js';
import { ProbeDecoder } from './probeDecoder.js';
import { PAGE_NUMBERS, SequencePages, type PageBudget } from './sequencePages.js';
import { SocketFaults } from './socketFaults.js';
import type { StreamPath } from './streamPath.js';
import { StreamFormat, StreamTable } from './streamTable.js';

/** Most numbers kept of all streams together: 13 octets each, 830 MiB. */
const MOST_PAGES = (64 * 1024 * 1024) / PAGE_NUMBERS;
/** Ranges of lost numbers told of a stream. */
const LOSS_RANGES = 1024;
const TWO_32 = 4_294_967_296;

/** Marks of a number: where it was seen. */
const First = 1;
const Second = 2;

export interface TapOptions {
  /** From which the times of its batches count. */
  readonly epoch: RunEpoch;
  readonly pathOf: (path: number) => StreamPath;
  readonly batchCapacity: number;
  readonly maxStreams: number;
}

/** What one tap knows of a joined stream. */
class TapSide {
  received = 0;
  duplicated = 0;
  /** Covered numbers, `[from, to)`, on the joined stream's scale. */
  from = Infinity;
  to = -Infinity;
  datagrams = 0;
}

class JoinedStream {
  readonly first = new TapSide();
  readonly second = new TapSide();
  readonly pages: SequencePages;
  /** Halves of the 64-bit number that all others count from. */
  readonly originHigh: number;
  readonly originLow: number;
  readonly format: string;
  readonly path: StreamPath;
  /** `null`: it has no numbers. */
  readonly flow: string | null;
  readonly senderRun: string | null;
  /** Greatest rank at the first tap of what the second one has seen. */
  highestRank = -1;
  reordered = 0;
  matched = 0;

  constructor(table: StreamTable, stream: number, path: StreamPath, format: string, budget: PageBudget) {
    const isProbe = table.format(stream) === StreamFormat.Probe;
    this.pages = new SequencePages(budget);
    this.originHigh = table.originHigh(stream);
    this.originLow = table.originLow(stream);
    this.format = format;
    this.path = path;
    this.flow = isProbe ? String(table.flow(stream)) : null;
    this.senderRun = isProbe ? table.run(stream).toString(16).padStart(8, '0') : null;
  }
}

/** Decoding of one tap's batches. */
class Tap {
  readonly options: TapOptions;
  readonly table: StreamTable;
  readonly decoded: DecodedBatch;
  readonly plain: PlainDecoder;
  readonly #probe: ProbeDecoder;
  /** By stream of this tap. */
  readonly joined: JoinedStream[] = [];
  /** By stream of this tap: its own origin less the joined stream's. */
  readonly shift: number[] = [];

  constructor(options: TapOptions) {
    this.options = options;
    this.table = new StreamTable(options.maxStreams);
    this.decoded = new DecodedBatch(options.batchCapacity);
    const faults = new SocketFaults();
    faults.ensure(1);
    this.plain = new PlainDecoder(this.table, faults);
    this.#probe = new ProbeDecoder(this.table, splitNs(options.epoch.realtimeNs), faults);
  }

  decode(batch: ReceiveBatch): void {
    this.#probe.decode(batch, this.decoded, this.plain);
  }
}

/**
 * Two captures of the same streams, joined by sequence number: what was lost, delayed and reordered
 * between them. All batches of the first tap come first, then those of the second, then
 * {@link finish}. A stream is the same at both when sender's run, flow, group and port are: its source
 * may be translated in between.
 *
 * A tap covers the numbers from the first to the last that it saw or was told of by markers. Only what
 * both cover is compared: captures seldom begin and end together. Memory grows with the numbers seen,
 * up to a bound beyond which datagrams are counted as `overflowed`.
 */
export class TapComparison {
  readonly #streams = new Map<string, JoinedStream>();
  readonly #budget: PageBudget;
  readonly #first: Tap;
  #second: Tap | null = null;
  #overflowed = 0;
  /** Times of the second tap, plus this, count from the first tap's epoch. */
  #shiftNs: Nanos = 0;
  #rank = 0;

  constructor(first: TapOptions, mostPages = MOST_PAGES) {
    this.#first = new Tap(first);
    this.#budget = { pages: mostPages };
  }

  /** Hot. */
  onFirst(batch: ReceiveBatch): void {
    this.#onBatch(this.#first, batch, First);
  }

  /** Begins the second tap; nothing may come from the first one any more. */
  beginSecond(options: TapOptions): void {
    this.#second = new Tap(options);
    this.#shiftNs = Number(options.epoch.realtimeNs - this.#first.options.epoch.realtimeNs);
  }

  /** Hot. */
  onSecond(batch: ReceiveBatch): void {
    this.#onBatch(this.#second!, batch, Second);
  }

  #onBatch(tap: Tap, batch: ReceiveBatch, mark: typeof First | typeof Second): void {
    tap.decode(batch);
    if (tap.joined.length < tap.table.count) this.#join(tap);
    const { kind, stream, sequence, next } = tap.decoded;
    for (let i = 0; i < batch.count; i++) {
      const index = stream[i]!;
      if (index === NO_STREAM) continue;
      const joined = tap.joined[index]!;
      const side = mark === First ? joined.first : joined.second;
      const isData = kind[i] === SlotKind.Data;
      if (isData) side.datagrams++;
      if (joined.flow === null) continue;
      // A marker tells the number to come next.
      const number = (isData ? sequence[i]! : next[i]!) + tap.shift[index]!;
      if (number < side.from) side.from = number;
      const upTo = isData ? number + 1 : number;
      if (upTo > side.to) side.to = upTo;
      if (!isData) continue;
      if (mark === First) this.#seenFirst(joined, number, batch.timeRealNs[i]!);
      else this.#seenSecond(joined, number, batch.timeRealNs[i]! + this.#shiftNs);
    }
  }

  #seenFirst(joined: JoinedStream, number: number, timeNs: Nanos): void {
    const page = joined.pages.pageOf(number);
    if (page === null) {
      this.#overflowed++;
      return;
    }
    const at = number - page.first;
    if (page.marks[at] !== 0) {
      joined.first.duplicated++;
      return;
    }
    joined.first.received++;
    page.marks[at] = First;
    page.time[at] = timeNs;
    page.rank[at] = this.#rank++;
  }

  #seenSecond(joined: JoinedStream, number: number, timeNs: Nanos): void {
    const page = joined.pages.pageOf(number);
    if (page === null) {
      this.#overflowed++;
      return;
    }
    const at = number - page.first;
    const marks = page.marks[at]!;
    if ((marks & Second) !== 0) {
      joined.second.duplicated++;
      return;
    }
    joined.second.received++;
    page.marks[at] = marks | Second;
    if (marks === 0) return;
    joined.matched++;
    page.time[at] = timeNs - page.time[at]!;
    const rank = page.rank[at]!;
    if (rank < joined.highestRank) joined.reordered++;
    else joined.highestRank = rank;
  }

  /** Finds, or makes, what the new streams of a tap belong to. */
  #join(tap: Tap): void {
    const { table } = tap;
    for (let stream = tap.joined.length; stream < table.count; stream++) {
      const format = table.format(stream);
      const path = tap.options.pathOf(table.path(stream));
      const isProbe = format === StreamFormat.Probe;
      const key = isProbe
        ? `${table.run(stream)} ${table.flow(stream)} ${path.group} ${path.port}`
        : `${format} ${path.group} ${path.port}`;
      let joined = this.#streams.get(key);
      if (joined === undefined) {
        const name = isProbe ? 'probe' : format === StreamFormat.Plain ? (tap.plain.formats[stream] ?? '') : 'others';
        this.#streams.set(key, (joined = new JoinedStream(table, stream, path, name, this.#budget)));
      }
      tap.joined.push(joined);
      const high = (table.originHigh(stream) - joined.originHigh) | 0;
      tap.shift.push(high * TWO_32 + (table.originLow(stream) - joined.originLow));
    }
  }

  /** The figures, in order of first arrival. */
  finish(): TapSnapshot {
    return { streams: [...this.#streams.values()].map(conclude), overflowed: this.#overflowed };
  }
}

function conclude(joined: JoinedStream): TapStreamSnapshot {
  const { first, second, pages } = joined;
  const delay = new Histogram();
  const delayAboveMin = new Histogram();
  const lossMap: { first: string; count: number }[] = [];
  const origin = (BigInt(joined.originHigh) << 32n) | BigInt(joined.originLow);
  let lost = 0;
  let onlySecond = 0;
  let ranges = 0;
  let outsideFirst = 0;
  let outsideSecond = 0;
  let minNs = Infinity;
  let lastLost = NaN;
  const inOrder = pages.inOrder();
  for (const { first: base, marks, time } of inOrder) {
    for (let at = 0; at < PAGE_NUMBERS; at++) {
      const mark = marks[at]!;
      if (mark === 0) continue;
      const number = base + at;
      if (mark === (First | Second)) {
        minNs = Math.min(minNs, time[at]!);
      } else if (mark === Second) {
        if (number >= first.from && number < first.to) onlySecond++;
        else outsideSecond++;
      } else if (number < second.from || number >= second.to) {
        outsideFirst++;
      } else {
        lost++;
        const isNew = number !== lastLost + 1;
        lastLost = number;
        if (isNew) ranges++;
        if (isNew && ranges <= LOSS_RANGES) {
          lossMap.push({ first: String(BigInt.asUintN(64, origin + BigInt(number))), count: 1 });
        } else if (ranges <= LOSS_RANGES) {
          lossMap.at(-1)!.count++;
        }
      }
    }
  }
  // Differences are recorded as they are, not shifted within the histogram: an offset of hours between both clocks
  // would leave nothing of the microseconds.
  for (const { marks, time } of inOrder) {
    for (let at = 0; at < PAGE_NUMBERS; at++) {
      if (marks[at] !== (First | Second)) continue;
      delay.record(time[at]!);
      delayAboveMin.record(time[at]! - minNs);
    }
  }
  const numbered = joined.flow !== null;
  return {
    format: joined.format,
    group: joined.path.group,
    port: joined.path.port,
    flow: joined.flow,
    senderRun: joined.senderRun,
    state: stateOf(joined),
    first: {
      received: numbered ? first.received : first.datagrams,
      duplicated: first.duplicated,
      outside: outsideFirst,
    },
    second: {
      received: numbered ? second.received : second.datagrams,
      duplicated: second.duplicated,
      outside: outsideSecond,
    },
    matched: joined.matched,
    lost,
    onlySecond,
    reordered: joined.reordered,
    lossMap,
    lossMapTruncated: ranges > LOSS_RANGES,
    delay,
    delayAboveMin,
  };
}

function stateOf({ flow, format, first, second }: JoinedStream): TapState {
  if (format === 'others') return 'no_room';
  if (flow === null) return 'unnumbered';
  // A tap that was told of the numbers by markers covers them, though it saw no data.
  if (first.to === -Infinity) return 'only_second';
  return second.to === -Infinity ? 'only_first' : 'compared';
}
