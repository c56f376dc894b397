import { describe, expect, it } from 'vitest';
import { FRAMINGS, framingOfFormat, framingOfScheme } from '../../src/wire/framings.js';
import { FrameField, FrameKind } from '../../src/wire/framing.js';
import type { FeedFraming } from '../../src/wire/framing.js';
import { mdp3Framing } from '../../src/wire/mdp3.js';
import { moldUdp64Framing } from '../../src/wire/moldudp64.js';
import { codecOf } from '../../src/wire/registry.js';
import { WireStatus } from '../../src/wire/status.js';
import { xdpFraming } from '../../src/wire/xdp.js';
import { guardedView, surrounded } from '../fuzz/guard.js';
import { MDP3_VECTORS, MOLD_VECTORS, XDP_VECTORS } from './feedFrames.js';
import type { FeedVector } from './feedFrames.js';
import { fromHex, toHex } from './hex.js';

const AT = 16;

function frameOf(columns: FeedVector['frame']): Uint32Array {
  const frame = new Uint32Array(FrameField.Count);
  for (const [name, value] of Object.entries(columns)) frame[FrameField[name as keyof typeof FrameField]] = value;
  return frame;
}

function statusOf(framing: FeedFraming, hex: string): number {
  const octets = fromHex(hex);
  const view = guardedView(surrounded(octets, 0x41), AT, octets.length);
  return framing.read(view, AT, octets.length, new Uint32Array(FrameField.Count));
}

const OWN: readonly (readonly [FeedFraming, readonly FeedVector[]])[] = [
  [moldUdp64Framing, MOLD_VECTORS],
  [mdp3Framing, MDP3_VECTORS],
  [xdpFraming, XDP_VECTORS],
];

for (const [framing, vectors] of OWN) {
  describe(framing.format, () => {
    for (const { name, hex, frame, messages } of vectors) {
      const octets = fromHex(hex);

      it(`reads ${name}, whatever stands around it and in the frame`, () => {
        const view = guardedView(surrounded(octets, 0x41), AT, octets.length);
        const found = new Uint32Array(FrameField.Count).fill(0xa5a5_a5a5);
        expect(framing.read(view, AT, octets.length, found)).toBe(WireStatus.Ok);
        expect(found).toEqual(frameOf(frame));
        let block = AT + found[FrameField.BlocksAt]!;
        for (const [type, messageOctets] of messages) {
          expect(framing.blockType(view, block)).toBe(type);
          expect(framing.blockOctets(view, block)).toBe(framing.blockHeaderOctets + messageOctets);
          block += framing.blockOctets(view, block);
        }
        if (messages.length > 0) expect(block).toBe(AT + octets.length);
      });

      it(`writes ${name}, and nothing of what stood there remains`, () => {
        const bytes = new Uint8Array(octets.length + 2 * AT).fill(0xa5);
        const isWhole = messages.length === 0;
        const written = isWhole ? octets.length : framing.headerOctets;
        framing.writeHeader(new DataView(bytes.buffer), AT, octets.length, frameOf(frame));
        expect(toHex(bytes.subarray(AT, AT + written))).toBe(toHex(octets.subarray(0, written)));
        if (isWhole) expect(octets.length).toBe(framing.heartbeatOctets);
        bytes.fill(0xa5, AT, AT + written);
        expect(bytes.every((octet) => octet === 0xa5)).toBe(true);
      });
    }
  });
}

