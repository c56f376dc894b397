import { formatHostPort } from '../core/format.js';
import type { PlaceFacts, SelfTestFacts } from './facts.js';
import { finding, notChecked, type Evidence, type Outcome } from './outcome.js';

/** Whether what this host sends through the interface comes back to it. */
export function* selfTestRules({ selfTests, interfaceName: name, unicast }: PlaceFacts): Generator<Outcome> {
  if (unicast) return;
  if (!selfTests.known) {
    yield notChecked('self-test', selfTests);
    return;
  }
  const failed = selfTests.value.filter(({ refusal, sent, received }) => refusal !== null || received < sent);
  // What fails for every group is one trouble.
  for (const test of failed.length === selfTests.value.length ? failed.slice(0, 1) : failed) yield judge(test, name);
  if (failed.length > 0) return;
  const all = selfTests.value.reduce((sum, { received }) => sum + received, 0);
  const text = `${all} of ${all} datagrams that were sent through ${name} came back`;
  yield finding('self-test', 'ok', text, selfTests.value.map(evidenceOf));
}

function judge(test: SelfTestFacts, name: string): Outcome {
  const { group, port, sent, received, refusal } = test;
  const evidence = [evidenceOf(test)];
  const place = formatHostPort(group, port);
  if (refusal !== null)
    return finding('self-test', 'broken', `${place} on ${name}: ${refusal.message}`, evidence, refusal.hint);
  if (received > 0) {
    const text = `${sent - received} of ${sent} datagrams to ${place} did not come back through ${name}`;
    return finding('self-test', 'warning', text, evidence, 'nft list ruleset');
  }
  const text = `none of ${sent} datagrams to ${place} came back through ${name}: a packet filter of this host drops them`;
  return finding('self-test', 'broken', text, evidence, 'nft list ruleset');
}

function evidenceOf({ group, port, ttl, sent, received, refusal }: SelfTestFacts): Evidence[number] {
  const value = refusal === null ? `${sent} sent, ${received} received` : refusal.code;
  return { from: `${formatHostPort(group, port)}, TTL ${ttl}`, value };
}
