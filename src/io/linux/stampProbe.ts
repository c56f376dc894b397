import { ReceiveBatch, SlotFlag } from '../../core/batch.js';
import type { NativeAddon, NativeLoop, NativeReceiveBatch } from '../addon.js';
import { SocketCounter } from '../datagram.js';
import { sockaddr, sockaddrPort } from './sockaddr.js';
import { RawSocket } from './socket.js';
import { Level, SocketOption, Timestamping } from './sockopt.js';
import { errnoText } from './systemError.js';

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const GIVE_UP_NS = 50_000_000n;
const PAUSE_MS = 0.2;

interface ProbeShare {
  readonly addon: NativeAddon;
  readonly loop: NativeLoop;
  receiveBatch(batch: ReceiveBatch): NativeReceiveBatch;
}

/**
 * Whether kernel receive stamps come. The first socket of a host that asks for them switches them on by
 * deferred work, 0.5 to 20 ms later; a datagram read before that has none. Sends datagrams to itself
 * over loopback until one has come with a stamp: `null`, or after 50 ms why not, in words.
 */
export function stampsFlow(share: ProbeShare): string | null {
  const { addon } = share;
  const socket = new RawSocket(addon, 4);
  const give = (reason: string): string => {
    socket.close();
    return `kernel receive stamps could not be verified: ${reason}; datagrams without one carry the time of reading`;
  };
  const stamping = socket.set(Level.Socket, SocketOption.Timestamping, Timestamping.RxSoftware | Timestamping.Software);
  if (stamping < 0) return give(errnoText(stamping));
  const bound = addon.bind(socket.fd, sockaddr(LOOPBACK, 0));
  const local = new Uint8Array(28);
  if (bound < 0 || addon.localAddress(socket.fd, local) < 0) return give(errnoText(bound));
  const self = sockaddr(LOOPBACK, sockaddrPort(local));
  const receiver = addon.receiverOpen(share.loop, socket.fd, 0, 0, 0, 0, new Float64Array(SocketCounter.Count));
  if (typeof receiver === 'number') return give(errnoText(receiver));
  const batch = new ReceiveBatch(1, 1, 64);
  const handle = share.receiveBatch(batch);
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const start = process.hrtime.bigint();
  let refusal = 0;
  let stamped = false;
  do {
    if (batch.count > 0) Atomics.wait(pause, 0, 0, PAUSE_MS);
    refusal = addon.sendTo(socket.fd, Uint8Array.of(0), self);
    batch.count = 1;
    stamped = refusal >= 0 && addon.receive(receiver, handle) > 0 && (batch.flags[0]! & SlotFlag.TimeKernel) !== 0;
  } while (!stamped && refusal >= 0 && process.hrtime.bigint() - start < GIVE_UP_NS);
  addon.receiverClose(receiver);
  if (stamped) return null;
  const reason = refusal < 0 ? `loopback does not carry datagrams, ${errnoText(refusal)}` : 'none came within 50 ms';
  return `kernel receive stamps could not be verified: ${reason}; datagrams without one carry the time of reading`;
}
