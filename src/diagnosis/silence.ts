import { addressRules } from './addressRules.js';
import { droppedRules, elsewhereRules, unseenRules, unwantedRules } from './arrivalRules.js';
import type { PlaceFacts } from './facts.js';
import { interfaceRules } from './interfaceRules.js';
import { joinedRules, membershipRules } from './membershipRules.js';
import { isFinding, type Outcome } from './outcome.js';
import { reversePathRules } from './routeRules.js';

/** Reasons told at most. */
const REASONS_TOLD = 3;

/**
 * Why nothing arrives: the likeliest reasons, best first, each with what was seen and what to do. What makes it
 * impossible comes before what the kernel's counters prove, that before what they suggest, and that before what
 * this host cannot see. The rules are those of `mcast doctor`.
 */
export function silenceReasons(place: PlaceFacts): string[] {
  const reasons: string[] = [];
  const told = new Set<string>();
  for (const outcome of likeliest(place)) {
    // What a counter proves, a rule may have found in the settings.
    if (!isFinding(outcome) || (PROVEN_TWICE.has(outcome.id) && told.has(outcome.id))) continue;
    told.add(outcome.id);
    reasons.push(outcome.remedy === null ? outcome.text : `${outcome.text}: ${outcome.remedy}`);
    if (reasons.length === REASONS_TOLD) break;
  }
  return reasons;
}

const PROVEN_TWICE: ReadonlySet<string> = new Set(['reverse-path', 'firewall-group']);

function* likeliest(place: PlaceFacts): Generator<Outcome> {
  yield* that(interfaceRules(place), 'broken');
  if (place.interface !== null) {
    yield* joinedRules(place);
    yield* that(membershipRules(place), 'broken');
    yield* that(reversePathRules(place), 'broken');
  }
  yield* droppedRules(place);
  yield* unwantedRules(place);
  yield* elsewhereRules(place);
  yield* that(addressRules(place), 'broken', 'warning');
  yield* unseenRules(place);
}

function* that(outcomes: Iterable<Outcome>, ...severities: readonly string[]): Generator<Outcome> {
  for (const outcome of outcomes) if (isFinding(outcome) && severities.includes(outcome.severity)) yield outcome;
}
