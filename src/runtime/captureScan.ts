/** Reads a capture through once before it is sent: what flows it holds, how they are spaced, what cannot be sent. */
import { formatAddress, parseAddress } from '../core/address.js';
import { MAX_UDP_PAYLOAD_OCTETS, SlotFlag } from '../core/batch.js';
import { formatHostPort } from '../core/format.js';
import { openCapture, type CaptureFile } from '../io/captureFile.js';
import { captureBounds, type CaptureBounds } from '../profile/captureMoments.js';
import type { CapturedFlow, CaptureSummary } from '../profile/capturedFlows.js';
import type { ReplayPlan } from '../profile/plan.js';
import type { SentCapture } from '../result/model.js';

export interface CaptureScan {
  readonly name: string;
  readonly summary: CaptureSummary;
  readonly flows: FlowNumbers;
  readonly bounds: CaptureBounds;
  /** Of what was found; `datagrams` are those of all flows. */
  readonly counts: SentCapture;
}

/** What of a datagram keeps it from being sent. */
export const Sendable = { Yes: 0, Outside: 1, Truncated: 2, TooLarge: 3 } as const;
export type Sendable = (typeof Sendable)[keyof typeof Sendable];

/** Numbers of flows, the same for every reading of a file. */
export class FlowNumbers {
  /** Destinations by number. */
  readonly places: { readonly group: string; readonly port: number }[] = [];
  readonly #numbers = new Map<string, number>();

  /** Number of the flow of `file`'s path; -1: its place is not known. `numbers`: by path, of this reading. */
  ofPath(file: CaptureFile, path: number, numbers: number[]): number {
    const known = numbers[path];
    if (known !== undefined) return known;
    const { group: text, port } = file.path(path);
    const address = parseAddress(text);
    // Sources and interfaces make no difference, and IPv6 addresses have one text.
    const number = address === null ? -1 : this.#numberOf(formatAddress(address), port);
    numbers[path] = number;
    return number;
  }

  #numberOf(group: string, port: number): number {
    const key = formatHostPort(group, port);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.places.length);
    return this.places.push({ group, port }) - 1;
  }
}

/** Whether the datagram in a slot of the file's batch can be sent. */
export function sendable(file: CaptureFile, slot: number, { fromNs, toNs }: CaptureBounds): Sendable {
  const { batch } = file;
  const timeNs = batch.timeRealNs[slot]!;
  if (timeNs < fromNs || timeNs >= toNs) return Sendable.Outside;
  if (file.captured[slot]! < batch.length[slot]!) return Sendable.Truncated;
  return batch.length[slot]! > MAX_UDP_PAYLOAD_OCTETS ? Sendable.TooLarge : Sendable.Yes;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Throws ERR_FILE, ERR_FILE_FORMAT. */
export async function scanCapture(replay: ReplayPlan): Promise<CaptureScan> {
  const file = await openCapture(replay.name);
  const bounds = captureBounds(replay, file.epoch.realtimeNs);
  const flows = new FlowNumbers();
  const numbers: number[] = [];
  const found: Writable<CapturedFlow>[] = [];
  const kinds = new Float64Array(4);
  let pathOverflow = 0;
  let lengthNs = 0;
  let isTimed = false;
  for await (const batch of file) {
    for (let slot = 0; slot < batch.count; slot++) {
      const timeNs = batch.timeRealNs[slot]!;
      lengthNs = Math.max(lengthNs, timeNs);
      if ((batch.flags[slot]! & SlotFlag.TimeKernel) !== 0) isTimed = true;
      const number = flows.ofPath(file, batch.path[slot]!, numbers);
      if (number < 0) {
        pathOverflow++;
        continue;
      }
      found[number] ??= emptyFlow(flows, number);
      const kind = sendable(file, slot, bounds);
      kinds[kind]!++;
      if (kind === Sendable.Yes) addTo(found[number], batch.length[slot]!, timeNs);
    }
  }
  const { counts: seen, fault } = file;
  const counts: SentCapture = {
    frames: seen.frames,
    datagrams: kinds[Sendable.Yes]!,
    not_selected: 0,
    outside: kinds[Sendable.Outside]!,
    truncated: kinds[Sendable.Truncated]! + seen.cutHeaders,
    too_large: kinds[Sendable.TooLarge]!,
    fragments: seen.fragments,
    not_udp: seen.notIp + seen.notUdp,
    malformed: seen.malformed,
    unknown_link: seen.unknownLink,
    path_overflow: pathOverflow,
    backwards: seen.backwards,
    fault,
  };
  const startUnixNs = file.epoch.realtimeNs;
  const summary = { flows: found, frames: seen.frames, startUnixNs, lengthNs, isTimed, counts };
  return { name: replay.name, summary, flows, bounds, counts };
}

function emptyFlow(flows: FlowNumbers, number: number): Writable<CapturedFlow> {
  return { ...flows.places[number]!, datagrams: 0, octets: 0, largestOctets: 0, firstNs: Infinity, lastNs: -Infinity };
}

function addTo(flow: Writable<CapturedFlow>, octets: number, timeNs: number): void {
  flow.datagrams++;
  flow.octets += octets;
  flow.largestOctets = Math.max(flow.largestOctets, octets);
  flow.firstNs = Math.min(flow.firstNs, timeNs);
  flow.lastNs = Math.max(flow.lastNs, timeNs);
}
