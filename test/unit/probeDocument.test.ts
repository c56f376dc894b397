import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { probeCodec } from '../../src/wire/probeCodec.js';
import { WireStatus } from '../../src/wire/status.js';
import { fromHex, toHex } from '../vectors/hex.js';

const DOCUMENT = readFileSync(new URL('../../docs/protocols/probe.md', import.meta.url), 'utf8');

function fenced(language: string): string {
  const found = new RegExp(`\`\`\`${language}\\n([^]*?)\`\`\``).exec(DOCUMENT);
  if (found === null) throw new Error(`no ${language} in docs/protocols/probe.md`);
  return found[1]!;
}

describe('docs/protocols/probe.md', () => {
  it('has an example that is what it says', () => {
    const octets = fromHex(fenced('hex'));
    const header = probeCodec.create();
    expect(probeCodec.parse(octets, 0, octets.length, header)).toBe(WireStatus.Ok);
    expect(header).toEqual({
      flags: 4,
      tos: 34 << 2,
      ttl: 16,
      runId: 0xdead_beef,
      flow: 7,
      sequence: 1000n,
      sendTimeNs: 1_767_225_600_123_456_789n,
      total: 999n,
      notSent: 2,
    });
    const written = new Uint8Array(octets.length).fill(0xa5);
    probeCodec.write(written, 0, header);
    expect(toHex(written)).toBe(toHex(octets));
    expect(fenced('text').trim()).toBe(probeCodec.describe(header));
  });

  it('states the multipliers that are used', () => {
    const rows = Array.from({ length: 12 }, (_, i) => i).filter((i) => i !== 7 && i !== 8);
    for (const i of rows) {
      const multiplier = ((Math.imul(i + 1, 0x9e37_79b9) | 1) >>> 0).toString(16).padStart(8, '0');
      expect(DOCUMENT).toMatch(new RegExp(`\\| ${i} \\|[^|]*\\| 0x${multiplier} \\|`));
    }
    // And the rule as the document states it gives the example's check.
    const octets = fromHex(fenced('hex'));
    const view = new DataView(octets.buffer);
    let check = 0x243f_6a88n;
    for (const i of rows) {
      const multiplier = ((BigInt(i + 1) * 0x9e37_79b9n) % 2n ** 32n) | 1n;
      const word = BigInt(view.getUint32(4 * i));
      check += (word ^ (word >> 16n)) * multiplier;
    }
    expect(view.getUint32(48)).toBe(Number(check % 2n ** 32n));
  });
});
