/** What of a capture is not sent, in words; for the start of a run and for its report. */
import { formatCount } from '../core/format.js';
import type { SentCapture } from './model.js';

/** What was meant to be left out is not among them. */
export function captureTroubles(capture: SentCapture): string[] {
  const said: string[] = [];
  const tell = (count: number, one: string, several: string): void => {
    if (count > 0) said.push(`${formatCount(count)} ${count === 1 ? one : several}`);
  };
  tell(capture.truncated, 'datagram cut by the capture', 'datagrams cut by the capture');
  tell(capture.fragments, 'fragment', 'fragments');
  tell(capture.too_large, 'datagram larger than UDP allows', 'datagrams larger than UDP allows');
  tell(capture.not_udp, 'frame without UDP', 'frames without UDP');
  tell(capture.malformed, 'malformed frame', 'malformed frames');
  tell(capture.unknown_link, 'frame of a link layer that is not read', 'frames of a link layer that is not read');
  tell(capture.path_overflow, 'datagram of one path too many', 'datagrams of paths too many');
  return said;
}
