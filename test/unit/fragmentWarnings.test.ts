import { describe, expect, it } from 'vitest';
import type { StreamAddress } from '../../src/profile/plan.js';
import { fragmentWarnings } from '../../src/runtime/fragmentWarnings.js';

const ADDRESS: StreamAddress = {
  scheme: 'probe',
  family: 4,
  group: '239.1.1.1',
  port: 5001,
  sources: [],
  iface: null,
  name: null,
  endpoint: 'probe://239.1.1.1:5001',
};
const PLAIN = { fragmentsExpected: false, dontFragment: false };

function placed(sizeOctets: number, family: 4 | 6 = 4, mtuOctets: number | null = 1500) {
  const group = family === 4 ? '239.1.1.1' : 'ff15::1';
  return { stream: { address: { ...ADDRESS, family, group }, sizeOctets }, via: { name: 'eth0', mtuOctets } };
}

describe('datagrams above the MTU', () => {
  it('are warned of from the first octet that does not fit, with the size that does', () => {
    expect(fragmentWarnings(PLAIN, [placed(1472), placed(1452, 6), placed(9000, 4, null)])).toEqual([]);
    expect(fragmentWarnings(PLAIN, [placed(1473), placed(1453, 6)])).toEqual([
      'datagrams of 1473 octets to 239.1.1.1:5001 do not fit the MTU of eth0, 1500: each leaves in fragments (--fragment if that is meant); the largest that fits is --size 1472',
      'datagrams of 1453 octets to [ff15::1]:5001 do not fit the MTU of eth0, 1500: each leaves in fragments (--fragment if that is meant); the largest that fits is --size 1452',
    ]);
  });

  it('are no matter where they are meant, and will not leave with --df', () => {
    expect(fragmentWarnings({ ...PLAIN, fragmentsExpected: true }, [placed(1473)])).toEqual([]);
    expect(fragmentWarnings({ ...PLAIN, dontFragment: true }, [placed(1473)])[0]).toContain(
      'none of them will leave, because of --df',
    );
  });

  it('of many streams name a few', () => {
    const many = fragmentWarnings(
      PLAIN,
      Array.from({ length: 100 }, () => placed(1473)),
    );
    expect(many).toHaveLength(5);
    expect(many[4]).toBe('and 96 more streams do not fit their MTU');
  });
});
