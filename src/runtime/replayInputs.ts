/** Opens the captures of a sender, on the main thread: their flows become streams of the plan, which is then complete. */
import { formatCount } from '../core/format.js';
import { replayedStream, replayedStreams, type ReplayedFlows, type ReplayedStream } from '../profile/capturedFlows.js';
import type { ReplayPlan, SendPlan, SendStream } from '../profile/plan.js';
import { rateProblem } from '../profile/sendStreams.js';
import { captureTroubles } from '../result/captureTroubles.js';
import type { SentCapture } from '../result/model.js';
import { scanCapture, type CaptureScan } from './captureScan.js';
import type { MediaInputs } from './mediaInputs.js';
import { supplyReplay, type ReplaySupply } from './replaySupply.js';
import type { SharedInput } from './sharedInput.js';

/** A capture that takes longer to read through is told of, ms. */
const PATIENCE_MS = 2000;

/** A stream of the complete plan; `scan` and `replayed` of one without a capture are `null`. */
interface ScannedStream {
  readonly stream: SendStream;
  readonly scan: CaptureScan | null;
  readonly replayed: ReplayedStream | null;
}

/** Throws McastError: a capture that cannot be read or sent; what was open by then is closed. */
export async function openReplays(plan: SendPlan, tell: (text: string) => void): Promise<MediaInputs> {
  const scanned = await scanAll(plan, tell);
  const streams = scanned.map(({ stream }) => stream);
  const problem = plan.force ? null : rateProblem(streams);
  if (problem !== null) throw problem;
  const supplies: ReplaySupply[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(supplies.map((supply) => supply.stop()));
  };
  const shared: (SharedInput | null)[] = [];
  const inMemory = new Map<ReplayedFlows, ReplaySupply>();
  try {
    for (const { scan, replayed: one } of scanned) {
      if (scan === null || one === null) {
        shared.push(null);
        continue;
      }
      const { loop, speed } = one.stream.replay!;
      const { replayed, flow } = one;
      // Further flows of a feed come through what its first one opened.
      if (flow === 0) {
        const supply = inMemory.get(replayed) ?? (await supplyReplay(scan, replayed, { loop }));
        if (supply.records.kind === 'memory') inMemory.set(replayed, supply);
        supplies.push(supply);
      }
      const { records } = supplies.at(-1)!;
      const { flows, passNs } = replayed;
      shared.push({ kind: 'replay', records, flows, flow, passNs, speed, capture: sentCapture(scan, replayed) });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const finished = Promise.all(supplies.map((supply) => supply.finished)).then(() => undefined);
  finished.catch(() => {});
  return {
    plan: { ...plan, streams, flowReplay: null },
    shared,
    finished,
    lines: linesOf(scanned),
    links: () => [],
    stop,
  };
}

async function scanAll(plan: SendPlan, tell: (text: string) => void): Promise<ScannedStream[]> {
  const scanned: ScannedStream[] = [];
  // All groups of an endpoint have one plan, and then one reading.
  const known = new Map<ReplayPlan, { readonly scan: CaptureScan; readonly one: ReplayedStream }>();
  for (const stream of plan.streams) {
    const { replay } = stream;
    if (replay === null) {
      scanned.push({ stream, scan: null, replayed: null });
      continue;
    }
    let before = known.get(replay);
    if (before === undefined) {
      const scan = await tellingOfDelay(replay, tell);
      before = { scan, one: replayedStream(stream, scan.summary) };
      known.set(replay, before);
    }
    const complete = { ...before.one.stream, address: stream.address };
    scanned.push({ stream: complete, scan: before.scan, replayed: { ...before.one, stream: complete } });
  }
  if (plan.flowReplay !== null) {
    const scan = await tellingOfDelay(plan.flowReplay.template.replay!, tell);
    for (const one of replayedStreams(plan.flowReplay, scan.summary)) {
      scanned.push({ stream: one.stream, scan, replayed: one });
    }
  }
  return scanned;
}

async function tellingOfDelay(replay: ReplayPlan, tell: (text: string) => void): Promise<CaptureScan> {
  const timer = setTimeout(() => tell(`${replay.name} is read through before it is sent`), PATIENCE_MS);
  try {
    return await scanCapture(replay);
  } finally {
    clearTimeout(timer);
  }
}

function sentCapture({ counts }: CaptureScan, { datagrams }: ReplayedFlows): SentCapture {
  return { ...counts, datagrams, not_selected: counts.datagrams - datagrams };
}

/** What is sent, a line for each capture, and what of it cannot be. */
function linesOf(scanned: readonly ScannedStream[]): string[] {
  const lines = scanned.flatMap(({ scan, replayed: one }) => {
    if (scan === null || one === null || one.flow > 0) return [];
    const { replayed, stream } = one;
    const { speed, loop, name } = stream.replay!;
    const seconds = replayed.passNs / speed / 1e9;
    const what = `${formatCount(replayed.datagrams)} datagrams in ${seconds.toFixed(3)} s`;
    const how = `${speed === 1 ? '' : `, ${speed} times as fast as captured`}${loop ? ', over and over' : ''}`;
    const troubles = captureTroubles(sentCapture(scan, replayed));
    const { fault } = scan.counts;
    return [
      `${name}: ${what}${how}`,
      ...(troubles.length === 0 ? [] : [`warning: ${name}: not sent: ${troubles.join(', ')}`]),
      ...(fault === null ? [] : [`warning: ${name} ends early: ${fault}`]),
    ];
  });
  return [...new Set(lines)];
}
