import { copyOctets } from '../core/bytes.js';
import { RTP_FIXED_OCTETS } from '../wire/rtp.js';
import {
  FEC_LENGTH_RECOVERY_AT,
  FEC_PT_RECOVERY_AT,
  FEC_SN_BASE_AT,
  FEC_TS_RECOVERY_AT,
  SMPTE_FEC_OCTETS,
  fecShapeFits,
  putEmptySmpteFec,
} from '../wire/smpteFec.js';
import { combineOctets } from './combine.js';

export const FecKind = { None: 0, Column: 1, Row: 2 } as const;
export type FecKind = (typeof FecKind)[keyof typeof FecKind];

export interface FecEncoderOptions {
  /** Level B of the standard: row FEC besides the columns; else Level A. */
  readonly rows: boolean;
  /** First sequence number of the stream of column FEC, 0 .. 65535. */
  readonly columnSequence: number;
  readonly rowSequence: number;
  /** SSRC of both FEC streams; the standard's own value is 0, which is the default. */
  readonly ssrc?: number;
  /** Most octets behind the fixed RTP header of a media packet. */
  readonly maxPayloadOctets: number;
}

/**
 * FEC of SMPTE ST 2022-1 over one stream of RTP: `columns` (L) by `rows` (D) media packets form a matrix, row after
 * row, and the next matrix begins where it ends. A row's packet waits as soon as the row is complete. Those of the
 * columns, which all end with the last row, leave during the next matrix, one for every D media packets, so that no
 * burst is made and a burst of losses does not take the FEC with what it protects.
 *
 * What is covered is everything behind the 12 octets of the fixed header, contributing sources, extension and padding
 * included, and of that header P, X, CC, M, payload type, timestamp and length (RFC 2733 section 7). Sequence number
 * and SSRC are not: the receiver knows them from the place and the neighbours. The standard assumes neither extension
 * nor contributing sources, and a peer that leaves P, X, CC and M alone recovers such packets wrongly: with FEC, send
 * none. Octets that are written into a datagram after {@link add} (a departure time) make its recovered copy differ.
 */
export class FecEncoder {
  readonly columns: number;
  readonly rows: number;
  /** FEC packets overwritten because they were not taken in time. */
  dropped = 0;
  /** Matrices that were given up half-way because a number was left out. */
  restarted = 0;
  readonly #withRows: boolean;
  readonly #maxPayloadOctets: number;
  readonly #slotOctets: number;
  /** Two banks of columns, one being filled and one leaving, then two rows likewise. Each slot is a whole packet. */
  readonly #view: DataView;
  /** Octets of the longest payload combined in a slot. */
  readonly #payload: Uint16Array;
  readonly #ssrc: number;
  #columnSequence: number;
  #rowSequence: number;
  /** Media packets of the present matrix so far. */
  #index = 0;
  #bank = 0;
  #row = 0;
  #rowWaits = false;
  /** Columns of the leaving bank that may leave, and that have left. */
  #due: number;
  #taken: number;
  #expected = -1;
  /** Timestamp of the newest media packet, signed. */
  #timestamp = 0;

  constructor(columns: number, rows: number, options: FecEncoderOptions) {
    if (!fecShapeFits(columns, rows, options.rows)) throw new Error(`no FEC matrix: ${columns}x${rows}`);
    const { maxPayloadOctets } = options;
    if (!(maxPayloadOctets >= 0 && maxPayloadOctets <= 0xffff)) throw new Error(`a payload of ${maxPayloadOctets}`);
    this.columns = columns;
    this.rows = rows;
    this.#withRows = options.rows;
    this.#maxPayloadOctets = maxPayloadOctets;
    this.#slotOctets = (SMPTE_FEC_OCTETS + maxPayloadOctets + 7) & ~7;
    const slots = 2 * columns + 2;
    this.#view = new DataView(new ArrayBuffer(slots * this.#slotOctets));
    this.#payload = new Uint16Array(slots);
    this.#ssrc = options.ssrc ?? 0;
    this.#columnSequence = options.columnSequence;
    this.#rowSequence = options.rowSequence;
    this.#due = columns;
    this.#taken = columns;
  }

  /** Most octets of an FEC packet. */
  get maxPacketOctets(): number {
    return SMPTE_FEC_OCTETS + this.#maxPayloadOctets;
  }