describe('moldudp64', () => {
  const session = '53455353303120202020';

  it.each([
    ['nothing', '', WireStatus.TooShort],
    ['a header that is cut', `${session} 0000000000000001 00`, WireStatus.TooShort],
    ['a session of spaces', '20202020202020202020 0000000000000001 0000', WireStatus.BadMagic],
    ['a space before the session', '20414141414141414141 0000000000000001 0000', WireStatus.BadMagic],
    ['a space within the session', '41204120202020202020 0000000000000001 0000', WireStatus.BadMagic],
    ['the octet before 0', '412f2020202020202020 0000000000000001 0000', WireStatus.BadMagic],
    ['the octet behind 9', '413a2020202020202020 0000000000000001 0000', WireStatus.BadMagic],
    ['the octet before A', '41402020202020202020 0000000000000001 0000', WireStatus.BadMagic],
    ['the octet behind Z', '415b2020202020202020 0000000000000001 0000', WireStatus.BadMagic],
    ['the octet before a', '41602020202020202020 0000000000000001 0000', WireStatus.BadMagic],
    ['the octet behind z', '417b2020202020202020 0000000000000001 0000', WireStatus.BadMagic],
    ['the limits of digits and letters', '3039415a617a20202020 0000000000000001 0000', WireStatus.Ok],
    ['a session of ten characters', '41414141414141414141 0000000000000001 0000', WireStatus.Ok],
    ['the number 2^53', `${session} 0020000000000000 0000`, WireStatus.BadReserved],
    ['the number 2^53 - 1', `${session} 001fffffffffffff 0000`, WireStatus.Ok],
    ['the number 2^53 - 1, at the end', `${session} 001fffffffffffff ffff`, WireStatus.Ok],
    ['2^53 behind the last message', `${session} 001fffffffffffff 0001 0000`, WireStatus.BadReserved],
    ['2^53 - 1 behind the last message', `${session} 001ffffffffffffe 0001 0000`, WireStatus.Ok],
    ['a message too many', `${session} 0000000000000001 0002 0001 41`, WireStatus.BadLength],
    ['a length that is cut', `${session} 0000000000000001 0002 0001 41 00`, WireStatus.BadLength],
    ['a message that is cut', `${session} 0000000000000001 0001 0002 41`, WireStatus.BadLength],
    ['an octet left over', `${session} 0000000000000001 0001 0001 41 00`, WireStatus.BadLength],
    ['a heartbeat with more', `${session} 0000000000000001 0000 0000`, WireStatus.BadLength],
    ['an end with more', `${session} 0000000000000001 ffff 0000`, WireStatus.BadLength],
  ])('judges %s', (_what, hex, status) => {
    expect(statusOf(moldUdp64Framing, hex)).toBe(status);
  });

  it('has no reset: it writes one as data', () => {
    const bytes = new Uint8Array(20);
    const frame = frameOf({ ...MOLD_VECTORS[0]!.frame, Kind: FrameKind.Reset });
    moldUdp64Framing.writeHeader(new DataView(bytes.buffer), 0, 27, frame);
    expect(toHex(bytes)).toBe(toHex(fromHex(MOLD_VECTORS[0]!.hex).subarray(0, 20)));
  });

  it('counts no messages of a heartbeat, whatever the frame says', () => {
    const bytes = new Uint8Array(20);
    const frame = frameOf({ ...MOLD_VECTORS[1]!.frame, Messages: 9, Span: 9 });
    moldUdp64Framing.writeHeader(new DataView(bytes.buffer), 0, 20, frame);
    expect(toHex(bytes)).toBe(toHex(fromHex(MOLD_VECTORS[1]!.hex)));
  });

  it('names sessions', () => {
    const words = moldUdp64Framing.sessionWords('SESS01');
    expect(words).toEqual([0x5345_5353, 0x3031_2020, 0x2020]);
    expect(moldUdp64Framing.sessionName(words!)).toBe('SESS01');
    expect(moldUdp64Framing.sessionName(moldUdp64Framing.sessionWords('0123456789')!)).toBe('0123456789');
    for (const name of ['', '01234567890', 'a b', 'a\n', 'é']) expect(moldUdp64Framing.sessionWords(name)).toBeNull();
  });
});

describe('mdp3', () => {
  const header = '01000000 15cd55f551728618';

  it.each([
    ['nothing', '', WireStatus.TooShort],
    ['a header that is cut', header.slice(0, -2), WireStatus.TooShort],
    ['a header alone', header, WireStatus.Ok],
    ['a message header that is cut', `${header} 0900 0000 0c00 0100 09`, WireStatus.BadLength],
    ['a size below its header', `${header} 0900 0000 0c00 0100 0900`, WireStatus.BadLength],
    ['a message that is cut', `${header} 0b00 0000 0c00 0100 0900`, WireStatus.BadLength],
    ['octets left over', `${header} 0a00 0000 0c00 0100 0900 00`, WireStatus.BadLength],
    ['a root that is longer than its message', `${header} 0b00 0200 0c00 0100 0900 00`, WireStatus.BadLength],
    ['a root that fills its message', `${header} 0b00 0100 0c00 0100 0900 00`, WireStatus.Ok],
    ['any template, schema, version and time', '00000000 0000000000000000 0a00 0000 ffff ffff ffff', WireStatus.Ok],
  ])('judges %s', (_what, hex, status) => {
    expect(statusOf(mdp3Framing, hex)).toBe(status);
  });

  it.each([
    ['a header alone', header, FrameKind.Heartbeat, 0],
    ['a template 12 with a body', `${header} 0b00 0100 0c00 4b4d 0000 0c`, FrameKind.Data, 1],
    ['another template without one', `${header} 0a00 0000 0d00 0100 0900`, FrameKind.Data, 1],
    [
      'a heartbeat and another message',
      `${header} 0a00 0000 0c00 0100 0900 0a00 0000 0d00 0100 0900`,
      FrameKind.Data,
      2,
    ],
  ])('takes a number for %s', (_what, hex, kind, messages) => {
    const octets = fromHex(hex);
    const frame = new Uint32Array(FrameField.Count);
    mdp3Framing.read(new DataView(octets.buffer), 0, octets.length, frame);
    expect(frame[FrameField.Kind]).toBe(kind);
    expect(frame[FrameField.Span]).toBe(1);
    expect(frame[FrameField.Messages]).toBe(messages);
  });

  it('writes a heartbeat where the feed ends', () => {
    const bytes = new Uint8Array(22).fill(0xa5);
    const frame = frameOf({ ...MDP3_VECTORS[1]!.frame, Kind: FrameKind.End });
    mdp3Framing.writeHeader(new DataView(bytes.buffer), 0, 22, frame);
    expect(toHex(bytes)).toBe(toHex(fromHex(MDP3_VECTORS[1]!.hex)));
  });
});

