import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { OPTION_NAMES } from '../../src/profile/options.js';
import { formatAddress, parseAddress } from '../../src/core/address.js';
import { DEFAULT_PORTS, formatEndpoint } from '../../src/core/endpoint.js';
import { McastError } from '../../src/core/errors.js';
import { parseEndpoint } from '../../src/core/parseEndpoint.js';

const SYNTAX = { parameters: new Set<string>(OPTION_NAMES) };

const ipv4 = (first: fc.Arbitrary<number>) =>
  fc.tuple(first, fc.nat(255), fc.nat(255), fc.nat(255)).map((octets) => octets.join('.'));
const ipv6 = (first: fc.Arbitrary<number>) =>
  fc
    .tuple(first, fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 7, maxLength: 7 }))
    .map(([head, rest]) => [head, ...rest].map((group) => group.toString(16)).join(':'));
const place = fc.oneof(
  fc.record({
    family: fc.constant(4 as const),
    group: ipv4(fc.integer({ min: 224, max: 238 })),
    sources: fc.uniqueArray(ipv4(fc.integer({ min: 1, max: 223 })), { maxLength: 3 }),
  }),
  fc.record({
    family: fc.constant(6 as const),
    // The lowest group only: its range cannot run over.
    group: ipv6(fc.integer({ min: 0xff00, max: 0xffff })).map((text) => text.replace(/[^:]*$/, '1')),
    sources: fc.uniqueArray(ipv6(fc.integer({ min: 0x2000, max: 0x3fff })), { maxLength: 3 }),
  }),
);
const canonical = (text: string): string => formatAddress(parseAddress(text)!);
const value = fc
  .stringMatching(/^[A-Za-z0-9:.,%@+_/-]{1,12}$/)
  // A trailing /name would look like a parameter that was cut.
  .filter((text) => !/[/&][a-z][a-z0-9-]*$/.test(text));
const parameters = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom(...OPTION_NAMES.filter((name) => name !== 'groups' && name !== 'unicast')), value),
    {
      selector: ([name]) => name,
      maxLength: 4,
    },
  )
  .map((entries) => new Map<string, string>(entries));

it('canonical text reads back as the same endpoint', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(null, ...DEFAULT_PORTS.keys()),
      place,
      fc.integer({ min: 1, max: 65_535 }),
      fc.integer({ min: 1, max: 60_000 }),
      parameters,
      (scheme, where, port, groups, given) => {
        const endpoint = {
          scheme,
          family: where.family,
          group: canonical(where.group),
          port,
          sources: where.sources.map(canonical),
          groups,
          parameters: given,
          name: null,
        };
        const text = formatEndpoint(endpoint);
        const back = parseEndpoint(text, SYNTAX);
        expect(back).toEqual({ ...endpoint, text });
        expect(formatEndpoint(back)).toBe(text);
      },
    ),
    { numRuns: 500 },
  );
});

it('any text is either read or refused in one line', () => {
  const piece = fc.constantFrom(
    'probe://',
    '239.1.1.1',
    'ff15::1',
    '[',
    ']',
    ':',
    '5001',
    '@',
    ',',
    '+',
    '%',
    'eth0',
    '/',
    'ttl=',
    '=',
    '?',
    '&',
    'auto',
    '0x',
    '.',
    ' ',
    '\u00e9',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece, { maxLength: 10 }).map((parts) => parts.join('')),
      ),
      (text) => {
        try {
          const endpoint = parseEndpoint(text, SYNTAX);
          expect(parseEndpoint(formatEndpoint(endpoint), SYNTAX)).toMatchObject({
            group: endpoint.group,
            port: endpoint.port,
          });
        } catch (error) {
          expect(error).toBeInstanceOf(McastError);
          expect((error as McastError).message).not.toContain('\n');
        }
      },
    ),
    { numRuns: 2000 },
  );
});

it('addresses read back, and differ when their octets do', () => {
  const octets = fc.oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
    fc.array(fc.constantFrom(0, 0, 0, 1, 255), { minLength: 16, maxLength: 16 }).map((list) => Uint8Array.from(list)),
  );
  fc.assert(
    fc.property(octets, (address) => {
      expect(parseAddress(formatAddress(address))).toEqual(address);
    }),
    { numRuns: 1000 },
  );
});
