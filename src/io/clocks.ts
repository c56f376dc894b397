import type { Nanos, RunEpoch } from '../core/time.js';
import type { NativeAddon } from './addon.js';
import { loadNative } from './addon.js';
import { PortableClock } from './portableClock.js';

/** All three clocks as of one instant, ns; `uncertaintyNs` is half of the time that reading them took. */
interface ClockReading {
  readonly realtimeNs: bigint;
  readonly monotonicNs: bigint;
  /** CLOCK_MONOTONIC_RAW; `null` without the native layer. */
  readonly rawNs: bigint | null;
  readonly uncertaintyNs: number;
}

let portable: PortableClock | null = null;

function readClocks(addon: NativeAddon | null): ClockReading {
  if (addon !== null) {
    const out = new BigInt64Array(4);
    addon.clocks(out);
    return { realtimeNs: out[0]!, monotonicNs: out[1]!, rawNs: out[2]!, uncertaintyNs: Number(out[3]!) };
  }
  // One for all samples: making one looks for a change of the millisecond, which takes that long.
  portable ??= new PortableClock();
  // Looks at the realtime clock: a step shows from here on.
  portable.realNs();
  const monoNs = portable.monoNs();
  return {
    realtimeNs: portable.epoch.realtimeNs + BigInt(portable.realAtNs(monoNs)),
    monotonicNs: portable.epoch.monotonicNs + BigInt(monoNs),
    rawNs: null,
    uncertaintyNs: Math.ceil(portable.uncertaintyNs),
  };
}

/** The pair of readings that a run's times count from. Every thread of a run is given the same one. */
export function readEpoch(addon: NativeAddon | null = loadNative()): RunEpoch {
  const { realtimeNs, monotonicNs, uncertaintyNs } = readClocks(addon);
  return { realtimeNs, monotonicNs, uncertaintyNs };
}

/** How the clocks stand to each other at one instant. Sampled every second: steps and slews show in the changes. */
export interface ClockSample {
  /** When, CLOCK_MONOTONIC since the epoch, ns. */
  readonly monoNs: Nanos;
  /** (real - mono) since the epoch, ns: 0 until the realtime clock is stepped. */
  readonly realMinusMonoNs: number;
  /** (mono - raw), ns, from an arbitrary origin: grows as the clock is slewed. `null`: not readable. */
  readonly monoMinusRawNs: number | null;
  readonly uncertaintyNs: number;
}

export function sampleClocks(epoch: RunEpoch, addon: NativeAddon | null = loadNative()): ClockSample {
  const { realtimeNs, monotonicNs, rawNs, uncertaintyNs } = readClocks(addon);
  const monoNs = Number(monotonicNs - epoch.monotonicNs);
  return {
    monoNs,
    realMinusMonoNs: Number(realtimeNs - epoch.realtimeNs) - monoNs,
    monoMinusRawNs: rawNs === null ? null : Number(monotonicNs - rawNs),
    uncertaintyNs,
  };
}

/** What happened to the clocks between two samples. */
export interface ClockChange {
  /** Step of CLOCK_REALTIME against CLOCK_MONOTONIC, ns; 0 within what the readings can tell. */
  readonly stepNs: number;
  /** Rate of both clocks against the hardware oscillator, ppm; `null`: not measurable. */
  readonly slewPpm: number | null;
}

export function compareClocks(before: ClockSample, after: ClockSample): ClockChange {
  const stepNs = after.realMinusMonoNs - before.realMinusMonoNs;
  const elapsedNs = after.monoNs - before.monoNs;
  const raw =
    before.monoMinusRawNs === null || after.monoMinusRawNs === null
      ? null
      : after.monoMinusRawNs - before.monoMinusRawNs;
  return {
    stepNs: Math.abs(stepNs) > before.uncertaintyNs + after.uncertaintyNs ? stepNs : 0,
    slewPpm: raw === null || elapsedNs <= raw ? null : (raw / (elapsedNs - raw)) * 1e6,
  };
}

/** What the kernel says of the discipline of its clock, adjtimex(2). */
export interface KernelSync {
  readonly synchronised: boolean;
  /** Maximum and estimated error, ns. */
  readonly maximumErrorNs: number;
  readonly estimatedErrorNs: number;
  /** Offset that is being corrected, ns. */
  readonly offsetNs: number;
  readonly frequencyPpm: number;
  /** TAI minus UTC, seconds; 0: the kernel was not told. */
  readonly taiOffsetSeconds: number;
}

/** timex.status and the state that adjtimex returns (linux/timex.h). */
const STATUS_UNSYNCHRONISED = 0x0040;
const STATUS_NANOSECONDS = 0x2000;
const STATE_ERROR = 5;

/** Numbers as {@link NativeAddon.adjustment} gives them. */
export function parseAdjustment(values: Float64Array): KernelSync {
  const status = values[1]!;
  return {
    synchronised: values[0] !== STATE_ERROR && (status & STATUS_UNSYNCHRONISED) === 0,
    offsetNs: values[2]! * ((status & STATUS_NANOSECONDS) !== 0 ? 1 : 1000),
    frequencyPpm: values[3]! / 65_536,
    maximumErrorNs: values[4]! * 1000,
    estimatedErrorNs: values[5]! * 1000,
    taiOffsetSeconds: values[6]!,
  };
}

/** State of the kernel's clock discipline; `null`: not readable here. */
export function kernelSync(addon: NativeAddon | null = loadNative()): KernelSync | null {
  if (addon === null) return null;
  const values = new Float64Array(7);
  return addon.adjustment(values) < 0 ? null : parseAdjustment(values);
}
