import { describe, expect, it } from 'vitest';
import { bitPerSecondAt, octetsAtLayer, packetsPerSecondAt } from '../../src/core/layers.js';

describe('octets at a layer', () => {
  // 64 octets: + 8 UDP + 20 IPv4 = 92; + 14 Ethernet = 106; + 4 FCS + 8 preamble + 12 gap = 130.
  it.each([
    ['payload', 4, 64],
    ['ip', 4, 92],
    ['ethernet', 4, 106],
    ['wire', 4, 130],
    ['payload', 6, 64],
    ['ip', 6, 112],
    ['ethernet', 6, 126],
    ['wire', 6, 150],
  ] as const)('%s, IPv%d', (layer, family, octets) => expect(octetsAtLayer(64, family, layer)).toBe(octets));

  it('pads short frames: 1 octet of payload is 29 of IP, 46 of frame payload, 84 on the wire', () => {
    expect(octetsAtLayer(1, 4, 'wire')).toBe(84);
    expect(octetsAtLayer(18, 4, 'wire')).toBe(84);
    expect(octetsAtLayer(19, 4, 'wire')).toBe(85);
  });

  it('turns rates to packet rates and back', () => {
    expect(packetsPerSecondAt(1e9, 1472, 4, 'wire')).toBeCloseTo(1e9 / (8 * 1538), 6);
    expect(packetsPerSecondAt(Infinity, 64, 4, 'ip')).toBe(Infinity);
    expect(bitPerSecondAt(1000, 64, 4, 'ethernet')).toBe(848_000);
  });
});
