/** Opens the inputs of a sender's transport streams, on the main thread, and keeps them supplied. */
import { open, type FileHandle } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { ByteRing } from '../core/byteRing.js';
import { MemorySource } from '../core/byteSource.js';
import { McastError, type ErrorCode } from '../core/errors.js';
import { transportRate } from '../feed/tsRate.js';
import { TsStatus } from '../feed/tsStream.js';
import { refuseCapturedPipe } from '../io/captureHead.js';
import type { FfmpegInput, RunningFfmpeg } from '../io/ffmpegInput.js';
import { fileError } from '../io/fileError.js';
import { wantsTranscoding } from '../profile/mediaPlan.js';
import type { MediaPlan, SendPlan, SendStream } from '../profile/plan.js';
import type { Link } from '../result/model.js';
import { TS_PACKET_OCTETS } from '../wire/mpegts.js';
import { CLAIM_OCTETS, pumpChunks, pumpFile } from './inputPump.js';
import { readShared } from './sharedFile.js';
import type { SharedInput } from './sharedInput.js';
import { filledTestcard, TESTCARD } from './testcardFile.js';

/** Files up to this are held in memory, once for all streams that send them. */
const MEMORY_OCTETS = 64 << 20;
/** So much of a larger one, or of what comes through a pipe, is on its way to the sender. */
const RING_OCTETS = 8 << 20;
/** What a stream must show of its clock before it is sent. */
const LOOK_OCTETS = 4 << 20;
const LOOK_STEP_OCTETS = 64 << 10;
/** Sources that come at their own pace, whoever reads. */
const LIVE_SCHEMES: ReadonlySet<string> = new Set(['rtsp', 'rtmp', 'rist', 'udp', 'rtp']);

export interface MediaInputs {
  /** The plan, the rates of its streams filled in. */
  readonly plan: SendPlan;
  /** By stream of the plan; `null`: it has no input. */
  readonly shared: readonly (SharedInput | null)[];
  /** Settled when all inputs have come to their end or were stopped; rejects with the first that failed. */
  readonly finished: Promise<void>;
  /** What is sent, a line each. */
  readonly lines: readonly string[];
  /** The links among them, as they are now. */
  links(): Link[];
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
  /** Of a link, as it is now. */
  readonly link?: () => Link;
}

const NOT_TS_HINT = 'Name a file that ffmpeg can read: it makes a transport stream of that.';
const DONE = Promise.resolve();
const NOTHING = async (): Promise<void> => {};

/** An input that gives nothing for so long is told of, ms. */
const PATIENCE_MS = 2000;

