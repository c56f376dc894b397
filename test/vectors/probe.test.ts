import { describe, expect, it } from 'vitest';
import {
  PROBE_HEADER_OCTETS,
  ProbeFlag,
  checkProbe,
  patchProbeNotSent,
  probeConstantCheck,
  probeFlags,
  probeFlow,
  probeNotSent,
  probeRunId,
  probeSendTimeHigh,
  probeSendTimeLow,
  probeSequenceHigh,
  probeSequenceLow,
  probeTos,
  probeTotalHigh,
  probeTotalLow,
  probeTtl,
  putProbe,
  putProbeSendTime,
} from '../../src/wire/probe.js';
import { putProbeRun, renumberProbeRun } from '../../src/wire/probeRun.js';
import { probeCodec } from '../../src/wire/probeCodec.js';
import type { ProbeHeader } from '../../src/wire/probeCodec.js';
import { WireStatus } from '../../src/wire/status.js';
import { fromHex, toHex } from './hex.js';

/** Checks computed apart from the sources, with arbitrary-precision integers (see docs/protocols/probe.md). */
const VECTORS: readonly { readonly name: string; readonly header: ProbeHeader; readonly hex: string }[] = [
  {
    name: 'data, all fields in use',
    header: {
      flags: ProbeFlag.SuperPacket,
      tos: 0x88,
      ttl: 16,
      runId: 0xdeadbeef,
      flow: 7,
      sequence: 0x0000_0001_0000_0002n,
      sendTimeNs: 1_767_225_600_123_456_789n,
      total: 0x1_0000_0001n,
      notSent: 2,
    },
    hex: `
      4d434b50          # magic "MCKP"
      01                # version 1
      04                # flags: super-packet
      34                # header octets: 52
      88                # DSCP AF41 (34), ECN 0
      10                # TTL 16
      000000            # reserved
      deadbeef          # run id
      00000007          # flow 7
      0000000100000002  # sequence 4294967298
      18867251f555cd15  # send time 2026-01-01T00:00:00.123456789Z
      0000000100000001  # total 4294967297
      00000002          # not sent 2
      d88d5e79          # check
    `,
  },
  {
    name: 'start marker of a flow that begins at 0',
    header: {
      flags: ProbeFlag.Start,
      tos: 0,
      ttl: 1,
      runId: 1,
      flow: 0,
      sequence: 0n,
      sendTimeNs: 0n,
      total: 0n,
      notSent: 0,
    },
    hex: `
      4d434b50          # magic
      01 01 34 00       # version, flags: start, header octets, DSCP/ECN 0
      01 000000         # TTL 1, reserved
      00000001          # run id 1
      00000000          # flow 0
      0000000000000000  # sequence 0
      0000000000000000  # send time not yet written
      0000000000000000  # total 0
      00000000          # not sent 0
      95369d9b          # check
    `,
  },
  {
    name: 'end marker, every number at its largest',
    header: {
      flags: ProbeFlag.End | ProbeFlag.DueTime,
      tos: 0xff,
      ttl: 255,
      runId: 0xffff_ffff,
      flow: 0xffff_ffff,
      sequence: 0xffff_ffff_ffff_ffffn,
      sendTimeNs: 0xffff_ffff_ffff_ffffn,
      total: 0xffff_ffff_ffff_ffffn,
      notSent: 0xffff_ffff,
    },
    hex: `
      4d434b50          # magic
      01 0a 34 ff       # version, flags: end and due time, header octets, DSCP 63 and ECN 3
      ff 000000         # TTL 255, reserved
      ffffffff          # run id
      ffffffff          # flow
      ffffffffffffffff  # sequence
      ffffffffffffffff  # send time
      ffffffffffffffff  # total
      ffffffff          # not sent
      e8b16a52          # check
    `,
  },
];

const AT = 5;

/** A slot that was in use before, at an odd offset. */
function usedSlot(octets: number): { readonly bytes: Uint8Array; readonly view: DataView } {
  const bytes = new Uint8Array(octets + 2 * AT).fill(0xa5);
  return { bytes, view: new DataView(bytes.buffer) };
}

