import type { Scheme } from '../core/endpoint.js';
import type { FormatName } from './formatNames.js';
import type { FeedFraming } from './framing.js';
import { mdp3Framing } from './mdp3.js';
import { moldUdp64Framing } from './moldudp64.js';
import { xdpFraming } from './xdp.js';

/** Every framing of a feed. A new framing is a file and a row here. */
export const FRAMINGS: readonly FeedFraming[] = [moldUdp64Framing, mdp3Framing, xdpFraming];

/** The framing that a scheme demands; `undefined`: it demands none. */
export function framingOfScheme(scheme: Scheme): FeedFraming | undefined {
  return FRAMINGS.find((framing) => framing.scheme === scheme);
}

/** The framing of a recognised format; `undefined`: it is no feed. */
export function framingOfFormat(format: FormatName): FeedFraming | undefined {
  return FRAMINGS.find((framing) => framing.format === format);
}
