import type { Finding, NotChecked } from '../result/modelDoctor.js';
import { addressRules } from './addressRules.js';
import { damagedRules, interfaceDrops } from './arrivalRules.js';
import { CHECK_IDS, type CheckId } from './checks.js';
import type { HostFacts, PlaceFacts } from './facts.js';
import { firewallRules } from './firewallRules.js';
import { hostRules, stampRules } from './hostRules.js';
import { interfaceRules } from './interfaceRules.js';
import { membershipRules } from './membershipRules.js';
import { isFinding, type Outcome } from './outcome.js';
import { querierRules } from './querierRules.js';
import { filteredRules, reversePathRules, routeRules } from './routeRules.js';
import { selfTestRules } from './selfTestRules.js';
import { sizeRules } from './sizeRules.js';

export interface Examination {
  /** Worst first. */
  readonly findings: readonly Finding[];
  readonly notChecked: readonly NotChecked[];
}

const SEVERITIES: readonly Finding['severity'][] = ['broken', 'warning', 'note', 'ok'];

/** Applies all rules: to the host, and to each of its places. */
export function examine(host: HostFacts, places: readonly PlaceFacts[]): Examination {
  const findings: Finding[] = [];
  const notChecked: NotChecked[] = [];
  const add = (outcomes: readonly Outcome[], where: Pick<Finding, 'interface' | 'family'>): void => {
    for (const outcome of outcomes) {
      if (isFinding(outcome)) findings.push({ ...outcome, ...where });
      else notChecked.push({ ...outcome, ...where });
    }
  };
  for (const place of places) {
    add(withoutConsequences([...placeRules(place, host)]), { interface: place.interfaceName, family: place.family });
  }
  add([...hostRules(host)], { interface: null, family: null });
  return {
    findings: sorted(merged(findings, ({ text }) => text)),
    notChecked: merged(notChecked, ({ reason }) => reason),
  };
}

/** What is said alike of several places is said once, of what they have in common. */
function merged<T extends Pick<Finding, 'id' | 'interface' | 'family'>>(
  all: readonly T[],
  textOf: (one: T) => string,
): T[] {
  const told = new Map<string, T>();
  for (const one of all) {
    const key = `${one.id} ${textOf(one)}`;
    const before = told.get(key);
    if (before === undefined) told.set(key, one);
    else {
      told.set(key, {
        ...before,
        interface: before.interface === one.interface ? one.interface : null,
        family: before.family === one.family ? one.family : null,
      });
    }
  }
  return [...told.values()];
}

function* placeRules(place: PlaceFacts, host: HostFacts): Generator<Outcome> {
  yield* interfaceRules(place);
  yield* routeRules(place);
  yield* reversePathRules(place);
  yield* filteredRules(place);
  yield* membershipRules(place);
  yield* querierRules(place);
  yield* sizeRules(place);
  yield* firewallRules(place, host);
  yield* addressRules(place);
  yield* selfTestRules(place);
  yield* damagedRules(place);
  yield* interfaceDrops(place);
  yield* stampRules(place);
}

/** What follows from a cause that is told anyway: one trouble is to have one finding. */
const CAUSES: Readonly<Partial<Record<CheckId, readonly CheckId[]>>> = {
  'self-test': [
    'interface-multicast',
    'interface-address',
    'membership-limit',
    'firewall-membership',
    'firewall-group',
  ],
  querier: ['interface-multicast', 'interface-port', 'interface-carrier', 'membership-limit', 'firewall-membership'],
  route: ['interface-address', 'interface-carrier'],
};

function withoutConsequences(outcomes: readonly Outcome[]): Outcome[] {
  const broken = new Set(outcomes.flatMap((one) => (isFinding(one) && one.severity === 'broken' ? [one.id] : [])));
  const counted = new Set<string>();
  return outcomes.filter((outcome) => {
    if (!isFinding(outcome) || outcome.severity === 'ok') return true;
    // A counter may prove what was found in the settings.
    const key = `${outcome.id} ${outcome.severity}`;
    if (outcome.id === 'reverse-path' && counted.has(key)) return false;
    counted.add(key);
    return !(CAUSES[outcome.id] ?? []).some((cause) => broken.has(cause));
  });
}

function sorted(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => rank(a) - rank(b));
}

function rank({ severity, id }: Finding): number {
  return SEVERITIES.indexOf(severity) * CHECK_IDS.length + CHECK_IDS.indexOf(id as CheckId);
}

/** The worst of the findings; notes do not count. */
export function verdictOf(findings: readonly Finding[]): 'broken' | 'warning' | 'ok' {
  if (findings.some(({ severity }) => severity === 'broken')) return 'broken';
  return findings.some(({ severity }) => severity === 'warning') ? 'warning' : 'ok';
}
