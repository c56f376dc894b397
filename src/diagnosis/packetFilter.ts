/**
 * What a packet filter of this host would do with a packet. Rules come from nftables or iptables (`nftRuleset.ts`,
 * `iptablesRuleset.ts`) as conditions that can say yes, no, or that they cannot tell; so a verdict is sure or it is not.
 */

/** A packet that is wanted to get through. `null`: not known, or it has none. */
export interface SamplePacket {
  readonly family: 4 | 6;
  readonly direction: 'in' | 'out';
  readonly interfaceName: string;
  readonly source: string | null;
  readonly destination: string;
  /** 2 IGMP, 17 UDP, 58 ICMPv6. */
  readonly protocol: number;
  readonly destinationPort: number | null;
  /** Type of its IGMP or ICMPv6 message. */
  readonly messageType: number | null;
  readonly ttl: number | null;
  /** As connection tracking sees it. */
  readonly connection: 'new' | 'untracked';
}

/** `null`: it cannot be told. */
export type Condition = (packet: SamplePacket) => boolean | null;

export type Verdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'continue' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string };

export interface FilterRule {
  /** For people: as close to its program's language as can be. */
  readonly text: string;
  readonly conditions: readonly Condition[];
  /** `null`: it cannot be told. */
  readonly decide: (packet: SamplePacket) => Verdict | null;
  /** Packets it has met; `null`: it does not count. */
  readonly packets: number | null;
}

export interface FilterChain {
  readonly name: string;
  /** Where packets come in; `null`: only from other chains. */
  readonly hook: 'ingress' | 'prerouting' | 'input' | 'output' | 'postrouting' | 'egress' | null;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  /** Of `ingress` and `egress`: the interface; `null`: not told, or any. */
  readonly device: string | null;
  readonly rules: readonly FilterRule[];
}

export interface FilterTable {
  /** `nft inet filter`, `iptables filter`. */
  readonly name: string;
  /** Which packets it sees. */
  readonly families: readonly (4 | 6)[];
  readonly chains: readonly FilterChain[];
}

export type Ruleset = readonly FilterTable[];

export interface FilterVerdict {
  /** `perhaps`: a rule that drops has a condition that cannot be told. */
  readonly outcome: 'pass' | 'perhaps' | 'drop';
  /** The rule or policy that drops; `null`: it passes. */
  readonly table: string | null;
  readonly chain: string | null;
  readonly rule: string | null;
  readonly packets: number | null;
}

const PASS: FilterVerdict = { outcome: 'pass', table: null, chain: null, rule: null, packets: null };
const IN_HOOKS = ['ingress', 'prerouting', 'input'] as const;
const OUT_HOOKS = ['output', 'postrouting', 'egress'] as const;
/** Chains within chains; the kernel's own limit is 16. */
const DEPTH_MAX = 16;
/** Rules that are looked at for one packet. */
const STEPS_MAX = 100_000;

/** What becomes of the packet in all tables. Of several that drop it the first that is sure to counts. */
export function judgePacket(ruleset: Ruleset, packet: SamplePacket): FilterVerdict {
  let doubtful = PASS;
  for (const hook of packet.direction === 'in' ? IN_HOOKS : OUT_HOOKS) {
    const chains = ruleset
      .filter(({ families }) => families.includes(packet.family))
      .flatMap((table) => table.chains.filter((chain) => chain.hook === hook).map((chain) => ({ table, chain })))
      .sort((a, b) => a.chain.priority - b.chain.priority);
    for (const { table, chain } of chains) {
      if (chain.device !== null && chain.device !== packet.interfaceName) continue;
      const isElsewhere = (hook === 'ingress' || hook === 'egress') && chain.device === null;
      const verdict = new Walk(table, packet, isElsewhere).base(chain);
      if (verdict.outcome === 'drop') return verdict;
      if (verdict.outcome === 'perhaps' && doubtful.outcome === 'pass') doubtful = verdict;
    }
  }
  return doubtful;
}

/** The way of one packet through the chains of one table. */
class Walk {
  readonly #table: FilterTable;
  readonly #packet: SamplePacket;
  /** Something that could not be told may have ended the way before. */
  #doubtful: boolean;
  #perhaps: FilterVerdict | null = null;
  #steps = 0;

  constructor(table: FilterTable, packet: SamplePacket, doubtful: boolean) {
    this.#table = table;
    this.#packet = packet;
    this.#doubtful = doubtful;
  }

  base(chain: FilterChain): FilterVerdict {
    const end = this.#chain(chain, 0);
    if (end === 'end' && chain.policy === 'drop') {
      const verdict = this.#dropped(chain, 'policy drop', null);
      if (verdict !== null) return verdict;
    }
    if (typeof end === 'object') return end;
    return this.#perhaps ?? PASS;
  }

  /** `end`: nothing decided it. */
  #chain(chain: FilterChain, depth: number): 'accept' | 'end' | FilterVerdict {
    if (depth > DEPTH_MAX) return 'end';
    for (const rule of chain.rules) {
      if (++this.#steps > STEPS_MAX) return 'end';
      const matches = this.#matches(rule);
      if (matches === false) continue;
      const verdict = rule.decide(this.#packet);
      if (verdict === null) {
        this.#doubtful = true;
        continue;
      }
      const before = this.#doubtful;
      // What hangs on an open question is itself open.
      if (matches === null) this.#doubtful = true;
      const next = this.#follow(chain, rule, verdict, depth);
      if (matches === null) {
        // That its way may have ended here leaves all later rules in doubt.
        this.#doubtful = before || next !== 'continue';
        continue;
      }
      if (next !== 'continue') return next === 'return' ? 'end' : next;
    }
    return 'end';
  }

  #follow(
    chain: FilterChain,
    rule: FilterRule,
    verdict: Verdict,
    depth: number,
  ): 'accept' | 'return' | 'continue' | 'end' | FilterVerdict {
    switch (verdict.kind) {
      case 'accept':
      case 'return':
      case 'continue':
        return verdict.kind;
      case 'drop':
        return this.#dropped(chain, rule.text, rule.packets) ?? 'continue';
      case 'jump':
      case 'goto': {
        const target = this.#table.chains.find(({ name }) => name === verdict.chain);
        const end = target === undefined ? 'end' : this.#chain(target, depth + 1);
        if (end !== 'end') return end;
        return verdict.kind === 'jump' ? 'continue' : 'end';
      }
    }
  }

  /** `null` where it is not sure: that is kept, and the way goes on. */
  #dropped(chain: FilterChain, rule: string, packets: number | null): FilterVerdict | null {
    const verdict = { table: this.#table.name, chain: chain.name, rule, packets };
    if (!this.#doubtful) return { ...verdict, outcome: 'drop' };
    this.#perhaps ??= { ...verdict, outcome: 'perhaps' };
    return null;
  }

  #matches(rule: FilterRule): boolean | null {
    let open = false;
    for (const condition of rule.conditions) {
      const met = condition(this.#packet);
      if (met === false) return false;
      if (met === null) open = true;
    }
    return open ? null : true;
  }
}
