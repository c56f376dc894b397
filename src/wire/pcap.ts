/**
 * pcap capture files (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html): a header of 24
 * octets, then records of a header of 16 octets and a frame; both byte orders, microseconds and
 * nanoseconds.
 */
import { CaptureStatus, ChunkBuffer, MAX_RECORD_OCTETS } from './capture.js';
import type { CaptureInterface, CaptureReader, CaptureRecord } from './capture.js';

const FILE_HEADER_OCTETS = 24;
const RECORD_HEADER_OCTETS = 16;
const MAGIC_MICROSECONDS = 0xa1b2_c3d4;
const MAGIC_NANOSECONDS = 0xa1b2_3c4d;

/** Whether a file that begins with these four octets, read big-endian, is pcap. */
export function isPcapMagic(magic: number): boolean {
  return magic === MAGIC_MICROSECONDS || magic === MAGIC_NANOSECONDS || magic === 0xd4c3_b2a1 || magic === 0x4d3c_b2a1;
}

export class PcapReader implements CaptureReader {
  readonly format = 'pcap';
  readonly #interfaces: CaptureInterface[] = [];
  readonly #buffer = new ChunkBuffer();
  #fault: string | null = null;
  #littleEndian = false;
  /** Nanoseconds per unit of the fraction of a second. */
  #unitNs = 0;
  #linkType = 0;

  get interfaces(): readonly CaptureInterface[] {
    return this.#interfaces;
  }

  get fault(): string | null {
    return this.#fault;
  }

  push(chunk: Uint8Array): void {
    this.#buffer.push(chunk);
  }

  next(record: CaptureRecord): CaptureStatus {
    if (this.#fault !== null) return CaptureStatus.Fault;
    const buffer = this.#buffer;
    if (this.#unitNs === 0 && !this.#readFileHeader()) {
      return this.#fault === null ? CaptureStatus.NeedMore : CaptureStatus.Fault;
    }
    if (buffer.available < RECORD_HEADER_OCTETS) return CaptureStatus.NeedMore;
    const { view, at } = buffer;
    const little = this.#littleEndian;
    const capturedOctets = view.getUint32(at + 8, little);
    if (capturedOctets > MAX_RECORD_OCTETS) {
      return this.#fail(`octet ${buffer.taken}: a record of ${capturedOctets} octets cannot be`);
    }
    if (buffer.available < RECORD_HEADER_OCTETS + capturedOctets) return CaptureStatus.NeedMore;
    record.bytes = buffer.bytes;
    record.view = view;
    record.at = at + RECORD_HEADER_OCTETS;
    record.capturedOctets = capturedOctets;
    record.originalOctets = view.getUint32(at + 12, little);
    record.linkType = this.#linkType;
    record.interfaceId = 0;
    record.timed = true;
    record.seconds = view.getUint32(at, little);
    record.nanoseconds = view.getUint32(at + 4, little) * this.#unitNs;
    buffer.take(RECORD_HEADER_OCTETS + capturedOctets);
    return CaptureStatus.Record;
  }

  finish(): string | null {
    const { available, taken } = this.#buffer;
    if (this.#unitNs === 0) return 'the file ends within its header';
    return available === 0 ? null : `octet ${taken}: the file ends within a record, ${available} octets are left over`;
  }

  #readFileHeader(): boolean {
    const buffer = this.#buffer;
    if (buffer.available < FILE_HEADER_OCTETS) return false;
    const { view, at } = buffer;
    const big = view.getUint32(at);
    if (!isPcapMagic(big)) {
      this.#fail('this is not a pcap file');
      return false;
    }
    const little = big !== MAGIC_MICROSECONDS && big !== MAGIC_NANOSECONDS;
    const major = view.getUint16(at + 4, little);
    if (major !== 2) {
      this.#fail(`pcap version ${major} is not known, only 2`);
      return false;
    }
    this.#littleEndian = little;
    this.#unitNs = view.getUint32(at, little) === MAGIC_NANOSECONDS ? 1 : 1000;
    // The upper half tells of frame check sequences, which locateUdp ignores anyway.
    this.#linkType = view.getUint32(at + 20, little) & 0xffff;
    const snapOctets = view.getUint32(at + 16, little);
    this.#interfaces.push({ name: null, linkType: this.#linkType, snapOctets, dropped: null });
    buffer.take(FILE_HEADER_OCTETS);
    return true;
  }

  #fail(why: string): CaptureStatus {
    this.#fault = why;
    return CaptureStatus.Fault;
  }
}
