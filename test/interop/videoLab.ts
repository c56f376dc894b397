/** Two hosts on one link, clips to send over it, and what other programs see of both, for tests with video peers. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { RunResult, Stream } from '../../src/result/model.js';
import { startMcast, startReceiver, type Mcast } from '../mcast.js';
import { openLab, until, type Lab, type LabProcess } from '../netns/lab.js';

export const PORT = 5004;
/** Address of `tx`, for programs that name an interface by it. */
export const TX_ADDRESS = '10.77.1.1';
export const RX_ADDRESS = '10.77.1.2';
export const TESTCARD = new URL('../../assets/testcard.mpegts', import.meta.url);
/** Payload of a datagram: seven packets. */
export const DATAGRAM_OCTETS = 1316;
const PACKET_OCTETS = 188;
/** pcap and its record, Ethernet, IPv4 without options, UDP. */
const PCAP_OCTETS = 24;
const RECORD_OCTETS = 16;
const HEADERS_OCTETS = 14 + 20 + 8;

/** `tx` and `rx`, joined by `e0`; there is no other way out of either. */
export async function openVideoLab(): Promise<Lab> {
  const lab = await openLab();
  await lab.addHosts('tx', 'rx');
  await lab.link('tx', 'e0', 'rx', 'e0', { ipv6: null }).catch(async (error: unknown) => {
    await lab.close();
    throw error;
  });
  // Programs that change their user write there too.
  chmodSync(lab.folder, 0o777);
  return lab;
}

interface Recipe {
  readonly size: string;
  readonly encoder: readonly string[];
  readonly muxRate: string;
}

const RECIPES = {
  // Constant rate as broadcasters make it: HRD parameters say so, filler data keep to it.
  h264: {
    size: '1920x1080',
    encoder:
      '-c:v libx264 -preset ultrafast -b:v 7M -maxrate 7M -minrate 7M -bufsize 3500k -x264opts nal-hrd=cbr'.split(' '),
    muxRate: '8M',
  },
  h265: {
    size: '640x360',
    encoder:
      '-c:v libx265 -preset ultrafast -x265-params log-level=error:bframes=0:bitrate=1500:vbv-maxrate=1500:vbv-bufsize=1000'.split(
        ' ',
      ),
    muxRate: '2M',
  },
  mpeg2: {
    size: '640x360',
    encoder: '-c:v mpeg2video -b:v 2500k -maxrate 2500k -bufsize 1000k'.split(' '),
    muxRate: '3M',
  },
} as const satisfies Record<string, Recipe>;
export type Codec = keyof typeof RECIPES;
export const CODECS = Object.keys(RECIPES) as Codec[];

/** Makes a clip of 25 frames/s with sound, of whole datagrams, and returns where it is. */
export function makeClip(folder: string, codec: Codec, seconds: number): string {
  const { size, encoder, muxRate } = RECIPES[codec];
  const path = join(folder, `${codec}-${seconds}.ts`);
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${seconds}`];
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=1000:duration=${seconds}`];
  const codecs = ['-pix_fmt', 'yuv420p', '-g', '10', ...encoder, '-c:a', 'aac', '-b:a', '128k'];
  const muxer = ['-muxrate', muxRate, '-pcr_period', '20', '-f', 'mpegts', path];
  program('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...pictures, ...sound, ...codecs, ...muxer]);
  // multicat writes datagrams of one size only: null packets fill the last one up.
  const filling = Buffer.alloc(PACKET_OCTETS, 0xff);
  filling.set([0x47, 0x1f, 0xff, 0x10]);
  while (statSync(path).size % DATAGRAM_OCTETS !== 0) writeFileSync(path, filling, { flag: 'a' });
  return path;
}

/** Runs a program on this machine; an error, and any word of it on standard error, fails. */
export function program(name: string, words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(name, words, {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 << 20,
  });
  expect({ name, status, stderr }).toEqual({ name, status: 0, stderr: '' });
  return stdout;
}

/** Words for ffmpeg that write a line with its hash for each picture that it decodes. */
export function hashWords(path: string): string[] {
  return ['-map', '0:v', '-vsync', 'passthrough', '-f', 'framehash', '-hash', 'md5', '-y', path];
}

