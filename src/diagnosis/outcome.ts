import type { Finding, NotChecked, Severity } from '../result/modelDoctor.js';
import type { CheckId } from './checks.js';
import type { Fact } from './fact.js';

/** What a rule yields: what it found, or that it could not look. Where it holds is added by who runs the rules. */
export type Outcome =
  | (Omit<Finding, 'interface' | 'family' | 'id'> & { readonly id: CheckId })
  | (Omit<NotChecked, 'interface' | 'family' | 'id'> & { readonly id: CheckId });

export type Evidence = Finding['evidence'];

export function finding(
  id: CheckId,
  severity: Severity,
  text: string,
  evidence: Evidence = [],
  remedy: string | null = null,
): Outcome {
  return { id, severity, text, evidence, remedy };
}

export function isFinding(outcome: Outcome): outcome is Extract<Outcome, { severity: Severity }> {
  return 'severity' in outcome;
}

/** A fact that is not known, as the outcome of a rule. */
export function notChecked(id: CheckId, fact: { readonly why: string; readonly wantsRoot: boolean }): Outcome {
  return { id, reason: fact.why, wants_root: fact.wantsRoot };
}

/** A fact as evidence; one that is not known says why. */
export function seen<T>(fact: Fact<T>, write: (value: T) => string): Evidence[number] {
  return fact.known ? { from: fact.from, value: write(fact.value) } : { from: 'not known', value: fact.why };
}

/** `3 datagrams`, `1 datagram`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** The first few names, and how many more there are. */
export function listed(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${names.length - most} more` : shown;
}
