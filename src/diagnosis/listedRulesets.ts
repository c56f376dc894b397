/** All rules that were listed, each once. */
import { parseIptablesRuleset } from './iptablesRuleset.js';
import { parseNftRuleset } from './nftRuleset.js';
import type { FilterTable, Ruleset } from './packetFilter.js';

/** `program`: as it is called, `nft` or `ip6tables-legacy-save`. */
export interface ListedRules {
  readonly program: string;
  readonly text: string;
}

/** Where iptables keeps its rules: in nftables, or in the kernel's older tables. Its first line says which. */
const IN_NFTABLES = /^#.*\(nf_tables\)/mu;

/** `null`: nft wrote something else than rules, and there is nothing beside it. */
export function listedRulesets(texts: readonly ListedRules[]): Ruleset | null {
  const ofNft = texts.find(({ program }) => program === 'nft');
  const nft = ofNft === undefined ? null : parseNftRuleset(ofNft.text);
  const tables: FilterTable[] = [];
  const both = new Set<string>();
  for (const { program, text } of texts.filter((one) => one !== ofNft)) {
    const name = program.replace(/-save$/u, '');
    const plain = texts.find((one) => one.program === program.replace('-legacy', ''));
    // The plain program may be the older one itself: both list the same then.
    const isListed = name.includes('-legacy') && plain !== undefined && isOlder(plain.text);
    if (isListed) continue;
    const read = parseIptablesRuleset(text, name.startsWith('ip6') ? 6 : 4, name);
    if (IN_NFTABLES.test(text)) for (const table of read) both.add(table.name);
    tables.push(...read);
  }
  if (nft === null && ofNft !== undefined && texts.length === 1) return null;
  return [...(nft ?? []).filter(({ name }) => !both.has(asIptables(name))), ...tables];
}

function isOlder(text: string): boolean {
  return text !== '' && !IN_NFTABLES.test(text);
}

/** nft lists these too, and does not understand all that iptables says in them. */
function asIptables(name: string): string {
  return name.replace(/^nft ip6 /u, 'ip6tables ').replace(/^nft ip /u, 'iptables ');
}
