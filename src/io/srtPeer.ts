import { McastError } from '../core/errors.js';
import {
  SRT_REJECTED_BAD_SECRET,
  SRT_REJECTED_FOR_GOOD,
  SRT_REJECTED_UNSECURE,
  SrtOption,
  type SrtAddon,
} from './srtAddon.js';
import { SrtCount, type SrtShared } from './srtCounters.js';
import { srtAddress, type SrtOptions } from './srtOptions.js';
import { backOffMs, type SrtEvent } from './srtTask.js';

/** Longest that a call of the library waits: so soon a stop is seen. */
const TURN_MS = 100;
const EADDRINUSE = 98;
const EADDRNOTAVAIL = 99;

/** Finds the peer of a link, again and again: a caller calls, a listener lets in one at a time. */
export class SrtPeer {
  readonly #addon: SrtAddon;
  readonly #options: SrtOptions;
  readonly #shared: SrtShared;
  readonly #numbers: Float64Array;
  readonly #post: (event: SrtEvent) => void;
  #listener = 0;
  /** Peers let in by the listener. */
  #accepted = 0;
  /** As of the turn before, because a peer is still being examined when it has just asked. */
  #askedBefore = 0;
  #failures = 0;

  constructor(
    addon: SrtAddon,
    options: SrtOptions,
    shared: SrtShared,
    numbers: Float64Array,
    post: (event: SrtEvent) => void,
  ) {
    this.#addon = addon;
    this.#options = options;
    this.#shared = shared;
    this.#numbers = numbers;
    this.#post = post;
  }

  /**
   * The socket of a connection, or 0 when it is to stop; calls `idle` every {@link TURN_MS} until then, which ends the
   * search by `false`. Throws what no further attempt would change.
   */
  find(idle: () => boolean): number {
    return this.#options.mode === 'listener' ? this.#accept(idle) : this.#call(idle);
  }

