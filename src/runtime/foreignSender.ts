import { ReceiveBatch } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import type { Io } from '../io/datagram.js';
import { readFeedback } from '../wire/feedback.js';
import { rtcpCodec } from '../wire/rtcp.js';
import type { PlacedStream } from './placedStream.js';

const LISTEN_NS = 200e6;
/** Sockets opened to listen; further groups are not looked at. */
const GROUPS_MAX = 64;

/**
 * Listens on the groups and ports that are about to be used, and refuses when somebody else sends
 * there: two senders would spoil each other's figures. Loopback is not listened to: what is sent there
 * reaches no network.
 */
export async function refuseForeignSender(io: Io, placed: readonly PlacedStream[]): Promise<void> {
  const seen = new Set<string>();
  const sources = [];
  try {
    for (const { stream, via } of placed) {
      const { family, group, port } = stream.address;
      const key = `${group} ${port} ${via.index}`;
      if (via.loopback || seen.has(key) || seen.size >= GROUPS_MAX) continue;
      seen.add(key);
      sources.push(
        await io.openSource({
          family,
          group,
          port,
          unicast: false,
          interfaceIndex: via.index,
          interfaceName: via.name,
          sources: [],
          receiveBufferOctets: 0,
          timestamps: 'user',
          busyPollUs: 0,
        }),
      );
    }
    if (sources.length === 0) return;
    const batch = new ReceiveBatch(1);
    const untilNs = io.clock.monoNs() + LISTEN_NS;
    while (io.clock.monoNs() < untilNs) {
      await io.wait(untilNs, 0);
      for (const source of sources) {
        if (source.receive(batch) === 0 || isAnnouncement(batch)) continue;
        const path = io.path(batch.path[0]!);
        throw new McastError(
          'ERR_FOREIGN_SENDER',
          `${path.source} port ${path.sourcePort} already sends to ${path.group}:${path.port}`,
        );
      }
    }
  } finally {
    for (const source of sources) source.close();
  }
}

/** Of a run on the port below, which asks its receivers for reports here: it is no stream. */
function isAnnouncement({ bytes, offset, length }: ReceiveBatch): boolean {
  const compound = rtcpCodec.create();
  if (rtcpCodec.parse(bytes, offset[0]!, length[0]!, compound) !== 0) return false;
  return compound.packets.some((packet) => packet.kind === 'app' && readFeedback(packet)?.kind === 'announcement');
}
