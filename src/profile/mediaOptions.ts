/** The rows of the table of options that say what a transport stream is made of and how it is sent. */
import { parseDurationNs, parseRate, parseSwitch } from '../core/units.js';
import { oneOf, integerIn, parseText } from './optionValues.js';
import { parseFecShape, parseFramesPerSecond, parseInput, parseResolution } from './mediaValues.js';
import { one, RECEIVERS, SENDERS, several } from './optionRow.js';

export const MEDIA_OPTIONS = {
  input: one('Video', parseInput, {
    value: '<input>',
    words: ['testcard', 'synthetic', 'lavfi:'],
    commands: SENDERS,
    scope: 'stream',
    brief: ['send', 'demo'],
    gist: 'testcard, .ts, capture, -, or what ffmpeg reads',
    help: 'for feeds: synthetic (made up, the default), or a file of ITCH messages. For rtp and udp: testcard (the default), an MPEG-TS file, - (standard input), or anything that ffmpeg reads: other files, http, rtsp, srt, lavfi:testsrc2. send, udp: a capture, whose datagrams are sent again',
  }),
  loop: one('Video', parseSwitch, {
    commands: SENDERS,
    scope: 'stream',
    brief: ['send'],
    gist: 'from the end on with the beginning, seamlessly',
    help: 'begin the file again at its end, with clocks and counters that go on, for ever; a capture: after the mean gap between its datagrams',
  }),
  'mux-rate': one('Video', parseRate, {
    value: '<bit/s>',
    commands: [...SENDERS, 'relay'],
    scope: 'stream',
    help: 'rate of the transport stream: what ffmpeg, or the test card, is filled up to, and the pace of a file without PCR',
  }),
  'pcr-pid': one('Video', integerIn(0, 8190), {
    value: '<pid>',
    commands: [...SENDERS, 'relay'],
    scope: 'stream',
    help: 'PID of the clock that sets the pace. Default: that of the lowest program that has one',
  }),
  'ts-per-datagram': one('Video', integerIn(1, 7), {
    value: '<1-7>',
    fallback: '7',
    commands: [...SENDERS, 'relay'],
    scope: 'stream',
    help: 'transport packets in a datagram',
  }),
  'no-send-time': one('Video', parseSwitch, {
    commands: [...SENDERS, 'relay'],
    scope: 'stream',
    help: 'RTP without the header extension that carries the send time (RFC 6051 ntp-64): receivers then cannot tell the one-way delay',
  }),
  'video-codec': one('Video', oneOf('auto', 'copy', 'h264', 'h265', 'mpeg2', 'none'), {
    value: '<codec>',
    fallback: 'auto',
    commands: SENDERS,
    scope: 'stream',
    help: 'through ffmpeg: copy, h264, h265, mpeg2, none; auto copies what a transport stream can carry and makes h264 of the rest',
  }),
  'video-bitrate': one('Video', parseRate, {
    value: '<bit/s>',
    commands: SENDERS,
    scope: 'stream',
    help: 'through ffmpeg: rate of the pictures. Default: what fills the mux rate, else by their size',
  }),
  resolution: one('Video', parseResolution, {
    value: '<w>x<h>',
    commands: SENDERS,
    scope: 'stream',
    help: "through ffmpeg: size of the pictures, as 1280x720. Default: the input's",
  }),
  fps: one('Video', parseFramesPerSecond, {
    value: '<n>',
    commands: SENDERS,
    scope: 'stream',
    help: "through ffmpeg: pictures a second. Default: the input's",
  }),
  'audio-codec': one('Video', oneOf('auto', 'copy', 'aac', 'mp2', 'ac3', 'none'), {
    value: '<codec>',
    fallback: 'auto',
    commands: SENDERS,
    scope: 'stream',
    help: 'through ffmpeg: copy, aac, mp2, ac3, none; auto copies what a transport stream can carry',
  }),
  ffmpeg: one('Video', parseText, {
    value: '<path>',
    commands: SENDERS,
    help: 'the ffmpeg to use. Default: FFMPEG_PATH, FFMPEG_BIN, the package ffmpeg-static, the PATH',
  }),
  'ffmpeg-input': several('Video', parseText, {
    value: '<word>',
    commands: SENDERS,
    help: 'a word for ffmpeg before its input; may be given several times',
  }),
  'ffmpeg-output': several('Video', parseText, {
    value: '<word>',
    commands: SENDERS,
    help: 'a word for ffmpeg before its output; may be given several times',
  }),
  fec: one('Video', parseFecShape, {
    value: '<LxD>',
    commands: [...SENDERS, 'relay'],
    scope: 'stream',
    brief: ['relay'],
    gist: 'protect the RTP that is sent (SMPTE 2022-1)',
    help: 'RTP with SMPTE 2022-1 protection, L columns and D rows as 10x5, on port + 2 and port + 4; 10x5c: without the rows',
  }),
  'leg-b': several('Video', parseText, {
    value: '<endpoint>',
    commands: ['send', 'recv', 'analyze', 'relay'],
    brief: ['send', 'recv'],
    gist: 'the same RTP on a second path (SMPTE 2022-7)',
    help: 'the same RTP packets (SMPTE 2022-7) or feed on a second path, for each endpoint one; a receiver merges them; of analyze without endpoints a capture',
  }),
  'merge-window': one('Video', parseDurationNs, {
    value: '<time>',
    fallback: '500ms',
    commands: [...RECEIVERS, 'analyze', 'relay'],
    help: 'how far the two legs of a stream may be apart',
  }),
  save: one('Video', parseText, {
    value: '<file>',
    commands: ['recv'],
    scope: 'stream',
    brief: ['recv'],
    gist: 'write the transport stream; - is stdout',
    help: 'write the transport stream as it was sent, in order, repaired, or the messages of a feed, each behind its length; - is stdout',
  }),
  play: one('Video', parseText, {
    value: '[=<player>]',
    words: ['ffplay', 'vlc', 'mpv'],
    commands: ['recv'],
    scope: 'stream',
    help: 'show it with ffplay, vlc or mpv: the one that is found, or the one that is named',
  }),
  hls: one('Video', parseText, {
    value: '<folder>',
    commands: ['recv'],
    scope: 'stream',
    help: 'write an HLS play list and its segments there, through ffmpeg',
  }),
  forward: one('Video', parseText, {
    value: '<endpoint>',
    commands: ['recv'],
    scope: 'stream',
    help: 'send it on, in order and repaired, as it comes: udp://, rtp:// or srt://, a feed to mold://, mdp:// or xdp:// as it is',
  }),
  rtcp: one('Video', parseSwitch, {
    commands: ['recv'],
    help: 'send receiver reports on RTP (RFC 3550), with extended ones (RFC 3611), to the sender of each stream',
  }),
} as const;
