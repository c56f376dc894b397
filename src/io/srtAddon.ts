import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** Options of libsrt, numbered as in its srt.h. */
export const SrtOption = {
  SendTimeoutMs: 13,
  ReceiveTimeoutMs: 14,
  Rendezvous: 12,
  LatencyMs: 23,
  Passphrase: 26,
  KeyOctets: 27,
  DropTooLate: 31,
  ConnectTimeoutMs: 36,
  StreamId: 46,
  PayloadOctets: 49,
  Ipv6Only: 54,
  PeerIdleTimeoutMs: 55,
} as const;

/** Columns of {@link SrtAddon.stats}: the connection's totals up to `LibraryTotals`, then what holds at the moment. */
export const SrtStat = {
  PacketsSent: 0,
  PacketsReceived: 1,
  WireOctetsSent: 2,
  WireOctetsReceived: 3,
  PacketsRetransmitted: 4,
  PacketsLostSending: 5,
  PacketsLostReceiving: 6,
  PacketsDroppedSending: 7,
  PacketsDroppedReceiving: 8,
  PacketsUndecrypted: 9,
  RttMs: 10,
  BandwidthBitPerSecond: 11,
  SendBufferMs: 12,
  ReceiveBufferMs: 13,
  SendBufferPackets: 14,
  ReceiveBufferPackets: 15,
  PeerLatencyMs: 16,
  LatencyMs: 17,
} as const;
export const SRT_TOTALS = 10;
export const SRT_STATS = 18;

/** Reasons of libsrt (SRT_REJECT_REASON) after which another attempt would end the same way. */
export const SRT_REJECTED_FOR_GOOD: ReadonlySet<number> = new Set([8, 10, 11, 12, 13, 14, 15]);
export const SRT_REJECTED_BAD_SECRET = 10;
export const SRT_REJECTED_UNSECURE = 11;

/**
 * The calls of `src/native/srt`. Sockets are positive numbers; a negative result is the negated code of libsrt, whose
 * text {@link lastError} has. No call waits longer than its time-out, or that of its socket. A wrong argument throws.
 */
export interface SrtAddon {
  /** Counted in each thread; {@link cleanup} closes what that thread has open. */
  startup(): number;
  cleanup(): number;
  /** 0x010501 is 1.5.1. */
  version(): number;
  create(): number;
  setNumber(socket: number, option: number, value: number): number;
  setSwitch(socket: number, option: number, on: 0 | 1): number;
  setText(socket: number, option: number, text: string): number;
  /** `host` is an address in numbers; empty: any. */
  bind(socket: number, host: string, port: number): number;
  /** Only begins; {@link connected} follows. */
  connect(socket: number, host: string, port: number): number;
  /** 1 connected, 0 not yet, -1 it will not be: {@link rejectReason} knows why. */
  connected(socket: number, timeoutMs: number): number;
  listen(socket: number, backlog: number): number;
  /** Whether further peers are let in; while they are not, they are told to come again. */
  admit(listener: number, open: 0 | 1): number;
  /** Peers that came while they were let in, with the right passphrase or not. */
  asked(listener: number): number;
  turnedAway(listener: number): number;
  /** A connected socket, or 0 when none came. */
  accept(listener: number, timeoutMs: number): number;
  /** Address and port of the other end; empty where the library does not say. */
  peer(socket: number): string;
  /** One message of at most `most` octets: its octets, 0 when the time-out passed, -1 when the connection is gone. */
  recv(socket: number, into: Uint8Array, at: number, most: number): number;
  /** One message: its octets, 0 when the time-out passed, -1 when the connection is gone. */
  send(socket: number, octets: Uint8Array, at: number, length: number): number;
  /** Packets that the peer has not confirmed. */
  unacknowledged(socket: number): number;
  /** 1 while connected. */
  alive(socket: number): number;
  /** In the order of {@link SrtStat}. Refused once the connection is gone. */
  stats(socket: number, out: Float64Array): number;
  rejectReason(socket: number): number;
  rejectText(reason: number): string;
  lastError(): string;
  /** errno of the system call that failed below {@link lastError}, or 0. */
  lastErrno(): number;
  /** At once; what was not yet sent is lost. */
  close(socket: number): number;
}

let loaded: SrtAddon | null | undefined;
let failure = '';

/** The addon over libsrt, or `null`: {@link srtFailure} then says why. Never throws; tried once per thread. */
export function loadSrt(): SrtAddon | null {
  if (loaded !== undefined) return loaded;
  loaded = null;
  failure = 'the SRT addon was not built';
  // Beside the compiled files; from the sources, where the build put it; last, what the package brought.
  const places = [
    '../native/srt.node',
    '../../dist/native/srt.node',
    `../../prebuilds/${process.platform}-${process.arch}/srt.node`,
  ];
  for (const place of places) {
    const file = fileURLToPath(new URL(place, import.meta.url));
    if (!existsSync(file)) continue;
    try {
      loaded = createRequire(import.meta.url)(file) as SrtAddon;
      failure = '';
      return loaded;
    } catch (error) {
      failure = `${file} did not load: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return null;
}

/** Why {@link loadSrt} gave `null`, for people; empty when it did not. */
export function srtFailure(): string {
  loadSrt();
  return failure;
}
