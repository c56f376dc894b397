/** The rules of iptables and ip6tables as `iptables-save -c` writes them. */
import { FIELDS, fieldIs, PROTOCOL_NUMBERS, type FieldReader, type Value } from './filterFields.js';
import type { Condition, FilterChain, FilterRule, FilterTable, Ruleset, Verdict } from './packetFilter.js';

/** Tables that drop, in the order in which packets meet them: raw, mangle, filter. */
const PRIORITIES: ReadonlyMap<string, number> = new Map([
  ['raw', -300],
  ['mangle', -150],
  ['filter', 0],
]);
const HOOKS: ReadonlyMap<string, FilterChain['hook']> = new Map<string, FilterChain['hook']>([
  ['PREROUTING', 'prerouting'],
  ['INPUT', 'input'],
  ['OUTPUT', 'output'],
  ['POSTROUTING', 'postrouting'],
]);

/** Lines of another form are passed over. `program`: whose rules they are, `ip6tables` and the like by default. */
export function parseIptablesRuleset(
  text: string,
  family: 4 | 6,
  program: string = family === 4 ? 'iptables' : 'ip6tables',
): Ruleset {
  const tables: FilterTable[] = [];
  let chains: (FilterChain & { readonly rules: FilterRule[] })[] = [];
  let table = '';
  for (const line of text.split('\n')) {
    const begin = /^\*(\S+)/.exec(line);
    if (begin !== null) {
      table = begin[1]!;
      chains = [];
      const name = `${program} ${table}`;
      if (PRIORITIES.has(table)) tables.push({ name, families: [family], chains });
      continue;
    }
    const chain = /^:(\S+) (\S+)/.exec(line);
    if (chain !== null) {
      const [, name, policy] = chain;
      const hook = HOOKS.get(name!) ?? null;
      const dropped = policy === 'DROP' ? 'drop' : 'accept';
      chains.push({
        name: name!,
        hook,
        priority: PRIORITIES.get(table) ?? 0,
        policy: dropped,
        device: null,
        rules: [],
      });
      continue;
    }
    const rule = /^(?:\[(\d+):\d+\] )?-A (\S+) ?(.*)$/.exec(line);
    if (rule === null) continue;
    const [, packets, name, rest] = rule;
    chains.find((one) => one.name === name)?.rules.push(readRule(rest!, packets, family));
  }
  return tables;
}

function readRule(text: string, packets: string | undefined, family: 4 | 6): FilterRule {
  const words = text.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  const conditions: Condition[] = [];
  let verdict: Verdict = { kind: 'continue' };
  let negated = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word === '!') {
      negated = true;
      continue;
    }
    const option = OPTIONS.get(word);
    if (word === '-j' || word === '-g') {
      verdict = verdictOf(words[++i] ?? '', word === '-g');
      // What follows belongs to the target.
      if (verdict.kind === 'continue' || (verdict.kind === 'drop' && words[i] === 'REJECT')) break;
    } else if (word === '-m') {
      i++;
    } else if (option !== undefined) {
      conditions.push(fieldIs(option.field(family), option.values(words[++i] ?? ''), negated));
    } else if (word.startsWith('-')) {
      // An option of some other match, whose values come before the next one.
      conditions.push(() => null);
      while (i + 1 < words.length && !/^(-|!$)/.test(words[i + 1]!)) i++;
    }
    negated = false;
  }
  const decided = verdict;
  return { text, conditions, decide: () => decided, packets: packets === undefined ? null : Number(packets) };
}

function verdictOf(target: string, goto: boolean): Verdict {
  switch (target) {
    case 'ACCEPT':
      return { kind: 'accept' };
    case 'DROP':
    case 'REJECT':
      return { kind: 'drop' };
    case 'RETURN':
      return { kind: 'return' };
    default:
      // Targets that change or log a packet let it go on; chains of the user's own have names of any kind.
      return goto || !/^[A-Z0-9]+$/.test(target) || !KEPT.has(target)
        ? { kind: goto ? 'goto' : 'jump', chain: target }
        : { kind: 'continue' };
  }
}

const KEPT: ReadonlySet<string> = new Set([
  'LOG',
  'NFLOG',
  'ULOG',
  'MARK',
  'CONNMARK',
  'TTL',
  'HL',
  'TOS',
  'DSCP',
  'CT',
  'NOTRACK',
  'TRACE',
  'CHECKSUM',
  'CLASSIFY',
  'TEE',
  'SET',
  'AUDIT',
  'NFQUEUE',
  'RATEEST',
  'TCPMSS',
  'ECN',
]);

interface Option {
  readonly field: (family: 4 | 6) => FieldReader;
  readonly values: (text: string) => Value[];
}

const OPTIONS: ReadonlyMap<string, Option> = new Map<string, Option>([
  ['-s', { field: (family) => (family === 4 ? FIELDS.source4 : FIELDS.source6), values: networks }],
  ['-d', { field: (family) => (family === 4 ? FIELDS.destination4 : FIELDS.destination6), values: networks }],
  ['-p', { field: () => FIELDS.protocol, values: protocols }],
  ['-i', { field: () => FIELDS.inputInterface, values: interfaces }],
  ['-o', { field: () => FIELDS.outputInterface, values: interfaces }],
  ['--dport', { field: () => FIELDS.udpDestinationPort, values: ports }],
  ['--dports', { field: () => FIELDS.udpDestinationPort, values: ports }],
  ['--sport', { field: () => FIELDS.udpSourcePort, values: ports }],
  ['--sports', { field: () => FIELDS.udpSourcePort, values: ports }],
  ['--pkt-type', { field: () => FIELDS.packetType, values: (text) => [{ kind: 'is', value: text }] }],
  ['--dst-type', { field: () => FIELDS.destinationType, values: lowerCased }],
  ['--state', { field: () => FIELDS.connection, values: lowerCased }],
  ['--ctstate', { field: () => FIELDS.connection, values: lowerCased }],
  [
    '--icmpv6-type',
    {
      field: () => FIELDS.icmpv6Type,
      values: (text) => [{ kind: 'is', value: Number(text.split('/')[0]) }],
    },
  ],
  // A remark changes nothing.
  ['--comment', { field: () => FIELDS.family, values: () => [{ kind: 'begins', value: 'ipv' }] }],
]);

function networks(text: string): Value[] {
  const [address = '', bits] = text.split('/');
  const mask = bits === undefined ? (address.includes(':') ? 128 : 32) : Number(bits);
  return [Number.isInteger(mask) ? { kind: 'network', address, bits: mask } : { kind: 'unknown' }];
}

function protocols(text: string): Value[] {
  if (text === 'all') return [{ kind: 'range', from: 0, to: 255 }];
  const number = /^\d+$/.test(text) ? Number(text) : PROTOCOL_NUMBERS.get(text);
  return [number === undefined ? { kind: 'unknown' } : { kind: 'is', value: number }];
}

function interfaces(text: string): Value[] {
  return [text.endsWith('+') ? { kind: 'begins', value: text.slice(0, -1) } : { kind: 'is', value: text }];
}

function ports(text: string): Value[] {
  return text.split(',').map((part) => {
    const [from = '', to = from] = part.split(':');
    return { kind: 'range', from: Number(from), to: Number(to === '' ? 65_535 : to) };
  });
}

function lowerCased(text: string): Value[] {
  return text.split(',').map((state) => ({ kind: 'is', value: state.toLowerCase() }));
}
