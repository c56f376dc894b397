import { formatHostPort } from '../core/format.js';
import type { PlacedStream } from './placedStream.js';

/** Where a stream leaves, and why there. */
export function placedLine({ stream, via, reason, source }: PlacedStream): string {
  const { group, port } = stream.address;
  return `to ${formatHostPort(group, port)} by ${via.name}${source === null ? '' : ` from ${source}`} (${reason})`;
}
