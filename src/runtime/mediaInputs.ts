/** Opens the inputs of a sender's transport streams, on the main thread, and keeps them supplied. */
import { open, type FileHandle } from 'node:fs/promises';
import { statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ByteRing } from '../core/byteRing.js';
import { MemorySource } from '../core/byteSource.js';
import { McastError } from '../core/errors.js';
import { transportRate } from '../feed/tsRate.js';
import { TsStatus } from '../feed/tsStream.js';
import type { FfmpegInput, RunningFfmpeg } from '../io/ffmpegInput.js';
import { fileError } from '../io/fileError.js';
import { wantsTranscoding } from '../profile/mediaPlan.js';
import type { MediaPlan, SendPlan, SendStream } from '../profile/plan.js';
import { TS_PACKET_OCTETS } from '../wire/mpegts.js';
import type { SharedInput } from './sharedInput.js';

/** Files up to this are held in memory, once for all streams that send them. */
const MEMORY_OCTETS = 64 << 20;
/** So much of a larger one, or of what comes through a pipe, is on its way to the sender. */
const RING_OCTETS = 8 << 20;
const CLAIM_OCTETS = 64 << 10;
/** What a stream must show of its clock before it is sent. */
const LOOK_OCTETS = 4 << 20;
const LOOK_STEP_OCTETS = 64 << 10;
/** A full ring is looked at again after so long. */
const REST_MS = 5;
/** Sources that come at their own pace, whoever reads. */
const LIVE_SCHEMES: ReadonlySet<string> = new Set(['rtsp', 'rtmp', 'srt', 'rist', 'udp', 'rtp']);

const TESTCARD = new URL('../../assets/testcard.mpegts', import.meta.url);

export interface MediaInputs {
  /** The plan, the rates of its streams filled in. */
  readonly plan: SendPlan;
  /** By stream of the plan; `null`: it has no input. */
  readonly shared: readonly (SharedInput | null)[];
  /** Settled when all inputs have come to their end or were stopped; rejects with the first that failed. */
  readonly finished: Promise<void>;
  /** What is sent, a line each. */
  readonly lines: readonly string[];
  /** Ends them: nothing of them is left. */
  stop(): Promise<void>;
}

/** An input that is open, and what it is. */
interface OpenInput {
  readonly shared: SharedInput;
  readonly bitPerSecond: number;
  readonly line: string;
  readonly finished: Promise<void>;
  readonly stop: () => Promise<void>;
}

const DONE = Promise.resolve();
const NOTHING = async (): Promise<void> => {};

/** Throws McastError: an input that cannot be read or is no transport stream; what was open by then is closed. */
export async function openMediaInputs(plan: SendPlan): Promise<MediaInputs> {
  const inputs: (OpenInput | null)[] = [];
  const files = new Map<string, Promise<SharedArrayBuffer>>();
  try {
    for (const { media } of plan.streams) inputs.push(media === null ? null : await openInput(media, files));
  } catch (error) {
    await Promise.all(inputs.map((input) => input?.stop()));
    throw error;
  }
  const opened = inputs.filter((input) => input !== null);
  const stop = async (): Promise<void> => {
    await Promise.all(opened.map((input) => input.stop()));
  };
  const finished = Promise.all(opened.map((input) => input.finished)).then(() => {});
  finished.catch(() => {});
  return {
    plan: { ...plan, streams: plan.streams.map((stream, index) => withRate(stream, inputs[index] ?? null)) },
    shared: inputs.map((input) => input?.shared ?? null),
    finished,
    lines: [...new Set(opened.map(({ line }) => line))],
    stop,
  };
}

function withRate(stream: SendStream, input: OpenInput | null): SendStream {
  if (input === null || stream.media === null) return stream;
  const packetsPerSecond = input.bitPerSecond / 8 / (stream.media.tsPerDatagram * TS_PACKET_OCTETS);
  const { legB } = stream;
  return { ...stream, packetsPerSecond, legB: legB === null ? null : { ...legB, packetsPerSecond } };
}

async function openInput(media: MediaPlan, files: Map<string, Promise<SharedArrayBuffer>>): Promise<OpenInput> {
  const { input } = media;
  if (input.kind === 'testcard') return await openFile(TESTCARD, 'the test card', media, files);
  if (input.kind === 'stdin') {
    return await openReadable(process.stdin, 'standard input', media, false, DONE, async () => {
      process.stdin.destroy();
    });
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(input.name)?.[1]?.toLowerCase();
  const isUrl = scheme !== undefined && (scheme === 'lavfi' || input.name.includes('://'));
  if (!isUrl && !wantsTranscoding(media) && (await isTransportFile(input.name, media))) {
    return await openFile(input.name, input.name, media, files);
  }
  return await openThroughFfmpeg(input.name, media, scheme !== undefined && LIVE_SCHEMES.has(scheme));
}

/** Whether the file begins as a transport stream does. Throws ERR_FILE. */
async function isTransportFile(path: string, media: MediaPlan): Promise<boolean> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'r');
    if (!(await file.stat()).isFile()) return false;
    const head = new Uint8Array(LOOK_STEP_OCTETS);
    const { bytesRead } = await file.read(head, 0, head.length, 0);
    if (bytesRead === 0) throw new McastError('ERR_FILE', `${path} is empty`, { hint: 'Name another file.' });
    const { status } = transportRate(new MemorySource(head.subarray(0, bytesRead), { loop: false }), media.pcrPid, 1e6);
    return status !== TsStatus.NotTs;
  } catch (error) {
    throw fileError(path, 'read', error);
  } finally {
    await file?.close();
  }
}

