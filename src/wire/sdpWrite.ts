/** Writes a session description (RFC 8866), its lines in the order of section 5, ended by CR LF. */
import type { SdpConnection, SdpDescription, SdpMedia, SdpOrigin, SdpSourceFilter } from './sdp.js';

/**
 * Everything at media level but what only the session has, and the first place for readers that look for it there
 * alone; `t=0 0`: a session without an end (section 5.9).
 */
export function writeSdp(description: SdpDescription): string {
  const { origin, name, information, tool, groups, media } = description;
  if (origin === null) throw new Error('a session description needs an origin (RFC 8866 section 5.2)');
  const lines = ['v=0', sdpOriginLine(origin), `s=${name ?? '-'}`];
  if (information !== null) lines.push(`i=${information}`);
  const common = sessionConnection(media);
  if (common !== null) lines.push(connectionLine(common));
  lines.push('t=0 0');
  if (tool !== null) lines.push(`a=tool:${tool}`);
  for (const { semantics, mids } of groups) lines.push(`a=group:${[semantics, ...mids].join(' ')}`);
  for (const one of media) pushMedia(lines, one);
  return lines.map((line) => `${oneLine(line)}\r\n`).join('');
}

/** Without its end of line: all that a SAP deletion holds (RFC 2974 section 6). */
export function sdpOriginLine(origin: SdpOrigin): string {
  const { username, sessionId, sessionVersion, family, address } = origin;
  return oneLine(`o=${username} ${sessionId} ${sessionVersion} IN IP${family} ${address}`);
}

/**
 * libavformat takes the place of a transport stream from the session alone (seen in 5.1: a `c=` behind its `m=` came too
 * late). Each media has its own, which replaces this one (section 5.7); where one has none, it would be given this one.
 */
function sessionConnection(media: readonly SdpMedia[]): SdpConnection | null {
  return media.every(({ connections }) => connections.length > 0) ? (media[0]?.connections[0] ?? null) : null;
}

function pushMedia(lines: string[], media: SdpMedia): void {
  const ports = media.ports === 1 ? '' : `/${media.ports}`;
  lines.push(['m=' + media.type, `${media.port}${ports}`, media.protocol, ...media.formats].join(' '));
  if (media.title !== null) lines.push(`i=${media.title}`);
  for (const connection of media.connections) lines.push(connectionLine(connection));
  for (const filter of media.filters) lines.push(filterLine(filter));
  for (const { payloadType, encoding, clockRate, channels } of media.rtpmaps) {
    lines.push(`a=rtpmap:${payloadType} ${encoding}/${clockRate}${channels === null ? '' : `/${channels}`}`);
  }
  for (const { format, text } of media.formatParameters) lines.push(`a=fmtp:${format} ${text}`);
  for (const { id, direction, uri, attributes } of media.extmaps) {
    const behind = attributes === null ? '' : ` ${attributes}`;
    lines.push(`a=extmap:${id}${direction === null ? '' : `/${direction}`} ${uri}${behind}`);
  }
  if (media.rtcp !== null) {
    const { port, address } = media.rtcp;
    const family = address?.includes(':') === true ? 6 : 4;
    lines.push(`a=rtcp:${port}${address === null ? '' : ` IN IP${family} ${address}`}`);
  }
  if (media.mid !== null) lines.push(`a=mid:${media.mid}`);
}

/** RFC 8866 section 5.7: a number of addresses in IPv4 stands behind a TTL only. */
function connectionLine({ family, address, ttl, addresses }: SdpConnection): string {
  const parts = [address];
  if (family === 4 && (ttl !== null || addresses > 1)) parts.push(String(ttl ?? 1));
  if (addresses > 1) parts.push(String(addresses));
  return `c=IN IP${family} ${parts.join('/')}`;
}

/** RFC 4570 section 3, whose grammar has a blank behind the colon. */
function filterLine({ mode, family, destination, sources }: SdpSourceFilter): string {
  const type = family === null ? '*' : `IP${family}`;
  return `a=source-filter: ${mode} IN ${type} ${[destination ?? '*', ...sources].join(' ')}`;
}

/** Names come from operators: an end of line in one would begin a line of its own. */
function oneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- replacing control characters is the purpose
  return text.replace(/[\u0000-\u001f\u007f]+/g, ' ');
}
