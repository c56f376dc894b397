import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode } from '../../src/core/errors.js';
import { McastError } from '../../src/core/errors.js';
import type { Io, ReceiveSocketSpec, SendSocketSpec } from '../../src/io/datagram.js';
import { destination, freshPort, receiveSpec, sendSpec, SUBJECTS } from './harness.js';

async function refusal(action: () => unknown): Promise<McastError> {
  try {
    await action();
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    const refused = error as McastError;
    expect(refused.message).not.toContain('\n');
    expect(refused.message.length).toBeGreaterThan(10);
    expect(refused.hint).not.toBe('');
    return refused;
  }
  throw new Error('nothing was refused');
}

describe.each(SUBJECTS)('$name refuses in one line', ({ name, open }) => {
  let io: Io;
  let port: number;
  beforeEach(async () => {
    io = await open();
    port = freshPort();
  });
  afterEach(() => io.close());

  const source = async (change: Partial<ReceiveSocketSpec>): Promise<McastError> =>
    refusal(async () => io.openSource(receiveSpec(port, change)));
  const sink = async (change: Partial<SendSocketSpec>, to = destination(port)): Promise<McastError> =>
    refusal(async () => io.openSink(sendSpec([to], change)));

  it('an interface that does not exist', async () => {
    const error = await source({ interfaceIndex: 9999, interfaceName: 'none0' });
    expect(error.code).toBe('ERR_INTERFACE' satisfies ErrorCode);
    expect(error.message).toContain('none0');
  });

  it('a port that another program holds alone, for receiving and for sending', async () => {
    const holder = createSocket('udp4');
    holder.bind(port, '127.0.0.1');
    await once(holder, 'listening');
    try {
      const receiving = await source({ group: '127.0.0.1', unicast: true });
      expect(receiving.code).toBe('ERR_PORT_IN_USE' satisfies ErrorCode);
      expect(receiving.message).toContain(`127.0.0.1:${port}`);
      const sending = await sink({ source: '127.0.0.1', sourcePort: port });
      expect(sending.code).toBe('ERR_PORT_IN_USE' satisfies ErrorCode);
      expect(sending.message).toContain(String(port));
    } finally {
      holder.close();
    }
  });

  it('a unicast port twice: the later would take what is meant for the first', async () => {
    await io.openSource(receiveSpec(port, { group: '127.0.0.1', unicast: true }));
    const error = await source({ group: '127.0.0.1', unicast: true });
    expect(error.code).toBe('ERR_PORT_IN_USE' satisfies ErrorCode);
  });

  it('an address that this host does not have', async () => {
    expect((await source({ group: '192.0.2.77', unicast: true })).code).toBe('ERR_SOURCE_ADDRESS' satisfies ErrorCode);
    const bound = await sink({ source: '192.0.2.77' });
    expect(bound.code).toBe('ERR_SOURCE_ADDRESS' satisfies ErrorCode);
    expect(bound.message).toContain('192.0.2.77');
    if (name !== 'native') return;
    const each = await sink({}, destination(port, { source: '192.0.2.77' }));
    expect(each.code).toBe('ERR_SOURCE_ADDRESS' satisfies ErrorCode);
  });

  it('an address of the wrong kind', async () => {
    expect((await source({ group: 'example.org' })).code).toBe('ERR_USAGE' satisfies ErrorCode);
    expect((await sink({}, destination(port, { address: 'ff1e::1' }))).code).toBe('ERR_USAGE' satisfies ErrorCode);
  });
});
