import { dscpName } from '../core/dscp.js';
import type { ReceiveBatch } from '../core/batch.js';
import { formatRealtime } from '../core/time.js';
import { openCapture } from '../io/captureFile.js';
import type { CaptureFile, CaptureFileOptions } from '../io/captureFile.js';
import { plural, skippedText } from './captureText.js';
import { payloadText } from './dumpPayload.js';

export interface DumpOptions extends CaptureFileOptions {
  /** `absolute`: RFC 3339 in UTC; `relative`: seconds since the file's first frame. */
  readonly time: 'absolute' | 'relative';
  /** Datagrams to print; `null`: all. */
  readonly count: number | null;
  /** Octets shown of a payload without a codec. */
  readonly octets: number;
}

export const DUMP_DEFAULTS: DumpOptions = { time: 'absolute', count: null, octets: 16 };

/** RFC 3168 section 5. */
const ECN_NAMES = ['not-ect', 'ect1', 'ect0', 'ce'];

/**
 * The datagrams of a capture as text, one line each and one for each message of a feed, then a summary of what was not
 * shown. `path` as for {@link openCapture}.
 */
export async function* dumpCapture(path: string, options: DumpOptions = DUMP_DEFAULTS): AsyncGenerator<string> {
  const file = await openCapture(path, options);
  const limit = options.count ?? Infinity;
  let shown = 0;
  for await (const batch of file) {
    for (let slot = 0; slot < batch.count; slot++) {
      if (shown >= limit) {
        yield `# stopped after ${plural(shown, 'datagram')}`;
        return;
      }
      yield datagramLine(file, batch, slot, options);
      shown++;
    }
  }
  yield* summary(file, shown);
}

function datagramLine(file: CaptureFile, batch: ReceiveBatch, slot: number, options: DumpOptions): string {
  const path = file.path(batch.path[slot]!);
  const tos = batch.tos[slot]!;
  const length = batch.length[slot]!;
  const captured = file.captured[slot]!;
  return [
    timeText(file, batch.timeRealNs[slot]!, options.time),
    withPort(path.source, path.sourcePort),
    '>',
    withPort(path.group, path.port),
    `dscp=${dscpName(tos >> 2)}`,
    `ecn=${ECN_NAMES[tos & 3]}`,
    `ttl=${batch.ttl[slot]}`,
    captured === length ? `length=${length}` : `length=${length} captured=${captured}`,
    payloadText(batch.bytes, batch.offset[slot]!, captured, options.octets),
  ].join(' ');
}

function timeText(file: CaptureFile, timeNs: number, style: DumpOptions['time']): string {
  if (style === 'absolute') return formatRealtime(file.epoch, timeNs);
  const ns = Math.abs(timeNs);
  const seconds = Math.floor(ns / 1e9);
  return `${timeNs < 0 ? '-' : ''}${seconds}.${String(ns - seconds * 1e9).padStart(9, '0')}`;
}

function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** What was not shown, and why. */
function* summary(file: CaptureFile, shown: number): Generator<string> {
  const { counts } = file;
  const skipped = skippedText(counts);
  const skippedPart = skipped === '' ? '' : `; skipped: ${skipped}`;
  yield `# ${plural(shown, 'datagram')} of ${plural(counts.frames, 'frame')} (${file.format})${skippedPart}`;
  if (counts.superPackets > 0) {
    yield `# ${plural(counts.superPackets, 'frame')} of several datagrams each, made by offload`;
  }
  if (counts.truncated > 0) yield `# ${plural(counts.truncated, 'payload')} cut by the capture's snap length`;
  if (counts.untimed > 0) yield `# ${plural(counts.untimed, 'datagram')} without a time of its own`;
  for (const { name, dropped } of file.interfaces) {
    if (dropped !== null && dropped > 0) {
      yield `# the capture itself missed ${plural(dropped, 'frame')}${name === null ? '' : ` on ${name}`}`;
    }
  }
  if (file.fault !== null) yield `# ${file.name}: ${file.fault}`;
}
