/** Outputs that ended early, as the thread that writes them knows it, and what the document says of them. */
import { unixMsOf } from '../core/format.js';
import type { EventRecord, Output, RunResult } from '../result/model.js';

/** Most events of a document. */
const EVENTS = 1000;

export interface OutputFailure {
  readonly why: string;
  /** What was to be put out is lost. A player that was closed, or a reader that has seen enough, has not failed. */
  readonly failed: boolean;
  /** When that was noticed. */
  readonly atUnixMs: number;
  /** What had come out by then; `null`: it is counted elsewhere. */
  readonly written: { readonly datagrams: number; readonly octets: number } | null;
}

/** `startTime`: of the run, RFC 3339. */
export function failureEvent(name: string, { why, failed, atUnixMs }: OutputFailure, startTime: string): EventRecord {
  return {
    event: 'output_failed',
    // To a millisecond.
    time: new Date(atUnixMs).toISOString().replace('Z', '000000Z'),
    at_ns: Math.max(0, Math.round((atUnixMs - unixMsOf(startTime)) * 1e6)),
    stream: null,
    text: `${name}: ${why}`,
    detail: { output: name, failed },
  };
}

/** What the receiving thread counted is what went into the queues; of those that ended early not all came out. */
export function withFailures(result: RunResult, failures: ReadonlyMap<string, OutputFailure>): RunResult {
  if (failures.size === 0) return result;
  const outputs = result.outputs.map((output) => cutShort(output, failures.get(output.name)));
  const events = [...failures].map(([name, failure]) => failureEvent(name, failure, result.run.start));
  return {
    ...result,
    outputs,
    events: [...result.events, ...events].toSorted((a, b) => a.at_ns - b.at_ns).slice(0, EVENTS),
    event_counts: { ...result.event_counts, output_failed: failures.size },
  };
}

function cutShort(output: Output, failure: OutputFailure | undefined): Output {
  if (failure === undefined) return output;
  const { why, failed, written } = failure;
  const ended = { ...output, failure: why, failed };
  if (written === null) return ended;
  const { datagrams, octets } = written;
  // A result so far may be older than the failure.
  return { ...ended, datagrams, octets, dropped: output.dropped + Math.max(0, output.datagrams - datagrams) };
}
