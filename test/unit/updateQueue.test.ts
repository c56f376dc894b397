import { describe, expect, it } from 'vitest';
import { UpdateQueue } from '../../src/runtime/updateQueue.js';

describe('UpdateQueue', () => {
  it('gives what came before, then waits, then ends', async () => {
    const queue = new UpdateQueue<number>();
    queue.push(1);
    queue.push(2);
    expect(await queue.next()).toEqual({ value: 1, done: false });
    expect(await queue.next()).toEqual({ value: 2, done: false });
    const waiting = [queue.next(), queue.next(), queue.next()];
    queue.push(3);
    queue.end();
    queue.push(4);
    expect(await Promise.all(waiting)).toEqual([
      { value: 3, done: false },
      { value: undefined, done: true },
      { value: undefined, done: true },
    ]);
    expect(await queue.next()).toEqual({ value: undefined, done: true });
  });

  it('keeps the newest thousand for a reader that is slow', async () => {
    const queue = new UpdateQueue<number>();
    for (let i = 0; i < 1500; i++) queue.push(i);
    queue.end();
    const read: number[] = [];
    for await (const item of queue) read.push(item);
    expect([read.length, read[0], read.at(-1), queue.missed]).toEqual([1000, 500, 1499, 500]);
  });

  it('takes nothing more once its reader has left', async () => {
    const queue = new UpdateQueue<number>();
    queue.push(1);
    for await (const item of queue) if (item === 1) break;
    queue.push(2);
    expect(await queue.next()).toEqual({ value: undefined, done: true });
  });
});
