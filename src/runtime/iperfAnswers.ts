import type { Measurement } from '../analysis/measurement.js';
import type { Nanos } from '../core/time.js';
import type { Path } from '../io/datagram.js';
import { StreamCounter } from '../metrics/counters.js';
import { IPERF_REPORT_OCTETS, iperfReportCodec } from '../wire/iperfReport.js';
import type { OpenSource } from './receiverSetup.js';

/** Answers to one run, as a server of iperf 2.1.8 gives at most. */
const MOST_ANSWERS = 9;
/** It waits for so long behind the last final datagram: if its answer was lost, the client asks again. */
const QUIET_NS = 250e6;

export interface IperfAnswersOptions {
  readonly measurement: Measurement;
  readonly sources: readonly OpenSource[];
  readonly pathOf: (path: number) => Path;
}

interface Answered {
  readonly report: Uint8Array;
  times: number;
}

/**
 * Answers clients of iperf 2 that send to this host alone, as its server does: behind a final datagram they wait for the
 * server's report, print it, and say that none came where none does.
 */
export class IperfAnswers {
  readonly #options: IperfAnswersOptions;
  readonly #answered = new Map<number, Answered>();
  #lastMonoNs: Nanos = -Infinity;

  constructor(options: IperfAnswersOptions) {
    this.#options = options;
    options.measurement.decoder.iperf.answers = true;
  }

  /** Behind the measurement of every batch. */
  tend(nowMonoNs: Nanos): void {
    const { finals } = this.#options.measurement.decoder.iperf;
    if (finals.length === 0) return;
    this.#lastMonoNs = nowMonoNs;
    for (let at = 0; at < finals.length; at += 2) this.#answer(finals[at]!, finals[at + 1]!);
    finals.length = 0;
  }

  /** No client waits for an answer any more. */
  isQuiet(nowMonoNs: Nanos): boolean {
    return nowMonoNs - this.#lastMonoNs >= QUIET_NS;
  }

  #answer(stream: number, path: number): void {
    const { measurement, sources, pathOf } = this.#options;
    let answered = this.#answered.get(stream);
    if (answered === undefined) this.#answered.set(stream, (answered = { report: this.#report(stream), times: 0 }));
    if (answered.times === MOST_ANSWERS) return;
    answered.times++;
    const { source, sourcePort } = pathOf(path);
    const socket = measurement.table.socket(stream);
    const open = sources.find((one) => one.source.index === socket);
    open?.source.answer(answered.report, IPERF_REPORT_OCTETS, source, sourcePort);
  }

  #report(stream: number): Uint8Array {
    const { counters, firstMonoNs, lastMonoNs, jitterNs } = this.#options.measurement.snapshot(stream);
    const received = counters[StreamCounter.PacketsReceived]!;
    const expected = counters[StreamCounter.Expected]!;
    const spanUs = Math.max(0, Math.round((lastMonoNs - firstMonoNs) / 1000)) || 0;
    const jitterUs = Math.round(jitterNs / 1000) || 0;
    const octets = new Uint8Array(IPERF_REPORT_OCTETS);
    iperfReportCodec.write(octets, 0, {
      ...iperfReportCodec.create(),
      octets: BigInt(counters[StreamCounter.OctetsReceived]!),
      seconds: Math.floor(spanUs / 1e6),
      microseconds: spanUs % 1e6,
      lost: BigInt(expected - received),
      outOfOrder: BigInt(counters[StreamCounter.PacketsReordered]!),
      datagrams: BigInt(expected),
      jitterSeconds: Math.floor(jitterUs / 1e6),
      jitterMicroseconds: jitterUs % 1e6,
    });
    return octets;
  }
}
