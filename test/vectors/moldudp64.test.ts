import { describe, expect, it } from 'vitest';
import {
  checkMoldRequest,
  moldCount,
  moldSequence,
  moldSession0,
  moldSession1,
  moldSession2,
  putMoldHeader,
} from '../../src/wire/moldudp64.js';
import { moldRequestCodec, moldUdp64Codec } from '../../src/wire/moldudp64Codec.js';
import type { MoldHeader } from '../../src/wire/moldudp64Codec.js';
import { WireStatus } from '../../src/wire/status.js';
import { guardedView, surrounded } from '../fuzz/guard.js';
import { MOLD_VECTORS } from './feedFrames.js';
import { fromHex, toHex } from './hex.js';

const AT = 16;
const REQUEST = fromHex(`53455353303120202020 # session "SESS01"
                         0000000500000006     # first message wanted
                         0102                 # how many`);
const HEADER: MoldHeader = {
  session: [0x5345_5353, 0x3031_2020, 0x2020],
  sequence: 5 * 2 ** 32 + 6,
  count: 0x0102,
  payloadOctets: 0,
};

describe('MoldUDP64 request packet', () => {
  it('is read by the hot accessors, whatever stands around it', () => {
    const view = guardedView(surrounded(REQUEST, 0x41), AT, REQUEST.length);
    expect(checkMoldRequest(view, AT, REQUEST.length)).toBe(WireStatus.Ok);
    expect([moldSession0(view, AT), moldSession1(view, AT), moldSession2(view, AT)]).toEqual(HEADER.session);
    expect(moldSequence(view, AT)).toBe(HEADER.sequence);
    expect(moldCount(view, AT)).toBe(HEADER.count);
  });

  it('is written over what stood there', () => {
    const bytes = new Uint8Array(60).fill(0xa5);
    const [first, second, third] = HEADER.session;
    putMoldHeader(new DataView(bytes.buffer), AT, first, second, third, HEADER.sequence, HEADER.count);
    expect(toHex(bytes.subarray(AT, AT + 20))).toBe(toHex(REQUEST));
    bytes.fill(0xa5, AT, AT + 20);
    expect(bytes.every((octet) => octet === 0xa5)).toBe(true);
  });

  it('has a cold form', () => {
    const out = moldRequestCodec.create();
    expect(moldRequestCodec.parse(surrounded(REQUEST, 0x41), AT, 20, out)).toBe(WireStatus.Ok);
    expect(out).toEqual(HEADER);
    const bytes = new Uint8Array(60).fill(0xa5);
    expect(moldRequestCodec.write(bytes, AT, out)).toBe(moldRequestCodec.octets(out));
    expect(toHex(bytes.subarray(AT, AT + 20))).toBe(toHex(REQUEST));
    expect(moldRequestCodec.describe(out)).toBe('moldudp64 request session "SESS01" sequence 21474836486 messages 258');
  });

  it.each([
    ['cut', '53455353303120202020 0000000000000001 00', WireStatus.TooShort],
    ['too long', '53455353303120202020 0000000000000001 0001 00', WireStatus.BadLength],
    ['for nothing', '53455353303120202020 0000000000000001 0000', WireStatus.BadLength],
    ['for as many as can be told', '53455353303120202020 0000000000000001 ffff', WireStatus.Ok],
    ['of another session', '00455353303120202020 0000000000000001 0001', WireStatus.BadMagic],
    ['that goes on to 2^53', '53455353303120202020 001ffffffffffffe 0002', WireStatus.BadReserved],
    ['that ends before 2^53', '53455353303120202020 001ffffffffffffe 0001', WireStatus.Ok],
    ['beyond 2^53', '53455353303120202020 8000000000000001 0001', WireStatus.BadReserved],
  ])('is judged when it is %s', (_what, hex, status) => {
    const octets = fromHex(hex);
    expect(checkMoldRequest(guardedView(surrounded(octets, 0x41), AT, octets.length), AT, octets.length)).toBe(status);
    expect(moldRequestCodec.check(octets, 0, octets.length)).toBe(status);
    expect(moldRequestCodec.parse(octets, 0, octets.length, moldRequestCodec.create())).toBe(status);
  });
});

describe('MoldUDP64 downstream packet', () => {
  it('has a cold form, and describes itself', () => {
    const texts = MOLD_VECTORS.map(({ hex }) => {
      const octets = fromHex(hex);
      const out = moldUdp64Codec.create();
      expect(moldUdp64Codec.check(octets, 0, octets.length)).toBe(WireStatus.Ok);
      expect(moldUdp64Codec.parse(surrounded(octets, 0x41), AT, octets.length, out)).toBe(WireStatus.Ok);
      expect(out.payloadOctets).toBe(octets.length - 20);
      const bytes = new Uint8Array(60).fill(0xa5);
      expect(moldUdp64Codec.write(bytes, AT, out)).toBe(moldUdp64Codec.octets(out));
      expect(toHex(bytes.subarray(AT, AT + 20))).toBe(toHex(octets.subarray(0, 20)));
      return moldUdp64Codec.describe(out);
    });
    expect(texts).toEqual([
      'moldudp64 data session "SESS01" sequence 21474836486 messages 2 payload 7',
      'moldudp64 heartbeat session "SESS01" sequence 9007199254740990',
      'moldudp64 end-of-session session "SESS01" sequence 8',
    ]);
    expect(moldUdp64Codec.parse(REQUEST, 0, 20, moldUdp64Codec.create())).toBe(WireStatus.BadLength);
  });
});
