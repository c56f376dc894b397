/** What a transport stream says of its own timing, read apart from the sources; ISO/IEC 13818-1 sections 2.4.3. */
const PACKET = 188;
const NULL_PID = 0x1fff;

export interface StreamFacts {
  readonly packets: number;
  readonly nulls: number;
  readonly pcrs: number;
  /** Largest distance between two PCR, ms. */
  readonly pcrIntervalMs: number;
  /** Lowest and highest rate from PCR to PCR, bit/s. */
  readonly rates: readonly [lowest: number, highest: number];
  /** Least time by which data are there before they are decoded, ms. */
  readonly leadMs: number;
  /** Steps of continuity counters that are not 1. */
  readonly discontinuities: number;
}

function pcrOf(octets: Buffer, at: number): number | null {
  if ((octets[at + 3]! & 0x20) === 0 || octets[at + 4] === 0 || (octets[at + 5]! & 0x10) === 0) return null;
  const base = octets.readUInt32BE(at + 6) * 2 + (octets[at + 10]! >> 7);
  return base * 300 + (((octets[at + 10]! & 1) << 8) | octets[at + 11]!);
}

/** DTS, else PTS, of a PES packet that begins at `at`, in 90 kHz; `null`: none. */
function decodingTimeOf(octets: Buffer, at: number): number | null {
  if (octets.readUIntBE(at, 3) !== 1) return null;
  const flags = octets[at + 7]! >> 6;
  if (flags < 2) return null;
  const from = flags === 3 ? at + 14 : at + 9;
  const high = (octets[from]! >> 1) & 7;
  return high * 2 ** 30 + (octets.readUInt16BE(from + 1) >> 1) * 2 ** 15 + (octets.readUInt16BE(from + 3) >> 1);
}

/** Reads whole packets, the first of which begins the octets. The clock must not wrap within them. */
export function streamFacts(octets: Buffer): StreamFacts {
  if (octets.length % PACKET !== 0) throw new Error(`${octets.length} octets are no whole packets`);
  const counters = new Map<number, number>();
  let nulls = 0;
  let pcrs = 0;
  let pcrIntervalMs = 0;
  let lowest = Infinity;
  let highest = 0;
  let leadMs = Infinity;
  let discontinuities = 0;
  let last: { readonly at: number; readonly pcr: number } | null = null;
  for (let at = 0; at < octets.length; at += PACKET) {
    if (octets[at] !== 0x47) throw new Error(`no sync byte at ${at}`);
    const pid = octets.readUInt16BE(at + 1) & 0x1fff;
    if (pid === NULL_PID) {
      nulls++;
      continue;
    }
    const counter = octets[at + 3]! & 0x0f;
    const step = (counter - (counters.get(pid) ?? counter - 1)) & 0x0f;
    const hasPayload = (octets[at + 3]! & 0x10) !== 0;
    if (step !== (hasPayload ? 1 : 0) && counters.has(pid)) discontinuities++;
    counters.set(pid, counter);
    const pcr = pcrOf(octets, at);
    if (pcr !== null) {
      pcrs++;
      if (last !== null) {
        pcrIntervalMs = Math.max(pcrIntervalMs, (pcr - last.pcr) / 27_000);
        const rate = ((at - last.at) * 8 * 27e6) / (pcr - last.pcr);
        lowest = Math.min(lowest, rate);
        highest = Math.max(highest, rate);
      }
      last = { at, pcr };
    }
    const begins = (octets[at + 1]! & 0x40) !== 0 && hasPayload;
    if (!begins || last === null) continue;
    const payload = at + 4 + ((octets[at + 3]! & 0x20) === 0 ? 0 : 1 + octets[at + 4]!);
    const time = payload + 19 > at + PACKET ? null : decodingTimeOf(octets, payload);
    if (time !== null) leadMs = Math.min(leadMs, time / 90 - last.pcr / 27_000);
  }
  const packets = octets.length / PACKET;
  return { packets, nulls, pcrs, pcrIntervalMs, rates: [lowest, highest], leadMs, discontinuities };
}
