/**
 * A transport stream at a constant rate, of whole datagrams, with tables, a clock each 20 ms exact to its place, and an
 * elementary stream without content: for programs that pace by the clock and for analyzers.
 */
const PACKET = 188;
const PMT_PID = 4096;
const VIDEO_PID = 256;

export function constantRateStream(rateBitPerSecond, seconds) {
  const packets = Math.floor((rateBitPerSecond * seconds) / 8 / PACKET / 7) * 7;
  const ticks = (PACKET * 8 * 27e6) / rateBitPerSecond;
  const every = Math.floor((0.02 * rateBitPerSecond) / 8 / PACKET);
  const tables = 4 * every;
  const stream = Buffer.alloc(packets * PACKET, 0xff);
  const counters = new Map();
  const head = (at, pid, flags, control) => {
    const counter = counters.get(pid) ?? 0;
    if ((control & 0x10) !== 0) counters.set(pid, (counter + 1) & 0x0f);
    stream.set([0x47, flags | (pid >> 8), pid & 0xff, control | counter], at);
  };
  for (let packet = 0; packet < packets; packet++) {
    const at = packet * PACKET;
    if (packet % tables === 0) section(at, 0, [0x00, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0 | (PMT_PID >> 8), 0]);
    else if (packet % tables === 1)
      section(at, PMT_PID, [0x02, 0xb0, 18, 0, 1, 0xc1, 0, 0, 0xe1, 0, 0xf0, 0, 0x1b, 0xe1, 0, 0xf0, 0]);
    else if (packet % every === 2) clock(at, packet * ticks, packet % (2 * every) === 2);
    else if (packet % 8 === 7) head(at, 0x1fff, 0, 0x10);
    else head(at, VIDEO_PID, 0, 0x10);
  }
  return stream;

  function section(at, pid, octets) {
    head(at, pid, 0x40, 0x10);
    stream[at + 4] = 0;
    stream.set(octets, at + 5);
    stream.writeUInt32BE(crc(octets), at + 5 + octets.length);
  }

  function clock(at, time, beginsPicture) {
    head(at, VIDEO_PID, beginsPicture ? 0x40 : 0, 0x30);
    const count = Math.round(time);
    const base = Math.floor(count / 300);
    stream.set([7, 0x10], at + 4);
    stream.writeUInt32BE(Math.floor(base / 2), at + 6);
    stream.writeUInt16BE(((base % 2) << 15) | 0x7e00 | (count % 300), at + 10);
    if (!beginsPicture) return;
    const pts = base + 45_000;
    const stamp = [0x21 | ((Math.floor(pts / 2 ** 30) & 7) << 1), 0, 0, 0, 0];
    stamp[1] = Math.floor(pts / 2 ** 22) & 0xff;
    stamp[2] = ((Math.floor(pts / 2 ** 15) & 0x7f) << 1) | 1;
    stamp[3] = Math.floor(pts / 2 ** 7) & 0xff;
    stamp[4] = ((pts & 0x7f) << 1) | 1;
    stream.set([0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, ...stamp], at + 12);
  }
}

/** CRC-32 of ISO/IEC 13818-1 annex A. */
function crc(octets) {
  let value = 0xffff_ffff;
  for (const octet of octets) {
    for (let bit = 7; bit >= 0; bit--) {
      const carry = (value >>> 31) ^ ((octet >> bit) & 1);
      value = (value << 1) ^ (carry === 1 ? 0x04c1_1db7 : 0);
    }
  }
  return value >>> 0;
}
