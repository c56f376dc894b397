/**
 * Run length and bit vector chunks of the Loss RLE block (RFC 3611 section 4.1). The trace is one octet
 * for each reported sequence number in rising order: 1 came, 0 lost.
 *
 *  0                   1             0                   1
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+ +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |0|R|        run length         | |1|         bit vector          |
 */

/** A block covers fewer sequence numbers than this (RFC 3611 section 4.2 says it outright). */
export const RLE_SEQUENCES_BOUND = 65_534;
const MOST_RUN = 16_383;
const VECTOR_BITS = 15;

/** Sequence numbers that a block of these 16-bit ends reports: multiples of 2^thinning in [begin, end). */
export function rleSequences(beginSequence: number, endSequence: number, thinning: number): number {
  const step = 2 ** thinning;
  const end = beginSequence + ((endSequence - beginSequence) & 0xffff);
  return Math.ceil(end / step) - Math.ceil(beginSequence / step);
}

/** Chunks of a trace, an even number of them: the last may be the terminating null chunk. */
export function encodeLossRle(trace: Uint8Array): number[] {
  const chunks: number[] = [];
  let at = 0;
  while (at < trace.length) {
    const value = trace[at];
    let run = 1;
    while (run < MOST_RUN && at + run < trace.length && trace[at + run] === value) run++;
    // A run that a vector would hold pays only where nothing but it is left.
    if (run >= VECTOR_BITS || at + run === trace.length) {
      chunks.push((value === 0 ? 0 : 0x4000) | run);
      at += run;
      continue;
    }
    let vector = 0x8000;
    for (let bit = 0; bit < VECTOR_BITS && at + bit < trace.length; bit++) {
      if (trace[at + bit] !== 0) vector |= 0x4000 >> bit;
    }
    chunks.push(vector);
    at += VECTOR_BITS;
  }
  if (chunks.length % 2 !== 0) chunks.push(0);
  return chunks;
}

/**
 * Fills `trace`, whose length is {@link rleSequences} of the block. Returns how many sequence numbers the
 * chunks tell; fewer than that: the rest of `trace` is untouched, and the block is not whole. Bits beyond
 * the end are ignored.
 */
export function decodeLossRle(chunks: readonly number[], trace: Uint8Array): number {
  let at = 0;
  for (const chunk of chunks) {
    // The terminating null chunk; a run of 0 is none either (section 4.1.1).
    if ((chunk & 0xbfff) === 0) break;
    if ((chunk & 0x8000) === 0) {
      const end = Math.min(trace.length, at + (chunk & 0x3fff));
      trace.fill(chunk >> 14, at, end);
      at = end;
      continue;
    }
    for (let bit = 0; bit < VECTOR_BITS && at < trace.length; bit++) trace[at++] = (chunk >> (14 - bit)) & 1;
  }
  return at;
}
