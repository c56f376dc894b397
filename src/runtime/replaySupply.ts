/** Brings the datagrams of a capture to the sender's thread: whole in memory, or through a ring that is kept filled. */
import { setTimeout as delay } from 'node:timers/promises';
import { MAX_UDP_PAYLOAD_OCTETS } from '../core/batch.js';
import { ByteRing } from '../core/byteRing.js';
import { copyBytes } from '../core/copyBytes.js';
import { McastError } from '../core/errors.js';
import { putReplayHeader, REPLAY_HEADER_OCTETS } from '../feed/replayRecord.js';
import { openCapture } from '../io/captureFile.js';
import type { ReplayedFlows } from '../profile/capturedFlows.js';
import { Sendable, sendable, type CaptureScan } from './captureScan.js';
import { withResolvers } from './resolvers.js';
import type { SharedOctets } from './sharedInput.js';

/** Captures up to this are held in memory, once for all streams that send them. */
const MEMORY_OCTETS = 64 << 20;
/** So much of a larger one is on its way to the sender. */
const RING_OCTETS = 16 << 20;
const LARGEST_RECORD_OCTETS = REPLAY_HEADER_OCTETS + MAX_UDP_PAYLOAD_OCTETS;
/** A full ring is looked at again after so long. */
const REST_MS = 5;

export interface ReplaySupply {
  readonly records: SharedOctets;
  /** Settled when all of it was read or it was stopped; rejects as reading does. */
  readonly finished: Promise<void>;
  readonly stop: () => Promise<void>;
}

export interface SupplyOptions {
  readonly loop: boolean;
  /** Larger captures come through a ring. Default 64 MiB. */
  readonly memoryOctets?: number;
  /** Of the ring, a power of two. Default 16 MiB. */
  readonly ringOctets?: number;
}

/** Where records are written: a claim is one piece, -1 where there is no room now. */
interface RecordTarget {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  claim(octets: number): number;
  publish(octets: number): void;
}

/** Octets of the records of one pass. */
export function recordsOctets({ datagrams, octets }: ReplayedFlows): number {
  return datagrams * REPLAY_HEADER_OCTETS + octets;
}

/** Resolves when the records are there, or the ring is full. Throws as reading does. */
export async function supplyReplay(
  scan: CaptureScan,
  replayed: ReplayedFlows,
  options: SupplyOptions,
): Promise<ReplaySupply> {
  const { loop } = options;
  const passOctets = recordsOctets(replayed);
  const control = { stopped: false };
  if (passOctets <= (options.memoryOctets ?? MEMORY_OCTETS)) {
    const octets = new SharedArrayBuffer(passOctets);
    await writePass(scan, replayed, new MemoryTarget(octets), control, () => {});
    const records: SharedOctets = { kind: 'memory', octets, loop, startOctet: 0 };
    return { records, finished: Promise.resolve(), stop: async () => {} };
  }
  const memory = ByteRing.allocate(options.ringOctets ?? RING_OCTETS, LARGEST_RECORD_OCTETS);
  const filled = withResolvers<void>();
  const finished = pump(scan, replayed, loop, new ByteRing(memory), control, filled.resolve);
  finished.catch(() => {});
  await Promise.race([filled.promise, finished]);
  return {
    records: { kind: 'ring', ring: memory, passOctets: loop ? passOctets : null, startOctet: 0, live: false },
    finished,
    stop: async () => {
      control.stopped = true;
      await finished.catch(() => {});
    },
  };
}

async function pump(
  scan: CaptureScan,
  replayed: ReplayedFlows,
  loop: boolean,
  ring: ByteRing,
  control: { readonly stopped: boolean },
  onFull: () => void,
): Promise<void> {
  try {
    for (;;) {
      await writePass(scan, replayed, ring, control, onFull);
      if (!loop || control.stopped) return;
    }
  } finally {
    ring.close();
  }
}

/** The records of one pass; as many as were counted, whatever the file has become by now. */
async function writePass(
  scan: CaptureScan,
  replayed: ReplayedFlows,
  target: RecordTarget,
  control: { readonly stopped: boolean },
  onFull: () => void,
): Promise<void> {
  const file = await openCapture(scan.name);
  const numbers: number[] = [];
  let left = replayed.datagrams;
  let lastNs = replayed.firstNs;
  for await (const batch of file) {
    for (let slot = 0; slot < batch.count && left > 0; slot++) {
      if (sendable(file, slot, scan.bounds) !== Sendable.Yes) continue;
      const flow = replayed.flowOf[scan.flows.ofPath(file, batch.path[slot]!, numbers)] ?? -1;
      if (flow < 0) continue;
      const octets = batch.length[slot]!;
      const whole = REPLAY_HEADER_OCTETS + octets;
      let to = target.claim(whole);
      while (to < 0) {
        onFull();
        await delay(REST_MS);
        if (control.stopped) return;
        to = target.claim(whole);
      }
      // Datagrams leave in the order of the file: one that was stamped before its predecessor leaves with it.
      lastNs = Math.max(lastNs, batch.timeRealNs[slot]!);
      putReplayHeader(target.view, to, lastNs - replayed.firstNs, octets, flow);
      copyBytes(batch.bytes, batch.offset[slot]!, octets, target.bytes, to + REPLAY_HEADER_OCTETS);
      target.publish(whole);
      left--;
    }
    if (left === 0 || control.stopped) return;
  }
  throw new McastError('ERR_FILE', `${scan.name} became shorter while it was sent`, {
    hint: 'Send it when it is whole.',
  });
}

/** Memory that holds exactly what will be written. */
class MemoryTarget implements RecordTarget {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #at = 0;

  constructor(memory: SharedArrayBuffer) {
    this.bytes = new Uint8Array(memory);
    this.view = new DataView(memory);
  }

  claim(octets: number): number {
    if (this.#at + octets > this.bytes.length) throw new Error('more was read than was counted');
    return this.#at;
  }

  publish(octets: number): void {
    this.#at += octets;
  }
}
