/** The rules of nftables as `nft -j list ruleset` writes them (libnftables-json(5)). */
import { compare, FIELDS, fieldIs, PROTOCOL_NUMBERS, type FieldReader, type Value } from './filterFields.js';
import { asList, asText, has, isScalar, member, type Json } from './json.js';
import { describeStatement } from './nftText.js';
import type { Condition, FilterChain, FilterRule, FilterTable, Ruleset, Verdict } from './packetFilter.js';

/** `null`: this is not what nft writes. */
export function parseNftRuleset(text: string): Ruleset | null {
  let document: Json;
  try {
    document = JSON.parse(text) as Json;
  } catch {
    return null;
  }
  const objects = asList(member(document, 'nftables'));
  if (objects === null) return null;
  const tables = new Map<string, Mutable<FilterTable>>();
  const tableOf = (object: Json): Mutable<FilterTable> | null => {
    const [family, name] = [asText(member(object, 'family')), asText(member(object, 'table'))];
    const families = family === null ? undefined : FAMILIES.get(family);
    if (name === null || families === undefined) return null;
    const key = `nft ${family} ${name}`;
    const table = tables.get(key) ?? { name: key, families: [...families], chains: [] };
    tables.set(key, table);
    return table;
  };
  const sets = new Map<string, Json>();
  for (const object of objects) {
    const set = member(object, 'set');
    if (set !== null) sets.set(setKey(set, asText(member(set, 'name')) ?? ''), member(set, 'elem'));
    const chain = member(object, 'chain');
    if (chain !== null) tableOf(chain)?.chains.push({ ...readChain(chain), rules: [] });
  }
  for (const object of objects) {
    const rule = member(object, 'rule');
    if (rule === null) continue;
    const chain = tableOf(rule)?.chains.find(({ name }) => name === asText(member(rule, 'chain')));
    (chain?.rules as FilterRule[] | undefined)?.push(readRule(rule, (name) => sets.get(setKey(rule, name)) ?? null));
  }
  return [...tables.values()];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Bridge tables see what a bridge passes on, ARP tables neither version. */
const FAMILIES: ReadonlyMap<string, readonly (4 | 6)[]> = new Map([
  ['ip', [4]],
  ['ip6', [6]],
  ['inet', [4, 6]],
  ['netdev', [4, 6]],
]);

const HOOKS: ReadonlySet<string> = new Set(['ingress', 'prerouting', 'input', 'output', 'postrouting', 'egress']);

function setKey(object: Json, name: string): string {
  return `${asText(member(object, 'family'))} ${asText(member(object, 'table'))} ${name}`;
}

function readChain(chain: Json): Omit<FilterChain, 'rules'> {
  const hook = asText(member(chain, 'hook'));
  const priority = member(chain, 'prio');
  return {
    name: asText(member(chain, 'name')) ?? '',
    hook: hook !== null && HOOKS.has(hook) ? (hook as FilterChain['hook']) : null,
    priority: typeof priority === 'number' ? priority : 0,
    policy: member(chain, 'policy') === 'drop' ? 'drop' : 'accept',
    device: asText(member(chain, 'dev')),
  };
}

type SetReader = (name: string) => Json;

function readRule(rule: Json, setOf: SetReader): FilterRule {
  const conditions: Condition[] = [];
  let decide: FilterRule['decide'] = goOn;
  let packets: number | null = null;
  const words: string[] = [];
  for (const statement of asList(member(rule, 'expr')) ?? []) {
    words.push(describeStatement(statement));
    const match = member(statement, 'match');
    const map = member(statement, 'vmap');
    const counted = member(member(statement, 'counter'), 'packets');
    if (typeof counted === 'number') packets = counted;
    if (match !== null) conditions.push(readMatch(match, setOf));
    else if (map !== null) decide = readVerdictMap(map, setOf);
    // A limit lets some of the packets go on to what follows.
    else if (has(statement, 'limit') || has(statement, 'quota') || has(statement, 'xt')) conditions.push(() => null);
    else {
      const verdict = readVerdict(statement);
      if (verdict !== null) decide = () => verdict;
    }
  }
  return { text: words.filter((word) => word !== '').join(' '), conditions, decide, packets };
}

function goOn(): Verdict {
  return { kind: 'continue' };
}

function readVerdict(statement: Json): Verdict | null {
  for (const kind of ['accept', 'drop', 'return', 'continue'] as const) if (has(statement, kind)) return { kind };
  if (has(statement, 'reject')) return { kind: 'drop' };
  // Whoever reads the queue decides.
  if (has(statement, 'queue')) return { kind: 'accept' };
  for (const kind of ['jump', 'goto'] as const) {
    const chain = asText(member(member(statement, kind), 'target'));
    if (chain !== null) return { kind, chain };
  }
  return null;
}

/** `iifname vmap { "eth0" : jump a, ... }` */
function readVerdictMap(map: Json, setOf: SetReader): FilterRule['decide'] {
  const field = fieldOf(member(map, 'key'));
  const data = member(map, 'data');
  const entries = asList(typeof data === 'string' ? setOf(data.replace(/^@/, '')) : member(data, 'set')) ?? [];
  const rows = entries.flatMap((entry) => {
    const [key, verdict] = asList(entry) ?? [];
    const read = verdict === undefined ? null : readVerdict(verdict);
    if (key === undefined || read === null) return [];
    return [{ condition: fieldIs(field.read, valuesOf(key, field.kind, setOf)), verdict: read }];
  });
  return (packet) => {
    for (const { condition, verdict } of rows) {
      const met = condition(packet);
      if (met === null) return null;
      if (met) return verdict;
    }
    return { kind: 'continue' };
  };
}

function readMatch(match: Json, setOf: SetReader): Condition {
  const operator = asText(member(match, 'op')) ?? '==';
  const left = member(match, 'left');
  const right = member(match, 'right');
  const field = fieldOf(left);
  const concat = asList(member(left, 'concat'));
  if (concat !== null) return concatIs(concat, right, operator === '!=', setOf);
  if (operator === '==' || operator === '!=' || operator === 'in') {
    return fieldIs(field.read, valuesOf(right, field.kind, setOf), operator === '!=');
  }
  return (packet) => {
    const found = field.read(packet);
    if (found === undefined) return false;
    const difference = typeof right === 'number' && found !== null ? compare(found, right) : null;
    if (difference === null) return null;
    return operator === '<'
      ? difference < 0
      : operator === '<='
        ? difference <= 0
        : operator === '>'
          ? difference > 0
          : difference >= 0;
  };
}

/** `ip daddr . udp dport { 239.1.1.1 . 5001, ... }` */
function concatIs(parts: readonly Json[], right: Json, negated: boolean, setOf: SetReader): Condition {
  const fields = parts.map(fieldOf);
  const rows = elementsOf(right, setOf).map((element) => asList(member(element, 'concat')) ?? []);
  const conditions = rows.map((row) =>
    fields.map((field, i) => fieldIs(field.read, valuesOf(row[i] ?? null, field.kind, setOf))),
  );
  return (packet) => {
    if (fields.some(({ read }) => read(packet) === undefined)) return false;
    let open = false;
    for (const row of conditions) {
      const met = row.map((condition) => condition(packet));
      if (met.every((one) => one === true)) return !negated;
      if (!met.includes(false)) open = true;
    }
    return open ? null : negated;
  };
}

type FieldKind = 'plain' | 'protocol' | 'igmp' | 'icmpv6';
interface Field {
  readonly read: FieldReader;
  /** How names among the values are to be read. */
  readonly kind: FieldKind;
}

/** By `meta key`, or `protocol field` of a payload. What is missing cannot be told. */
const NFT_FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['meta nfproto', { read: FIELDS.family, kind: 'plain' }],
  ['meta l4proto', { read: FIELDS.protocol, kind: 'protocol' }],
  ['meta iifname', { read: FIELDS.inputInterface, kind: 'plain' }],
  ['meta iif', { read: FIELDS.inputInterface, kind: 'plain' }],
  ['meta oifname', { read: FIELDS.outputInterface, kind: 'plain' }],
  ['meta oif', { read: FIELDS.outputInterface, kind: 'plain' }],
  ['meta pkttype', { read: FIELDS.packetType, kind: 'plain' }],
  ['ip saddr', { read: FIELDS.source4, kind: 'plain' }],
  ['ip daddr', { read: FIELDS.destination4, kind: 'plain' }],
  ['ip protocol', { read: FIELDS.protocol4, kind: 'protocol' }],
  ['ip ttl', { read: FIELDS.ttl4, kind: 'plain' }],
  ['ip6 saddr', { read: FIELDS.source6, kind: 'plain' }],
  ['ip6 daddr', { read: FIELDS.destination6, kind: 'plain' }],
  ['ip6 hoplimit', { read: FIELDS.ttl6, kind: 'plain' }],
  ['ip6 nexthdr', { read: FIELDS.nextHeader6, kind: 'protocol' }],
  ['udp dport', { read: FIELDS.udpDestinationPort, kind: 'plain' }],
  ['udp sport', { read: FIELDS.udpSourcePort, kind: 'plain' }],
  ['th dport', { read: FIELDS.udpDestinationPort, kind: 'plain' }],
  ['igmp type', { read: FIELDS.igmpType, kind: 'igmp' }],
  ['icmpv6 type', { read: FIELDS.icmpv6Type, kind: 'icmpv6' }],
  ['ct state', { read: FIELDS.connection, kind: 'plain' }],
]);