  #accept(idle: () => boolean): number {
    const addon = this.#addon;
    if (this.#listener === 0) {
      const opened = this.#open();
      this.#bind(opened, this.#options.host, this.#options.port);
      this.#succeed(addon.listen(opened, 1), 'listen');
      this.#listener = opened;
      this.#post({ type: 'listening' });
    }
    addon.admit(this.#listener, 1);
    for (;;) {
      if (this.#shared.stopped) return 0;
      const accepted = addon.accept(this.#listener, TURN_MS);
      if (accepted < 0) this.#succeed(accepted, 'accept');
      if (accepted > 0) {
        addon.admit(this.#listener, 0);
        this.#accepted++;
        this.#connected(accepted);
        return accepted;
      }
      this.#countRefused();
      if (!idle()) return 0;
    }
  }

  #countRefused(): void {
    const refused = this.#askedBefore - this.#accepted;
    this.#askedBefore = this.#addon.asked(this.#listener);
    this.#numbers[SrtCount.TurnedAwayPeers] = this.#addon.turnedAway(this.#listener);
    if (refused <= this.#numbers[SrtCount.RefusedPeers]!) return;
    this.#numbers[SrtCount.RefusedPeers] = refused;
    this.#post({ type: 'refused', why: 'a peer with a wrong passphrase, or with one where the other has none' });
  }

  #call(idle: () => boolean): number {
    const addon = this.#addon;
    for (;;) {
      const socket = this.#open();
      const { host, port, mode, localAddress, localPort } = this.#options;
      if (mode === 'rendezvous') this.#bind(socket, localAddress || anyOf(host), port);
      else if (localAddress !== '' || localPort !== 0) this.#bind(socket, localAddress || anyOf(host), localPort);
      let connected = addon.connect(socket, host, port) < 0 ? -1 : 0;
      while (connected === 0) {
        if (this.#shared.stopped || !idle()) {
          addon.close(socket);
          return 0;
        }
        connected = addon.connected(socket, TURN_MS);
      }
      if (connected > 0) {
        this.#connected(socket);
        return socket;
      }
      this.#refused(socket);
      const againMs = performance.now() + backOffMs(this.#failures++);
      while (performance.now() < againMs) {
        this.#shared.sleep(Math.min(TURN_MS, Math.max(1, againMs - performance.now())));
        if (this.#shared.stopped || !idle()) return 0;
      }
    }
  }

  #connected(socket: number): void {
    this.#failures = 0;
    this.#numbers[SrtCount.Connections]!++;
    const peer = this.#addon.peer(socket) || srtAddress(this.#options.host, this.#options.port);
    this.#post({ type: 'connected', peer });
  }

  #refused(socket: number): void {
    const reason = this.#addon.rejectReason(socket);
    const text = this.#addon.rejectText(reason);
    this.#addon.close(socket);
    this.#numbers[SrtCount.FailedAttempts]!++;
    const peer = srtAddress(this.#options.host, this.#options.port);
    if (reason === SRT_REJECTED_BAD_SECRET) throw wrongPassphrase(peer);
    if (reason === SRT_REJECTED_UNSECURE) throw passphraseOnOneSide(peer, this.#options.passphrase !== null);
    if (SRT_REJECTED_FOR_GOOD.has(reason)) {
      throw new McastError('ERR_SOCKET', `SRT: ${peer} refused the connection: ${text}`, { hint: '' });
    }
    this.#post({ type: 'refused', why: `${peer}: ${text}` });
  }

  #open(): number {
    const addon = this.#addon;
    const { passphrase, keyOctets, streamId, mode } = this.#options;
    const socket = addon.create();
    this.#succeed(socket, 'create a socket');
    const set = (result: number, what: string): void => this.#succeed(result, `set ${what}`);
    set(addon.setNumber(socket, SrtOption.ReceiveTimeoutMs, TURN_MS), 'the receive time-out');
    set(addon.setNumber(socket, SrtOption.SendTimeoutMs, TURN_MS), 'the send time-out');
    set(addon.setNumber(socket, SrtOption.LatencyMs, this.#options.latencyMs), 'latency');
    set(addon.setSwitch(socket, SrtOption.DropTooLate, this.#options.dropTooLate ? 1 : 0), 'tlpktdrop');
    set(addon.setNumber(socket, SrtOption.PayloadOctets, this.#options.payloadOctets), 'size');
    set(addon.setNumber(socket, SrtOption.ConnectTimeoutMs, this.#options.connectTimeoutMs), 'conntimeo');
    set(addon.setNumber(socket, SrtOption.PeerIdleTimeoutMs, this.#options.peerIdleTimeoutMs), 'peeridletimeo');
    if (keyOctets !== 0) set(addon.setNumber(socket, SrtOption.KeyOctets, keyOctets), 'pbkeylen');
    if (passphrase !== null) set(addon.setText(socket, SrtOption.Passphrase, passphrase), 'the passphrase');
    if (streamId !== '') set(addon.setText(socket, SrtOption.StreamId, streamId), 'streamid');
    if (mode === 'rendezvous') set(addon.setSwitch(socket, SrtOption.Rendezvous, 1), 'rendezvous');
    return socket;
  }

  #bind(socket: number, host: string, port: number): void {
    // The library wants to be told whether all addresses are those of IPv4, too.
    if (host === '::') this.#succeed(this.#addon.setNumber(socket, SrtOption.Ipv6Only, 0), 'set IPV6_V6ONLY');
    this.#succeed(this.#addon.bind(socket, host, port), 'bind');
  }

  /** Throws what the library says of a call that has failed. */
  #succeed(result: number, what: string): void {
    if (result >= 0) return;
    const { host, port, localAddress } = this.#options;
    const errno = what === 'bind' ? this.#addon.lastErrno() : 0;
    const own = srtAddress(this.#options.mode === 'listener' ? host : localAddress, port);
    if (errno === EADDRINUSE) throw new McastError('ERR_PORT_IN_USE', `SRT: ${own} is in use by another program`);
    if (errno === EADDRNOTAVAIL) {
      throw new McastError('ERR_SOURCE_ADDRESS', `SRT: ${own} is no address of this host`, {
        hint: 'A listener listens on an address of this host; leave it out for all of them.',
      });
    }
    throw new McastError('ERR_SOCKET', `SRT could not ${what}: ${this.#addon.lastError()}`);
  }
}

function anyOf(peer: string): string {
  return peer.includes(':') ? '::' : '0.0.0.0';
}

export function wrongPassphrase(peer: string): McastError {
  return new McastError('ERR_SOCKET', `SRT: ${peer} refused the connection: wrong passphrase`, {
    hint: 'Give the passphrase that the peer was given.',
  });
}

export function passphraseOnOneSide(peer: string, here: boolean): McastError {
  const why = here
    ? 'a passphrase is given here, the peer has none'
    : 'the peer wants a passphrase, none is given here';
  return new McastError('ERR_SOCKET', `SRT: ${peer} refused the connection: ${why}`, {
    hint: 'Give both ends the same passphrase, or neither.',
  });
}
