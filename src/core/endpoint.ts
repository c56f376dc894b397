/** Schemes of an endpoint; each later framing adds its own here. */
export type Scheme = 'probe' | 'udp' | 'rtp' | 'iperf' | 'mold' | 'mdp' | 'xdp' | 'srt' | 'sap';

/** One group (or, with `--unicast`, host) and port, as an endpoint names it, in canonical form. */
export interface Endpoint {
  /** `null`: none was written; a receiver then recognises what comes. */
  readonly scheme: Scheme | null;
  readonly family: 4 | 6;
  /** Canonical address without zone; `auto` was replaced by then. */
  readonly group: string;
  readonly port: number;
  /** Source-specific: whom the receiver joins, and what the sender binds to. Empty: any source. */
  readonly sources: readonly string[];
  /** Consecutive groups that this endpoint stands for (`+n`); at least 1. */
  readonly groups: number;
  /** `/name=value` parameters in order of writing, `iface` from a zone included. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Name from a line-up. */
  readonly name: string | null;
  /** As it was written. */
  readonly text: string;
}