async function tellingOfDelay<T>(opening: Promise<T>, { input }: MediaPlan, tell: (text: string) => void): Promise<T> {
  const name = input.kind === 'named' ? input.name : 'standard input';
  // A link tells by itself that it waits, and may have a passphrase in its name.
  const isLink = name.startsWith('srt:');
  const timer = setTimeout(() => isLink || tell(`waiting for ${name}: too little of it has come yet`), PATIENCE_MS);
  try {
    return await opening;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Throws McastError: an input that cannot be read or is no transport stream; what was open by then is closed. `tell`: a
 * line for the operator about a link whose peer came or went; one that has none is waited for.
 */
export async function openMediaInputs(plan: SendPlan, tell: (text: string) => void = () => {}): Promise<MediaInputs> {
  const inputs: (OpenInput | null)[] = [];
  const files = new Map<string, Promise<SharedArrayBuffer>>();
  try {
    for (const { media } of plan.streams) {
      inputs.push(media === null ? null : await tellingOfDelay(openInput(media, files, tell), media, tell));
    }
  } catch (error) {
    await Promise.all(inputs.map((input) => input?.stop()));
    throw error;
  }
  const opened = inputs.filter((input) => input !== null);
  const stop = async (): Promise<void> => {
    await Promise.all(opened.map((input) => input.stop()));
  };
  const finished = Promise.all(opened.map((input) => input.finished)).then(() => undefined);
  finished.catch(() => {});
  return {
    plan: { ...plan, streams: plan.streams.map((stream, index) => withRate(stream, inputs[index] ?? null)) },
    shared: inputs.map((input) => input?.shared ?? null),
    finished,
    lines: [...new Set(opened.map(({ line }) => line))],
    links: () => opened.flatMap(({ link }) => (link === undefined ? [] : [link()])),
    stop,
  };
}

function withRate(stream: SendStream, input: OpenInput | null): SendStream {
  if (input === null || stream.media === null) return stream;
  const packetsPerSecond = input.bitPerSecond / 8 / (stream.media.tsPerDatagram * TS_PACKET_OCTETS);
  const { legB } = stream;
  return { ...stream, packetsPerSecond, legB: legB === null ? null : { ...legB, packetsPerSecond } };
}

async function openInput(
  media: MediaPlan,
  files: Map<string, Promise<SharedArrayBuffer>>,
  tell: (text: string) => void,
): Promise<OpenInput> {
  const { input } = media;
  if (input.kind === 'testcard') return await openTestcard(media, files);
  if (input.kind === 'stdin') {
    return await openReadable(process.stdin, 'standard input', media, false, DONE, async () => {
      process.stdin.destroy();
    });
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(input.name)?.[1]?.toLowerCase();
  if (scheme === 'srt') return await openSrtSource(input.name, media, tell);
  const isUrl = scheme !== undefined && (scheme === 'lavfi' || input.name.includes('://'));
  if (!isUrl && !wantsTranscoding(media) && (await isTransportFile(input.name, media))) {
    return await openFile(input.name, input.name, media, files);
  }
  try {
    return await openThroughFfmpeg(input.name, media, scheme !== undefined && LIVE_SCHEMES.has(scheme));
  } catch (error) {
    if (!(error instanceof McastError) || error.code !== 'ERR_FFMPEG_MISSING') throw error;
    // Who meant to send a transport stream does not look for ffmpeg.
    const why = isUrl || wantsTranscoding(media) ? 'needs ffmpeg' : 'is no MPEG transport stream';
    throw new McastError(error.code, `${input.name} ${why}: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/** Whether the file begins as a transport stream does. Throws ERR_FILE. */
async function isTransportFile(path: string, media: MediaPlan): Promise<boolean> {
  let file: FileHandle | null = null;
  try {
    file = await open(path, 'r');
    const stats = await file.stat();
    if (stats.isDirectory()) throw new McastError('ERR_FILE', `${path} is a folder`, { hint: 'Name a file.' });
    if (!stats.isFile()) return false;
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

/** The clip, filled up to the rate that it is to have. */
async function openTestcard(media: MediaPlan, files: Map<string, Promise<SharedArrayBuffer>>): Promise<OpenInput> {
  const { muxRateBitPerSecond: rate } = media;
  if (rate !== null) {
    const key = `${String(TESTCARD)} ${rate}`;
    const filled = files.get(key) ?? filledTestcard(rate);
    files.set(key, filled);
    return openShared(await filled, 'the test card', media);
  }
  return await openFile(TESTCARD, 'the test card', media, files);
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
    return openShared(await known, name, media);
  } catch (error) {
    throw fileError(String(path), 'read', error);
  }
}

/** What is whole in memory. */
function openShared(octets: SharedArrayBuffer, name: string, media: MediaPlan): OpenInput {
  const bitPerSecond = rateOf(new Uint8Array(octets), name, media, true);
  const startOctet = startOf(octets.byteLength, media);
  return {
    shared: { kind: 'memory', octets, loop: media.loop, startOctet },
    bitPerSecond,
    line: lineOf(name, bitPerSecond, media),
    finished: DONE,
    stop: NOTHING,
  };
}

/** The streams of one input begin apart, at a whole packet. */
function startOf(octets: number, { startShare }: MediaPlan): number {
  return Math.floor((startShare * octets) / TS_PACKET_OCTETS) * TS_PACKET_OCTETS;
}

async function openLargeFile(path: string | URL, name: string, octets: number, media: MediaPlan): Promise<OpenInput> {
  const file = await open(path, 'r');
  const head = new Uint8Array(LOOK_OCTETS);
  const startOctet = startOf(octets, media);
  let bitPerSecond = 0;
  try {
    const { bytesRead } = await file.read(head, 0, head.length, startOctet);
    bitPerSecond = rateOf(head.subarray(0, bytesRead), name, media, true);
  } catch (error) {
    await file.close();
    throw error;
  }
  const memory = ByteRing.allocate(RING_OCTETS, CLAIM_OCTETS);
  const control = { stopped: false };
  const pump = pumpFile(file, name, octets, startOctet, media.loop, new ByteRing(memory), control).catch(
    (error: unknown) => {
      throw fileError(String(path), 'read', error);
    },
  );
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

/** A link of our own; through ffmpeg where there can be none, or where ffmpeg has work to do. */
async function openSrtSource(text: string, media: MediaPlan, tell: (text: string) => void): Promise<OpenInput> {
  const { ffmpegSrt, openSrtInput, whyNoSrt } = await import('./srtInput.js');
  const why = whyNoSrt(text);
  if (why !== null || wantsFfmpeg(media)) {
    const { source, name, hide } = ffmpegSrt(text);
    try {
      const { finished, ...input } = await openThroughFfmpeg(source, media, true, name);
      return { ...input, finished: finished.catch((error: unknown) => Promise.reject(hide(error))) };
    } catch (error) {
      const isLacking = error instanceof McastError && LACKING.has(error.code);
      throw why !== null && isLacking ? why : hide(error);
    }
  }
  const link = await openSrtInput(text, tell);
  try {
    const input = await openReadable(link.octets, link.name, media, true, link.ended, link.stop);
    return { ...input, link: link.link };
  } catch (error) {
    await link.stop();
    throw error;
  }
}

/** What ffmpeg says where it is not there, or was built without the protocol. */
const LACKING: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['ERR_FFMPEG_MISSING', 'ERR_UNSUPPORTED']);

function wantsFfmpeg(media: MediaPlan): boolean {
  const { program, inputOptions, outputOptions } = media.transcode;
  return wantsTranscoding(media) || program !== null || inputOptions.length > 0 || outputOptions.length > 0;
}

async function openThroughFfmpeg(
  source: string,
  media: MediaPlan,
  live: boolean,
  name: string = source,
): Promise<OpenInput> {
  const { openFfmpegInput } = await import('../io/ffmpegInput.js');
  const { transcode } = media;
  const input: FfmpegInput = {
    source,
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
  const finished = running.finished.then(() => undefined);
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
  readable: AsyncIterable<Uint8Array>,
  name: string,
  media: MediaPlan,
  live: boolean,
  ended: Promise<void>,
  stop: () => Promise<void>,
  ffmpeg: RunningFfmpeg | null = null,
): Promise<OpenInput> {
  const chunks = readable[Symbol.asyncIterator]() as AsyncIterator<Uint8Array, undefined>;
  let head = Buffer.alloc(0);
  let looked = 0;
  let bitPerSecond = 0;
  for (let hasEnded = false; bitPerSecond === 0;) {
    const next = await chunks.next();
    hasEnded = next.done === true;
    if (next.done !== true) head = Buffer.concat([head, next.value]);
    refuseCapturedPipe(head, name);
    if (!hasEnded && head.length < looked + LOOK_STEP_OCTETS) continue;
    looked = head.length;
    // Its own last words say more than that nothing came of it.
    if (hasEnded) await ended;
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
    finished: Promise.all([pump, ended]).then(() => undefined),
    stop: async () => {
      control.stopped = true;
      await stop();
      await pump.catch(() => {});
    },
  };
}

/** Bit/s of the transport stream; 0: more of it is needed. `isAll`: there is no more. Throws what is wrong with it. */
function rateOf(octets: Uint8Array, name: string, media: MediaPlan, isAll: boolean): number {
  const source = new MemorySource(octets, { loop: false });
  const { status, bitPerSecond } = transportRate(source, media.pcrPid, media.muxRateBitPerSecond);
  if (status === TsStatus.NotTs && (isAll || octets.length >= LOOK_STEP_OCTETS)) {
    throw new McastError('ERR_FILE_FORMAT', `${name} is no MPEG transport stream`, {
      hint: NOT_TS_HINT,
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
