import { expect, it } from 'vitest';
import type { IoCapabilities } from '../../src/io/datagram.js';
import { SUBJECTS } from './harness.js';

/** What each implementation claims. A change here changes what results may say. */
const CLAIMS: Readonly<Record<string, IoCapabilities>> = {
  native: {
    kernelTime: true,
    hardwareTime: true,
    transmitTime: true,
    tos: true,
    receivedTtl: true,
    arrivalInterface: true,
    dropCounter: true,
    joinByIndex: true,
    refusedSends: true,
    deadline: true,
    offload: true,
    departureStamp: true,
    filterReadBack: true,
  },
  dgram: {
    kernelTime: false,
    hardwareTime: false,
    transmitTime: false,
    tos: false,
    receivedTtl: false,
    arrivalInterface: false,
    dropCounter: false,
    joinByIndex: false,
    refusedSends: false,
    deadline: false,
    offload: false,
    departureStamp: true,
    filterReadBack: false,
  },
};

it.each(SUBJECTS)('$name claims exactly what is pinned', async ({ name, open }) => {
  const io = await open();
  try {
    expect(io.name).toBe(name);
    expect(io.capabilities).toEqual(CLAIMS[name]);
  } finally {
    io.close();
  }
});
