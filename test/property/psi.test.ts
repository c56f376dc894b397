import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Descriptor } from '../../src/wire/descriptors.js';
import { readCat, readPat, readPmt, writeCat, writePat, writePmt } from '../../src/wire/psi.js';
import { SectionAssembler } from '../../src/wire/section.js';
import { readNit, readSdt, writeNit, writeSdt } from '../../src/wire/serviceInformation.js';
import { putPacket, sectionPayloads } from '../ts/packet.js';

const u16 = fc.integer({ min: 0, max: 0xffff });
const pid = fc.integer({ min: 0, max: 0x1fff });
const u8 = fc.integer({ min: 0, max: 0xff });
const header = {
  extension: u16,
  version: fc.integer({ min: 0, max: 31 }),
  isCurrent: fc.boolean(),
  sectionNumber: u8,
  lastSectionNumber: u8,
};
const descriptor: fc.Arbitrary<Descriptor> = fc.record({ tag: u8, octets: fc.uint8Array({ maxLength: 12 }) });
const descriptors = fc.array(descriptor, { maxLength: 3 });

const pat = fc.record({
  ...header,
  programs: fc.array(fc.record({ programNumber: fc.integer({ min: 1, max: 0xffff }), pmtPid: pid }), {
    maxLength: 100,
  }),
  networkPid: fc.option(pid),
});
const cat = fc.record({ ...header, descriptors });
const pmt = fc.record({
  ...header,
  pcrPid: pid,
  descriptors,
  streams: fc.array(fc.record({ streamType: u8, pid, descriptors }), { maxLength: 15 }),
});
const sdt = fc.record({
  ...header,
  originalNetworkId: u16,
  services: fc.array(
    fc.record({
      serviceId: u16,
      hasSchedule: fc.boolean(),
      hasPresentFollowing: fc.boolean(),
      runningStatus: fc.integer({ min: 0, max: 7 }),
      isScrambled: fc.boolean(),
      descriptors,
    }),
    { maxLength: 15 },
  ),
});
const nit = fc.record({
  ...header,
  descriptors,
  streams: fc.array(fc.record({ transportStreamId: u16, originalNetworkId: u16, descriptors }), { maxLength: 15 }),
});

/** Sends a section through packets. */
function throughPackets(section: Uint8Array): Uint8Array {
  const assembler = new SectionAssembler();
  const packet = new Uint8Array(188);
  for (const [part, payload] of sectionPayloads(section).entries()) {
    putPacket(packet, 0, { pid: 0x20, startsUnit: part === 0, counter: part }, payload, 0);
    assembler.add(packet, 0);
  }
  expect(assembler.next()).toBe(true);
  return assembler.bytes.slice(assembler.sectionAt, assembler.sectionAt + assembler.sectionOctets);
}

function returns<T>(
  table: fc.Arbitrary<T>,
  write: (table: T) => Uint8Array,
  read: (bytes: Uint8Array, at: number, length: number) => unknown,
): void {
  fc.assert(
    fc.property(table, (written) => {
      const section = throughPackets(write(written));
      expect(read(section, 0, section.length)).toEqual(written);
    }),
    { numRuns: 60 },
  );
}

describe('what is written, cut into packets and read again is the same:', () => {
  it('PAT', () => returns(pat, writePat, readPat));
  it('CAT', () => returns(cat, writeCat, readCat));
  it('PMT', () => returns(pmt, writePmt, readPmt));
  it('SDT', () => returns(sdt, writeSdt, readSdt));
  it('NIT', () => returns(nit, writeNit, readNit));
});
