import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkItch } from '../../src/wire/itch50.js';
import { itchCodec } from '../../src/wire/itch50Codec.js';
import { ITCH_MESSAGES } from '../../src/wire/itch50Messages.js';
import { WireStatus } from '../../src/wire/status.js';
import { guardedView, surrounded } from '../fuzz/guard.js';
import { toHex } from '../vectors/hex.js';

const AT = 16;

/** Any octets, and any behind a type that is known, of the right length or nearly so. */
const octetsOf = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  fc
    .tuple(fc.constantFrom(...ITCH_MESSAGES), fc.constantFrom(0, 0, 0, -1, 1))
    .chain(([{ type, octets }, more]) =>
      fc
        .uint8Array({ minLength: octets + more, maxLength: octets + more })
        .map((bytes) => Uint8Array.from([type.charCodeAt(0), ...bytes.subarray(1)])),
    ),
);

test('whatever comes is a status, and nothing outside of it is read', () => {
  fc.assert(
    fc.property(octetsOf, (octets) => {
      const bytes = surrounded(octets, 0x41);
      const status = checkItch(guardedView(bytes, AT, octets.length), AT, octets.length);
      const out = itchCodec.create();
      expect(itchCodec.parse(octets, 0, octets.length, out)).toBe(status);
      expect(itchCodec.check(bytes, AT, octets.length)).toBe(status);
      if (status !== WireStatus.Ok) return;
      expect(itchCodec.describe(out)).toMatch(/^[\x20-\x7e]+$/u);
      const written = new Uint8Array(octets.length).fill(0xa5);
      itchCodec.write(written, 0, out);
      expect(toHex(written)).toBe(toHex(octets));
    }),
    { numRuns: 3000 },
  );
});
