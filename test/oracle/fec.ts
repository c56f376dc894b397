/**
 * SMPTE ST 2022-1 by its definition, slow and plain: a packet is one large integer, a row or column is the exclusive
 * or of its packets, and what is missing alone in one of them is what makes the exclusive or come out.
 */

export interface FecEquation {
  readonly isRow: boolean;
  /** Every number protected, in full. */
  readonly numbers: readonly number[];
  readonly packet: Uint8Array;
}

const HEADER = 28;

/** P, X and CC, then M and PT, then timestamp, then length, then `octets` octets of what stands behind octet 12. */
function toInteger(packet: Uint8Array, octets: number): bigint {
  const parts = [
    packet[0]! & 0x3f,
    ...packet.slice(1, 2),
    ...packet.slice(4, 8),
    (packet.length - 12) >> 8,
    (packet.length - 12) & 0xff,
    ...packet.slice(12),
  ];
  while (parts.length < 8 + octets) parts.push(0);
  return parts.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
}

function toOctets(value: bigint, octets: number): number[] {
  const out: number[] = [];
  for (let rest = value; out.length < octets; rest /= 256n) out.unshift(Number(rest % 256n));
  return out;
}

/** The FEC packet over `numbers` of `media`, of which all are there. */
export function fecOver(
  media: ReadonlyMap<number, Uint8Array>,
  numbers: readonly number[],
  isRow: boolean,
  sequence: number,
  timestamp: number,
): FecEquation {
  const packets = numbers.map((n) => media.get(n)!);
  const longest = Math.max(...packets.map((packet) => packet.length - 12));
  const sum = toOctets(
    packets.map((packet) => toInteger(packet, longest)).reduce((a, b) => a ^ b),
    8 + longest,
  );
  const base = packets[0]!;
  const offset = isRow ? 1 : numbers[1]! - numbers[0]!;
  const packet = Uint8Array.from([
    0x80 | sum[0]!,
    (sum[1]! & 0x80) | 96,
    ...toOctets(BigInt(sequence), 2),
    ...toOctets(BigInt(timestamp), 4),
    ...toOctets(0n, 4),
    base[2]!,
    base[3]!,
    ...sum.slice(6, 8),
    0x80 | (sum[1]! & 0x7f),
    ...toOctets(0n, 3),
    ...sum.slice(2, 6),
    isRow ? 0x40 : 0,
    offset,
    numbers.length,
    0,
    ...sum.slice(8),
  ]);
  return { isRow, numbers, packet };
}

/** Rows and columns of every complete matrix of L x D from `first` on, in the order of their last numbers. */
export function matrixFec(
  media: ReadonlyMap<number, Uint8Array>,
  first: number,
  columns: number,
  rows: number,
  withRows: boolean,
): FecEquation[] {
  const equations: FecEquation[] = [];
  for (let base = first; media.has(base + columns * rows - 1); base += columns * rows) {
    for (let d = 0; d < (withRows ? rows : 0); d++) {
      const numbers = Array.from({ length: columns }, (_, i) => base + d * columns + i);
      equations.push(fecOver(media, numbers, true, equations.length, 0));
    }
    for (let l = 0; l < columns; l++) {
      const numbers = Array.from({ length: rows }, (_, i) => base + l + i * columns);
      equations.push(fecOver(media, numbers, false, equations.length, 0));
    }
  }
  return equations;
}

/** Every packet of `numbers` that can be had from what arrived: arrived ones, and those that FEC gives, in turn. */
export function repairable(
  arrived: ReadonlyMap<number, Uint8Array>,
  equations: readonly FecEquation[],
): Map<number, Uint8Array> {
  const known = new Map(arrived);
  for (;;) {
    const before = known.size;
    for (const { numbers, packet } of equations) {
      const missing = numbers.filter((n) => !known.has(n));
      if (missing.length !== 1) continue;
      known.set(missing[0]!, solve(known, numbers, missing[0]!, packet));
    }
    if (known.size === before) return known;
  }
}

function solve(
  known: ReadonlyMap<number, Uint8Array>,
  numbers: readonly number[],
  missing: number,
  fec: Uint8Array,
): Uint8Array {
  const payload = fec.length - HEADER;
  const fecInteger = [
    fec[0]! & 0x3f,
    (fec[1]! & 0x80) | (fec[16]! & 0x7f),
    ...fec.slice(20, 24),
    ...fec.slice(14, 16),
    ...fec.slice(HEADER),
  ].reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  const others = numbers.filter((n) => n !== missing).map((n) => known.get(n)!);
  const octets = toOctets(
    others.map((packet) => toInteger(packet, payload)).reduce((a, b) => a ^ b, fecInteger),
    8 + payload,
  );
  const length = octets[6]! * 256 + octets[7]!;
  // Its place says the number: so many behind the base, modulo 2^16.
  const wire = (fec[12]! * 256 + fec[13]! + (missing - numbers[0]!)) % 65_536;
  return Uint8Array.from([
    0x80 | octets[0]!,
    octets[1]!,
    wire >> 8,
    wire & 0xff,
    ...octets.slice(2, 6),
    ...others[0]!.slice(8, 12),
    ...octets.slice(8, 8 + length),
  ]);
}
