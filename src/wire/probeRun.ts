/** Probe datagrams of one flow that follow each other, read and written many at once (format: probe.ts). */
import { FIXED, M10, M11, M5, M6, M9, PROBE_HEADER_OCTETS, PROBE_MAGIC, share } from './probe.js';

/**
 * Slot `like` begins with an intact header. Reads those of slots `[from, to)` for as long as they are
 * intact and differ from it only in the lower halves of sequence, send time and total, and in the check;
 * returns where that ends. Sequences go into `sequence` and send times into `sentNs`, both as the lower half
 * plus the given base. Hot: a third of the work of {@link checkProbe}, in a loop that calls nothing.
 */
export function readProbeRun(
  view: DataView,
  offset: Uint32Array,
  length: Uint32Array,
  like: number,
  from: number,
  to: number,
  sequenceBase: number,
  sequence: Float64Array,
  sentBaseNs: number,
  sentNs: Float64Array,
): number {
  const first = offset[like]!;
  const marks = view.getInt32(first + 4);
  const ttl = view.getInt32(first + 8);
  const runId = view.getInt32(first + 12);
  const flow = view.getInt32(first + 16);
  const sequenceHigh = view.getInt32(first + 20);
  const sentHigh = view.getInt32(first + 28);
  const totalHigh = view.getInt32(first + 36);
  const notSent = view.getInt32(first + 44);
  // What the words that stay the same contribute.
  const constant =
    (view.getInt32(first + 48) - share(view.getInt32(first + 24), M6) - share(view.getInt32(first + 40), M10)) | 0;
  let i = from;
  for (; i < to; i++) {
    const at = offset[i]!;
    if (length[i]! < PROBE_HEADER_OCTETS) break;
    const number = view.getInt32(at + 24);
    const total = view.getInt32(at + 40);
    const sum = constant + Math.imul(number ^ (number >>> 16), M6) + Math.imul(total ^ (total >>> 16), M10);
    if (
      (sum | 0) !== view.getInt32(at + 48) ||
      view.getInt32(at) !== PROBE_MAGIC ||
      view.getInt32(at + 4) !== marks ||
      view.getInt32(at + 8) !== ttl ||
      view.getInt32(at + 12) !== runId ||
      view.getInt32(at + 16) !== flow ||
      view.getInt32(at + 20) !== sequenceHigh ||
      view.getInt32(at + 28) !== sentHigh ||
      view.getInt32(at + 36) !== totalHigh ||
      view.getInt32(at + 44) !== notSent
    ) {
      break;
    }
    sequence[i] = sequenceBase + (number >>> 0);
    sentNs[i] = sentBaseNs + view.getUint32(at + 32);
  }
  return i;
}

/**
 * {@link putProbe} for `count` datagrams of one flow that begin `stride` octets apart from `at` on: sequence and total
 * grow by one each. The lower halves of both must not wrap on the way; all arguments but `at`, `stride` and `count` are
 * taken modulo 2^32. Hot: a quarter of the work of so many calls.
 */
export function putProbeRun(
  view: DataView,
  at: number,
  stride: number,
  count: number,
  constantCheck: number,
  flags: number,
  tos: number,
  ttl: number,
  runId: number,
  flow: number,
  sequenceHigh: number,
  sequenceLow: number,
  totalHigh: number,
  totalLow: number,
  notSent: number,
): void {
  const second = FIXED | (flags << 16) | tos;
  const third = ttl << 24;
  const run = runId | 0;
  const flowNumber = flow | 0;
  const sequenceUpper = sequenceHigh | 0;
  const totalUpper = totalHigh | 0;
  const refused = notSent | 0;
  const constant = runCheck(constantCheck, sequenceHigh, totalHigh, notSent);
  let number = sequenceLow | 0;
  let total = totalLow | 0;
  const end = at + count * stride;
  for (let to = at; to < end; to += stride) {
    view.setInt32(to, PROBE_MAGIC);
    view.setInt32(to + 4, second);
    view.setInt32(to + 8, third);
    view.setInt32(to + 12, run);
    view.setInt32(to + 16, flowNumber);
    view.setInt32(to + 20, sequenceUpper);
    view.setInt32(to + 24, number);
    view.setInt32(to + 28, 0);
    view.setInt32(to + 32, 0);
    view.setInt32(to + 36, totalUpper);
    view.setInt32(to + 40, total);
    view.setInt32(to + 44, refused);
    view.setInt32(to + 48, constant + share(number, M6) + share(total, M10));
    number = (number + 1) | 0;
    total = (total + 1) | 0;
  }
}

/**
 * {@link putProbeRun} over headers that it wrote before with the same arguments, but for the lower halves of sequence
 * and total: writes those and the check. Send times stay what they are. Hot.
 */
export function renumberProbeRun(
  view: DataView,
  at: number,
  stride: number,
  count: number,
  constantCheck: number,
  sequenceHigh: number,
  sequenceLow: number,
  totalHigh: number,
  totalLow: number,
  notSent: number,
): void {
  const constant = runCheck(constantCheck, sequenceHigh, totalHigh, notSent);
  let number = sequenceLow | 0;
  let total = totalLow | 0;
  const end = at + count * stride;
  for (let to = at; to < end; to += stride) {
    view.setInt32(to + 24, number);
    view.setInt32(to + 40, total);
    view.setInt32(to + 48, constant + share(number, M6) + share(total, M10));
    number = (number + 1) | 0;
    total = (total + 1) | 0;
  }
}

/** The part of the check that is the same for all of a run. */
function runCheck(constantCheck: number, sequenceHigh: number, totalHigh: number, notSent: number): number {
  return (constantCheck + share(sequenceHigh | 0, M5) + share(totalHigh | 0, M9) + share(notSent | 0, M11)) | 0;
}
