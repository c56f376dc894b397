import { ReceiveBatch, SlotFlag } from '../../core/batch.js';
import type { NativeAddon, NativeLoop } from '../addon.js';
import { SocketCounter } from '../datagram.js';
import { registerReceiveBatch } from '../nativeBatch.js';
import { sockaddr, sockaddrPort } from './sockaddr.js';
import { RawSocket } from './socket.js';
import { Level, SocketOption, Timestamping } from './sockopt.js';
import { errnoText } from './systemError.js';

const LOOPBACK = Uint8Array.of(127, 0, 0, 1);
const GIVE_UP_NS = 50_000_000n;
/** On a host that is busy this thread may hardly have run in that time: so many tries, as long as they do not take this. */
const TRIES = 100;
const GIVE_UP_BUSY_NS = 500_000_000n;
const PAUSE_MS = 0.2;

/**
 * Whether kernel receive stamps come. The first socket of a host that asks for them switches them on by
 * deferred work, 0.5 to 20 ms later; a datagram read before that has none. Sends datagrams to itself
 * over loopback until one has come with a stamp: `null`, or after 50 ms (longer on a busy host) why not, in words.
 */
export function stampsFlow(addon: NativeAddon): string | null {
  const reason = probe(addon);
  if (reason === null) return null;
  return `kernel receive stamps could not be verified: ${reason}; datagrams without one carry the time of reading`;
}

function probe(addon: NativeAddon): string | null {
  const socket = new RawSocket(addon, 4);
  // A loop of its own keeps the probe's addresses out of the run's path table.
  const loop = addon.loopOpen(0n, 0n, new Int32Array(1), new Float64Array(4), 2);
  if (typeof loop === 'number') {
    socket.close();
    return errnoText(loop);
  }
  try {
    return probeOn(addon, socket, loop);
  } finally {
    socket.close();
    addon.loopClose(loop);
  }
}

function probeOn(addon: NativeAddon, socket: RawSocket, loop: NativeLoop): string | null {
  const stamping = socket.set(Level.Socket, SocketOption.Timestamping, Timestamping.RxSoftware | Timestamping.Software);
  if (stamping < 0) return errnoText(stamping);
  const local = new Uint8Array(28);
  const bound = addon.bind(socket.fd, sockaddr(LOOPBACK, 0));
  if (bound < 0) return `loopback cannot be used, ${errnoText(bound)}`;
  addon.localAddress(socket.fd, local);
  const self = sockaddr(LOOPBACK, sockaddrPort(local));
  const batch = new ReceiveBatch(1, 1, 64);
  const handle = registerReceiveBatch(addon, batch);
  const receiver = addon.receiverOpen(
    loop,
    socket.fd,
    0,
    0,
    0,
    0,
    new Float64Array(SocketCounter.Count),
    new Uint8Array(16),
    0,
  );
  if (typeof receiver === 'number') return errnoText(receiver);
  socket.handOver();
  let arrived = 0;
  const refusal = untilStamped(addon, socket.fd, self, () => {
    const count = addon.receive(receiver, handle);
    arrived += count;
    return count > 0 && (batch.flags[0]! & SlotFlag.TimeKernel) !== 0;
  });
  addon.receiverClose(receiver);
  return refusal === '' ? `none came with ${arrived} datagrams over loopback` : refusal;
}

/** `null`: stamped; empty: time is up; else why it cannot be. */
function untilStamped(addon: NativeAddon, fd: number, self: Uint8Array, stamped: () => boolean): string | null {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const start = process.hrtime.bigint();
  for (let tries = 0; ; tries++) {
    const spentNs = process.hrtime.bigint() - start;
    if (spentNs >= (tries < TRIES ? GIVE_UP_BUSY_NS : GIVE_UP_NS)) return '';
    const sent = addon.sendTo(fd, Uint8Array.of(0), self);
    if (sent < 0) return `loopback cannot be used, ${errnoText(sent)}`;
    if (stamped()) return null;
    Atomics.wait(pause, 0, 0, PAUSE_MS);
  }
}
