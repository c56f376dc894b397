import { describe, expect, it } from 'vitest';
import { mdp3Codec } from '../../src/wire/mdp3Codec.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { WireStatus } from '../../src/wire/status.js';
import { surrounded } from '../fuzz/guard.js';
import { MDP3_VECTORS } from './feedFrames.js';
import { fromHex, toHex } from './hex.js';

const AT = 16;

describe('MDP 3.0', () => {
  it('has a cold form of its header, and describes itself', () => {
    const texts = MDP3_VECTORS.map(({ hex }) => {
      const octets = fromHex(hex);
      const out = mdp3Codec.create();
      expect(mdp3Codec.check(octets, 0, octets.length)).toBe(WireStatus.Ok);
      expect(mdp3Codec.parse(surrounded(octets, 0x41), AT, octets.length, out)).toBe(WireStatus.Ok);
      expect(out.payloadOctets).toBe(octets.length - 12);
      const bytes = new Uint8Array(60).fill(0xa5);
      expect(mdp3Codec.write(bytes, AT, out)).toBe(mdp3Codec.octets(out));
      expect(toHex(bytes.subarray(AT, AT + 12))).toBe(toHex(octets.subarray(0, 12)));
      return mdp3Codec.describe(out);
    });
    expect(texts).toEqual([
      'mdp3 data sequence 2164260606 sent 2026-01-01T00:00:00.123456789Z messages 2 payload 32',
      'mdp3 heartbeat sequence 1 sent 2026-01-01T00:00:00.123456789Z',
    ]);
    expect(mdp3Codec.check(new Uint8Array(11), 0, 11)).toBe(WireStatus.TooShort);
    expect(mdp3Codec.parse(new Uint8Array(13), 0, 13, mdp3Codec.create())).toBe(WireStatus.BadLength);
  });

  it('writes messages in a schema of its own, all of them root', () => {
    const bytes = new Uint8Array(30).fill(0xa5);
    mdp3Framing.writeBlockHeader(new DataView(bytes.buffer), 8, 0x1234, 0x41);
    // MsgSize, BlockLength, TemplateID, SchemaID, Version.
    expect(toHex(bytes)).toBe(`${'a5'.repeat(8)}${'3e12'}${'3412'}${'4100'}${'4b4d'}${'0000'}${'a5'.repeat(12)}`);
  });
});
