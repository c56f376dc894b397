import { ByteRing } from '../core/byteRing.js';
import { SRT_STATS, SRT_TOTALS, SrtStat, type SrtAddon } from './srtAddon.js';
import { SRT_NUMBERS, SrtCount, SrtShared, type SrtState } from './srtCounters.js';
import { SRT_MOST_PAYLOAD_OCTETS } from './srtOptions.js';
import { SrtPeer } from './srtPeer.js';
import { wholePackets, type SrtEvent, type SrtTask } from './srtTask.js';

/** How often the library is asked for its counts, and how often they are published. */
const STATS_MS = 100;
const PUBLISH_MS = 1000;
/** A message that is not full leaves when nothing has come for so long. */
const FLUSH_MS = 10;
/** How long the peer has to confirm what was sent last. */
const CONFIRM_MS = 10_000;

type Outcome = 'lost' | 'ended' | 'stopped';

/** Carries octets between a ring and one SRT peer after another, until it is told to stop. Blocks its thread. */
export class SrtLink {
  readonly #addon: SrtAddon;
  readonly #task: SrtTask;
  readonly #shared: SrtShared;
  readonly #ring: ByteRing;
  readonly #post: (event: SrtEvent) => void;
  readonly #numbers = new Float64Array(SRT_NUMBERS);
  /** The library's totals of the connections before this one. */
  readonly #before = new Float64Array(SRT_TOTALS);
  readonly #stats = new Float64Array(SRT_STATS);
  readonly #message: Uint8Array;
  #filled = 0;
  #state: SrtState = 'waiting';
  #askedMs = 0;
  #publishedMs = 0;

  constructor(addon: SrtAddon, task: SrtTask, post: (event: SrtEvent) => void) {
    this.#addon = addon;
    this.#task = task;
    this.#shared = new SrtShared(task.shared);
    this.#ring = new ByteRing(task.ring);
    this.#post = post;
    this.#message = new Uint8Array(wholePackets(task.options.payloadOctets));
  }

