/** The feed of a capture, and what must hold of the place where it is sent. */
import { McastError } from '../core/errors.js';
import { FeedResequence } from '../feed/feedResequence.js';
import type { PacedOptions } from '../feed/limits.js';
import type { PayloadSlots } from '../feed/payloadSlots.js';
import { ReplayFeed } from '../feed/replayFeed.js';
import type { NetworkInterface } from '../io/interfaces.js';
import { sourceOf, type SharedInput, type SharedReplay } from './sharedInput.js';

export function replayFeed(
  input: SharedReplay,
  paced: PacedOptions & { readonly payloadSlots: PayloadSlots },
): ReplayFeed {
  const source = sourceOf(input.records);
  return new ReplayFeed({
    source,
    flows: input.flows,
    passNs: input.passNs,
    speed: input.speed,
    count: paced.count,
    durationNs: paced.durationNs,
    startMonoNs: paced.startMonoNs,
    destination: paced.destination,
    flowBase: paced.flowBase ?? 0,
    payloadSlots: paced.payloadSlots,
    resequence: source.passOctets === null ? null : new FeedResequence(input.flows),
  });
}

interface Placed {
  readonly input: SharedInput | null;
  readonly via: Pick<NetworkInterface, 'index' | 'name'>;
}

/** Flows of one feed leave through one socket. Throws ERR_USAGE where the kernel chose several interfaces for them. */
export function refuseScattered(placed: readonly Placed[]): void {
  let first: Placed | null = null;
  for (const one of placed) {
    if (one.input?.kind !== 'replay') continue;
    if (one.input.flow === 0) first = one;
    else if (first !== null && one.via.index !== first.via.index) {
      throw new McastError(
        'ERR_USAGE',
        `groups of the capture would leave by ${first.via.name} and by ${one.via.name}: name one interface with --iface`,
      );
    }
  }
}
