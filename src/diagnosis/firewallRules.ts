import type { HostFacts, PlaceFacts, WantedGroup } from './facts.js';
import { finding, listed, notChecked, type Evidence, type Outcome } from './outcome.js';
import { judgePacket, type FilterVerdict, type Ruleset, type SamplePacket } from './packetFilter.js';

const IGMP = 2;
const UDP = 17;
const ICMPV6 = 58;
/** Of more groups than this the others are not tried. */
const GROUPS_TRIED = 256;
/** Stands for any group where none is wanted in particular. */
const ANY_GROUP = { 4: '239.255.0.1', 6: 'ff15::8000:1' } as const;

/** Whether the packet filters of this host drop what multicast needs. */
export function* firewallRules(place: PlaceFacts, host: HostFacts): Generator<Outcome> {
  if (place.interface?.loopback === true && place.unicast) return;
  const { packetFilter: filter } = host;
  if (!filter.known) {
    if (place.interface?.loopback !== true && !place.unicast) yield notChecked('firewall-membership', filter);
    yield notChecked('firewall-group', filter);
    return;
  }
  if (place.interface?.loopback !== true && !place.unicast) yield* membership(place, filter.value);
  yield* groups(place, filter.value);
}

function* membership(place: PlaceFacts, ruleset: Ruleset): Generator<Outcome> {
  const word = place.family === 4 ? 'IGMP' : 'MLD';
  const { family } = place;
  const common = {
    family,
    interfaceName: place.interfaceName,
    source: null,
    protocol: family === 4 ? IGMP : ICMPV6,
    destinationPort: null,
    ttl: 1,
    // Connection tracking leaves MLD out.
    connection: family === 4 ? 'new' : 'untracked',
  } as const;
  const query: SamplePacket = {
    ...common,
    direction: 'in',
    destination: family === 4 ? '224.0.0.1' : 'ff02::1',
    messageType: family === 4 ? 0x11 : 130,
  };
  const report: SamplePacket = {
    ...common,
    direction: 'out',
    destination: family === 4 ? '224.0.0.22' : 'ff02::16',
    messageType: family === 4 ? 0x22 : 143,
  };
  const heard = judgePacket(ruleset, query);
  const sent = judgePacket(ruleset, report);
  const match = family === 4 ? 'ip protocol igmp' : 'icmpv6 type { 130, 131, 132, 143 }';
  const old = family === 4 ? '-p igmp' : '-p ipv6-icmp';
  if (heard.outcome === 'drop') {
    const text = `a rule of this host drops the questions of ${word} queriers: they are not answered, and its memberships run out`;
    yield finding('firewall-membership', 'broken', text, evidenceOf(heard), allow(heard, match, old, 'INPUT'));
  }
  if (sent.outcome === 'drop') {
    const text = `a rule of this host drops its ${word} reports: no switch or router learns what it joins`;
    yield finding('firewall-membership', 'broken', text, evidenceOf(sent), allow(sent, match, old, 'OUTPUT'));
  }
  if (heard.outcome === 'drop' || sent.outcome === 'drop') return;
  const open = heard.outcome === 'perhaps' ? heard : sent;
  if (open.outcome === 'perhaps') {
    yield finding(
      'firewall-membership',
      'note',
      `whether a rule of this host drops ${word} cannot be told`,
      evidenceOf(open),
    );
  } else yield finding('firewall-membership', 'ok', `no rule of this host drops ${word}`, countOf(ruleset));
}

