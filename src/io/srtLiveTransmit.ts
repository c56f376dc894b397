/** An SRT link carried by `srt-live-transmit` (srt-tools), where our addon over libsrt is not built. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { ByteRing } from '../core/byteRing.js';
import { McastError } from '../core/errors.js';
import { SRT_NUMBERS, SrtCount, SrtShared, type SrtState } from './srtCounters.js';
import { srtAddress, type SrtOptions } from './srtOptions.js';
import { passphraseOnOneSide, wrongPassphrase } from './srtPeer.js';
import { backOffMs, TS_PACKET_OCTETS, wholePackets, type SrtMessage, type SrtTask } from './srtTask.js';

export const SRT_LIVE_TRANSMIT = 'srt-live-transmit';

const TURN_MS = 5;
const PUBLISH_MS = 1000;
/** It ends within some 30 ms when it is asked to; a killed one does not tell its peer. */
const STOP_PATIENCE_MS = 150;
const END_PATIENCE_MS = 2000;
/** Most octets that are on their way to its standard input. */
const QUEUED_OCTETS = 256 * 1024;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * The address as that program reads it. Throws ERR_UNSUPPORTED for what cannot be handed over: its command line is seen
 * by every user of the host, so only a passphrase that stood in ours may stand there.
 */
export function liveTransmitUrl(options: SrtOptions): string {
  const { passphrase } = options;
  if (passphrase !== null && options.passphraseFile !== null) {
    throw new McastError('ERR_UNSUPPORTED', `${SRT_LIVE_TRANSMIT} would show the passphrase in the list of processes`, {
      hint: 'Install libsrt-openssl-dev and run npm run build:native: the addon keeps it to itself.',
    });
  }
  const parameters = [`mode=${options.mode}`, `latency=${options.latencyMs}`];
  if (passphrase !== null) parameters.push(`passphrase=${passphrase}`);
  if (options.keyOctets !== 0) parameters.push(`pbkeylen=${options.keyOctets}`);
  if (options.streamId !== '') parameters.push(`streamid=${options.streamId}`);
  if (options.localAddress !== '') parameters.push(`adapter=${options.localAddress}`);
  if (options.localPort !== 0) parameters.push(`port=${options.localPort}`);
  parameters.push(`tlpktdrop=${options.dropTooLate ? 'yes' : 'no'}`, `conntimeo=${options.connectTimeoutMs}`);
  parameters.push(`peeridletimeo=${options.peerIdleTimeoutMs}`, `payloadsize=${wholePackets(options.payloadOctets)}`);
  if (parameters.some((parameter) => /[&%#]/.test(parameter))) {
    throw new McastError('ERR_UNSUPPORTED', `${SRT_LIVE_TRANSMIT} takes no &, % or # in a passphrase or a streamid`, {
      hint: 'Install libsrt-openssl-dev and run npm run build:native: the addon takes them.',
    });
  }
  return `srt://${srtAddress(options.host, options.port)}?${parameters.join('&')}`;
}

/** Runs the program, again when it ends, until it is to stop. Posts what happens, `ended` or `failed` last. */
export class LiveTransmit {
  readonly #task: SrtTask;
  readonly #url: string;
  readonly #shared: SrtShared;
  readonly #ring: ByteRing;
  readonly #post: (message: SrtMessage) => void;
  readonly #numbers = new Float64Array(SRT_NUMBERS);
  #timer: NodeJS.Timeout | undefined;
  readonly #block: Uint8Array;
  #child: Child | null = null;
  #state: SrtState = 'waiting';
  #publishedMs = 0;
  #failures = 0;
  #startAtMs = 0;
  /** Octets of the ring's that were read and not written yet. */
  #filled = 0;
  /** What standard output gave and the ring had no room for. */
  #waiting: Uint8Array | null = null;
  /** The line that it is saying. */
  #said = '';
  #finishing = false;
  #over = false;

  constructor(task: SrtTask, post: (message: SrtMessage) => void) {
    this.#task = task;
    this.#url = liveTransmitUrl(task.options);
    this.#shared = new SrtShared(task.shared);
    this.#ring = new ByteRing(task.ring);
    this.#post = post;
    this.#block = new Uint8Array(wholePackets(task.options.payloadOctets));
    // What only the library knows, and this program does not tell.
    this.#numbers.fill(Number.NaN, SrtCount.Library);
    for (const unknown of [SrtCount.RefusedPeers, SrtCount.TurnedAwayPeers, SrtCount.MessagesReceived]) {
      this.#numbers[unknown] = Number.NaN;
    }
    this.#numbers[SrtCount.MessagesSent] = Number.NaN;
  }

  run(): void {
    this.#timer = setInterval(() => this.#turn(), TURN_MS);
    this.#turn();
  }

  #turn(): void {
    if (this.#over) return;
    const nowMs = performance.now();
    if (this.#shared.stopped) {
      this.#finish({ type: 'ended' });
      return;
    }
    if (nowMs - this.#publishedMs >= PUBLISH_MS) this.#publish(nowMs);
    if (this.#child === null && nowMs >= this.#startAtMs) this.#start();
    if (this.#task.direction === 'receive') this.#drainWaiting();
    else if (!this.#finishing) this.#feed();
  }

  #start(): void {
    const receive = this.#task.direction === 'receive';
    const words = receive ? [this.#url, 'file://con'] : ['file://con', this.#url];
    const child = spawn(SRT_LIVE_TRANSMIT, [`-chunk:${this.#block.length}`, ...words], { stdio: 'pipe' });
    this.#child = child;
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    child.stdout.on('data', (octets: Uint8Array) => this.#take(octets));
    child.once('error', (error) =>
      this.#finish(failed(new McastError('ERR_UNSUPPORTED', `${SRT_LIVE_TRANSMIT} does not run: ${error.message}`))),
    );
    child.once('close', (status, signal) => {
      if (this.#child !== child) return;
      this.#child = null;
      if (this.#over) return;
      if (this.#state === 'connected') this.#lose(`${SRT_LIVE_TRANSMIT} ended with ${status ?? signal}`);
      else {
        this.#numbers[SrtCount.FailedAttempts]!++;
        this.#post({ type: 'refused', why: `${SRT_LIVE_TRANSMIT} ended with ${status ?? signal}` });
      }
      this.#startAtMs = performance.now() + backOffMs(this.#failures++);
    });
  }

  /** What it says on standard error. Never passed on: its first line holds the passphrase. */
  #hear(text: string): void {
    const peer = srtAddress(this.#task.options.host, this.#task.options.port);
    // A line comes in pieces.
    const lines = (this.#said + text).split('\n');
    this.#said = lines.pop()!.slice(-1000);
    for (const line of lines) {
      if (/^(?:Accepted SRT \w+ connection|SRT \w+ connected)/.test(line)) {
        this.#failures = 0;
        this.#numbers[SrtCount.Connections]!++;
        this.#state = 'connected';
        this.#post({ type: 'connected', peer });
      } else if (/^SRT \w+ disconnected/.test(line) && this.#state === 'connected') {
        this.#lose('the connection was closed or is broken');
      } else if (/Incorrect passphrase|BADSECRET/.test(line)) {
        this.#refused(wrongPassphrase(peer));
      } else if (/Password required or unexpected|UNSECURE/.test(line)) {
        this.#refused(passphraseOnOneSide(peer, this.#task.options.passphrase !== null));
      }
    }
  }

  #refused(error: McastError): void {
    // A listener waits for the next one.
    if (this.#task.options.mode === 'listener') this.#post({ type: 'refused', why: error.message });
    else this.#finish(failed(error));
  }

  #lose(why: string): void {
    this.#state = 'waiting';
    this.#numbers[SrtCount.LostConnections]!++;
    this.#post({ type: 'lost', why });
  }

  #take(octets: Uint8Array): void {
    this.#waiting = octets;
    this.#drainWaiting();
    if (this.#waiting === null) return;
    this.#numbers[SrtCount.RingFull]!++;
    this.#child?.stdout.pause();
  }

  #drainWaiting(): void {
    while (this.#waiting !== null) {
      const piece = Math.min(this.#waiting.length, 16_384);
      const at = this.#ring.claim(piece);
      if (at < 0) return;
      this.#ring.bytes.set(this.#waiting.subarray(0, piece), at);
      this.#ring.publish(piece);
      this.#numbers[SrtCount.OctetsReceived]! += piece;
      this.#waiting = piece === this.#waiting.length ? null : this.#waiting.subarray(piece);
    }
    if (this.#child?.stdout.isPaused() === true) this.#child.stdout.resume();
  }

  /** It takes whole blocks only: what does not fill one waits for the rest, or at the end is filled up. */
  #feed(): void {
    const { stdin } = this.#child ?? {};
    const connected = this.#state === 'connected';
    if (!connected && this.#numbers[SrtCount.Connections] === 0) return;
    for (;;) {
      if (connected && stdin!.writableLength >= QUEUED_OCTETS) return;
      const octets = this.#ring.read(this.#block.subarray(this.#filled));
      if (octets === 0) return;
      if (octets < 0) {
        this.#finishing = true;
        if (connected) this.#endInput();
        else this.#finish({ type: 'ended' });
        return;
      }
      this.#filled += octets;
      if (this.#filled < this.#block.length) continue;
      this.#filled = 0;
      this.#numbers[connected ? SrtCount.OctetsSent : SrtCount.OctetsDiscarded]! += this.#block.length;
      if (connected) stdin!.write(this.#block.slice());
    }
  }

  /** Sends the rest, lets it read to the end, gives the peer the time to deliver all, and ends. */
  #endInput(): void {
    const rest = this.#filled;
    const last = rest === 0 ? new Uint8Array(0) : this.#block.slice();
    if (rest % TS_PACKET_OCTETS === 0) fillWithNullPackets(last, rest);
    else last.fill(0, rest);
    this.#numbers[SrtCount.OctetsSent]! += rest;
    this.#child!.stdin.end(last, () => {
      setTimeout(() => this.#finish({ type: 'ended' }), this.#task.options.latencyMs + 500);
    });
  }

  #finish(message: SrtMessage): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#timer);
    if (this.#task.direction === 'receive') this.#ring.close();
    this.#state = 'ended';
    this.#publish(performance.now());
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null) {
      this.#post(message);
      return;
    }
    // It may block on an output that nobody reads any more.
    child.stdout.resume();
    // It sees the signal only when it has something to read, or the end.
    child.stdin.end();
    const patience = setTimeout(() => child.kill('SIGKILL'), this.#shared.stopped ? STOP_PATIENCE_MS : END_PATIENCE_MS);
    child.once('exit', () => {
      clearTimeout(patience);
      this.#post(message);
    });
    child.kill('SIGTERM');
  }

  #publish(nowMs: number): void {
    this.#publishedMs = nowMs;
    this.#shared.publish(this.#state, this.#numbers);
  }
}

/** ISO/IEC 13818-1 section 2.4.3.2, table 2-3: PID 0x1fff, payload only; a decoder leaves them out. */
export function fillWithNullPackets(octets: Uint8Array, from: number): void {
  for (let at = from; at + TS_PACKET_OCTETS <= octets.length; at += TS_PACKET_OCTETS) {
    octets.fill(0xff, at, at + TS_PACKET_OCTETS);
    octets.set([0x47, 0x1f, 0xff, 0x10], at);
  }
}

function failed(error: McastError): SrtMessage {
  return { type: 'failed', code: error.code, message: error.message, hint: error.hint };
}
