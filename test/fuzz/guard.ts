import { viewOf } from '../../src/core/bytes.js';

/**
 * Octets that throw when anything outside `[at, at + length)` is read as an element, so that a reader
 * that looks too far is caught, whatever it makes of what it sees there.
 */
export function guarded(bytes: Uint8Array, at: number, length: number): Uint8Array {
  return new Proxy(bytes, {
    get(target, key): unknown {
      if (typeof key === 'string' && /^-?[0-9]+$/.test(key)) {
        const index = Number(key);
        if (index < at || index >= at + length) throw new Error(`octet ${index} read of [${at}, ${at + length})`);
        return target[index];
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The same for a view: every read is checked. */
export function guardedView(bytes: Uint8Array, at: number, length: number): DataView {
  return new Proxy(viewOf(bytes), {
    get(target, key): unknown {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function' || typeof key !== 'string' || !key.startsWith('get')) return value;
      const octets = Number(/[0-9]+$/.exec(key)![0]) / 8;
      return (from: number, little?: boolean): unknown => {
        if (from < at || from + octets > at + length) {
          throw new Error(`octets [${from}, ${from + octets}) read of [${at}, ${at + length})`);
        }
        return value.call(target, from, little) as unknown;
      };
    },
  });
}

/** A copy between octets of `poison`, and where it begins. */
export function surrounded(octets: Uint8Array, poison: number, at = 16): Uint8Array {
  const bytes = new Uint8Array(octets.length + 2 * at).fill(poison);
  bytes.set(octets, at);
  return bytes;
}
