/** The longest message: its length has 16 bits on the wire. */
export const LONGEST_MESSAGE_OCTETS = 0xffff;

/**
 * What a sender remembers of its messages, to answer who asks for them again. Messages are numbered one by one; those
 * of `oldest .. end` (the end excluded) are there.
 */
export interface MessageMemory {
  /** Lowest number that is there; `end` while there is none. */
  readonly oldest: number;
  readonly end: number;
  /** The number of the next message that is put: above `end` where the memory could not keep up. */
  readonly next: number;
  /** Where {@link offsetOf} points into. */
  readonly view: DataView;
  /** Copies the next message, `view[at .. at + octets)`, at most {@link LONGEST_MESSAGE_OCTETS}; returns its number. */
  put(view: DataView, at: number, octets: number): number;
  has(sequence: number): boolean;
  /** Octets of a message that is there; Infinity: it cannot be read any more. */
  lengthOf(sequence: number): number;
  /** Where a message that is there begins; holds until the next call of this memory. */
  offsetOf(sequence: number): number;
}
