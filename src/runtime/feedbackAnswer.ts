/** What a receiver answers the sender of a run, and what it has found out about that sender's clock. */
import { formatRealtime, type Nanos, type RunEpoch } from '../core/time.js';
import type { ClockOffsetReport, RunResult } from '../result/model.js';
import { resultFor } from '../result/resultFor.js';
import type { FeedbackPeer } from './feedbackPeer.js';
import type { RunMessage } from './messages.js';
import type { OpenSource } from './receiverSetup.js';

/** `result`: `null` when the last one is meant. */
export function answerTo(
  peer: FeedbackPeer,
  result: RunResult | null,
  sources: readonly OpenSource[],
  startMonoNs: Nanos,
): Extract<RunMessage, { type: 'answer' }> {
  const run = hex(peer.run);
  const sinceNs = peer.sinceMonoNs - startMonoNs;
  const zone = /^fe[89ab]/i.test(peer.address) ? `%${sources[0]!.via.name}` : '';
  return {
    type: 'answer',
    to: {
      source: peer.address,
      address: `${peer.address}${zone}`,
      port: peer.said.port,
      run,
      receiver: hex(peer.ssrc),
      sinceNs,
    },
    result: result === null ? null : resultFor(result, peer.address, run, sinceNs),
  };
}

/** Of each sender whose clock was compared with ours: in the middle of its run, whatever moved during it counted as doubt. */
export function clockOffsets(peers: readonly FeedbackPeer[], epoch: RunEpoch): ClockOffsetReport[] {
  return peers.flatMap((peer) => {
    const { clock, beganRealNs: fromRealNs, heardRealNs: toRealNs } = peer;
    const middle = clock.estimateAt((fromRealNs + toRealNs) / 2);
    if (middle === null) return [];
    const away = [fromRealNs, toRealNs].map((timeNs) => {
      const there = clock.estimateAt(timeNs) ?? middle;
      return Math.abs(there.offsetNs - middle.offsetNs) + there.uncertaintyNs;
    });
    return [
      {
        sender: peer.address,
        run: hex(peer.run),
        // The estimate is of the sender's clock less ours.
        offset_ns: Math.round(-middle.offsetNs),
        uncertainty_ns: Math.ceil(Math.max(middle.uncertaintyNs, ...away)),
        drift_ppm: -middle.driftPpm,
        round_trip_min_ns: Math.round(middle.minimumRoundTripNs),
        exchanges: middle.exchanges,
        refused: clock.refused,
        steps: clock.steps.map(({ afterNs, sizeNs }) => ({
          at: formatRealtime(epoch, afterNs),
          size_ns: Math.round(-sizeNs),
        })),
      },
    ];
  });
}

function hex(id: number): string {
  return id.toString(16).padStart(8, '0');
}