describe('probe vectors', () => {
  for (const { name, header, hex } of VECTORS) {
    const octets = fromHex(hex);

    it(`writes: ${name}`, () => {
      const { bytes } = usedSlot(PROBE_HEADER_OCTETS);
      expect(probeCodec.write(bytes, AT, header)).toBe(PROBE_HEADER_OCTETS);
      expect(toHex(bytes.subarray(AT, AT + PROBE_HEADER_OCTETS))).toBe(toHex(octets));
      expect(toHex(bytes.subarray(0, AT))).toBe('a5'.repeat(AT));
      expect(toHex(bytes.subarray(AT + PROBE_HEADER_OCTETS))).toBe('a5'.repeat(AT));
    });

    it(`parses: ${name}`, () => {
      const { bytes, view } = usedSlot(PROBE_HEADER_OCTETS);
      bytes.set(octets, AT);
      const out = probeCodec.create();
      expect(probeCodec.parse(bytes, AT, PROBE_HEADER_OCTETS, out)).toBe(WireStatus.Ok);
      expect(out).toEqual(header);
      // A used header keeps nothing of what it held.
      const again: ProbeHeader = {
        flags: 0xa5,
        tos: 0xa5,
        ttl: 0xa5,
        runId: 0xa5,
        flow: 0xa5,
        sequence: 0xa5n,
        sendTimeNs: 0xa5n,
        total: 0xa5n,
        notSent: 0xa5,
      };
      probeCodec.parse(bytes, AT, PROBE_HEADER_OCTETS, again);
      expect(again).toEqual(header);
      expect([
        probeFlags(view, AT),
        probeTos(view, AT),
        probeTtl(view, AT),
        probeRunId(view, AT),
        probeFlow(view, AT),
        BigInt(probeSequenceHigh(view, AT)) * 2n ** 32n + BigInt(probeSequenceLow(view, AT)),
        BigInt(probeSendTimeHigh(view, AT)) * 2n ** 32n + BigInt(probeSendTimeLow(view, AT)),
        BigInt(probeTotalHigh(view, AT)) * 2n ** 32n + BigInt(probeTotalLow(view, AT)),
        probeNotSent(view, AT),
      ]).toEqual(Object.values(header));
    });
  }

  it('writes the same in the hot form', () => {
    const { bytes, view } = usedSlot(PROBE_HEADER_OCTETS);
    const h = VECTORS[0]!.header;
    const constant = probeConstantCheck(h.flags, h.tos, h.ttl, h.runId, h.flow);
    putProbe(view, AT, constant, h.flags, h.tos, h.ttl, h.runId, h.flow, 1, 2, Number(h.total), h.notSent);
    expect(toHex(bytes.subarray(AT + 28, AT + 36))).toBe('00'.repeat(8));
    putProbeSendTime(view, AT, Number(h.sendTimeNs >> 32n), Number(h.sendTimeNs & 0xffff_ffffn));
    expect(toHex(bytes.subarray(AT, AT + PROBE_HEADER_OCTETS))).toBe(toHex(fromHex(VECTORS[0]!.hex)));
    expect(toHex(bytes.subarray(AT + PROBE_HEADER_OCTETS))).toBe('a5'.repeat(AT));
  });

  it('writes runs as it writes one by one, whatever stood in the slots, and renumbers them', () => {
    const stride = 61;
    for (const [high, low, total, notSent] of [
      [0, 0, 1, 0],
      [0xffff_ffff, 0xffff_fffb, 0x1f_ffff_ffff_fff0, 0xffff_ffff],
      [3, 0x7fff_fffe, 0x2_8000_0003, 5],
    ] as const) {
      const single = new Uint8Array(5 * stride).fill(0xa5);
      const run = new Uint8Array(5 * stride).fill(0xa5);
      const view = new DataView(run.buffer);
      const constant = probeConstantCheck(4, 0xb8, 7, 0xdead_beef, 0xffff_fffe);
      const totalHigh = Math.floor(total / 2 ** 32);
      const totalLow = total - totalHigh * 2 ** 32;
      for (let i = 0; i < 5; i++) {
        const at = i * stride;
        putProbe(
          new DataView(single.buffer),
          at,
          constant,
          4,
          0xb8,
          7,
          0xdead_beef,
          0xffff_fffe,
          high,
          low + i,
          total + i,
          notSent,
        );
      }
      putProbeRun(
        view,
        0,
        stride,
        5,
        constant,
        4,
        0xb8,
        7,
        0xdead_beef,
        0xffff_fffe,
        high,
        low,
        totalHigh,
        totalLow,
        notSent,
      );
      expect(toHex(run)).toBe(toHex(single));
      // Written with other numbers, and then renumbered: the send time is left alone.
      putProbeRun(view, 0, stride, 5, constant, 4, 0xb8, 7, 0xdead_beef, 0xffff_fffe, high, 9, totalHigh, 10, notSent);
      for (let i = 0; i < 5; i++) putProbeSendTime(view, i * stride, i + 1, 77);
      for (let i = 0; i < 5; i++) putProbeSendTime(new DataView(single.buffer), i * stride, i + 1, 77);
      renumberProbeRun(view, 0, stride, 5, constant, high, low, totalHigh, totalLow, notSent);
      expect(toHex(run)).toBe(toHex(single));
    }
  });

  it('moves refused datagrams from total to not sent, across the 32-bit halves, and keeps the check right', () => {
    const h = VECTORS[0]!.header;
    const { bytes, view } = usedSlot(PROBE_HEADER_OCTETS);
    probeCodec.write(bytes, AT, h);
    patchProbeNotSent(view, AT, 3);
    const expected = usedSlot(PROBE_HEADER_OCTETS);
    probeCodec.write(expected.bytes, AT, { ...h, total: h.total - 3n, notSent: h.notSent + 3 });
    expect(toHex(bytes)).toBe(toHex(expected.bytes));
    expect(checkProbe(view, AT, PROBE_HEADER_OCTETS)).toBe(WireStatus.Ok);
  });

  it('leaves a check that was spoilt on purpose spoilt', () => {
    const { bytes, view } = usedSlot(PROBE_HEADER_OCTETS);
    probeCodec.write(bytes, AT, VECTORS[0]!.header);
    bytes[AT + 51]! ^= 0x80;
    patchProbeNotSent(view, AT, 1);
    expect(checkProbe(view, AT, PROBE_HEADER_OCTETS)).toBe(WireStatus.BadChecksum);
  });
});

