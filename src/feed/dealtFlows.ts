/** Which of a feed's flows are made here, when several feeds make them together: `first`, `first + of`, ... */
export interface Deal {
  readonly first: number;
  readonly of: number;
}

/** All of them. */
export const ALL_FLOWS: Deal = { first: 0, of: 1 };

/**
 * The datagrams of some of the flows that take turns: datagram k of all belongs to flow k mod `flows`. Of several feeds
 * with the same options, to which all flows are dealt, each makes its own as one feed of all flows would make them.
 */
export class DealtFlows {
  /** Of all. */
  readonly flows: number;
  /** Flows that are made here; at least 1. */
  readonly own: number;
  readonly first: number;
  readonly of: number;

  constructor(flows: number, { first, of }: Deal) {
    this.flows = flows;
    this.first = first;
    this.of = of;
    this.own = Math.ceil((flows - first) / of);
  }

  /** Of the flow that is number `own` here. */
  flowOf(own: number): number {
    return this.first + own * this.of;
  }

  /** Whether a flow is made here, by its number among all. */
  has(flow: number): boolean {
    return flow >= this.first && (flow - this.first) % this.of === 0;
  }

  /** Number among all datagrams of the one that is number `index` here. */
  numberOf(index: number): number {
    return Math.floor(index / this.own) * this.flows + this.flowOf(index % this.own);
  }

  /** How many of the first `count` datagrams of all are made here; Infinity: of all that there ever are. */
  countOf(count: number): number {
    if (count === Infinity) return Infinity;
    const rounds = Math.floor(count / this.flows);
    const rest = count - rounds * this.flows;
    return rounds * this.own + Math.max(0, Math.ceil((rest - this.first) / this.of));
  }
}