function* groups(place: PlaceFacts, ruleset: Ruleset): Generator<Outcome> {
  const isGeneral = place.groups.length === 0;
  const wanted: readonly Pick<WantedGroup, 'group' | 'port' | 'sources'>[] = isGeneral
    ? [{ group: ANY_GROUP[place.family], port: 0, sources: [] }]
    : place.groups.slice(0, GROUPS_TRIED);
  const verdicts = (['in', 'out'] as const).map((direction) => ({
    direction,
    ...worst(
      wanted.map((one) => ({ group: one, verdict: judgePacket(ruleset, sample(place, one, direction, isGeneral)) })),
    ),
  }));
  let told = false;
  for (const { direction, outcome, verdict, hit } of verdicts) {
    if (outcome === 'pass' || (isGeneral && outcome === 'perhaps')) continue;
    told = true;
    const way = direction === 'in' ? 'what comes to' : 'what this host sends to';
    const what = isGeneral ? 'groups' : listed(hit.map(({ group, port }) => `${group} port ${port}`));
    if (outcome === 'perhaps') {
      yield finding(
        'firewall-group',
        'note',
        `whether a rule of this host drops ${way} ${what} cannot be told`,
        evidenceOf(verdict),
      );
      continue;
    }
    const first = hit[0]!;
    const match = `${place.family === 4 ? 'ip' : 'ip6'} daddr ${first.group} udp dport ${first.port}`;
    const old = `-d ${first.group} -p udp --dport ${first.port}`;
    yield finding(
      'firewall-group',
      isGeneral ? 'warning' : 'broken',
      `a rule of this host drops ${way} ${what}`,
      evidenceOf(verdict),
      isGeneral ? null : allow(verdict, match, old, direction === 'in' ? 'INPUT' : 'OUTPUT'),
    );
  }
  if (!told)
    yield finding('firewall-group', 'ok', 'no rule of this host drops what goes to the groups', countOf(ruleset));
}

function sample(
  place: PlaceFacts,
  { group, port, sources }: Pick<WantedGroup, 'group' | 'port' | 'sources'>,
  direction: 'in' | 'out',
  isGeneral: boolean,
): SamplePacket {
  const own = place.interface?.addresses.find(({ family }) => family === place.family)?.address ?? null;
  return {
    family: place.family,
    direction,
    interfaceName: place.interfaceName,
    source: direction === 'out' ? own : (sources[0] ?? null),
    destination: group,
    protocol: UDP,
    destinationPort: isGeneral ? null : port,
    messageType: null,
    ttl: null,
    connection: 'new',
  };
}

interface Tried {
  readonly group: Pick<WantedGroup, 'group' | 'port' | 'sources'>;
  readonly verdict: FilterVerdict;
}

/** The groups that fare worst, and the rule that the first of them meets. */
function worst(tried: readonly Tried[]): {
  outcome: FilterVerdict['outcome'];
  verdict: FilterVerdict;
  hit: Tried['group'][];
} {
  for (const outcome of ['drop', 'perhaps', 'pass'] as const) {
    const those = tried.filter(({ verdict }) => verdict.outcome === outcome);
    const first = those[0];
    if (first !== undefined) return { outcome, verdict: first.verdict, hit: those.map(({ group }) => group) };
  }
  return {
    outcome: 'pass',
    verdict: { outcome: 'pass', table: null, chain: null, rule: null, packets: null },
    hit: [],
  };
}

function evidenceOf({ table, chain, rule, packets }: FilterVerdict): Evidence {
  const met = packets === null ? '' : ` (${packets} packets so far)`;
  return [{ from: `${table}, chain ${chain}`, value: `${rule}${met}` }];
}

function countOf(ruleset: Ruleset): Evidence {
  const rules = ruleset.reduce(
    (sum, { chains }) => sum + chains.reduce((all, chain) => all + chain.rules.length, 0),
    0,
  );
  return [{ from: 'packet filter', value: `${ruleset.length} tables, ${rules} rules` }];
}

/** The command that lets it pass before the rule is met. */
function allow({ table, chain }: FilterVerdict, match: string, old: string, hook: string): string {
  const [program, ...rest] = (table ?? '').split(' ');
  if (program === 'nft') return `nft insert rule ${rest.join(' ')} ${chain} ${match} accept`;
  return `${program} -t ${rest.join(' ')} -I ${rest[0] === 'raw' ? 'PREROUTING' : hook} ${old} -j ACCEPT`;
}
