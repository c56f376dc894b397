/** What one transport packet says, read bit by bit and independently of the sources under test. */
export interface Walked {
  readonly pid: number;
  readonly counter: number;
  readonly hasPayload: boolean;
  readonly isDiscontinuity: boolean;
  /** 27 MHz ticks. */
  readonly pcr: bigint | null;
  readonly opcr: bigint | null;
  /** 90 kHz ticks. */
  readonly pts: bigint | null;
  readonly dts: bigint | null;
}

/** Bits [from, from + count) of the octets, the first one the highest of octet 0. */
function bits(octets: Uint8Array, from: number, count: number): number {
  let value = 0;
  for (let bit = from; bit < from + count; bit++) value = value * 2 + ((octets[bit >> 3]! >> (7 - (bit & 7))) & 1);
  return value;
}

function clock(octets: Uint8Array, at: number): bigint {
  return BigInt(bits(octets, at * 8, 33)) * 300n + BigInt(bits(octets, at * 8 + 39, 9));
}

/** ISO/IEC 13818-1 section 2.4.3.7: 4 bits, 3 of the stamp, a marker, 15, a marker, 15, a marker. */
function stamp(octets: Uint8Array, at: number): bigint {
  const bit = at * 8;
  return BigInt(bits(octets, bit + 4, 3) * 2 ** 30 + bits(octets, bit + 8, 15) * 2 ** 15 + bits(octets, bit + 24, 15));
}

export function walkPacket(packet: Uint8Array): Walked {
  if (packet.length !== 188 || packet[0] !== 0x47) throw new Error('not a packet');
  const hasPayload = bits(packet, 27, 1) === 1;
  const hasField = bits(packet, 26, 1) === 1;
  let at = 4;
  let pcr: bigint | null = null;
  let opcr: bigint | null = null;
  let isDiscontinuity = false;
  if (hasField) {
    const length = packet[4]!;
    if (length > 0) {
      isDiscontinuity = bits(packet, 40, 1) === 1;
      let next = 6;
      if (bits(packet, 43, 1) === 1) {
        pcr = clock(packet, next);
        next += 6;
      }
      if (bits(packet, 44, 1) === 1) opcr = clock(packet, next);
    }
    at = 5 + length;
  }
  let pts: bigint | null = null;
  let dts: bigint | null = null;
  const isClear = bits(packet, 24, 2) === 0;
  if (
    hasPayload &&
    isClear &&
    bits(packet, 9, 1) === 1 &&
    packet[at] === 0 &&
    packet[at + 1] === 0 &&
    packet[at + 2] === 1
  ) {
    const flags = packet[at + 7]! >> 6;
    if (flags >= 2) pts = stamp(packet, at + 9);
    if (flags === 3) dts = stamp(packet, at + 14);
  }
  return {
    pid: bits(packet, 11, 13),
    counter: bits(packet, 28, 4),
    hasPayload,
    isDiscontinuity,
    pcr,
    opcr,
    pts,
    dts,
  };
}

export function walk(octets: Uint8Array): Walked[] {
  const packets: Walked[] = [];
  for (let at = 0; at < octets.length; at += 188) packets.push(walkPacket(octets.slice(at, at + 188)));
  return packets;
}

/** Where a PID's counter does not go on as section 2.4.3.3 says; a packet that was seen before may be seen once more. */
export function counterBreaks(packets: readonly Walked[]): number[] {
  const last = new Map<number, number>();
  const breaks: number[] = [];
  for (const [index, { pid, counter, hasPayload }] of packets.entries()) {
    if (pid === 0x1fff) continue;
    const before = last.get(pid);
    if (before !== undefined && counter !== (hasPayload ? (before + 1) % 16 : before)) breaks.push(index);
    last.set(pid, counter);
  }
  return breaks;
}
