import { closeSync, openSync, readdirSync } from 'node:fs';
import type { NativeAddon } from '../addon.js';
import { InterfaceRequest, LITTLE_ENDIAN } from './sockopt.js';

/** struct hwtstamp_config, linux/net_tstamp.h: flags, tx_type, rx_filter. */
const RX_FILTER_AT = 8;
const RX_FILTER_ALL = 1;

/** Whether the interface stamps every datagram it receives. Reading changes nothing. */
export function stampsAllReceived(addon: NativeAddon, fd: number, interfaceName: string): boolean {
  const config = new Uint8Array(12);
  if (addon.interfaceControl(fd, InterfaceRequest.HardwareTimestampConfig, interfaceName, config) < 0) return false;
  return new DataView(config.buffer).getInt32(RX_FILTER_AT, LITTLE_ENDIAN) === RX_FILTER_ALL;
}

/** How the clock of a network interface stands to CLOCK_REALTIME. */
export interface HardwareClockOffset {
  /** Hardware clock minus CLOCK_REALTIME without its whole seconds, ns. */
  readonly offsetNs: number;
  /** Whole seconds ahead: 37 is TAI in 2026. */
  readonly wholeSeconds: number;
  /** Half of the time that the narrowest reading took, ns. */
  readonly uncertaintyNs: number;
}

/** PTP_SYS_OFFSET of linux/ptp_clock.h: readings of the system clock before and after each of the hardware's. */
const SAMPLES = 10;
const SYS_OFFSET = { Request: 0x4340_3d05, Octets: 16 + 51 * 16, TimesAt: 16 } as const;

/** Decodes what the kernel wrote: times are (s64 seconds, u32 nanoseconds, u32), system and hardware by turns. */
export function parseSystemOffset(octets: Uint8Array): HardwareClockOffset {
  const view = new DataView(octets.buffer, octets.byteOffset);
  const count = view.getUint32(0, LITTLE_ENDIAN);
  const time = (index: number): bigint => {
    const at = SYS_OFFSET.TimesAt + index * 16;
    return view.getBigInt64(at, LITTLE_ENDIAN) * 1_000_000_000n + BigInt(view.getUint32(at + 8, LITTLE_ENDIAN));
  };
  let [offset, narrowest] = [0, Infinity];
  for (let i = 0; i < count; i++) {
    const before = time(2 * i);
    const width = Number(time(2 * i + 2) - before);
    if (width >= narrowest) continue;
    narrowest = width;
    offset = Number(time(2 * i + 1) - before) - width / 2;
  }
  // Adding 0 turns -0 into 0.
  const wholeSeconds = Math.round(offset / 1e9) + 0;
  return { offsetNs: offset - wholeSeconds * 1e9, wholeSeconds, uncertaintyNs: Math.ceil(narrowest / 2) };
}

/** Offset of the interface's own clock; `null`: it has none, or it may not be read. */
export function readHardwareClock(addon: NativeAddon, interfaceName: string): HardwareClockOffset | null {
  let fd: number;
  try {
    const [device] = readdirSync(`/sys/class/net/${interfaceName}/device/ptp`);
    fd = openSync(`/dev/${device}`, 'r');
  } catch {
    return null;
  }
  const octets = new Uint8Array(SYS_OFFSET.Octets);
  new DataView(octets.buffer).setUint32(0, SAMPLES, LITTLE_ENDIAN);
  const result = addon.control(fd, SYS_OFFSET.Request, octets);
  closeSync(fd);
  return result < 0 ? null : parseSystemOffset(octets);
}
