/**
 * The picture of a received transport stream for a browser: ffmpeg packages it while somebody watches, one stream for one
 * viewer at a time. Otherwise there is no program, and nothing is taken out of the measurement but a look per datagram.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { setPriority } from 'node:os';
import type { Readable } from 'node:stream';
import { ByteRing } from '../core/byteRing.js';
import { emptyRing } from '../io/emptyRing.js';
import { findFfmpegPaths } from '../io/ffmpegProgram.js';
import type { Environment } from '../io/findProgram.js';
import { LastWords } from '../io/lastWords.js';
import { endChild, ownChild } from '../io/ownedChild.js';
import type { StreamAddress } from '../profile/plan.js';
import { outputQueue, type OutputQueue } from './receiverOutputs.js';

/** It yields to everything that measures. */
const NICENESS = 15;
/** Fragments of half a second that begin with a picture of their own where there is one (ISO/IEC 14496-12 section 8.8). */
const OUTPUT =
  '-c:a aac -ac 2 -b:a 128k -movflags frag_keyframe+empty_moov+default_base_moof -frag_duration 500000 -f mp4 pipe:1';
const INPUT =
  '-hide_banner -nostats -nostdin -loglevel error -fflags +genpts+discardcorrupt -probesize 3M -analyzeduration 2000000 -f mpegts -i pipe:0 -map 0:v:0 -map 0:a:0?';
const COPIED = '-c:v copy';
/** A picture for a look: small, and as cheap as can be. */
const TRANSCODED =
  '-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 50 -vf yadif=deint=interlaced,scale=min(640\\,iw):-2';
const DRAIN_OCTETS = 1 << 20;

export interface Watched {
  /** Fragmented MP4. */
  readonly octets: Readable;
  /** Why it ended early; `null`: it was ended, or the stream was. Never rejects. */
  readonly ended: Promise<string | null>;
  stop(): Promise<void>;
}

export class Preview {
  /** For the receiving thread. */
  readonly queue: OutputQueue;
  readonly #ffmpeg: string;
  readonly #streams: readonly StreamAddress[];
  readonly #environment: Environment;
  readonly #chosen: Int32Array<SharedArrayBuffer>;
  #watched: Watched | null = null;
  #isEnding = false;

  /** `null`: none of the endpoints can have a transport stream. Throws ERR_FFMPEG_MISSING. */
  static open(streams: readonly StreamAddress[], environment: Environment): Preview | null {
    if (streams.every(({ scheme }) => scheme !== 'rtp' && scheme !== 'udp')) return null;
    return new Preview(streams, findFfmpegPaths({ option: null, environment }).path, environment);
  }

  private constructor(streams: readonly StreamAddress[], ffmpeg: string, environment: Environment) {
    this.#streams = streams;
    this.#ffmpeg = ffmpeg;
    this.#environment = environment;
    this.#chosen = new Int32Array(new SharedArrayBuffer(4));
    this.queue = { ...outputQueue(-1, 'preview'), watched: this.#chosen };
  }

  /** Of the endpoint that has this group and port; `null`: there is none. */
  positionOf(group: string, port: number): number | null {
    const position = this.#streams.findIndex((stream) => stream.group === group && stream.port === port);
    return position < 0 ? null : position;
  }

  /** `isCopied`: browsers know the pictures as they are (H.264). `null`: another one is watched. */
  async watch(position: number, isCopied: boolean): Promise<Watched | null> {
    if (this.#isEnding) await this.#watched?.ended;
    if (this.#watched !== null) return null;
    const words = `${INPUT} ${isCopied ? COPIED : TRANSCODED} ${OUTPUT}`.split(' ');
    const child = spawn(this.#ffmpeg, words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...this.#environment },
      detached: process.platform !== 'win32',
    });
    ownChild(child);
    giveWay(child);
    const lastWords = new LastWords();
    child.stderr.setEncoding('utf8').on('data', (text: string) => lastWords.add(text));
    // Its end is told by `ended`.
    child.stdin.on('error', () => {});
    let isOver = false;
    let isStopped = false;
    const ended = new Promise<string | null>((resolve) => {
      child.once('error', (error) => resolve(`ffmpeg cannot be started: ${error.message}`));
      child.once('close', (code) => resolve(isStopped || code === 0 ? null : lastWords.line() || 'ffmpeg failed'));
    }).finally(() => {
      isOver = true;
      this.#chosen[0] = 0;
      this.#watched = null;
      this.#isEnding = false;
    });
    void this.#feed(child, position, () => !isOver && !isStopped);
    this.#watched = {
      octets: child.stdout,
      ended,
      stop: async () => {
        isStopped = this.#isEnding = !isOver;
        await endChild(child);
        await ended;
      },
    };
    return this.#watched;
  }

  /** Somebody watches. */
  get isWatched(): boolean {
    return this.#watched !== null;
  }

  /** Nobody watches any more. */
  async close(): Promise<void> {
    await this.#watched?.stop();
  }

  async #feed(child: ChildProcess, position: number, goesOn: () => boolean): Promise<void> {
    const ring = new ByteRing(this.queue.ring);
    // What is left of who watched before.
    const rest = new Uint8Array(DRAIN_OCTETS);
    while (ring.read(rest) > 0);
    Atomics.store(this.#chosen, 0, position + 1);
    const give = (octets: Uint8Array): Promise<void> =>
      new Promise((resolve) => {
        child.once('close', resolve);
        // The octets are the ring's again before the program may have taken them.
        child.stdin!.write(octets.slice(), () => {
          child.off('close', resolve);
          resolve();
        });
      });
    await emptyRing(ring, give, goesOn);
    child.stdin!.end();
  }
}

function giveWay(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    setPriority(child.pid, NICENESS);
  } catch {
    // It has ended already.
  }
}