  /** Returns when it was stopped, or when all of a closed ring was sent. Throws McastError. */
  run(): void {
    const { direction, options } = this.#task;
    const peer = new SrtPeer(this.#addon, options, this.#shared, this.#numbers, this.#post);
    const carry = direction === 'receive' ? this.#receive.bind(this) : this.#send.bind(this);
    try {
      for (;;) {
        const socket = peer.find(() => this.#idle());
        if (socket === 0) return;
        this.#state = 'connected';
        this.#askedMs = 0;
        this.#publish(performance.now());
        const outcome = carry(socket);
        this.#closeConnection(socket);
        if (outcome !== 'lost') return;
        this.#numbers[SrtCount.LostConnections]!++;
        this.#post({ type: 'lost', why: 'the connection was closed or is broken' });
      }
    } finally {
      if (direction === 'receive') this.#ring.close();
      this.#state = 'ended';
      this.#publish(performance.now());
    }
  }

  #receive(socket: number): Outcome {
    const addon = this.#addon;
    const ring = this.#ring;
    const numbers = this.#numbers;
    for (;;) {
      if (this.#shared.stopped) return 'stopped';
      this.#tick(socket);
      const at = ring.claim(SRT_MOST_PAYLOAD_OCTETS);
      if (at < 0) {
        // What has arrived waits in the library's own buffer.
        numbers[SrtCount.RingFull]!++;
        this.#shared.sleep(2);
        continue;
      }
      const octets = addon.recv(socket, ring.bytes, at, SRT_MOST_PAYLOAD_OCTETS);
      if (octets < 0) return 'lost';
      if (octets === 0) continue;
      ring.publish(octets);
      numbers[SrtCount.MessagesReceived]!++;
      numbers[SrtCount.OctetsReceived]! += octets;
    }
  }

  #send(socket: number): Outcome {
    const message = this.#message;
    let sinceMs = performance.now();
    for (;;) {
      if (this.#shared.stopped) return 'stopped';
      const nowMs = this.#tick(socket);
      const octets = this.#ring.read(this.#filled === 0 ? message : message.subarray(this.#filled));
      if (octets > 0) {
        this.#filled += octets;
        sinceMs = nowMs;
      }
      const ended = octets < 0;
      if (this.#filled === message.length || (ended && this.#filled > 0)) {
        // What ends the input may be no whole packet: it goes as it is.
        if (!this.#sendMessage(socket, this.#filled)) return this.#shared.stopped ? 'stopped' : 'lost';
      } else if (ended) {
        return this.#confirm(socket);
      } else if (octets === 0) {
        if (this.#filled >= 188 && nowMs - sinceMs >= FLUSH_MS) {
          if (!this.#sendMessage(socket, wholePackets(this.#filled))) return this.#shared.stopped ? 'stopped' : 'lost';
        } else {
          if (this.#addon.alive(socket) !== 1) return 'lost';
          this.#shared.sleep(1);
        }
      }
    }
  }

  /** Sends the first `octets` of the message and keeps the rest for the next one. */
  #sendMessage(socket: number, octets: number): boolean {
    for (;;) {
      const sent = this.#addon.send(socket, this.#message, 0, octets);
      if (sent > 0) break;
      if (sent < 0) return false;
      // The library's buffer is full: the network takes less than is sent.
      if (this.#shared.stopped) return false;
      this.#tick(socket);
    }
    this.#numbers[SrtCount.MessagesSent]!++;
    this.#numbers[SrtCount.OctetsSent]! += octets;
    this.#message.copyWithin(0, octets, this.#filled);
    this.#filled -= octets;
    return true;
  }

  /**
   * A peer forgets what it has not yet delivered when the connection closes. So it is given the time: until all is
   * confirmed, and then for its latency.
   */
  #confirm(socket: number): Outcome {
    const untilMs = performance.now() + CONFIRM_MS;
    for (;;) {
      if (this.#shared.stopped) return 'stopped';
      const waiting = this.#addon.unacknowledged(socket);
      if (waiting < 0) return 'ended';
      if (waiting === 0 || performance.now() > untilMs) break;
      this.#tick(socket);
      this.#shared.sleep(5);
    }
    this.#addon.stats(socket, this.#stats);
    const enoughMs =
      performance.now() + this.#stats[SrtStat.PeerLatencyMs]! + this.#stats[SrtStat.RttMs]! + FLUSH_MS + STATS_MS;
    while (!this.#shared.stopped && performance.now() < enoughMs && this.#addon.alive(socket) === 1) {
      this.#tick(socket);
      this.#shared.sleep(10);
    }
    return this.#shared.stopped ? 'stopped' : 'ended';
  }

  /** While there is no peer. False: nothing is left to be done. */
  #idle(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#publishedMs >= PUBLISH_MS) this.#publish(nowMs);
    if (this.#task.direction === 'receive' || this.#numbers[SrtCount.Connections] === 0) return true;
    // Nobody wants to see later what was meant for now. Before the first peer has come, the ring holds what it can.
    for (;;) {
      // Whole packets only, so that what follows still begins with one; a message that was not taken is the first.
      const discarded = wholePackets(this.#filled);
      this.#numbers[SrtCount.OctetsDiscarded]! += discarded;
      this.#message.copyWithin(0, discarded, this.#filled);
      this.#filled -= discarded;
      const octets = this.#ring.read(this.#filled === 0 ? this.#message : this.#message.subarray(this.#filled));
      if (octets < 0) return false;
      if (octets === 0) return true;
      this.#filled += octets;
    }
  }

  /** Takes the library's counts and publishes all, when it is time; returns the time, ms. */
  #tick(socket: number): number {
    const nowMs = performance.now();
    if (nowMs - this.#askedMs < STATS_MS) return nowMs;
    this.#askedMs = nowMs;
    this.#takeStats(socket);
    if (nowMs - this.#publishedMs >= PUBLISH_MS) this.#publish(nowMs);
    return nowMs;
  }

  #takeStats(socket: number): void {
    if (this.#addon.stats(socket, this.#stats) < 0) return;
    for (let i = 0; i < SRT_STATS; i++) {
      this.#numbers[SrtCount.Library + i] = this.#stats[i]! + (i < SRT_TOTALS ? this.#before[i]! : 0);
    }
  }

  #closeConnection(socket: number): void {
    this.#takeStats(socket);
    this.#addon.close(socket);
    for (let i = 0; i < SRT_STATS; i++) {
      if (i < SRT_TOTALS) this.#before[i] = this.#numbers[SrtCount.Library + i]!;
      // Nothing is on its way any more; the round trip and what was agreed upon are still worth knowing.
      else if (i >= SrtStat.SendBufferMs && i <= SrtStat.ReceiveBufferPackets) this.#numbers[SrtCount.Library + i] = 0;
    }
    this.#state = 'waiting';
    this.#publish(performance.now());
  }

  #publish(nowMs: number): void {
    this.#publishedMs = nowMs;
    this.#shared.publish(this.#state, this.#numbers);
  }
}
