/** The section `capacity` of the document. */
import { bitPerSecondAt, packetsPerSecondAt } from '../core/layers.js';
import type { CapacitySearch } from './model.js';

/** What a search found, as `control` says it. */
export interface FoundRate {
  readonly rateBitPerSecond: number;
  readonly failingBitPerSecond: number | null;
  readonly deliveredBitPerSecond: number | null;
  readonly isConfirmed: boolean;
  readonly stop: CapacitySearch['stop'];
  readonly obstacle: CapacitySearch['obstacle'];
  readonly limiting: readonly FoundReceiver[];
  readonly missing: readonly FoundReceiver[];
  readonly trials: readonly FoundTrial[];
  readonly points: readonly { atNs: number; rateBitPerSecond: number; deliveredBitPerSecond: number }[];
  readonly elapsedNs: number;
}

interface FoundReceiver {
  readonly receiver: string;
  readonly obstacle: CapacitySearch['obstacle'];
  readonly lossShare: number;
  readonly deliveredShare: number;
}

interface FoundTrial {
  readonly purpose: CapacitySearch['trials'][number]['purpose'];
  readonly atNs: number;
  readonly durationNs: number;
  readonly rateBitPerSecond: number;
  readonly deliveredBitPerSecond: number;
  readonly passed: boolean;
  readonly obstacle: CapacitySearch['obstacle'];
  readonly notSentShare: number;
  readonly failed: readonly FoundReceiver[];
}

/** `sizeOctets` of UDP payload; rates are of Ethernet frames. */
export function buildCapacitySearch(found: FoundRate, sizeOctets: number, family: 4 | 6): CapacitySearch {
  const perSecond = packetsPerSecondAt(found.rateBitPerSecond, sizeOctets, family, 'ethernet');
  const at = (layer: 'payload' | 'ip' | 'wire'): number => bitPerSecondAt(perSecond, sizeOctets, family, layer);
  return {
    size_octets: sizeOctets,
    rate_bit_per_second: found.rateBitPerSecond,
    rate_payload_bit_per_second: at('payload'),
    rate_ip_bit_per_second: at('ip'),
    rate_wire_bit_per_second: at('wire'),
    rate_packets_per_second: perSecond,
    failing_bit_per_second: found.failingBitPerSecond,
    delivered_bit_per_second: found.deliveredBitPerSecond,
    confirmed: found.isConfirmed,
    stop: found.stop,
    obstacle: found.obstacle,
    limiting: found.limiting.map(receiverOf),
    missing: found.missing.map(receiverOf),
    elapsed_ns: found.elapsedNs,
    trials: found.trials.map((trial) => ({
      purpose: trial.purpose,
      at_ns: trial.atNs,
      duration_ns: trial.durationNs,
      rate_bit_per_second: trial.rateBitPerSecond,
      delivered_bit_per_second: trial.deliveredBitPerSecond,
      passed: trial.passed,
      obstacle: trial.obstacle,
      not_sent_ratio: trial.notSentShare,
      failed: trial.failed.map(receiverOf),
    })),
    points: {
      at_ns: found.points.map(({ atNs }) => atNs),
      rate_bit_per_second: found.points.map(({ rateBitPerSecond }) => rateBitPerSecond),
      delivered_bit_per_second: found.points.map(({ deliveredBitPerSecond }) => deliveredBitPerSecond),
    },
  };
}

function receiverOf({
  receiver,
  obstacle,
  lossShare,
  deliveredShare,
}: FoundReceiver): CapacitySearch['missing'][number] {
  return { receiver, obstacle, loss_ratio: lossShare, delivered_ratio: deliveredShare };
}
