import type { HostEvidence } from '../io/hostEvidence.js';
import { gatherSilenceFacts, silenceReasons } from '../io/silence.js';
import type { OpenSource } from './receiverSetup.js';

/** Why nothing arrives, likeliest first: found by looking at the first socket, which stands for the others. */
export function reasonsForSilence(sources: readonly OpenSource[], unicast: boolean, before: HostEvidence): string[] {
  const first = sources[0];
  if (first === undefined) return [];
  const { family, group, port, sources: from } = first.planned;
  const address = { family, group, port, sources: from, unicast, interfaceName: first.via.name };
  return silenceReasons(gatherSilenceFacts(address, first.source, before));
}
