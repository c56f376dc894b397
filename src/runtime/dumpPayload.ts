/**
 * The payload of one datagram in a line: its format's header, then what is known of what stands behind it. Only messages of
 * a feed have lines of their own below.
 */
import type { FormatName } from '../wire/formatNames.js';
import { framingOfFormat } from '../wire/framings.js';
import { mpegtsCodec } from '../wire/mpegtsCodec.js';
import { recogniseFormat } from '../wire/recognise.js';
import { codecOf } from '../wire/registry.js';
import { quotedText } from '../wire/rtcpText.js';
import { rtpHeaderOctets, rtpPaddingOctets, rtpPayloadType } from '../wire/rtp.js';
import { sapHeaderOctets } from '../wire/sap.js';
import type { SdpMedia } from '../wire/sdp.js';
import { readSdp } from '../wire/sdpRead.js';
import { WireStatus } from '../wire/status.js';
import { messageLines } from './dumpMessages.js';

/** MP2T (RFC 3551 section 6). */
const TRANSPORT_STREAM_PAYLOAD_TYPE = 33;

/** Of `bytes[at .. at + length)`; without a codec the format's name and the first `octets` octets. */
export function payloadText(bytes: Uint8Array, at: number, length: number, octets: number): string {
  const format = recogniseFormat(bytes, at, length);
  const codec = codecOf(format);
  if (codec !== undefined) {
    const header = codec.create();
    if (codec.parse(bytes, at, length, header) === WireStatus.Ok) {
      return codec.describe(header) + contentText(format, bytes, at, length);
    }
  }
  const shown = Buffer.from(bytes.buffer, bytes.byteOffset + at, Math.min(length, octets)).toString('hex');
  return `${format} ${shown}${length > octets ? '...' : ''}`.trimEnd();
}

/** What stands behind the header, with a space or a new line before it; empty: nothing that is known. */
function contentText(format: FormatName, bytes: Uint8Array, at: number, length: number): string {
  switch (format) {
    case 'rtp':
    case 'rtp/mpeg-ts':
      return transportStreamText(format, bytes, at, length);
    case 'sap':
      return announcedText(bytes, at, length);
    default:
      return feedText(format, bytes, at, length);
  }
}

/**
 * The transport packets of an RTP packet. With their payload type also those that are not recognised: an
 * erroneous packet among them is what someone looks for.
 */
function transportStreamText(format: FormatName, bytes: Uint8Array, at: number, length: number): string {
  if (format !== 'rtp/mpeg-ts' && rtpPayloadType(bytes, at) !== TRANSPORT_STREAM_PAYLOAD_TYPE) return '';
  const headerOctets = rtpHeaderOctets(bytes, at);
  const payloadOctets = length - headerOctets - rtpPaddingOctets(bytes, at, length);
  const packets = mpegtsCodec.create();
  const status = mpegtsCodec.parse(bytes, at + headerOctets, payloadOctets, packets);
  return status === WireStatus.Ok ? ` ${mpegtsCodec.describe(packets)}` : '';
}

/** The messages of a feed, each on a line of its own. */
function feedText(format: FormatName, bytes: Uint8Array, at: number, length: number): string {
  const framing = framingOfFormat(format);
  if (framing === undefined) return '';
  return messageLines(framing, bytes, at, length)
    .map((line) => `\n  ${line}`)
    .join('');
}

/** The session of an announcement, and where its media go; of a deletion its origin, where it is alone. */
function announcedText(bytes: Uint8Array, at: number, length: number): string {
  const payload = bytes.subarray(at + sapHeaderOctets(bytes, at, length), at + length);
  const text = new TextDecoder().decode(payload);
  if (text.startsWith('o=')) return ` origin ${quoted(text.slice(2).trimEnd())}`;
  const description = readSdp(text, '', []);
  if (description === null) return ' description malformed';
  const { name, media } = description;
  return [name === null ? '' : ` session ${quoted(name)}`, ...media.map((one) => ` ${mediaText(one)}`)].join('');
}

function quoted(text: string): string {
  return quotedText(new TextEncoder().encode(text));
}

/** "video 239.1.1.1:5004", or its port alone where no address is told. */
function mediaText({ type, connections, port }: SdpMedia): string {
  const address = connections[0]?.address ?? '';
  return `${typeText(type)} ${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** As it came, unless it is no token (RFC 8866 section 9): what it may hold is nobody's but its sender's. */
function typeText(type: string): string {
  return /^[a-z0-9-]+$/i.test(type) ? type : quoted(type);
}
