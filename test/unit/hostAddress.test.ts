import { describe, expect, it } from 'vitest';
import { hostAddress } from '../../src/io/hostAddress.js';

describe('the address of a host', () => {
  it('is its own where it is one, in canonical form', async () => {
    expect(await hostAddress('192.0.2.1')).toBe('192.0.2.1');
    expect(await hostAddress('2001:DB8:0:0::1')).toBe('2001:db8::1');
  });

  it('is looked up by name', async () => {
    expect(['127.0.0.1', '::1']).toContain(await hostAddress('localhost'));
  });

  it('is refused in one line where there is none', async () => {
    // Too long for a name: no name service is asked.
    const name = 'x'.repeat(300);
    await expect(hostAddress(name)).rejects.toMatchObject({
      code: 'ERR_SOCKET',
      message: `the host name ${name} was not found`,
    });
  });
});
