import { viewOf } from '../core/bytes.js';
import { formatUnixNs } from '../core/time.js';
import type { Codec } from './codec.js';
import { WireStatus } from './status.js';
import { XDP_HEADER_OCTETS, XdpDelivery, checkXdp, xdpDelivery, xdpFraming } from './xdp.js';

/** Cold form of the packet header, for dumps, tests and documents. */
export interface XdpHeader {
  /** DeliveryFlag */
  delivery: number;
  messages: number;
  /** Of the first message, or the next one. */
  sequence: number;
  /** Unix s. */
  sendTimeS: number;
  /** Below 10^9. */
  sendTimeNs: number;
  /** Octets behind the header; PktSize is they and the header. */
  payloadOctets: number;
}

const DELIVERY_NAMES: Readonly<Record<number, string>> = {
  [XdpDelivery.Heartbeat]: 'heartbeat',
  [XdpDelivery.Failover]: 'failover',
  [XdpDelivery.Original]: 'original',
  [XdpDelivery.SequenceNumberReset]: 'sequence-number-reset',
  [XdpDelivery.RetransmissionOnly]: 'retransmission',
  [XdpDelivery.RetransmissionPart]: 'retransmission-part',
  [XdpDelivery.RefreshOnly]: 'refresh',
  [XdpDelivery.RefreshStart]: 'refresh-start',
  [XdpDelivery.RefreshPart]: 'refresh-part',
  [XdpDelivery.RefreshEnd]: 'refresh-end',
  [XdpDelivery.MessageUnavailable]: 'message-unavailable',
};

export const xdpCodec: Codec<XdpHeader> = {
  name: 'xdp',
  reference: xdpFraming.reference,
  create: () => ({
    delivery: XdpDelivery.Heartbeat,
    messages: 0,
    sequence: 0,
    sendTimeS: 0,
    sendTimeNs: 0,
    payloadOctets: 0,
  }),
  check: (bytes, at, length) => checkXdp(viewOf(bytes), at, length),
  parse(bytes, at, length, out) {
    const view = viewOf(bytes);
    const status = checkXdp(view, at, length);
    if (status !== WireStatus.Ok) return status;
    out.delivery = xdpDelivery(view, at);
    out.messages = view.getUint8(at + 3);
    out.sequence = view.getUint32(at + 4, true);
    out.sendTimeS = view.getUint32(at + 8, true);
    out.sendTimeNs = view.getUint32(at + 12, true);
    out.payloadOctets = length - XDP_HEADER_OCTETS;
    return WireStatus.Ok;
  },
  octets: () => XDP_HEADER_OCTETS,
  write(bytes, at, header) {
    const view = viewOf(bytes);
    view.setUint16(at, XDP_HEADER_OCTETS + header.payloadOctets, true);
    view.setUint8(at + 2, header.delivery);
    view.setUint8(at + 3, header.messages);
    view.setUint32(at + 4, header.sequence, true);
    view.setUint32(at + 8, header.sendTimeS, true);
    view.setUint32(at + 12, header.sendTimeNs, true);
    return XDP_HEADER_OCTETS;
  },
  describe({ delivery, messages, sequence, sendTimeS, sendTimeNs, payloadOctets }) {
    const sent = formatUnixNs(BigInt(sendTimeS) * 1_000_000_000n + BigInt(sendTimeNs));
    const what = messages === 0 ? '' : ` messages ${messages} payload ${payloadOctets}`;
    return `xdp ${DELIVERY_NAMES[delivery]} sequence ${sequence} sent ${sent}${what}`;
  },
};