async function openFile(
  path: string | URL,
  name: string,
  media: MediaPlan,
  files: Map<string, Promise<SharedArrayBuffer>>,
): Promise<OpenInput> {
  try {
    const octets = statSync(path).size;
    if (octets > MEMORY_OCTETS) return await openLargeFile(path, name, octets, media);
    const known = files.get(String(path)) ?? readShared(path, octets);
    files.set(String(path), known);
    const shared = await known;
    const bitPerSecond = rateOf(new Uint8Array(shared), name, media, true);
    const startOctet = startOf(octets, media);
    return {
      shared: { kind: 'memory', octets: shared, loop: media.loop, startOctet },
      bitPerSecond,
      line: lineOf(name, bitPerSecond, media),
      finished: DONE,
      stop: NOTHING,
    };
  } catch (error) {
    throw fileError(String(path), 'read', error);
  }
}

async function readShared(path: string | URL, octets: number): Promise<SharedArrayBuffer> {
  const shared = new SharedArrayBuffer(octets);
  const bytes = new Uint8Array(shared);
  const file = await open(path, 'r');
  try {
    for (let at = 0; at < octets;) {
      const { bytesRead } = await file.read(bytes, at, octets - at, at);
      if (bytesRead === 0) throw new McastError('ERR_FILE', `${String(path)} became shorter while it was read`);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
  return shared;
}

/** The streams of one input begin apart, at a whole packet. */
function startOf(octets: number, { startShare }: MediaPlan): number {
  return Math.floor((startShare * octets) / TS_PACKET_OCTETS) * TS_PACKET_OCTETS;
}

async function openLargeFile(path: string | URL, name: string, octets: number, media: MediaPlan): Promise<OpenInput> {
  const file = await open(path, 'r');
  const head = new Uint8Array(LOOK_OCTETS);
  const { bytesRead } = await file.read(head, 0, head.length, 0);
  const bitPerSecond = rateOf(head.subarray(0, bytesRead), name, media, false);
  const startOctet = startOf(octets, media);
  const memory = ByteRing.allocate(RING_OCTETS, CLAIM_OCTETS);
  const control = { stopped: false };
  const pump = pumpFile(file, octets, startOctet, media.loop, new ByteRing(memory), control).catch((error: unknown) => {
    throw fileError(String(path), 'read', error);
  });
  pump.catch(() => {});
  return {
    shared: { kind: 'ring', ring: memory, passOctets: media.loop ? octets : null, startOctet, live: false },
    bitPerSecond,
    line: lineOf(name, bitPerSecond, media),
    finished: pump,
    stop: async () => {
      control.stopped = true;
      await pump.catch(() => {});
    },
  };
}

async function pumpFile(
  file: FileHandle,
  octets: number,
  startOctet: number,
  loop: boolean,
  ring: ByteRing,
  control: { readonly stopped: boolean },
): Promise<void> {
  try {
    for (let at = startOctet; !control.stopped;) {
      if (at >= octets) {
        if (!loop) break;
        at = 0;
      }
      const wanted = Math.min(CLAIM_OCTETS, octets - at);
      const to = ring.claim(wanted);
      if (to < 0) {
        await delay(REST_MS);
        continue;
      }
      const { bytesRead } = await file.read(ring.bytes, to, wanted, at);
      if (bytesRead === 0) throw new McastError('ERR_FILE', 'an input file became shorter while it was sent');
      ring.publish(bytesRead);
      at += bytesRead;
    }
  } finally {
    ring.close();
    await file.close();
  }
}

async function openThroughFfmpeg(name: string, media: MediaPlan, live: boolean): Promise<OpenInput> {
  const { openFfmpegInput } = await import('../io/ffmpegInput.js');
  const { transcode } = media;
  const input: FfmpegInput = {
    source: name,
    videoCodec: transcode.videoCodec,
    videoBitrateBitPerSecond: transcode.videoBitPerSecond,
    resolution: transcode.resolution,
    fps: transcode.fps,
    audioCodec: transcode.audioCodec,
    audioBitrateBitPerSecond: null,
    muxRateBitPerSecond: media.muxRateBitPerSecond,
    realTime: false,
    inputOptions: [...(media.loop ? ['-stream_loop', '-1'] : []), ...transcode.inputOptions],
    outputOptions: transcode.outputOptions,
  };
  const running = await openFfmpegInput(input, { option: transcode.program, environment: process.env });
  const finished = running.finished.then(() => {});
  finished.catch(() => {});
  try {
    return await openReadable(running.octets, name, media, live, finished, async () => running.stop(), running);
  } catch (error) {
    await running.stop();
    // Its own last words say more than that nothing came of it.
    await running.finished;
    throw error;
  }
}

/** A pipe: what shows its rate is read first, and then what came with it is sent before the rest. */
async function openReadable(
  readable: Readable,
  name: string,
  media: MediaPlan,
  live: boolean,
  ended: Promise<void>,
  stop: () => Promise<void>,
  ffmpeg: RunningFfmpeg | null = null,
): Promise<OpenInput> {
  const chunks = readable[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
  let head = Buffer.alloc(0);
  let looked = 0;
  let bitPerSecond = 0;
  for (let hasEnded = false; bitPerSecond === 0;) {
    const next = await chunks.next();
    hasEnded = next.done === true;
    if (next.done !== true) head = Buffer.concat([head, next.value]);
    if (!hasEnded && head.length < looked + LOOK_STEP_OCTETS) continue;
    looked = head.length;
    if (hasEnded && ffmpeg !== null) await ffmpeg.finished;
    if (head.length === 0) throw new McastError('ERR_FILE', `${name} is empty`, { hint: 'Name another input.' });
    const isAll = hasEnded || head.length >= LOOK_OCTETS;
    bitPerSecond = rateOf(head, name, media, isAll);
  }
  const memory = ByteRing.allocate(RING_OCTETS, CLAIM_OCTETS);
  const control = { stopped: false };
  const pump = pumpChunks(head, chunks, new ByteRing(memory), control);
  pump.catch(() => {});
  const how = ffmpeg === null ? '' : `, through ffmpeg (video ${ffmpeg.plan.video}, audio ${ffmpeg.plan.audio})`;
  return {
    shared: { kind: 'ring', ring: memory, passOctets: null, startOctet: 0, live },
    bitPerSecond,
    line: `${lineOf(name, bitPerSecond, media)}${how}`,
    finished: Promise.all([pump, ended]).then(() => {}),
    stop: async () => {
      control.stopped = true;
      await stop();
      await pump.catch(() => {});
    },
  };
}

async function pumpChunks(
  head: Uint8Array,
  chunks: AsyncIterator<Buffer, undefined>,
  ring: ByteRing,
  control: { readonly stopped: boolean },
): Promise<void> {
  try {
    await put(head, ring, control);
    while (!control.stopped) {
      const next = await chunks.next();
      if (next.done === true) break;
      await put(next.value, ring, control);
    }
  } finally {
    ring.close();
  }
}

/** Waits for room: that is what holds up a source that is faster than it is sent. */
async function put(octets: Uint8Array, ring: ByteRing, control: { readonly stopped: boolean }): Promise<void> {
  for (let at = 0; at < octets.length && !control.stopped;) {
    const part = Math.min(CLAIM_OCTETS, octets.length - at);
    const to = ring.claim(part);
    if (to < 0) {
      await delay(REST_MS);
      continue;
    }
    ring.bytes.set(octets.subarray(at, at + part), to);
    ring.publish(part);
    at += part;
  }
}

/** Bit/s of the transport stream; 0: more of it is needed. `isAll`: there is no more. Throws what is wrong with it. */
function rateOf(octets: Uint8Array, name: string, media: MediaPlan, isAll: boolean): number {
  const source = new MemorySource(octets, { loop: false });
  const { status, bitPerSecond } = transportRate(source, media.pcrPid, media.muxRateBitPerSecond);
  if (status === TsStatus.NotTs && (isAll || octets.length >= LOOK_STEP_OCTETS)) {
    throw new McastError('ERR_FILE_FORMAT', `${name} is no MPEG transport stream`, {
      hint: 'Name a file instead of standard input: ffmpeg makes a transport stream of what it can read.',
    });
  }
  if (bitPerSecond > 0) return bitPerSecond;
  if (!isAll) return 0;
  const pid = media.pcrPid === null ? '' : ` on PID ${media.pcrPid}`;
  throw new McastError('ERR_FILE_FORMAT', `${name} has no clock${pid} (PCR) to set the pace`, {
    hint: 'Say its rate with --mux-rate, as 8M.',
  });
}

function lineOf(name: string, bitPerSecond: number, media: MediaPlan): string {
  return `${name}: ${(bitPerSecond / 1e6).toFixed(3)} Mbit/s of transport stream${media.loop ? ', over and over' : ''}`;
}
