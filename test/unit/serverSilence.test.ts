import { describe, expect, it } from 'vitest';
import { ServerSilence } from '../../src/control/serverSilence.js';

const options = {
  ranges: 16,
  listed: 16,
  delayNs: 0,
  timeoutNs: 10,
  longestTimeoutNs: 10,
  restNs: 0,
  tries: 2,
  servers: 1,
  outstandingRequests: 8,
  requestMessages: 1,
};

describe('whether servers answer', () => {
  it('is decided when all tries of one range have had their time', () => {
    const silence = new ServerSilence(options);
    silence.onRequest(5);
    silence.onTimeout(5, 1);
    expect(silence.downNs).toBe(Infinity);
    silence.onRequest(15);
    silence.onTimeout(15, 1);
    expect(silence.downNs).toBe(25);
    silence.step(25);
    expect([silence.isDown, silence.downNs]).toEqual([true, Infinity]);
    silence.onAnswer();
    expect(silence.isDown).toBe(false);
  });

  it('is not decided by requests from before the last answer, nor twice by two parts of one', () => {
    const silence = new ServerSilence(options);
    silence.onRequest(5);
    silence.onAnswer();
    silence.onTimeout(5, 1);
    silence.onTimeout(5, 2);
    expect(silence.downNs).toBe(Infinity);
    silence.onRequest(6);
    for (let part = 0; part < 2; part++) silence.onTimeout(6, 3);
    expect(silence.downNs).toBe(Infinity);
    silence.onTimeout(6, 4);
    expect(silence.downNs).toBe(26);
  });
});
