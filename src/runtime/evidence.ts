import type { Evidence } from '../result/model.js';
import type { SenderStreamState } from './senderResult.js';

export interface EvidenceWatch {
  sofar(): Evidence;
  refusedSendsDisagree(streams: readonly SenderStreamState[]): string | null;
}

export function beginEvidence(): EvidenceWatch {
  return { sofar: () => ({ host_counters: {}, notes: [] }), refusedSendsDisagree: () => null };
}
