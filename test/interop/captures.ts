import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReceiveBatch } from '../../src/core/batch.js';
import { splitNs } from '../../src/core/time.js';
import type { RunEpoch } from '../../src/core/time.js';
import { CaptureWriter, captureQueue, openCaptureSink } from '../../src/io/captureWriter.js';
import type { Path } from '../../src/io/datagram.js';

/** 2026-01-01T00:00:00.123456789Z: more than float64 seconds could hold. */
export const EPOCH: RunEpoch = { realtimeNs: 1_767_225_600_123_456_789n, monotonicNs: 0n, uncertaintyNs: 0 };
export const EPOCH_SPLIT = splitNs(EPOCH.realtimeNs);

export interface Datagram {
  readonly path: Path;
  readonly timeNs: number;
  readonly tos: number;
  readonly ttl: number;
  readonly payload: Uint8Array;
  /** Bits of `SlotFlag`; default: a kernel stamp, all known. */
  readonly flags?: number;
}

/** Records the datagrams with the product's own writer. */
export async function record(file: string, datagrams: readonly Datagram[]): Promise<CaptureWriter> {
  const paths: Path[] = [{ source: '', sourcePort: 0, group: '', port: 0, interfaceIndex: 0 }];
  const batch = new ReceiveBatch(1, 64, 128 * 1024);
  const queue = captureQueue();
  const sink = await openCaptureSink(file, queue);
  const writer = new CaptureWriter(
    queue,
    EPOCH,
    (index) => paths[index]!,
    (index) => `if${index}`,
  );
  for (const datagram of datagrams) {
    let path = paths.indexOf(datagram.path);
    if (path < 0) path = paths.push(datagram.path) - 1;
    batch.count = 1;
    // An odd place: nothing may depend on alignment.
    batch.offset[0] = 3;
    batch.bytes.set(datagram.payload, 3);
    batch.length[0] = datagram.payload.length;
    batch.timeRealNs[0] = datagram.timeNs;
    batch.flags[0] = datagram.flags ?? 1;
    batch.path[0] = path;
    batch.tos[0] = datagram.tos;
    batch.ttl[0] = datagram.ttl;
    writer.write(batch, 0, 1);
  }
  writer.close();
  await sink.finished;
  return writer;
}

/** Runs a program to its end and returns its standard output; an error tells its standard error. */
export function output(program: string, ...argv: readonly string[]): string {
  const run = spawnSync(program, argv, { encoding: 'utf8', timeout: 60_000, maxBuffer: 64 * 1024 * 1024 });
  if (run.status !== 0) throw new Error(`${program} ended with ${run.status ?? run.signal}: ${run.stderr}`);
  return run.stdout;
}

/** The named fields of every frame, as tshark reads the file. */
export function tsharkFields(file: string, fields: readonly string[], ...more: readonly string[]): string[][] {
  const text = output('tshark', ...more, '-n', '-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field]));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
}

/** A new directory that is gone after `use`. */
export async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'mcast-capture-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
