const FIRST_SOCKETS = 8;

/** What the measurement knows of each socket, in columns. Replaced when they grow: read them anew per batch. */
export class SocketColumns {
  /** The next moment at which its counting changes: a boundary, the end of the warm-up, the stop. */
  edgeNs = new Float64Array(FIRST_SOCKETS).fill(Infinity);
  /** Whether its warm-up is over. */
  isWarm = new Uint8Array(FIRST_SOCKETS);
  /** When its streams were last looked at without a datagram of theirs. */
  lookedAtNs = new Float64Array(FIRST_SOCKETS).fill(-Infinity);
  /** When it was last found out which of them are silent. */
  soughtSilenceNs = new Float64Array(FIRST_SOCKETS).fill(-Infinity);

  /** Room for sockets up to this index. */
  ensure(index: number): void {
    const { edgeNs, isWarm, lookedAtNs, soughtSilenceNs } = this;
    if (index < edgeNs.length) return;
    const sockets = Math.max(index + 1, 2 * edgeNs.length);
    this.edgeNs = new Float64Array(sockets).fill(Infinity);
    this.isWarm = new Uint8Array(sockets);
    this.lookedAtNs = new Float64Array(sockets).fill(-Infinity);
    this.soughtSilenceNs = new Float64Array(sockets).fill(-Infinity);
    this.edgeNs.set(edgeNs);
    this.isWarm.set(isWarm);
    this.lookedAtNs.set(lookedAtNs);
    this.soughtSilenceNs.set(soughtSilenceNs);
  }
}
