import { describe, expect, it } from 'vitest';
import { isReaderGone } from '../../src/io/readerGone.js';

const withCode = (code: string): Error => Object.assign(new Error(`write ${code}`), { code, syscall: 'write' });

describe('a reader of standard output', () => {
  it('has gone when its pipe was closed, or its socket, in the middle of a write too', () => {
    // A write that waits for room in a socket while the other end closes it meets ECONNRESET, any later one EPIPE.
    for (const code of ['EPIPE', 'ECONNRESET']) expect(isReaderGone(withCode(code)), code).toBe(true);
  });

  it('has not gone when anything else is wrong', () => {
    for (const code of ['ENOSPC', 'EBADF', 'EAGAIN']) expect(isReaderGone(withCode(code)), code).toBe(false);
    expect(isReaderGone(new Error('EPIPE'))).toBe(false);
    expect(isReaderGone(null)).toBe(false);
  });
});
