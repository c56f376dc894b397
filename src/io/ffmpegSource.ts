/** The text of `--input` as ffmpeg and ffprobe are to be given it. */
import { McastError } from '../core/errors.js';
import type { FfmpegProgram } from './ffmpegProgram.js';

const LAVFI = 'lavfi:';
const SCHEME = /^([a-z][a-z0-9+.-]+):\/\//i;

/** Schemes whose payload is a transport stream already, and whose connection a first look would use up. */
const TRANSPORT_STREAM_SCHEMES: ReadonlySet<string> = new Set(['srt', 'rist', 'udp', 'rtp']);
/** Schemes that ffmpeg serves by a format of its own and does not list as protocols. */
const FORMAT_SCHEMES: ReadonlySet<string> = new Set(['rtsp', 'rtsps', 'sap']);

/** Input options that ffmpeg has and ffprobe lacks, and how many words follow each. */
const FFMPEG_ONLY: ReadonlyMap<string, number> = new Map([
  ['-re', 0],
  ['-accurate_seek', 0],
  ['-noaccurate_seek', 0],
  ['-autorotate', 0],
  ['-noautorotate', 0],
  ['-copyts', 0],
  ['-vn', 0],
  ['-an', 0],
  ['-sn', 0],
  ['-dn', 0],
  ['-readrate', 1],
  ['-ss', 1],
  ['-sseof', 1],
  ['-seek_timestamp', 1],
  ['-t', 1],
  ['-to', 1],
  ['-stream_loop', 1],
  ['-itsoffset', 1],
  ['-itsscale', 1],
  ['-thread_queue_size', 1],
  ['-hwaccel', 1],
  ['-hwaccel_device', 1],
  ['-hwaccel_output_format', 1],
  ['-discard', 1],
]);

/** `srt` of `srt://...`; `null`: a file, or a graph of filters. */
export function schemeOf(source: string): string | null {
  return SCHEME.exec(source)?.[1]?.toLowerCase() ?? null;
}

/** The graph of `lavfi:<graph>`; `null`: another source. */
export function filterGraphOf(source: string): string | null {
  return source.startsWith(LAVFI) ? source.slice(LAVFI.length) : null;
}

/** Whether the source is a transport stream by its nature: it may be copied unseen. */
export function isTransportStream(source: string): boolean {
  return TRANSPORT_STREAM_SCHEMES.has(schemeOf(source) ?? '');
}

/** Refuses a source whose protocol this ffmpeg was built without. */
export function requireReadable(source: string, program: FfmpegProgram): void {
  const scheme = schemeOf(source);
  if (scheme === null || program.protocols.has(scheme) || FORMAT_SCHEMES.has(scheme)) return;
  const known = [...program.protocols].toSorted().join(', ');
  throw new McastError(
    'ERR_UNSUPPORTED',
    `this ffmpeg (${program.version}, ${program.path}) does not read ${scheme}://; it reads ${known}`,
    { hint: 'Name another ffmpeg with --ffmpeg or FFMPEG_PATH.' },
  );
}

/** `[options] -i source`, or the graph as a device. A source that begins with a dash is no option behind `-i`. */
export function sourceArguments(source: string, inputOptions: readonly string[]): string[] {
  const graph = filterGraphOf(source);
  return graph === null ? [...inputOptions, '-i', source] : [...inputOptions, '-f', 'lavfi', '-i', graph];
}

/** Of ffmpeg's input options those that ffprobe takes too. */
export function probeOptions(inputOptions: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < inputOptions.length; i++) {
    const option = inputOptions[i]!;
    const words = FFMPEG_ONLY.get(option.replace(/:[^:]*$/, ''));
    if (words === undefined) kept.push(option);
    else i += words;
  }
  return kept;
}
