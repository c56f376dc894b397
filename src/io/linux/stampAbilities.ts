import type { NativeAddon } from '../addon.js';
import { RawSocket } from './socket.js';
import { InterfaceRequest, LITTLE_ENDIAN, Timestamping } from './sockopt.js';

/** linux/ethtool.h. */
const ETHTOOL_GET_TS_INFO = 0x41;
const OCTETS = 44;
const Field = { Stamping: 4, Clock: 8, ReceiveFilters: 28 } as const;
/** 1 << HWTSTAMP_FILTER_ALL. */
const FILTER_ALL = 1 << 1;

/** Who can stamp what an interface sends and receives. */
export interface StampAbilities {
  readonly receiveSoftware: boolean;
  readonly receiveHardware: boolean;
  readonly transmitSoftware: boolean;
  /** The hardware can stamp every datagram that arrives. */
  readonly hardwareAll: boolean;
  /** /dev/ptp<n>; -1: none. */
  readonly clock: number;
}

/** As `ethtool -T` tells it; `null`: not readable. Needs no privilege. */
export function readStampAbilities(addon: NativeAddon, interfaceName: string): StampAbilities | null {
  const socket = new RawSocket(addon, 4);
  try {
    const info = new Uint8Array(OCTETS);
    new DataView(info.buffer).setUint32(0, ETHTOOL_GET_TS_INFO, LITTLE_ENDIAN);
    const result = addon.interfaceControl(socket.fd, InterfaceRequest.Ethtool, interfaceName, info);
    return result < 0 ? null : parseStampAbilities(info);
  } finally {
    socket.close();
  }
}

/** struct ethtool_ts_info as the kernel wrote it. */
export function parseStampAbilities(info: Uint8Array): StampAbilities {
  const view = new DataView(info.buffer, info.byteOffset);
  const stamping = view.getUint32(Field.Stamping, LITTLE_ENDIAN);
  return {
    receiveSoftware: (stamping & Timestamping.RxSoftware) !== 0,
    receiveHardware: (stamping & Timestamping.RxHardware) !== 0,
    transmitSoftware: (stamping & Timestamping.TxSoftware) !== 0,
    hardwareAll: (view.getUint32(Field.ReceiveFilters, LITTLE_ENDIAN) & FILTER_ALL) !== 0,
    clock: view.getInt32(Field.Clock, LITTLE_ENDIAN),
  };
}
