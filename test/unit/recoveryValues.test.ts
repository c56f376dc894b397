import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { planReceive, planSend } from '../../src/profile/makePlan.js';
import { readOptionObject, type RunOptions } from '../../src/profile/optionObject.js';
import { parseRecoveryPlace, parseRecoveryServers, parseRecoveryStore } from '../../src/profile/recoveryValues.js';

const CONTEXT = {
  argv: [],
  nowUnixNs: 0n,
  random: () => 1,
  files: {
    readWhole: () => new Uint8Array(0),
    isFile: () => false,
  },
} as unknown as Parameters<typeof planSend>[2];
const GROUP = 'mold://239.1.1.1:5000';

function send(endpoints: readonly string[], options: RunOptions = {}): ReturnType<typeof planSend>['plan'] {
  return planSend(endpoints, readOptionObject('send', options), CONTEXT).plan;
}

function receive(endpoints: readonly string[], options: RunOptions = {}): ReturnType<typeof planReceive>['plan'] {
  return planReceive(endpoints, readOptionObject('recv', options), CONTEXT).plan;
}

function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    expect((error as McastError).message).not.toContain('\n');
    return (error as McastError).message;
  }
  throw new Error('nothing was refused');
}

describe('where requests are answered', () => {
  it('is a port, at an address or any', () => {
    expect(parseRecoveryPlace('26401')).toEqual({ address: null, port: 26_401 });
    expect(parseRecoveryPlace('192.0.2.1:65535')).toEqual({ address: '192.0.2.1', port: 65_535 });
    expect(parseRecoveryPlace('[2001:DB8::1]:1')).toEqual({ address: '2001:db8::1', port: 1 });
  });

  it.each(['', '0', '65536', 'host:5', '192.0.2.1', '2001:db8::1:5', '[::1]', '[fe80::1]:5', '[1.2.3.4]:5', ':5'])(
    'is not "%s"',
    (text) => void refusal(() => parseRecoveryPlace(text)),
  );

  it('is from memory within bounds, or a file', () => {
    expect(parseRecoveryStore('64Mi')).toEqual({ kind: 'memory', octets: 64 << 20 });
    expect(parseRecoveryStore('65535')).toEqual({ kind: 'memory', octets: 65_535 });
    expect(parseRecoveryStore('file:a b:c')).toEqual({ kind: 'file', path: 'a b:c' });
    for (const text of ['65534', '2Gi', 'file:', 'x']) refusal(() => parseRecoveryStore(text));
  });
});

describe('servers', () => {
  it('are names or addresses with ports', () => {
    expect(parseRecoveryServers('a.example:5,192.0.2.1:6,[::1]:7')).toEqual([
      { host: 'a.example', port: 5 },
      { host: '192.0.2.1', port: 6 },
      { host: '::1', port: 7 },
    ]);
    for (const text of ['', 'a', 'a:0', 'a:65536', 'a:1,', '::1:5', '[a]:5', 'a b:5']) {
      refusal(() => parseRecoveryServers(text));
    }
    for (const text of ['239.1.1.1:5', 'a:1,224.0.0.1:5', '[ff02::1]:5']) {
      expect(refusal(() => parseRecoveryServers(text))).toContain('is a group');
    }
    for (const text of ['239.1.1.1:5', '[ff3e::1]:5']) {
      expect(refusal(() => parseRecoveryPlace(text))).toContain('is a group');
    }
    expect(refusal(() => parseRecoveryServers(Array.from({ length: 17 }, () => 'a:1').join(',')))).toContain('16');
  });
});

describe('the plan of a sender', () => {
  it('has what was asked for, and defaults for the rest', () => {
    expect(send([GROUP]).streams[0]!.feed!.recovery).toBeNull();
    expect(send([GROUP], { recovery: '7' }).streams[0]!.feed!.recovery).toEqual({
      address: null,
      port: 7,
      store: { kind: 'memory', octets: 64 << 20 },
      lingerNs: 2e9,
    });
    const own = send([`${GROUP}/recovery=127.0.0.1:8/recovery-linger=0/recovery-store=file:x`], { recovery: '7' });
    expect(own.streams[0]!.feed!.recovery).toEqual({
      address: '127.0.0.1',
      port: 8,
      store: { kind: 'file', path: 'x' },
      lingerNs: 0,
    });
  });

  it('refuses in one line what cannot be', () => {
    for (const scheme of ['mdp', 'xdp', 'probe', 'rtp']) {
      expect(refusal(() => send([`${scheme}://239.1.1.1:5000/recovery=7`]))).toContain('mold:// alone');
    }
    expect(refusal(() => send([GROUP], { recoveryStore: '1Mi' }))).toContain('recovery-store is nothing without');
    expect(refusal(() => send([GROUP], { recoveryLinger: '1s' }))).toContain('recovery-linger is nothing without');
    const both = [GROUP, 'mold://239.1.1.2:5000'];
    expect(refusal(() => send(both, { recovery: '7' }))).toContain('a port of its own');
    const stores = both.map((endpoint, i) => `${endpoint}/recovery=${7 + i}/recovery-store=file:x`);
    expect(refusal(() => send(stores))).toContain('cannot both be kept in x');
  });
});

describe('the plan of a receiver', () => {
  it('has whom to ask at the position of each feed', () => {
    expect(receive([GROUP]).recovery).toEqual([null]);
    const plan = receive([GROUP, 'mold://239.1.1.9:5000/recover=b:2/recover-from=1/recover-tries=3'], {
      recover: 'a:1',
      legB: ['mold://239.1.1.2:5000', 'mold://239.1.1.10:5000'],
      recoverTimeout: '1s',
    });
    const defaults = { from: null, delayNs: 2e6, timeoutNs: 1e9, tries: 5 };
    expect(plan.recovery).toEqual([
      { servers: [{ host: 'a', port: 1 }], ...defaults },
      null,
      { servers: [{ host: 'b', port: 2 }], ...defaults, from: 1, tries: 3 },
      null,
    ]);
    expect(receive(['rtp://239.1.1.1:5004']).recovery).toEqual([null, null, null, null]);
  });

  it('refuses in one line what cannot be', () => {
    expect(refusal(() => receive(['239.1.1.1:5000/recover=a:1']))).toContain('say mold://');
    expect(refusal(() => receive(['xdp://239.1.1.1:5000/recover=a:1']))).toContain('mold:// alone');
    for (const option of ['recover-from', 'recover-delay', 'recover-timeout', 'recover-tries']) {
      expect(refusal(() => receive([`${GROUP}/${option}=1`]))).toContain(`${option} is nothing without`);
    }
  });
});