  /**
   * Takes the next RTP packet of the stream as it will leave. A number that was left out ends the matrix: the next one
   * begins with this packet, because FEC packets count their numbers from their base without a gap. Hot.
   */
  add(view: DataView, at: number, length: number): void {
    const payloadOctets = length - RTP_FIXED_OCTETS;
    if (!(payloadOctets >= 0 && payloadOctets <= this.#maxPayloadOctets)) throw new Error(`a packet of ${length}`);
    const sequence = view.getUint16(at + 2);
    if (sequence !== this.#expected && this.#index > 0) {
      this.restarted++;
      this.#index = 0;
    }
    this.#expected = (sequence + 1) & 0xffff;
    this.#timestamp = view.getInt32(at + 4);
    const { columns, rows } = this;
    const index = this.#index;
    const column = index % columns;
    this.#combine(
      this.#bank * columns + column,
      index < columns,
      false,
      columns,
      rows,
      view,
      at,
      sequence,
      payloadOctets,
    );
    if (this.#withRows) {
      this.#combine(2 * columns + this.#row, column === 0, true, 1, columns, view, at, sequence, payloadOctets);
      if (column === columns - 1) {
        if (this.#rowWaits) this.dropped++;
        this.#rowWaits = true;
        this.#row ^= 1;
      }
    }
    if (index % rows === 0 && this.#due < columns) this.#due++;
    this.#index = index + 1;
    if (this.#index === columns * rows) {
      this.dropped += columns - this.#taken;
      this.#bank ^= 1;
      this.#index = 0;
      this.#due = 0;
      this.#taken = 0;
    }
  }

  /** FEC packets that wait for {@link take}. */
  ready(): number {
    return this.#due - this.#taken + (this.#rowWaits ? 1 : 0);
  }

  /** Which stream the next {@link take} belongs to; `None`: nothing waits. */
  nextKind(): FecKind {
    if (this.#rowWaits) return FecKind.Row;
    return this.#taken < this.#due ? FecKind.Column : FecKind.None;
  }

  /** Octets that the next {@link take} will write. */
  nextOctets(): number {
    const kind = this.nextKind();
    return kind === FecKind.None ? 0 : SMPTE_FEC_OCTETS + this.#payload[this.#leavingSlot(kind)]!;
  }

  /** Writes the next waiting FEC packet, whole, and returns its octets; 0: nothing waits. */
  take(into: DataView, at: number): number {
    const kind = this.nextKind();
    if (kind === FecKind.None) return 0;
    const slot = this.#leavingSlot(kind);
    const octets = SMPTE_FEC_OCTETS + this.#payload[slot]!;
    copyOctets(this.#view, slot * this.#slotOctets, octets, into, at);
    if (kind === FecKind.Row) {
      into.setUint16(at + 2, this.#rowSequence);
      this.#rowSequence = (this.#rowSequence + 1) & 0xffff;
      this.#rowWaits = false;
    } else {
      into.setUint16(at + 2, this.#columnSequence);
      this.#columnSequence = (this.#columnSequence + 1) & 0xffff;
      this.#taken++;
    }
    // The media clock when the packet leaves (RFC 2733 section 6.1).
    into.setInt32(at + 4, this.#timestamp);
    into.setUint32(at + 8, this.#ssrc);
    return octets;
  }

  /** End of the stream: what is complete may leave at once. What is not never will. */
  flush(): void {
    this.#due = this.columns;
  }

  #leavingSlot(kind: FecKind): number {
    return kind === FecKind.Row ? 2 * this.columns + (this.#row ^ 1) : (this.#bank ^ 1) * this.columns + this.#taken;
  }

  #combine(
    slot: number,
    isFirst: boolean,
    isRow: boolean,
    offset: number,
    associated: number,
    media: DataView,
    at: number,
    sequence: number,
    payloadOctets: number,
  ): void {
    const view = this.#view;
    const to = slot * this.#slotOctets;
    const bodyAt = at + RTP_FIXED_OCTETS;
    if (isFirst) {
      putEmptySmpteFec(view, to, isRow, offset, associated);
      view.setUint16(to + FEC_SN_BASE_AT, sequence);
      copyOctets(media, bodyAt, payloadOctets, view, to + SMPTE_FEC_OCTETS);
      this.#payload[slot] = payloadOctets;
    } else {
      // Shorter payloads count as padded with zeros to the longest (RFC 2733 section 7).
      const before = this.#payload[slot]!;
      const common = Math.min(before, payloadOctets);
      const end = to + SMPTE_FEC_OCTETS + common;
      combineOctets(media, bodyAt, common, view, to + SMPTE_FEC_OCTETS);
      if (payloadOctets > before) {
        copyOctets(media, bodyAt + common, payloadOctets - common, view, end);
        this.#payload[slot] = payloadOctets;
      }
    }
    view.setUint8(to, view.getUint8(to) ^ (media.getUint8(at) & 0x3f));
    const second = media.getUint8(at + 1);
    view.setUint8(to + 1, view.getUint8(to + 1) ^ (second & 0x80));
    view.setUint8(to + FEC_PT_RECOVERY_AT, view.getUint8(to + FEC_PT_RECOVERY_AT) ^ (second & 0x7f));
    view.setInt32(to + FEC_TS_RECOVERY_AT, view.getInt32(to + FEC_TS_RECOVERY_AT) ^ media.getInt32(at + 4));
    view.setUint16(to + FEC_LENGTH_RECOVERY_AT, view.getUint16(to + FEC_LENGTH_RECOVERY_AT) ^ payloadOctets);
  }
}