/** Protocols that no wanted packet is of. */
const OTHER_PROTOCOLS: ReadonlySet<string> = new Set([
  'tcp',
  'sctp',
  'dccp',
  'icmp',
  'ah',
  'esp',
  'comp',
  'udplite',
  'arp',
]);

function fieldOf(expression: Json): Field {
  const meta = asText(member(member(expression, 'meta'), 'key'));
  const ct = asText(member(member(expression, 'ct'), 'key'));
  const payload = member(expression, 'payload');
  const protocol = asText(member(payload, 'protocol'));
  if (protocol !== null && OTHER_PROTOCOLS.has(protocol)) return { read: FIELDS.absent, kind: 'plain' };
  const name =
    meta !== null ? `meta ${meta}` : ct !== null ? `ct ${ct}` : `${protocol} ${asText(member(payload, 'field'))}`;
  return NFT_FIELDS.get(name) ?? { read: FIELDS.unknown, kind: 'plain' };
}

const IGMP_TYPES: ReadonlyMap<string, number> = new Map([
  ['membership-query', 0x11],
  ['membership-report-v1', 0x12],
  ['membership-report-v2', 0x16],
  ['leave-group', 0x17],
  ['membership-report-v3', 0x22],
]);
const ICMPV6_TYPES: ReadonlyMap<string, number> = new Map([
  ['mld-listener-query', 130],
  ['mld-listener-report', 131],
  ['mld-listener-done', 132],
  ['mld-listener-reduction', 132],
  ['mld2-listener-report', 143],
]);
const NO_NAMES: ReadonlyMap<string, number> = new Map();
const NAMES: Readonly<Record<FieldKind, ReadonlyMap<string, number>>> = {
  plain: NO_NAMES,
  protocol: PROTOCOL_NUMBERS,
  igmp: IGMP_TYPES,
  icmpv6: ICMPV6_TYPES,
};

