import { SRT_STATS, SrtStat } from './srtAddon.js';

/** Positions in the numbers that a link writes: its own counts, then the library's (see {@link SrtStat}). */
export const SrtCount = {
  Connections: 0,
  FailedAttempts: 1,
  RefusedPeers: 2,
  TurnedAwayPeers: 3,
  LostConnections: 4,
  MessagesReceived: 5,
  OctetsReceived: 6,
  MessagesSent: 7,
  OctetsSent: 8,
  OctetsDiscarded: 9,
  RingFull: 10,
  Library: 11,
} as const;
export const SRT_NUMBERS = SrtCount.Library + SRT_STATS;

export type SrtState = 'waiting' | 'connected' | 'ended';
const STATES: readonly SrtState[] = ['waiting', 'connected', 'ended'];

/**
 * What a link counts over all its connections. `null`: the program in use does not say. The library forgets a
 * connection when it is lost: of its own counts (from `packetsSent` on) up to the last 100 ms before that are missing.
 */
export interface SrtCounters {
  readonly state: SrtState;
  readonly connections: number;
  /** Calls that were not answered, or refused. */
  readonly failedAttempts: number;
  /** Peers that asked a listener and were not let in: a wrong passphrase, or none. */
  readonly refusedPeers: number | null;
  /** Peers that asked a listener while it had one. */
  readonly turnedAwayPeers: number | null;
  readonly lostConnections: number;
  readonly messagesReceived: number | null;
  /** Payload. */
  readonly octetsReceived: number;
  readonly messagesSent: number | null;
  /** Payload handed to SRT. */
  readonly octetsSent: number;
  /** To be sent while no peer was there, after a first one had been. */
  readonly octetsDiscarded: number;
  /** How often the reader of the ring was behind, so that the link had to wait. */
  readonly ringFull: number;
  /** Retransmissions included, as in the next three. */
  readonly packetsSent: number | null;
  readonly packetsReceived: number | null;
  /** With the headers of IP, UDP and SRT. */
  readonly wireOctetsSent: number | null;
  readonly wireOctetsReceived: number | null;
  readonly packetsRetransmitted: number | null;
  /** Reported lost by the peer, and found lost here; most of them were retransmitted. */
  readonly packetsLostSending: number | null;
  readonly packetsLostReceiving: number | null;
  /** Given up as too late: these are missing in the stream. */
  readonly packetsDroppedSending: number | null;
  readonly packetsDroppedReceiving: number | null;
  readonly packetsUndecrypted: number | null;
  readonly rttMs: number | null;
  /** The library's estimate. */
  readonly bandwidthBitPerSecond: number | null;
  readonly sendBufferMs: number | null;
  readonly receiveBufferMs: number | null;
  readonly sendBufferPackets: number | null;
  readonly receiveBufferPackets: number | null;
  /** As agreed upon: of what is sent, and of what is received. */
  readonly peerLatencyMs: number | null;
  readonly latencyMs: number | null;
}

/** NaN, the mark of what is not known, becomes `null`. */
export function srtCounters(state: number, numbers: Float64Array): SrtCounters {
  const own = (index: number): number => numbers[index]!;
  const known = (index: number): number | null => (Number.isNaN(numbers[index]!) ? null : numbers[index]!);
  const library = (index: number): number | null => known(SrtCount.Library + index);
  return {
    state: STATES[state]!,
    connections: own(SrtCount.Connections),
    failedAttempts: own(SrtCount.FailedAttempts),
    refusedPeers: known(SrtCount.RefusedPeers),
    turnedAwayPeers: known(SrtCount.TurnedAwayPeers),
    lostConnections: own(SrtCount.LostConnections),
    messagesReceived: known(SrtCount.MessagesReceived),
    octetsReceived: own(SrtCount.OctetsReceived),
    messagesSent: known(SrtCount.MessagesSent),
    octetsSent: own(SrtCount.OctetsSent),
    octetsDiscarded: own(SrtCount.OctetsDiscarded),
    ringFull: own(SrtCount.RingFull),
    packetsSent: library(SrtStat.PacketsSent),
    packetsReceived: library(SrtStat.PacketsReceived),
    wireOctetsSent: library(SrtStat.WireOctetsSent),
    wireOctetsReceived: library(SrtStat.WireOctetsReceived),
    packetsRetransmitted: library(SrtStat.PacketsRetransmitted),
    packetsLostSending: library(SrtStat.PacketsLostSending),
    packetsLostReceiving: library(SrtStat.PacketsLostReceiving),
    packetsDroppedSending: library(SrtStat.PacketsDroppedSending),
    packetsDroppedReceiving: library(SrtStat.PacketsDroppedReceiving),
    packetsUndecrypted: library(SrtStat.PacketsUndecrypted),
    rttMs: library(SrtStat.RttMs),
    bandwidthBitPerSecond: library(SrtStat.BandwidthBitPerSecond),
    sendBufferMs: library(SrtStat.SendBufferMs),
    receiveBufferMs: library(SrtStat.ReceiveBufferMs),
    sendBufferPackets: library(SrtStat.SendBufferPackets),
    receiveBufferPackets: library(SrtStat.ReceiveBufferPackets),
    peerLatencyMs: library(SrtStat.PeerLatencyMs),
    latencyMs: library(SrtStat.LatencyMs),
  };
}

/** Positions in the control words. */
const STOP = 0;
const VERSION = 1;
const STATE = 2;
const CONTROL_OCTETS = 64;

/** The order to stop, and the latest counts, between a link's worker and the thread that opened it. */
export class SrtShared {
  readonly shared: SharedArrayBuffer;
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(CONTROL_OCTETS + 8 * SRT_NUMBERS);
  }

  constructor(shared: SharedArrayBuffer) {
    this.shared = shared;
    this.#control = new Int32Array(shared, 0, CONTROL_OCTETS / 4);
    this.#numbers = new Float64Array(shared, CONTROL_OCTETS, SRT_NUMBERS);
  }

  stop(): void {
    Atomics.store(this.#control, STOP, 1);
    Atomics.notify(this.#control, STOP);
  }

  get stopped(): boolean {
    return Atomics.load(this.#control, STOP) === 1;
  }

  /** Worker: sleeps, at most until it is to stop. */
  sleep(ms: number): void {
    Atomics.wait(this.#control, STOP, 0, ms);
  }

  /** Worker: the version is odd while the numbers change. */
  publish(state: SrtState, numbers: Float64Array): void {
    Atomics.add(this.#control, VERSION, 1);
    Atomics.store(this.#control, STATE, STATES.indexOf(state));
    this.#numbers.set(numbers);
    Atomics.add(this.#control, VERSION, 1);
  }

  /** The counts as they were published last, all of one moment. */
  read(): SrtCounters {
    const numbers = new Float64Array(SRT_NUMBERS);
    for (;;) {
      const version = Atomics.load(this.#control, VERSION);
      const state = Atomics.load(this.#control, STATE);
      numbers.set(this.#numbers);
      if (version % 2 === 0 && Atomics.load(this.#control, VERSION) === version) return srtCounters(state, numbers);
    }
  }
}
