/**
 * Makes `testcard.mpegts`, the clip that `mcast send rtp://...` sends when no input is named: test picture with burnt-in
 * time code and a tone, H.264 and AAC, at a constant rate. Run once, by hand: `node assets/make-testcard.mjs`; needs
 * ffmpeg with libx264 and a font.
 *
 * It loops without a seam: a whole number of pictures (25 a second) and of AAC frames (1024 samples at 48 kHz) fills
 * eight seconds exactly, and so does the number of transport packets: null packets and PCRs fill what ffmpeg leaves.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

const SECONDS = 8;
/** 1000 packets of 188 octets a second. */
const MUX_RATE = 1_504_000;
const PACKETS = (SECONDS * MUX_RATE) / 8 / 188;
const PCR_TICKS_PER_PACKET = 27_000_000 / (PACKETS / SECONDS);
const PCR_EVERY_PACKETS = 20;

const text = [
  "drawtext=text='mcastkit':x=(w-tw)/2:y=h*0.12:fontsize=44:fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=10",
  "drawtext=timecode='00\\:00\\:00\\:00':rate=25:x=(w-tw)/2:y=h*0.75:fontsize=56:fontcolor=white:box=1:boxcolor=black@0.7:boxborderw=12",
].join(',');
const clip = execFileSync(
  'ffmpeg',
  [
    ['-hide_banner', '-loglevel', 'error', '-nostdin'],
    ['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=25:duration=${SECONDS},${text}`],
    // Two tones, a short one each second: that sound comes, and in time, can be heard.
    ['-f', 'lavfi', '-i', `sine=frequency=440:beep_factor=3:sample_rate=48000:duration=${SECONDS},volume=0.2`],
    ['-c:v', 'libx264', '-preset', 'veryslow', '-profile:v', 'main', '-pix_fmt', 'yuv420p', '-threads', '1'],
    ['-g', '25', '-keyint_min', '25', '-sc_threshold', '0', '-bf', '0', '-flags', '+cgop'],
    ['-b:v', '1150k', '-maxrate', '1150k', '-bufsize', '400k', '-x264-params', 'nal-hrd=cbr:force-cfr=1'],
    ['-c:a', 'aac', '-b:a', '96k', '-ac', '2', '-frames:a', String((SECONDS * 48000) / 1024)],
    ['-muxrate', String(MUX_RATE), '-muxdelay', '0.6', '-muxpreload', '0', '-pcr_period', '20', '-pat_period', '0.1'],
    ['-mpegts_flags', '+initial_discontinuity', '-metadata', 'service_name=Test card'],
    ['-metadata', 'service_provider=mcastkit', '-mpegts_original_network_id', '1', '-mpegts_service_id', '1'],
    ['-f', 'mpegts', 'pipe:1'],
  ].flat(),
  { maxBuffer: 16e6 },
);

const pid = (packet) => ((packet[1] & 0x1f) << 8) | packet[2];
const hasAdaptation = (packet) => (packet[3] & 0x20) !== 0 && packet[4] > 0;
const hasPcr = (packet) => hasAdaptation(packet) && (packet[5] & 0x10) !== 0;
const isNull = (packet) => pid(packet) === 0x1fff;
const pcr = (packet) => {
  const base = packet.readUInt32BE(6) * 2 + (packet[10] >> 7);
  return base * 300 + (packet.readUInt16BE(10) & 0x1ff);
};
function putPcr(packet, ticks) {
  const base = Math.floor(ticks / 300);
  packet.writeUInt32BE(Math.floor(base / 2), 6);
  packet.writeUInt16BE(((base % 2) << 15) | 0x7e00 | (ticks % 300), 10);
}

const packets = Array.from({ length: clip.length / 188 }, (_, k) => clip.subarray(k * 188, (k + 1) * 188));
// The next pass begins with the tables: an SDT right before them would come too soon after each other (EN 300 468 section
// 5.1.4.1: 25 ms at least).
const SDT_PID = 17;
const sdts = packets.flatMap((packet, k) => (pid(packet) === SDT_PID ? [k] : []));
if (packets.length - sdts.at(-1) < 200) {
  packets[sdts.at(-1)].set([0x47, 0x1f, 0xff, 0x10]);
  packets[sdts.at(-1)].fill(0xff, 4);
}
// The sound ends a little behind the pictures: what comes last moves forward into the place of null packets.
for (let k = packets.length - 1; packets.length > PACKETS; k--) if (isNull(packets[k])) packets.splice(k, 1);
const first = packets.findIndex(hasPcr);
const origin = pcr(packets[first]) - first * PCR_TICKS_PER_PACKET;
const clockPid = pid(packets[first]);
let last = first;
let counter = 0;
for (const [k, packet] of packets.entries()) {
  // The discontinuity at the very beginning is none in a loop.
  if (hasAdaptation(packet)) packet[5] &= 0x7f;
  if (pid(packet) === clockPid) counter = packet[3] & 0x0f;
  if (!hasPcr(packet)) continue;
  putPcr(packet, origin + k * PCR_TICKS_PER_PACKET);
  last = k;
}

/** The rest: null packets, among them packets of the clock's PID that carry the clock alone. */
const content = packets.length;
while (packets.length < PACKETS) {
  const packet = Buffer.alloc(188, 0xff);
  if (packets.length - last >= PCR_EVERY_PACKETS) {
    last = packets.length;
    packet.set([0x47, clockPid >> 8, clockPid & 0xff, 0x20 | counter, 183, 0x10]);
    putPcr(packet, origin + last * PCR_TICKS_PER_PACKET);
  } else packet.set([0x47, 0x1f, 0xff, 0x10]);
  packets.push(packet);
}
writeFileSync(new URL('testcard.mpegts', import.meta.url), Buffer.concat(packets));
console.log(`${PACKETS} packets, ${PACKETS - content} added to fill them, ${PACKETS * 188} octets`);
