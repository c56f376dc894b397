import { McastError } from '../core/errors.js';
import type { RunEpoch } from '../core/time.js';
import { loadNative, nativeFailure } from './addon.js';
import type { Io } from './datagram.js';

/**
 * The I/O of the calling thread: `native` or an error, `dgram`, or with `auto` the native one where it
 * is there. `epoch`: the run's; threads whose times meet share one.
 */
export async function openIo(which: 'auto' | 'native' | 'dgram', epoch?: RunEpoch): Promise<Io> {
  if (which !== 'dgram' && loadNative() !== null) return (await import('./native.js')).openNativeIo(epoch);
  if (which === 'native') throw new McastError('ERR_NATIVE_UNAVAILABLE', nativeFailure());
  return (await import('./dgram.js')).openDgramIo(epoch);
}
