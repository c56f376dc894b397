import ipaddr from 'ipaddr.js';
import { SlotFlag } from '../core/batch.js';
import type { ReceiveBatch } from '../core/batch.js';
import { ByteRing } from '../core/byteRing.js';
import { copyOctets } from '../core/bytes.js';
import type { RunEpoch } from '../core/time.js';
import { LinkType, putUdpChecksum, putUdpHeaders, udpHeadersOctets } from '../wire/ip.js';
import {
  PACKET_BLOCK_HEAD_OCTETS,
  PACKET_BLOCK_TIME_AT,
  commentOptions,
  interfaceBlock,
  packetBlockOctets,
  putPacketBlock,
  sectionHeaderBlock,
} from '../wire/pcapngWrite.js';
import type { Path } from './datagram.js';
import { DepartureStamp } from './departureStamp.js';

export { openRingFile as openCaptureSink } from './ringFile.js';

/** Octets between the receiving thread and the file: 60 ms at 1 Gbit/s. */
const QUEUE_OCTETS = 8 * 1024 * 1024;
/** Over IPv6 (RFC 8200 section 4.5, RFC 768); over IPv4 it is 20 less. */
const LARGEST_PAYLOAD_OCTETS = 65_527;
/** Of one packet: the payload, headers and block, with room to spare. */
const LARGEST_BLOCK_OCTETS = 68 * 1024;

const FILE_COMMENT =
  'Recorded by mcastkit from UDP sockets: addresses, ports, DSCP, ECN, TTL and times as received;' +
  ' all other IP and UDP header fields rebuilt.';
const INTERFACE_COMMENT = 'headers rebuilt';
const UNMARKED = commentOptions('headers rebuilt; TTL or DSCP not known, written as 0');

/** Memory for the queue of one capture; give it to the {@link CaptureWriter} and to {@link openCaptureSink}. */
export function captureQueue(): SharedArrayBuffer {
  return ByteRing.allocate(QUEUE_OCTETS, LARGEST_BLOCK_OCTETS);
}

/** What a path's datagrams have in common in the file. */
interface Route {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly port: number;
  /** Position of its interface in the file. */
  readonly interfaceId: number;
}

/**
 * Turns received datagrams into pcapng blocks in a queue; belongs to the receiving thread and never
 * waits: what finds no room in the queue is dropped whole and counted. {@link openCaptureSink} empties
 * the queue, in the same thread or another.
 */
export class CaptureWriter {
  /** Datagrams put into the queue. */
  written = 0;
  /** Datagrams for which there was no room, or no path to rebuild headers from. */
  dropped = 0;
  readonly #ring: ByteRing;
  readonly #path: (index: number) => Path;
  readonly #interfaceName: (index: number) => string;
  readonly #stamp: DepartureStamp;
  /** By path index; `undefined`: not yet asked for; `null`: a path without addresses. */
  readonly #routes: (Route | null | undefined)[] = [];
  /** Interface index -> position in the file. */
  readonly #interfaces = new Map<number, number>();

  /** `interfaceName`: of an interface index, for the file; asked once for each. */
  constructor(
    queue: SharedArrayBuffer,
    epoch: RunEpoch,
    path: (index: number) => Path,
    interfaceName: (index: number) => string,
  ) {
    this.#ring = new ByteRing(queue);
    this.#path = path;
    this.#interfaceName = interfaceName;
    this.#stamp = new DepartureStamp('unix-ns', epoch);
    if (!this.#put(sectionHeaderBlock('mcastkit', FILE_COMMENT))) throw new Error('a queue without room');
  }

  /** Slots `[from, to)` of the batch. Allocates nothing but for a path's first datagram. */
  write(batch: ReceiveBatch, from: number, to: number): void {
    for (let slot = from; slot < to; slot++) {
      if (this.#writeSlot(batch, slot)) this.written++;
      else this.dropped++;
    }
  }

  /** No more datagrams will come; the sink ends when it has emptied the queue. */
  close(): void {
    this.#ring.close();
  }

  #writeSlot(batch: ReceiveBatch, slot: number): boolean {
    const pathIndex = batch.path[slot]!;
    const known = this.#routes[pathIndex];
    const route = known === undefined ? this.#addRoute(pathIndex) : known;
    const payloadOctets = batch.length[slot]!;
    if (route === null || payloadOctets > LARGEST_PAYLOAD_OCTETS) return false;
    const family = route.source.length === 4 ? 4 : 6;
    const headersOctets = udpHeadersOctets(family);
    const frameOctets = headersOctets + payloadOctets;
    const isMarked = (batch.flags[slot]! & (SlotFlag.NoTos | SlotFlag.NoTtl)) === 0;
    const options = isMarked ? null : UNMARKED;
    const octets = packetBlockOctets(frameOctets, options === null ? 0 : options.length);
    const ring = this.#ring;
    const at = ring.claim(octets);
    if (at < 0) return false;
    const { bytes, view } = ring;
    const frameAt = at + PACKET_BLOCK_HEAD_OCTETS;
    putUdpHeaders(
      bytes,
      frameAt,
      route.source,
      route.sourcePort,
      route.destination,
      route.port,
      batch.tos[slot]!,
      batch.ttl[slot]!,
      payloadOctets,
    );
    copyOctets(batch.view, batch.offset[slot]!, payloadOctets, view, frameAt + headersOctets);
    if (family === 6) putUdpChecksum(view, frameAt);
    putPacketBlock(view, at, route.interfaceId, frameOctets, frameOctets, options);
    this.#stamp.write(view, at + PACKET_BLOCK_TIME_AT, batch.timeRealNs[slot]!);
    ring.publish(octets);
    return true;
  }

  #addRoute(pathIndex: number): Route | null {
    const path = this.#path(pathIndex);
    if (!ipaddr.isValid(path.source) || !ipaddr.isValid(path.group)) return (this.#routes[pathIndex] = null);
    const interfaceId = this.#addInterface(path.interfaceIndex);
    // Without room for the interface the datagram is dropped and the next one tries again.
    if (interfaceId === null) return null;
    const source = Uint8Array.from(ipaddr.parse(path.source).toByteArray());
    const destination = Uint8Array.from(ipaddr.parse(path.group).toByteArray());
    if (source.length !== destination.length) return (this.#routes[pathIndex] = null);
    const route = { source, destination, sourcePort: path.sourcePort, port: path.port, interfaceId };
    return (this.#routes[pathIndex] = route);
  }

  #addInterface(index: number): number | null {
    const known = this.#interfaces.get(index);
    if (known !== undefined) return known;
    if (!this.#put(interfaceBlock(LinkType.Raw, this.#interfaceName(index), INTERFACE_COMMENT))) return null;
    const id = this.#interfaces.size;
    this.#interfaces.set(index, id);
    return id;
  }

  #put(block: Uint8Array): boolean {
    const at = this.#ring.claim(block.length);
    if (at < 0) return false;
    this.#ring.bytes.set(block, at);
    this.#ring.publish(block.length);
    return true;
  }
}
