import { describe, expect, it } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import { isAvc } from '../../src/report/dashboard/picture.js';
import { outputQueue, ReceiverOutputs } from '../../src/runtime/receiverOutputs.js';
import type { Stream, Transport } from '../../src/result/model.js';
import { partsOf, stateOf } from './dashboardFixture.js';
import { mediaResult, mediaStream } from './reportFixture.js';

type Service = Transport['services'][number];

function withVideo(types: readonly number[], scrambled = 0): Stream {
  const made = mediaStream();
  const [service] = made.transport!.services;
  const streams = types.map((type, i): Service['streams'][number] => ({
    pid: 256 + i,
    stream_type: type,
    kind: 'video',
    name: 'x',
    language: null,
  }));
  const pids = made.transport!.pids.map((pid) => (pid.kind === 'video' ? { ...pid, scrambled } : pid));
  return { ...made, transport: { ...made.transport!, services: [{ ...service!, streams }], pids } };
}

function detailOf(stream: Stream, picture: 'none' | 'offered' | 'no-ffmpeg'): string {
  return partsOf(stateOf({ ...mediaResult(), streams: [stream] }, { picture })).streams;
}

describe('a picture', () => {
  it('is offered where there is video, with how it comes', () => {
    const copied = detailOf(withVideo([0x1b]), 'offered');
    expect(copied).toContain(`data-watch="preview?stream=${encodeURIComponent(mediaStream().id)}"`);
    expect(copied).toContain('the pictures as they are');
    expect(detailOf(withVideo([0x02]), 'offered')).toContain('made anew');
    expect([[0x1b], [0x1b, 0x1b], [0x1b, 0x24], [0x02], []].map((types) => isAvc(withVideo(types).transport!))).toEqual(
      [true, true, false, false, false],
    );
  });

  it('is not offered where there can be none, and says why', () => {
    expect(detailOf(withVideo([]), 'offered')).toContain('there is no video in it');
    expect(detailOf(withVideo([0x1b], 7), 'offered')).toContain('it is scrambled');
    expect(detailOf(withVideo([0x1b]), 'no-ffmpeg')).toContain(
      'ffmpeg, which would package it for the browser, was not found',
    );
    for (const text of [
      detailOf(withVideo([0x1b]), 'none'),
      detailOf({ ...withVideo([0x1b]), transport: null }, 'offered'),
    ]) {
      expect(text).not.toMatch(/data-watch|No picture/u);
    }
  });
});

function made() {
  const watched = new Int32Array(new SharedArrayBuffer(4));
  const queue = { ...outputQueue(-1, 'preview'), watched };
  const outputs = new ReceiverOutputs([queue, outputQueue(0, 'save x')]);
  const ring = new ByteRing(queue.ring);
  return { watched, outputs, read: () => ring.read(new Uint8Array(100)) };
}

describe('the queue of a preview', () => {
  const octets = new Uint8Array([1, 2, 3, 4]);

  it('takes the payloads of the endpoint that is watched, and of no other', () => {
    const { watched, outputs, read } = made();
    const [first, second] = [outputs.previewOf(0)!, outputs.previewOf(1)!];
    first.put(octets, 0, 4, 0);
    expect(read()).toBe(0);
    watched[0] = 2;
    first.put(octets, 0, 4, 0);
    second.put(octets, 1, 3, 0);
    expect(read()).toBe(3);
    watched[0] = 0;
    second.put(octets, 0, 4, 0);
    expect(read()).toBe(0);
  });

  it('is no output of the result, and is closed with them', () => {
    const { outputs, read } = made();
    expect(outputs.snapshots().map(({ name }) => name)).toEqual(['save x']);
    expect(outputs.of(-1)).toEqual([]);
    outputs.close();
    expect(read()).toBe(-1);
    expect(new ReceiverOutputs([]).previewOf(0)).toBe(null);
  });

  it('drops what finds no room, and never waits', () => {
    const { watched, outputs, read } = made();
    watched[0] = 1;
    const output = outputs.previewOf(0)!;
    const large = new Uint8Array(65_536);
    for (let i = 0; i < 200; i++) output.put(large, 0, large.length, 0);
    expect(read()).toBe(100);
  });
});
