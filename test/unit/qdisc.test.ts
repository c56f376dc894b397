import { describe, expect, it } from 'vitest';
import { type QdiscState, takeQdiscs } from '../../src/io/linux/qdisc.js';

const ROOT = 0xffff_ffff;
const INGRESS = 0xffff_fff1;

/** One RTM_NEWQDISC message: nlmsghdr, tcmsg, TCA_KIND "tbf", TCA_STATS. */
function message(type: number, interfaceIndex: number, parent: number, drops: number, backlog = 0): Uint8Array {
  const view = new DataView(new ArrayBuffer(16 + 20 + 8 + 40));
  view.setUint32(0, view.byteLength, true);
  view.setUint16(4, type, true);
  view.setInt32(16 + 4, interfaceIndex, true);
  view.setUint32(16 + 12, parent, true);
  view.setUint16(36, 8, true); // TCA_KIND
  view.setUint16(38, 1, true);
  view.setUint32(40, 0x0066_6274, true); // "tbf\0"
  view.setUint16(44, 40, true); // TCA_STATS
  view.setUint16(46, 3, true);
  view.setBigUint64(48, 123_456n, true); // octets
  view.setUint32(56, 99, true); // packets
  view.setUint32(60, drops, true);
  view.setUint32(80, backlog, true);
  return new Uint8Array(view.buffer);
}

function reply(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const DONE = message(3, 0, 0, 0);

describe('the dump of queueing disciplines', () => {
  it('gives the drops and the backlog of the root ones, by interface', () => {
    const drops = new Map<number, QdiscState>();
    const octets = reply(message(36, 2, ROOT, 1947, 30_280), message(36, 2, INGRESS, 5), message(36, 3, ROOT, 0));
    expect(takeQdiscs(octets, octets.length, drops)).toBe(true);
    expect([...drops]).toEqual([
      [2, { drops: 1947, backlogOctets: 30_280 }],
      [3, { drops: 0, backlogOctets: 0 }],
    ]);
  });

  it('is over with NLMSG_DONE, with an error, and where octets are missing', () => {
    const drops = new Map<number, QdiscState>();
    const done = reply(message(36, 2, ROOT, 7), DONE, message(36, 4, ROOT, 8));
    expect(takeQdiscs(done, done.length, drops)).toBe(false);
    const cut = message(36, 5, ROOT, 9);
    expect(takeQdiscs(cut, cut.length - 4, drops)).toBe(false);
    expect(takeQdiscs(new Uint8Array(16), 16, drops)).toBe(false);
    expect([...drops.keys()]).toEqual([2]);
  });

  it('passes over attributes that claim more than there is', () => {
    const octets = message(36, 6, ROOT, 9);
    new DataView(octets.buffer).setUint16(36, 4000, true);
    const drops = new Map<number, QdiscState>();
    takeQdiscs(octets, octets.length, drops);
    expect(drops.size).toBe(0);
  });
});