describe('xdp', () => {
  const time = '00b95569 15cd5b07';

  it.each([
    ['nothing', '', WireStatus.TooShort],
    ['a header that is cut', `1000 01 00 02000000 00b95569 15cd5b`, WireStatus.TooShort],
    ['a size above the datagram', `1100 01 00 02000000 ${time}`, WireStatus.BadLength],
    ['a size below the datagram', `0f00 01 00 02000000 ${time}`, WireStatus.BadLength],
    ['a whole second of nanoseconds', `1000 01 00 02000000 00b95569 00ca9a3b`, WireStatus.BadReserved],
    ['a nanosecond less', `1000 01 00 02000000 00b95569 ffc99a3b`, WireStatus.Ok],
    ['a heartbeat with a message', `1400 01 01 02000000 ${time} 0400 0100`, WireStatus.BadLength],
    ['another packet without', `1000 0b 00 02000000 ${time}`, WireStatus.BadLength],
    ['a message too many', `1400 0b 02 02000000 ${time} 0400 0100`, WireStatus.BadLength],
    ['a message header that is cut', `1300 0b 01 02000000 ${time} 0400 01`, WireStatus.BadLength],
    ['a size below its header', `1400 0b 01 02000000 ${time} 0300 0100`, WireStatus.BadLength],
    ['a message that is cut', `1400 0b 01 02000000 ${time} 0500 0100`, WireStatus.BadLength],
    ['an octet left over', `1500 0b 01 02000000 ${time} 0400 0100 00`, WireStatus.BadLength],
  ])('judges %s', (_what, hex, status) => {
    expect(statusOf(xdpFraming, hex)).toBe(status);
  });

  it('knows the flags of what is not compacted', () => {
    const known: number[] = [];
    for (let flag = 0; flag < 256; flag++) {
      const hex = flag.toString(16).padStart(2, '0');
      const packet = flag === 1 ? `1000 01 00 02000000 ${time}` : `1400 ${hex} 01 02000000 ${time} 0400 0100`;
      const status = statusOf(xdpFraming, packet);
      if (status === WireStatus.Ok) known.push(flag);
      else expect(status).toBe(WireStatus.UnknownType);
    }
    expect(known).toEqual([1, 10, 11, 12, 13, 15, 17, 18, 19, 20, 21]);
  });

  it.each([10, 11, 13, 15, 17, 18, 19, 20, 21])('takes flag %i for data', (flag) => {
    const octets = fromHex(`1400 ${flag.toString(16).padStart(2, '0')} 01 02000000 ${time} 0400 0100`);
    const frame = new Uint32Array(FrameField.Count);
    xdpFraming.read(new DataView(octets.buffer), 0, octets.length, frame);
    expect(frame[FrameField.Kind]).toBe(FrameKind.Data);
  });

  it('writes a heartbeat where the feed ends, without messages whatever the frame says', () => {
    const bytes = new Uint8Array(16).fill(0xa5);
    const frame = frameOf({ ...XDP_VECTORS[1]!.frame, Kind: FrameKind.End, Messages: 9 });
    xdpFraming.writeHeader(new DataView(bytes.buffer), 0, 16, frame);
    expect(toHex(bytes)).toBe(toHex(fromHex(XDP_VECTORS[1]!.hex)));
  });
});

describe('framings', () => {
  it('are found by scheme and by format', () => {
    expect(FRAMINGS.map(({ scheme, format }) => `${scheme} ${format}`)).toEqual([
      'mold moldudp64',
      'mdp mdp3',
      'xdp xdp',
    ]);
    for (const framing of FRAMINGS) {
      expect(framingOfScheme(framing.scheme)).toBe(framing);
      expect(framingOfFormat(framing.format)).toBe(framing);
      expect(codecOf(framing.format)!.reference).toBe(framing.reference);
    }
    expect(framingOfScheme('udp')).toBeUndefined();
    expect(framingOfFormat('unknown')).toBeUndefined();
  });

  it('without names of their own have but the empty one', () => {
    for (const framing of [mdp3Framing, xdpFraming]) {
      expect(framing.sessionWords('')).toEqual([0, 0, 0]);
      expect(framing.sessionWords('310')).toBeNull();
      expect(framing.sessionName([1, 2, 3])).toBe('');
    }
  });
});
