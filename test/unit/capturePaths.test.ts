import { describe, expect, it } from 'vitest';
import { CapturePaths } from '../../src/io/capturePaths.js';
import { LinkType, UdpLocation, locateUdp, putUdpHeaders } from '../../src/wire/ip.js';

/** Headers of a datagram from 10.x.y.z or fe80::x:y:z, and where its parts are. */
function headers(number: number, family: 4 | 6 = 4): { readonly bytes: Uint8Array; readonly location: UdpLocation } {
  const address = (first: number): Uint8Array => {
    const octets = new Uint8Array(family === 4 ? 4 : 16);
    octets[0] = first;
    octets[octets.length - 3] = number >> 16;
    octets[octets.length - 2] = number >> 8;
    octets[octets.length - 1] = number;
    return octets;
  };
  const bytes = new Uint8Array(64);
  const octets = putUdpHeaders(bytes, 0, address(10), 5000 + (number % 100), address(239), 5001, 0, 1, 0);
  const location = new UdpLocation();
  locateUdp(bytes, 0, octets, LinkType.Raw, location);
  return { bytes, location };
}

describe('CapturePaths', () => {
  it('gives each path one number, whatever their number', () => {
    const paths = new CapturePaths();
    const numbers = Array.from({ length: 5000 }, (_, i) => {
      const { bytes, location } = headers(i * 7);
      return paths.intern(bytes, location, i % 3);
    });
    expect(new Set(numbers).size).toBe(5000);
    expect(paths.count).toBe(5001);
    for (const [i, index] of numbers.entries()) {
      const { bytes, location } = headers(i * 7);
      expect(paths.intern(bytes, location, i % 3)).toBe(index);
    }
    expect(paths.count).toBe(5001);
    expect(paths.path(numbers[300]!)).toEqual({
      source: '10.0.8.52',
      sourcePort: 5000,
      group: '239.0.8.52',
      port: 5001,
      interfaceIndex: 0,
    });
  });

  it('tells interfaces, families and ports apart', () => {
    const paths = new CapturePaths();
    const { bytes, location } = headers(1);
    const first = paths.intern(bytes, location, 1);
    expect(paths.intern(bytes, location, 2)).not.toBe(first);
    expect(paths.intern(bytes, location, 0x1000_0001)).not.toBe(first);
    location.sourcePort++;
    expect(paths.intern(bytes, location, 1)).not.toBe(first);
    const six = headers(1, 6);
    const index = paths.intern(six.bytes, six.location, 1);
    expect(paths.path(index)).toMatchObject({ source: 'a00::1', group: 'ef00::1' });
  });

  it('answers 0 when it is full, and still knows the others', () => {
    const paths = new CapturePaths(3);
    const of = (number: number): number => {
      const { bytes, location } = headers(number);
      return paths.intern(bytes, location, 0);
    };
    expect([of(1), of(2), of(3), of(1), of(2)]).toEqual([1, 2, 0, 1, 2]);
    expect(paths.path(0)).toEqual({ source: '', sourcePort: 0, group: '', port: 0, interfaceIndex: 0 });
  });
});
