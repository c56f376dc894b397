import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { start } from './child.mjs';

const MAGIC = 0x4d43_4b50;
const MARKERS = 3;

/**
 * Captures the probe datagrams on lo while `during` runs, with the kernel's nanosecond stamps, by a program
 * that is neither of those measured. Returns `{ during, stampNs, carriedNs, missing }`: by sequence number
 * the time of capture and the time that the datagram carries, both since the first one's capture.
 */
export async function captured(port, during) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcast-bench-'));
  const file = path.join(folder, 'lo.pcap');
  const settings = ['-j', 'host', '--time-stamp-precision=nano', '-s', '120', '-B', '65536', '-Z', 'root', '-n'];
  const tcpdump = start('tcpdump', ['-i', 'lo', ...settings, '-w', file, `udp and dst port ${port}`], {
    limitMs: 120_000,
  });
  try {
    await tcpdump.printed(/listening on/u);
    const result = await during();
    // The last block of the ring is handed over when its time-out has passed, one second at most.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    tcpdump.stop('SIGINT');
    const { stderr } = await tcpdump.ended;
    const dropped = Number(/(\d+) packets? dropped by kernel/u.exec(stderr)?.[1] ?? NaN);
    if (dropped !== 0) throw new Error(`the capture itself dropped ${dropped} datagrams`);
    return { during: result, ...timesOf(readFileSync(file)) };
  } finally {
    tcpdump.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function timesOf(pcap) {
  if (pcap.readUInt32LE(0) !== 0xa1b2_3c4d || pcap.readUInt32LE(20) !== 1) throw new Error('not a nanosecond pcap');
  const stamps = [];
  const carried = [];
  let originNs = null;
  for (let at = 24; at + 16 <= pcap.length;) {
    const captureNs = BigInt(pcap.readUInt32LE(at)) * 1_000_000_000n + BigInt(pcap.readUInt32LE(at + 4));
    const probe = at + 16 + 14 + 20 + 8; // record, Ethernet, IPv4 without options, UDP
    const octets = pcap.readUInt32LE(at + 8);
    at += 16 + octets;
    if (probe + 52 > at || pcap.readUInt32BE(probe) !== MAGIC || (pcap[probe + 5] & MARKERS) !== 0) continue;
    originNs ??= captureNs;
    const sequence = Number(pcap.readBigUInt64BE(probe + 20));
    stamps[sequence] = Number(captureNs - originNs);
    carried[sequence] = Number(pcap.readBigUInt64BE(probe + 28) - originNs);
  }
  const stampNs = Float64Array.from(stamps, (value) => value ?? NaN);
  const missing = stampNs.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
  return { stampNs, carriedNs: Float64Array.from(carried, (value) => value ?? NaN), missing };
}
