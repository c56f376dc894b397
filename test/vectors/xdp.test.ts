import { describe, expect, it } from 'vitest';
import { WireStatus } from '../../src/wire/status.js';
import { XdpDelivery, xdpFraming } from '../../src/wire/xdp.js';
import { xdpCodec } from '../../src/wire/xdpCodec.js';
import { surrounded } from '../fuzz/guard.js';
import { XDP_VECTORS } from './feedFrames.js';
import { fromHex, toHex } from './hex.js';

const AT = 16;

describe('XDP', () => {
  it('has a cold form of its header, and describes itself', () => {
    const texts = XDP_VECTORS.map(({ hex }) => {
      const octets = fromHex(hex);
      const out = xdpCodec.create();
      expect(xdpCodec.check(octets, 0, octets.length)).toBe(WireStatus.Ok);
      expect(xdpCodec.parse(surrounded(octets, 0x41), AT, octets.length, out)).toBe(WireStatus.Ok);
      expect(out.payloadOctets).toBe(octets.length - 16);
      const bytes = new Uint8Array(60).fill(0xa5);
      expect(xdpCodec.write(bytes, AT, out)).toBe(xdpCodec.octets(out));
      expect(toHex(bytes.subarray(AT, AT + 16))).toBe(toHex(octets.subarray(0, 16)));
      return xdpCodec.describe(out);
    });
    const sent = 'sent 2026-01-01T00:00:00.123456789Z';
    expect(texts).toEqual([
      `xdp original sequence 2164260862 ${sent} messages 2 payload 13`,
      `xdp heartbeat sequence 2 ${sent}`,
      `xdp sequence-number-reset sequence 1 ${sent} messages 1 payload 14`,
    ]);
    expect(xdpCodec.parse(new Uint8Array(16), 0, 16, xdpCodec.create())).toBe(WireStatus.BadLength);
  });

  it('has a name for every flag', () => {
    const names = Object.values(XdpDelivery).map(
      (delivery) => xdpCodec.describe({ ...xdpCodec.create(), delivery }).split(' ')[1]!,
    );
    expect(new Set(names).size).toBe(11);
    expect(names).not.toContain('undefined');
  });

  it('writes the type of a message behind its size', () => {
    const bytes = new Uint8Array(20).fill(0xa5);
    xdpFraming.writeBlockHeader(new DataView(bytes.buffer), 8, 0x1234, 0x41);
    // MsgSize, MsgType.
    expect(toHex(bytes)).toBe(`${'a5'.repeat(8)}${'3812'}${'4100'}${'a5'.repeat(8)}`);
  });
});
