import type { TsAnalyzer } from '../analysis/mpegts/tsAnalyzer.js';
import type { Measurement } from '../analysis/measurement.js';
import { formatRealtime, type Clock, type Nanos } from '../core/time.js';
import type { Series } from '../metrics/series.js';
import { Indicator, TRANSPORT_INDICATORS } from '../metrics/transportIndicators.js';
import { buildTransport } from '../result/buildTransport.js';
import { buildTransportRow, type TransportIntervalRow } from '../result/interval.js';
import type { TransportPid, TransportService } from '../result/model.js';
import type { EventLog } from './eventLog.js';
import type { MediaReceiver } from './mediaReceiver.js';
import type { RunMessage } from './messages.js';
import type { NamedStream } from './receiverEvents.js';
import { realMinusMonoNs } from './utcTime.js';

/** Tables that are not all there are told when nothing new has come for so long: an SDT is due every 2 s (TR 101 290, 3.5). */
const SETTLED_NS = 2e9;
/** A rate over less is chance. */
const RATE_NS = 1e9;
/** Streams whose tables are told in one turn: each takes about as long as a hundred datagrams. */
const AT_ONCE = 2;
/** Services that are named in a line. */
const NAMED = 3;

export interface ContentTellerOptions {
  readonly measurement: Measurement;
  readonly media: MediaReceiver;
  readonly clock: Clock;
  /** `run.start`, CLOCK_MONOTONIC since the epoch. */
  readonly startMonoNs: Nanos;
  readonly log: EventLog;
  readonly identityOf: (stream: number) => NamedStream;
  /** Where the course of a stream is kept; none beyond the streams in detail. */
  readonly seriesOf: (stream: number) => Series | undefined;
  readonly post: (message: RunMessage) => void;
}

interface Watched {
  readonly stream: number;
  readonly analyzer: TsAnalyzer;
  /** Of the tables: seen last, since when, and told. */
  version: number;
  sinceNs: Nanos;
  toldVersion: number;
  /** By indicator, up to the last interval. */
  readonly counts: Float64Array;
}

/** Tells of the content of transport streams while a run goes on: services as soon as the tables are in, errors as they come. */
export class ContentTeller {
  readonly #options: ContentTellerOptions;
  readonly #watched: Watched[] = [];
  readonly #known = new Set<TsAnalyzer>();

  constructor(options: ContentTellerOptions) {
    this.#options = options;
  }

  /** At `nowNs`, CLOCK_MONOTONIC since the epoch: which tables are in. Of many that come together some wait. */
  tend(nowNs: Nanos): void {
    this.#watch();
    let told = 0;
    for (const one of this.#watched) {
      if (told >= AT_ONCE) return;
      const { tablesVersion, hasAllTables } = one.analyzer;
      if (tablesVersion !== one.version) {
        one.version = tablesVersion;
        one.sinceNs = nowNs;
      }
      if (one.version === one.toldVersion || one.version === 0) continue;
      if (!hasAllTables && nowNs - one.sinceNs < SETTLED_NS) continue;
      this.#tellTables(one, nowNs);
      told++;
    }
  }

  /** An interval ended at `endNs`: its rows, one per transport stream. */
  *closeInterval(endNs: Nanos): Generator<TransportIntervalRow, void> {
    this.#watch();
    for (const one of this.#watched) yield this.#row(one, endNs);
  }

  /** Legs of one stream have one analyzer: the first is told of. */
  #watch(): void {
    const { measurement, media } = this.#options;
    if (media.isIdle) return;
    for (let stream = 0; stream < measurement.streamCount; stream++) {
      const analyzer = media.analyzerOf(stream);
      if (analyzer === null || this.#known.has(analyzer)) continue;
      this.#known.add(analyzer);
      const counts = new Float64Array(Indicator.Count);
      this.#watched.push({ stream, analyzer, version: 0, sinceNs: -Infinity, toldVersion: 0, counts });
    }
  }

  #tellTables(one: Watched, nowNs: Nanos): void {
    const { clock, log, identityOf, post } = this.#options;
    const { transport } = buildTransport(one.analyzer.snapshot(), this.#options.startMonoNs, NaN);
    const isYoung = !(nowNs - one.analyzer.first.packetMonoNs >= RATE_NS);
    const services = isYoung ? withoutRates(transport.services) : transport.services;
    const pids = isYoung ? withoutRates(transport.pids) : transport.pids;
    const { id } = identityOf(one.stream);
    const again = one.toldVersion > 0 ? 'now ' : '';
    one.toldVersion = one.version;
    log.add('tables', nowNs, id, again + servicesText(services, pids), {
      services: services.length,
      pids: pids.length,
    });
    const time = formatRealtime(clock.epoch, nowNs + realMinusMonoNs(clock));
    post({ type: 'tables', time, stream: id, services, pids });
  }

  #row({ stream, analyzer, counts }: Watched, endNs: Nanos): TransportIntervalRow {
    const { id } = this.#options.identityOf(stream);
    const errors: Record<string, number> = {};
    for (const [i, { id: name }] of TRANSPORT_INDICATORS.entries()) {
      const now = analyzer.indicatorCounts[i]!;
      // After a warm-up they begin anew.
      const more = now >= counts[i]! ? now - counts[i]! : now;
      if (more > 0) errors[name] = more;
      counts[i] = now;
    }
    const words = Object.entries(errors).map(([name, count]) => `${name} ${count}`);
    if (words.length > 0) this.#options.log.add('tr101290', endNs, id, `TR 101 290: ${words.join(', ')}`, errors);
    const mdi = analyzer.takeMdi();
    const series = this.#options.seriesOf(stream);
    for (const { endMonoNs, delayFactorNs } of mdi) series?.addDelayFactor(endMonoNs, delayFactorNs);
    return buildTransportRow(id, mdi, errors, this.#options.startMonoNs);
  }
}

function withoutRates<T extends { readonly rate_bit_per_second: number | null }>(rows: readonly T[]): T[] {
  return rows.map((row) => ({ ...row, rate_bit_per_second: null }));
}

/** `1 service, 6 PIDs: News (H.264, AAC)`. */
function servicesText(services: readonly TransportService[], pids: readonly TransportPid[]): string {
  const named = services.slice(0, NAMED).map(({ name, program_number: number, streams }) => {
    const codecs = streams.map((stream) => stream.name ?? `type ${stream.stream_type}`);
    return `${name ?? `program ${number}`} (${codecs.join(', ')})`;
  });
  const more = services.length > NAMED ? [`${services.length - NAMED} more`] : [];
  return `${counted(services.length, 'service')}, ${counted(pids.length, 'PID')}: ${[...named, ...more].join(', ')}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
