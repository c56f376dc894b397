/** Reads a transport stream the obvious way, with nothing of the product: what stands in it, packet by packet. */

export interface SeenSection {
  readonly pid: number;
  readonly tableId: number;
  readonly octets: number;
  /** The packet in which it begins. */
  readonly packet: number;
  readonly isIntact: boolean;
}

export interface SeenUnit {
  readonly pts: number;
  readonly dts: number | null;
  readonly lengthField: number;
  readonly randomAccess: boolean;
  octets: number;
  lastPacket: number;
  startCodes: number;
}

export interface Seen {
  badSync: number;
  continuityBreaks: number;
  nullPackets: number;
  readonly pids: Set<number>;
  readonly sections: SeenSection[];
  readonly pcrs: Map<number, { packet: number; ticks: number }[]>;
  readonly pmtPids: number[];
  readonly elementaryPids: Set<number>;
  readonly videoPids: number[];
  readonly audioPids: number[];
  readonly units: Map<number, SeenUnit[]>;
}

/** One bit after the other (ISO/IEC 13818-1 annex A). */
export function slowCrc(octets: readonly number[]): number {
  let crc = 0xffff_ffffn;
  for (const octet of octets) {
    for (let bit = 7; bit >= 0; bit--) {
      const isSet = ((crc >> 31n) & 1n) !== BigInt((octet >> bit) & 1);
      crc = (crc << 1n) & 0xffff_ffffn;
      if (isSet) crc ^= 0x04c1_1db7n;
    }
  }
  return Number(crc);
}

export function walk(stream: Uint8Array): Seen {
  const seen: Seen = {
    badSync: 0,
    continuityBreaks: 0,
    nullPackets: 0,
    pids: new Set(),
    sections: [],
    pcrs: new Map(),
    pmtPids: [],
    elementaryPids: new Set(),
    videoPids: [],
    audioPids: [],
    units: new Map(),
  };
  const counters = new Map<number, number>();
  const partial = new Map<number, { packet: number; octets: number[] }>();
  const payloads = new Map<number, number[]>();
  for (let packet = 0; packet < stream.length / 188; packet++) {
    const octets = Array.from(stream.slice(packet * 188, packet * 188 + 188));
    if (octets[0] !== 0x47) {
      seen.badSync++;
      continue;
    }
    const pid = (octets[1]! & 0x1f) * 256 + octets[2]!;
    seen.pids.add(pid);
    if (pid === 0x1fff) {
      seen.nullPackets++;
      continue;
    }
    const hasField = (octets[3]! & 0x20) > 0;
    const hasPayload = (octets[3]! & 0x10) > 0;
    const counter = octets[3]! % 16;
    const before = counters.get(pid);
    const due = hasPayload ? ((before ?? 15) + 1) % 16 : before;
    if (before !== undefined && counter !== due) seen.continuityBreaks++;
    counters.set(pid, counter);
    const fieldOctets = hasField ? 1 + octets[4]! : 0;
    const flags = fieldOctets > 1 ? octets[5]! : 0;
    if ((flags & 0x10) > 0) {
      const bits = octets
        .slice(6, 12)
        .map((octet) => octet.toString(2).padStart(8, '0'))
        .join('');
      const ticks = Number.parseInt(bits.slice(0, 33), 2) * 300 + Number.parseInt(bits.slice(39), 2);
      seen.pcrs.set(pid, [...(seen.pcrs.get(pid) ?? []), { packet, ticks }]);
    }
    if (!hasPayload) continue;
    const payload = octets.slice(4 + fieldOctets);
    const isStart = (octets[1]! & 0x40) > 0;
    if (pid === 0 || pid === 17 || seen.pmtPids.includes(pid)) {
      // One section at a time, each beginning a packet.
      if (isStart) partial.set(pid, { packet, octets: payload.slice(1 + payload[0]!) });
      else partial.get(pid)?.octets.push(...payload);
      const begun = partial.get(pid);
      if (begun === undefined) continue;
      const length = 3 + (begun.octets[1]! % 16) * 256 + begun.octets[2]!;
      if (begun.octets.length < length) continue;
      partial.delete(pid);
      readSection(seen, pid, begun.packet, begun.octets.slice(0, length));
      continue;
    }
    if (isStart) {
      finishUnit(seen, pid, payloads);
      payloads.set(pid, []);
      seen.units.set(pid, [...(seen.units.get(pid) ?? []), readUnit(payload, (flags & 0x40) > 0)]);
    }
    payloads.get(pid)?.push(...payload);
    const unit = seen.units.get(pid)?.at(-1);
    if (unit !== undefined) unit.lastPacket = packet;
  }
  for (const pid of payloads.keys()) finishUnit(seen, pid, payloads);
  return seen;
}

function readSection(seen: Seen, pid: number, packet: number, octets: readonly number[]): void {
  const tableId = octets[0]!;
  seen.sections.push({ pid, tableId, octets: octets.length, packet, isIntact: slowCrc(octets) === 0 });
  const at = (i: number): number => octets[i]! * 256 + octets[i + 1]!;
  if (tableId === 0 && seen.pmtPids.length === 0) {
    for (let i = 8; i < octets.length - 4; i += 4) seen.pmtPids.push(at(i + 2) % 8192);
  }
  if (tableId !== 2) return;
  for (let i = 12 + (at(10) % 4096); i < octets.length - 4; i += 5 + (at(i + 3) % 4096)) {
    const elementary = at(i + 1) % 8192;
    if (seen.elementaryPids.has(elementary)) continue;
    seen.elementaryPids.add(elementary);
    (octets[i] === 0x1b ? seen.videoPids : seen.audioPids).push(elementary);
  }
}

function readUnit(payload: readonly number[], randomAccess: boolean): SeenUnit {
  const stamp = (at: number): number => {
    const bits = payload
      .slice(at, at + 5)
      .map((octet) => octet.toString(2).padStart(8, '0'))
      .join('');
    return Number.parseInt(bits.slice(4, 7) + bits.slice(8, 23) + bits.slice(24, 39), 2);
  };
  return {
    pts: stamp(9),
    dts: payload[7]! >= 0xc0 ? stamp(14) : null,
    lengthField: payload[4]! * 256 + payload[5]!,
    randomAccess,
    octets: 0,
    lastPacket: 0,
    startCodes: 0,
  };
}

function finishUnit(seen: Seen, pid: number, payloads: ReadonlyMap<number, readonly number[]>): void {
  const octets = payloads.get(pid);
  const unit = seen.units.get(pid)?.at(-1);
  if (octets === undefined || unit === undefined) return;
  unit.octets = octets.length;
  for (let i = 0; i + 2 < octets.length; i++) {
    if (octets[i] === 0 && octets[i + 1] === 0 && octets[i + 2] === 1) unit.startCodes++;
  }
}
