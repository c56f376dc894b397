import {
  NULL_PID,
  PCR_MODULUS,
  PTS_MODULUS,
  TS_PACKET_OCTETS,
  TS_PIDS,
  continuityCounter,
  hasOpcr,
  hasPayload,
  hasPcr,
  payloadAt,
  pcrTicks,
  putContinuityCounter,
  putPcr,
  scramblingControl,
  startsUnit,
  tsPid,
} from '../wire/mpegts.js';
import { dts, hasDts, hasPts, pesAt, pts, putDts, putPts } from '../wire/pes.js';

/** Ticks of a PCR per tick of a PTS. */
const PCR_PER_PTS = 300;
/** Octets of the PCR field before an OPCR (ISO/IEC 13818-1 section 2.4.3.4). */
const PCR_OCTETS = 6;
/** Of a PES header, up to PES_header_data_length (section 2.4.3.6). */
const PES_FIXED_OCTETS = 9;
/** No counter seen. */
const NONE = 0xff;

/**
 * Makes the passes of a source that repeats itself one stream, packet after packet in place: PCR, OPCR, PTS and DTS of
 * all PIDs move by `offsetTicks` (PTS and DTS by it rounded to 90 kHz, from the first pass on, so that no rounding adds
 * up), and the continuity counters of each PID go on: by one number per PID and pass, so that duplicates stay duplicates,
 * breaks within the source stay breaks, and packets without payload do not count (section 2.4.3.3). Packets of the first
 * pass stay as they are.
 *
 * Stamps in scrambled payloads cannot be reached and are counted. So are PES headers whose stamps do not lie whole within
 * the packet that they begin in: these keep the stamps of the first pass.
 */
export class TsRestamp {
  /** Scrambled packets with the beginning of a unit that were left as they are. */
  scrambledUnits = 0;
  /** PES headers that were left as they are because they are cut over packets. */
  cutStamps = 0;
  #offsetTicks = 0;
  #ptsOffset = 0;
  #pass = 1;
  /** Per PID: pass in which it was seen last, 0 never; what is added to its counter in this pass; its last counter with payload. */
  readonly #seenPass = new Uint32Array(TS_PIDS);
  readonly #added = new Uint8Array(TS_PIDS);
  readonly #last = new Uint8Array(TS_PIDS).fill(NONE);

  /** What the clocks move by, 27 MHz ticks, [0, 2^33 x 300). */
  get offsetTicks(): number {
    return this.#offsetTicks;
  }

  set offsetTicks(ticks: number) {
    this.#offsetTicks = ticks;
    this.#ptsOffset = Math.round(ticks / PCR_PER_PTS) % PTS_MODULUS;
  }

  /** The next packet is the first of another pass. */
  beginPass(): void {
    this.#pass++;
  }

  /** The next packet, in order and each once. Hot. */
  stamp(bytes: Uint8Array, at: number): void {
    const pid = tsPid(bytes, at);
    // Their counter is undefined (section 2.4.3.3).
    if (pid === NULL_PID) return;
    this.#number(bytes, at, pid);
    if (this.#offsetTicks === 0) return;
    let clockAt = at;
    if (hasPcr(bytes, at)) {
      putPcr(bytes, at, (pcrTicks(bytes, at) + this.#offsetTicks) % PCR_MODULUS);
      clockAt += PCR_OCTETS;
    }
    if (hasOpcr(bytes, at)) putPcr(bytes, clockAt, (pcrTicks(bytes, clockAt) + this.#offsetTicks) % PCR_MODULUS);
    if (startsUnit(bytes, at)) this.#stampUnit(bytes, at);
  }

  #number(bytes: Uint8Array, at: number, pid: number): void {
    const counter = continuityCounter(bytes, at);
    const counts = hasPayload(bytes, at);
    const last = this.#last[pid]!;
    if (this.#seenPass[pid] !== this.#pass) {
      this.#seenPass[pid] = this.#pass;
      this.#added[pid] = last === NONE ? 0 : (last + (counts ? 1 : 0) - counter) & 15;
    }
    const number = (counter + this.#added[pid]!) & 15;
    if (number !== counter) putContinuityCounter(bytes, at, number);
    if (counts) this.#last[pid] = number;
  }

  #stampUnit(bytes: Uint8Array, at: number): void {
    if (scramblingControl(bytes, at) !== 0) {
      this.scrambledUnits++;
      return;
    }
    const pes = pesAt(bytes, at);
    if (pes < 0) {
      if (isCut(bytes, at)) this.cutStamps++;
      return;
    }
    if (hasPts(bytes, pes)) putPts(bytes, pes, (pts(bytes, pes) + this.#ptsOffset) % PTS_MODULUS);
    if (hasDts(bytes, pes)) putDts(bytes, pes, (dts(bytes, pes) + this.#ptsOffset) % PTS_MODULUS);
  }
}

/** Whether a PES header begins, with three octets at least, whose stamps lie beyond the packet. No section begins so. */
function isCut(bytes: Uint8Array, at: number): boolean {
  const pes = payloadAt(bytes, at);
  const end = at + TS_PACKET_OCTETS;
  if (pes + 3 > end || bytes[pes] !== 0 || bytes[pes + 1] !== 0 || bytes[pes + 2] !== 1) return false;
  if (pes + PES_FIXED_OCTETS > end) return true;
  const stamps = bytes[pes + 7]! >> 6;
  const octets = stamps === 2 ? 5 : stamps === 3 ? 10 : 0;
  return bytes[pes + 6]! >> 6 === 2 && bytes[pes + 8]! >= octets && pes + PES_FIXED_OCTETS + octets > end;
}