/** Hashes that {@link hashWords} wrote. */
export function hashesIn(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => /^\d/.test(line)).map((line) => line.split(',').at(-1)!.trim());
}

/** A hash for each picture of a file; ffmpeg must decode it without a word, unless its end `isCut` off. */
export function picturesOf(path: string, isCut = false): string[] {
  const hashes = `${path}.hashes`;
  const level = isCut ? 'fatal' : 'error';
  program('ffmpeg', ['-nostdin', '-v', level, '-i', path, ...hashWords(hashes)]);
  return hashesIn(hashes);
}

/** Equality of long octets without a report of their length. */
export function same(got: Uint8Array, sent: Uint8Array): void {
  expect(got.length).toBe(sent.length);
  expect(Buffer.compare(got, sent)).toBe(0);
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Starts a program in the lab that is killed with the test at the latest. */
export function startPeer(lab: Lab, host: string, name: string, words: readonly string[], env = {}): LabProcess {
  const peer = lab.spawn(host, name, words, { env });
  onTestFinished(async () => {
    if (peer.running) peer.signal('SIGKILL');
    await peer.exited;
  });
  return peer;
}

/** Waits until `sockets` sockets of the host have joined the group. */
export async function untilJoined(lab: Lab, host: string, group: string, sockets = 1): Promise<void> {
  const inHex = group.split('.').map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase());
  const row = new RegExp(`^\\s+${inHex.toReversed().join('')}\\s+(\\d+) `, 'm');
  await until(
    async () => Number(row.exec(await lab.run(host, 'cat', ['/proc/net/igmp']))?.[1] ?? 0) >= sockets,
    `${sockets} sockets of ${host} joined ${group}`,
  );
}

/** Inodes of the host's sockets on the port. */
export async function socketsOn(lab: Lab, host: string, port: number): Promise<string[]> {
  const rows = (await lab.run(host, 'cat', ['/proc/net/udp'])).split('\n').map((row) => row.trim().split(/\s+/));
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return rows.filter((row) => row[1]?.endsWith(suffix) === true).map((row) => row[9]!);
}

/** Sends from `tx` to the end; all must have left. */
export async function sendFrom(lab: Lab, endpoint: string, ...more: readonly string[]): Promise<RunResult> {
  // A busy machine is late; it gives nothing up for that.
  const words = ['send', endpoint, '--max-late', '20s', ...more];
  const result = await startMcast(words, { lab, host: 'tx' }).result();
  expect(result.sender!.not_sent).toBe(0);
  return result;
}

export async function receiveAt(lab: Lab, endpoint: string, ...more: readonly string[]): Promise<Mcast> {
  return await startReceiver([endpoint, ...more], { lab, host: 'rx' });
}

/** The only stream of media. */
export function mediaOf({ streams }: RunResult): Stream {
  const media = streams.filter(({ role }) => role === 'media');
  expect(media).toHaveLength(1);
  return media[0]!;
}

/** Indicators whose count depends on when packets came, as they do when the machine is busy or the sender has ended. */
const TIMED: ReadonlySet<string> = new Set(['pat_error', 'pmt_error', 'pid_error']);

/** Nothing is missing of a peer's stream or wrong with it, and its services are known. */
export function expectSound(stream: Stream): void {
  const transport = stream.transport!;
  expect(transport).toMatchObject({ in_sync: true, stray_octets: 0, malformed_packets: 0, continuity_errors: 0 });
  const raised = transport.indicators.filter(
    ({ id, priority, count }) => priority === 1 && count !== 0 && !TIMED.has(id),
  );
  expect(raised).toEqual([]);
  expect(transport.services).toMatchObject([{ program_number: 1, has_pmt: true }]);
}

/** Payloads to a port in a capture of IPv4 over Ethernet, behind `skip` octets of each. */
export function payloadsIn(path: string, port: number, skip: number): Buffer {
  const octets = readFileSync(path);
  const payloads: Buffer[] = [];
  for (let at = PCAP_OCTETS; at < octets.length;) {
    const packet = at + RECORD_OCTETS;
    const length = octets.readUInt32LE(at + 8);
    if (octets.readUInt16BE(packet + 36) === port) {
      payloads.push(octets.subarray(packet + HEADERS_OCTETS + skip, packet + length));
    }
    at = packet + length;
  }
  return Buffer.concat(payloads);
}