describe('probe status', () => {
  const good = fromHex(VECTORS[0]!.hex);
  const status = (change: (octets: Uint8Array) => void, length = PROBE_HEADER_OCTETS): number => {
    const octets = good.slice();
    change(octets);
    return checkProbe(new DataView(octets.buffer), 0, length);
  };

  it('names what is wrong', () => {
    expect(status(() => {})).toBe(WireStatus.Ok);
    expect(status(() => {}, 51)).toBe(WireStatus.TooShort);
    expect(status((o) => (o[0] = 0x4e))).toBe(WireStatus.BadMagic);
    expect(status((o) => (o[4] = 2))).toBe(WireStatus.BadVersion);
    expect(status((o) => (o[6] = 56))).toBe(WireStatus.BadLength);
    expect(status((o) => (o[5]! |= 0x10))).toBe(WireStatus.BadReserved);
    expect(status((o) => (o[9] = 1))).toBe(WireStatus.BadReserved);
    expect(status((o) => (o[48]! ^= 1))).toBe(WireStatus.BadChecksum);
  });

  it('refuses a datagram that says both start and end', () => {
    const bytes = new Uint8Array(PROBE_HEADER_OCTETS);
    probeCodec.write(bytes, 0, { ...VECTORS[1]!.header, flags: ProbeFlag.Start | ProbeFlag.End });
    expect(probeCodec.check(bytes, 0, bytes.length)).toBe(WireStatus.UnknownType);
  });

  it('accepts any payload behind the header', () => {
    const bytes = new Uint8Array(1316).fill(0xa5);
    bytes.set(good);
    expect(probeCodec.check(bytes, 0, bytes.length)).toBe(WireStatus.Ok);
  });

  it('notices every single-bit error but those in the send time', () => {
    for (let bit = 0; bit < PROBE_HEADER_OCTETS * 8; bit++) {
      const inSendTime = bit >= 28 * 8 && bit < 36 * 8;
      const found = status((o) => (o[bit >> 3]! ^= 0x80 >> (bit & 7)));
      expect(found === WireStatus.Ok, `bit ${bit}`).toBe(inSendTime);
    }
  });
});

describe('probe description', () => {
  it('is one line with every field', () => {
    expect(probeCodec.describe(VECTORS[0]!.header)).toBe(
      'probe data run deadbeef flow 7 sequence 4294967298 total 4294967297 not-sent 2' +
        ' sent 2026-01-01T00:00:00.123456789Z tos-sent 0x88 ttl-sent 16 super-packets',
    );
    expect(probeCodec.describe(VECTORS[1]!.header)).toMatch(/^probe start run 00000001 flow 0 /);
    expect(probeCodec.describe(VECTORS[2]!.header)).toMatch(/^probe end .* due 2554-07-21T23:34:33\.709551615Z /);
  });
});
