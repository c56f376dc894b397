import { ItchFile, type ItchFileTiming } from '../feed/itchFile.js';
import { MessageTimes } from '../feed/messageRates.js';
import type { MessageSource } from '../feed/messageSource.js';
import { SyntheticItch } from '../feed/syntheticItch.js';
import type { FeedPlan } from '../profile/plan.js';
import { sourceOf, type SharedOctets } from './sharedInput.js';

/** What makes the messages of a feed. `input`: the open file of one that is read. */
export function messageSource(plan: FeedPlan, input: SharedOctets | null): MessageSource {
  const { arrivals, messagesPerSecond, seed } = plan;
  const times = messagesPerSecond === null ? null : new MessageTimes(arrivals, messagesPerSecond, seed);
  if (plan.input.kind === 'synthetic') {
    return new SyntheticItch({ seed, symbols: plan.input.symbols, times: times! });
  }
  const timing: ItchFileTiming = times === null ? { kind: 'stamps', speed: plan.speed } : { kind: 'rate', times };
  return new ItchFile({ source: sourceOf(input!), timing });
}
