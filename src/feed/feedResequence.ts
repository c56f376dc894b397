import { FrameField, FrameKind, type FeedFraming } from '../wire/framing.js';
import { framingOfFormat } from '../wire/framings.js';
import { recogniseFormat } from '../wire/recognise.js';
import { WireStatus } from '../wire/status.js';
import type { Resequence } from './replayFeed.js';

/** Columns of a flow: its lowest number, and the one behind its highest, as the first pass has them. */
const Row = { First: 0, Next: 1, Count: 2 } as const;
const TWO_32 = 4_294_967_296;

/**
 * Sequenced feeds of a capture that is sent over and over: the numbers of each flow go on from pass to pass, as if the
 * feed had no end, and what says that it has one becomes a heartbeat. The first pass is sent as it was captured. Flows of
 * other formats stay as they are.
 */
export class FeedResequence implements Resequence {
  /** By flow: `undefined`: nothing of it has come; `null`: it is no feed. */
  readonly #framings: (FeedFraming | null | undefined)[] = [];
  readonly #rows: Float64Array;
  readonly #frame = new Uint32Array(FrameField.Count);

  constructor(flows: number) {
    this.#rows = new Float64Array(flows * Row.Count);
  }

  write(bytes: Uint8Array, view: DataView, at: number, octets: number, flow: number, pass: number): void {
    let framing = this.#framings[flow];
    if (framing === undefined) framing = this.#recognise(bytes, at, octets, flow);
    const frame = this.#frame;
    if (framing === null || framing.read(view, at, octets, frame) !== WireStatus.Ok) return;
    const number = frame[FrameField.SequenceHigh]! * TWO_32 + frame[FrameField.SequenceLow]!;
    const rows = this.#rows;
    const row = flow * Row.Count;
    if (pass === 0) {
      const next = number + frame[FrameField.Span]!;
      if (number < rows[row + Row.First]!) rows[row + Row.First] = number;
      if (next > rows[row + Row.Next]!) rows[row + Row.Next] = next;
    } else {
      const moved = number + pass * (rows[row + Row.Next]! - rows[row + Row.First]!);
      frame[FrameField.SequenceHigh] = framing.sequenceBits === 64 ? Math.floor(moved / TWO_32) : 0;
      frame[FrameField.SequenceLow] = moved;
      framing.writeSequence(view, at, frame);
    }
    if (frame[FrameField.Kind] !== FrameKind.End) return;
    frame[FrameField.Kind] = FrameKind.Heartbeat;
    framing.writeHeader(view, at, octets, frame);
  }

  /** By its first datagram. */
  #recognise(bytes: Uint8Array, at: number, octets: number, flow: number): FeedFraming | null {
    const framing = framingOfFormat(recogniseFormat(bytes, at, octets)) ?? null;
    this.#framings[flow] = framing;
    this.#rows[flow * Row.Count + Row.First] = Infinity;
    return framing;
  }
}
