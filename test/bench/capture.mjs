import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { start } from './child.mjs';

const LIMIT_MS = 120_000;
/** A record's own header; Ethernet, IPv4 without options and UDP. */
const RECORD = 16;
const HEADERS = 14 + 20 + 8;

/**
 * Captures the datagrams to a port on lo while `during` runs, with the kernel's nanosecond stamps, by a program that is
 * none of those measured. `numberOf(payload)` tells the position of a datagram, NaN for one that does not count, and
 * `carriedOf(payload)` the time it carries, ns since 1970. Returns `{ during, stampNs, carriedNs, missing }`: by position
 * the time of capture and the time carried, both since the first one's capture, NaN where none was seen.
 */
export async function captured(port, during, numberOf, { carriedOf = () => NaN, limitMs = LIMIT_MS } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcast-bench-'));
  const file = path.join(folder, 'lo.pcap');
  const settings = ['-j', 'host', '--time-stamp-precision=nano', '-s', '120', '-B', '65536', '-Z', 'root', '-n'];
  const tcpdump = start('tcpdump', ['-i', 'lo', ...settings, '-w', file, `udp and dst port ${port}`], { limitMs });
  try {
    await tcpdump.printed(/listening on/u);
    const result = await during();
    // The last block of the ring is handed over when its time-out has passed, one second at most.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    tcpdump.stop('SIGINT');
    const { stderr } = await tcpdump.ended;
    const dropped = Number(/(\d+) packets? dropped by kernel/u.exec(stderr)?.[1] ?? NaN);
    if (dropped !== 0) throw new Error(`the capture itself dropped ${dropped} datagrams`);
    return { during: result, ...timesOf(readFileSync(file), numberOf, carriedOf) };
  } finally {
    tcpdump.stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function timesOf(pcap, numberOf, carriedOf) {
  if (pcap.readUInt32LE(0) !== 0xa1b2_3c4d || pcap.readUInt32LE(20) !== 1) throw new Error('not a nanosecond pcap');
  const stamps = [];
  const carried = [];
  let originNs = null;
  for (let at = 24; at + RECORD <= pcap.length;) {
    const captureNs = BigInt(pcap.readUInt32LE(at)) * 1_000_000_000n + BigInt(pcap.readUInt32LE(at + 4));
    const end = at + RECORD + pcap.readUInt32LE(at + 8);
    const payload = pcap.subarray(at + RECORD + HEADERS, end);
    at = end;
    const number = numberOf(payload);
    if (Number.isNaN(number)) continue;
    originNs ??= captureNs;
    stamps[number] = Number(captureNs - originNs);
    const carriedNs = carriedOf(payload);
    carried[number] = typeof carriedNs === 'bigint' ? Number(carriedNs - originNs) : NaN;
  }
  const stampNs = Float64Array.from(stamps, (value) => value ?? NaN);
  const missing = stampNs.reduce((sum, value) => sum + (Number.isNaN(value) ? 1 : 0), 0);
  return { stampNs, carriedNs: Float64Array.from(carried, (value) => value ?? NaN), missing };
}