function elementsOf(right: Json, setOf: SetReader): readonly Json[] {
  if (typeof right === 'string' && right.startsWith('@')) return asList(setOf(right.slice(1))) ?? [];
  return asList(member(right, 'set')) ?? asList(right) ?? [right];
}

function valuesOf(right: Json, kind: FieldKind, setOf: SetReader): Value[] {
  return elementsOf(right, setOf).map((element) => valueOf(element, kind));
}

function valueOf(element: Json, kind: FieldKind): Value {
  if (typeof element === 'number') return { kind: 'is', value: element };
  if (typeof element === 'string') {
    if (kind === 'plain' && element.endsWith('*')) return { kind: 'begins', value: element.slice(0, -1) };
    const number = NAMES[kind].get(element);
    return kind === 'plain'
      ? { kind: 'is', value: element }
      : number === undefined
        ? { kind: 'unknown' }
        : { kind: 'is', value: number };
  }
  const prefix = member(element, 'prefix');
  const [address, bits] = [asText(member(prefix, 'addr')), member(prefix, 'len')];
  if (address !== null && typeof bits === 'number') return { kind: 'network', address, bits };
  const [from, to] = asList(member(element, 'range')) ?? [];
  if (isScalar(from) && isScalar(to)) return { kind: 'range', from, to };
  // An element with a comment, a counter or a time-out.
  const inner = member(member(element, 'elem'), 'val');
  return inner === null ? { kind: 'unknown' } : valueOf(inner, kind);
}
