import type { Nanos } from '../core/time.js';

/** What {@link MessageSource.look} comes to. */
export const SourceStatus = {
  /** There is a message. */
  Ready: 0,
  /** There is none yet: whoever feeds the source has not come so far. */
  Dry: 1,
  /** There will be none. */
  Ended: 2,
} as const;
export type SourceStatus = (typeof SourceStatus)[keyof typeof SourceStatus];

/** Makes messages, one after the other, and says when each is due; who packs them into datagrams takes them from here. */
export interface MessageSource {
  /** Finds the next message; once `Ready`, what stands below holds until {@link take}. Hot. */
  look(): SourceStatus;
  /** [0]: when the message is due, ns since the source began; never falls. A typed array: a double as a field is boxed. */
  readonly dueNs: Float64Array;
  /** Octets of the message. */
  octets: number;
  /** Copies it to `view[at .. at + octets)`, every octet, and goes on. Hot. */
  take(view: DataView, at: number): void;
  /** There will be no more after what belongs to an end, due at `atNs` or later. Left out: it ends as it is. */
  end?(atNs: Nanos): void;
}
