import type { Nanos, RunEpoch } from '../core/time.js';
import type { StreamSnapshot } from '../metrics/snapshot.js';

export type ReceiveTime = 'hardware' | 'kernel' | 'user' | 'capture';

/** How the figures of a receiver came about: what may be said about them, and what must be `null`. */
export interface Measurement {
  readonly epoch: RunEpoch;
  /** Begin of the run, CLOCK_MONOTONIC since the epoch, ns: relative times of the document count from it. */
  readonly startMonoNs: Nanos;
  /** What the implementation can do; an `IoCapabilities` fits. */
  readonly capabilities: {
    readonly kernelTime: boolean;
    readonly tos: boolean;
    readonly receivedTtl: boolean;
    readonly dropCounter: boolean;
  };
  /** Who stamped what came through a socket. */
  receiveTime(socket: number): ReceiveTime;
  /** `null`: not known. */
  interfaceName(index: number): string | null;
  /** Whether a stream from this address, by this interface, comes from this host itself. */
  isLocal(address: string, interfaceIndex: number): boolean;
  /** What the endpoint says the sender set; `null`: it does not say. */
  sentMark(stream: StreamSnapshot): { readonly ttl: number | null; readonly dscp: number | null };
  /** Which part the stream plays. */
  place(stream: Pick<StreamSnapshot, 'index' | 'socket' | 'format'>): {
    readonly role: 'media' | 'fec' | 'control';
    readonly leg: string | null;
  };
  /** By how much a departure may be later than the time that its datagram carries, ns; `null`: not known. */
  readonly sendTimeBoundNs: number | null;
}
