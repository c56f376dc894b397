import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../src/core/random.js';
import { probeConstantCheck, PROBE_HEADER_OCTETS, putProbe } from '../../src/wire/probe.js';

/** What a receiver of probe datagrams calls what is wrong, by the octets of a datagram that was intact before. */
const FAULTS = [
  ['bad_magic', 0, 0xff],
  ['bad_version', 4, 0xff],
  ['bad_reserved', 5, 0xf0],
  ['bad_length', 6, 0xff],
  ['bad_check', 7, 0xff],
  ['bad_reserved', 10, 0xff],
  ['bad_check', 12, 0xff],
  ['bad_check', 18, 0xff],
  ['bad_check', 24, 0xff],
  ['bad_check', 40, 0xff],
  ['bad_check', 45, 0xff],
  ['bad_check', 49, 0xff],
] as const;

/** Largest UDP payload over IPv4. */
const LARGEST = 65_507;

interface Made {
  readonly octets: Uint8Array;
  readonly fault: string;
}

/** The `i`th datagram of a repeatable kind of rubbish, and what a probe receiver has to call it. */
function make(random: Random, i: number): Made {
  if (i % 2 === 0) {
    const length = i === 0 ? 0 : i % 500 === 2 ? LARGEST : random.below(i % 10 === 0 ? 1500 : 120);
    const octets = new Uint8Array(length);
    for (let at = 0; at < length; at++) octets[at] = random.uint32();
    // Never by chance what a probe begins with.
    if (length > 0) octets[0] = 0xff & ~0x4d;
    return { octets, fault: length < PROBE_HEADER_OCTETS ? 'too_short' : 'bad_magic' };
  }
  const flags = i % 14 === 1 ? 3 : 0;
  const flow = random.uint32();
  const octets = new Uint8Array(PROBE_HEADER_OCTETS + random.below(200));
  const view = new DataView(octets.buffer);
  const check = probeConstantCheck(flags, 0, 1, 7, flow);
  putProbe(view, 0, check, flags, 0, 1, 7, flow, random.uint32(), random.uint32(), random.uint32(), 0);
  if (flags === 3) return { octets, fault: 'unknown_type' };
  if (i % 10 === 3) return { octets: octets.subarray(0, random.below(PROBE_HEADER_OCTETS)), fault: 'too_short' };
  const [fault, at, bits] = FAULTS[random.below(FAULTS.length)]!;
  octets[at]! ^= (1 + random.below(255)) & bits || bits;
  return { octets, fault };
}

/**
 * Sends datagrams that nothing should trust, from nothing to the largest, to a group on lo; returns
 * how many of each fault a probe receiver has to count.
 */
export async function sendNoise(
  group: string,
  port: number,
  datagrams: number,
  seed: number,
): Promise<Record<string, number>> {
  const random = new Random(seed);
  const socket = createSocket('udp4');
  const faults: Record<string, number> = {};
  try {
    socket.bind(0);
    await once(socket, 'listening');
    socket.setMulticastInterface('127.0.0.1');
    let sending: Promise<void>[] = [];
    for (let i = 0; i < datagrams; i++) {
      const { octets, fault } = make(random, i);
      faults[fault] = (faults[fault] ?? 0) + 1;
      sending.push(
        new Promise((resolve, reject) => {
          socket.send(octets, port, group, (error) => (error === null ? resolve() : reject(error)));
        }),
      );
      if (sending.length < 32 && i < datagrams - 1) continue;
      await Promise.all(sending);
      sending = [];
      // Loopback knows no back-pressure: far slower than they are read.
      await sleep(1);
    }
  } finally {
    socket.close();
  }
  return faults;
}
