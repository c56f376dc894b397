import { describe, expect, it } from 'vitest';
import { Random } from '../../src/core/random.js';
import {
  componentTagOf,
  conditionalAccessOf,
  descriptorOctets,
  descriptorOf,
  languageOf,
  maximumBitrateOf,
  networkNameOf,
  readDescriptors,
  registrationOf,
  serviceDescriptor,
  serviceOf,
  type Descriptor,
} from '../../src/wire/descriptors.js';
import { readDvbText, writeDvbText } from '../../src/wire/dvbText.js';
import { codecOf } from '../../src/wire/streamTypes.js';
import { fromHex } from './hex.js';

const all = (hex: string): Descriptor[] => {
  const bytes = fromHex(hex);
  return readDescriptors(bytes, 0, bytes.length);
};

describe('descriptors', () => {
  it('are read within their range, and written back', () => {
    const bytes = fromHex('ff 520107 8000 0a0464657500 ff');
    const read = readDescriptors(bytes, 1, bytes.length - 1);
    expect(read).toEqual([
      { tag: 0x52, octets: fromHex('07') },
      { tag: 0x80, octets: new Uint8Array() },
      { tag: 0x0a, octets: fromHex('64657500') },
    ]);
    expect(descriptorOctets(read)).toEqual([...bytes.subarray(1, -1)]);
    expect(descriptorOf(read, 0x80)).toBe(read[1]);
    expect(descriptorOf(read, 0x81)).toBe(undefined);
  });

  it('that do not fit are left out', () => {
    expect(all('520107 5202 07')).toEqual([{ tag: 0x52, octets: fromHex('07') }]);
    expect(all('520107 52')).toEqual([{ tag: 0x52, octets: fromHex('07') }]);
    expect(all('')).toEqual([]);
  });

  it('registration', () => {
    expect(registrationOf(all('0504 48455643'))).toBe('HEVC');
    expect(registrationOf(all('0506 41432d33 aabb'))).toBe('AC-3');
    expect(registrationOf(all('0503 484556'))).toBe(null);
    expect(registrationOf(all('0504 48455600'))).toBe(null);
    expect(registrationOf([])).toBe(null);
  });

  it('language', () => {
    expect(languageOf(all('0a04 44455500'))).toBe('deu');
    // Two languages; the first is told.
    expect(languageOf(all('0a08 66726100 656e6701'))).toBe('fra');
    expect(languageOf(all('5605 7377650900'))).toBe('swe');
    expect(languageOf(all('5908 6e6f72 10 0001 0001'))).toBe('nor');
    // The language descriptor comes first wherever it stands.
    expect(languageOf(all('5908 6e6f72 10 0001 0001 0a04 66696e00'))).toBe('fin');
    expect(languageOf(all('0a04 00000000'))).toBe(null);
    expect(languageOf(all('0a03 646575'))).toBe(null);
    expect(languageOf([])).toBe(null);
  });

  it('conditional access', () => {
    expect(conditionalAccessOf(all('0904 0b00 e1ff 520107 0905 0500 fffe aa 0903 0b00e1'))).toEqual([
      { systemId: 0x0b00, pid: 0x1ff },
      { systemId: 0x0500, pid: 0x1ffe },
    ]);
  });

  it('maximum bitrate', () => {
    // Two reserved ones, 10,000 times 50 octets/s.
    expect(maximumBitrateOf(all('0e03 c02710'))).toBe(4_000_000);
    expect(maximumBitrateOf(all('0e03 ffffff'))).toBe((2 ** 22 - 1) * 400);
    expect(maximumBitrateOf(all('0e02 c027'))).toBe(null);
  });

  it('stream identifier', () => {
    expect(componentTagOf(all('520107'))).toBe(7);
    expect(componentTagOf(all('5200'))).toBe(null);
    expect(componentTagOf([])).toBe(null);
  });

  it('service', () => {
    const one = { serviceType: 0x19, provider: 'Anbieter', name: 'Zwölf' };
    expect(serviceDescriptor({ serviceType: 1, provider: 'Me', name: 'Ö' })).toEqual({
      tag: 0x48,
      octets: fromHex('01 02 4d65 03 15c396'),
    });
    expect(serviceOf([serviceDescriptor(one)])).toEqual(one);
    expect(serviceOf(all('4803 01 00 00'))).toEqual({ serviceType: 1, provider: '', name: '' });
    expect(serviceOf(all('4806 01 01 41 02 4243'))).toEqual({ serviceType: 1, provider: 'A', name: 'BC' });
    for (const broken of ['4802 0100', '4803 01 01 41', '4803 01 02 41', '4805 01 01 41 02 42']) {
      expect(serviceOf(all(broken))).toBe(null);
    }
    expect(serviceOf([])).toBe(null);
  });

  it('network name', () => {
    expect(networkNameOf(all('4003 4e6574'))).toBe('Net');
    expect(networkNameOf(all('4000'))).toBe('');
    expect(networkNameOf([])).toBe(null);
  });
});

const TEXTS: readonly (readonly [string, string, string])[] = [
  ['nothing', '', ''],
  ['ASCII', '4d7820 31', 'Mx 1'],
  ['a diaeresis before its letter', 'c861 c86f c855 c849', 'äöÜÏ'],
  ['grave, acute, circumflex, tilde', 'c165 c265 c365 c46e', 'èéêñ'],
  ['macron, breve, dot, ring, cedilla', 'c561 c661 c77a ca61 cb63', 'āăżåç'],
  ['double acute, ogonek, caron', 'cd6f ce61 cf73', 'őąš'],
  ['letters of their own', 'e1 e8 e9 ea ec f1 f5 f8 f9 fb fe', 'ÆŁØŒÞæıłøßŋ'],
  ['signs of the left half', 'a0 a1 a3 a4 a5 a7 a8 ab b0 b1 b2 b7 b8 bb bd bf', '\u00a0¡£€¥§¤«°±²·÷»½¿'],
  ['signs of the right half', 'd0 d1 d3 d5 d7 dc df e0 e3 eb ff', '―¹©♪¦⅛⅞Ωªº\u00ad'],
  ['unused places', 'a6 c041 c941 d8 e5', '\ufffd\ufffdA\ufffdA\ufffd\ufffd'],
  ['a diacritical mark without a letter', '41c8', 'A'],
  ['emphasis and a line break', '86 41 87 8a 42 05', 'A B'],
  ['Cyrillic (ISO 8859-5)', '01 c0 d0 f1', 'Рађ'.replace('ђ', 'ё')],
  ['Greek (ISO 8859-7)', '03 c1 e1', 'Αα'],
  ['Turkish (ISO 8859-9)', '05 fd de 80 8a 41', 'ıŞ A'],
  ['Latin 9 (ISO 8859-15)', '0b a4 bc', '€Œ'],
  ['a part of ISO 8859 by its number', '10 0002 a3 b3', 'Łł'],
  ['the first part of ISO 8859', '10 0001 e4 86 87', 'ä'],
  ['no such part', '10 000c e4', '\ufffd'],
  ['half of a number', '10 00', '\ufffd'],
  ['two octets each', '11 0041 20ac e08a 0042 e086', 'A€ B'],
  ['UTF-8', '15 c3a4 e282ac c28a', 'ä€'],
  ['broken UTF-8', '15 41 c3', 'A\ufffd'],
  ['Korean', '12 b0a1', '가'],
  ['Chinese', '13 d6d0', '中'],
  ['Big5', '14 a4a4', '中'],
  ['a reserved table', '08 4142', '\ufffd'],
  ['a reserved table, empty', '08', ''],
  ['an encoding of its own', '1f 01 4142', '\ufffd'],
  ['what a terminal would obey', '15 1b5b326a 07 c29b', '[2j'],
];

describe('DVB text', () => {
  for (const [name, hex, text] of TEXTS) it(name, () => expect(readDvbText(fromHex(hex))).toBe(text));

  it('is read back as written', () => {
    for (const text of ['', 'plain', 'Ünïcode 中 😀']) expect(readDvbText(writeDvbText(text))).toBe(text);
    expect([...writeDvbText('ab')]).toEqual([0x61, 0x62]);
    expect([...writeDvbText('ä')]).toEqual([0x15, 0xc3, 0xa4]);
  });

  it('is some text whatever the octets are', () => {
    const random = new Random(31);
    for (let i = 0; i < 3000; i++) {
      const octets = Uint8Array.from({ length: random.below(20) }, () => random.uint32());
      if (octets.length > 0 && random.below(2) === 0) octets[0] = random.below(0x20);
      const text = readDvbText(octets);
      // eslint-disable-next-line no-control-regex
      expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/u);
    }
  });
});

const CODECS: readonly (readonly [number, string, string, string, string | null])[] = [
  [0x01, '', 'video', 'MPEG-1 video', null],
  [0x02, '', 'video', 'MPEG-2 video', null],
  [0x03, '0a04 656e6700', 'audio', 'MPEG-1 audio', 'eng'],
  [0x04, '', 'audio', 'MPEG-2 audio', null],
  [0x05, '', 'data', 'private sections', null],
  [0x06, '', 'data', 'private data', null],
  [0x0f, '', 'audio', 'AAC (ADTS)', null],
  [0x11, '', 'audio', 'AAC (LATM)', null],
  [0x1b, '', 'video', 'H.264', null],
  [0x24, '', 'video', 'H.265', null],
  [0x33, '', 'video', 'H.266', null],
  [0x81, '', 'audio', 'AC-3', null],
  [0x86, '', 'data', 'SCTE 35', null],
  [0x87, '', 'audio', 'E-AC-3', null],
  [0x06, '6a0100 0a04 64657500', 'audio', 'AC-3', 'deu'],
  [0x06, '7a0100', 'audio', 'E-AC-3', null],
  [0x06, '7b0100', 'audio', 'DTS', null],
  [0x06, '7c0100', 'audio', 'AAC', null],
  [0x06, '5605 7377650900', 'subtitle', 'teletext', 'swe'],
  [0x06, '5908 6e6f721000010001', 'subtitle', 'DVB subtitles', 'nor'],
  [0x06, '0504 48455643', 'video', 'H.265', null],
  [0x06, '0504 4f707573', 'audio', 'Opus', null],
  [0x06, '0504 4b4c5641', 'data', 'KLV', null],
  [0x06, '7f01 15', 'audio', 'AC-4', null],
  [0x06, '7f00 520100', 'data', 'private data', null],
  [0x06, '0504 3f3f3f3f 6a0100', 'audio', 'AC-3', null],
  // Nothing of the object that holds the names.
  [0x06, '0504 746f5374', 'data', 'private data', null],
  [0xea, '0504 56432d31', 'video', 'VC-1', null],
  [0x86, '0504 41432d33', 'audio', 'AC-3', null],
  // What the type says is not for a descriptor to change.
  [0x1b, '0504 48455643', 'video', 'H.264', null],
  [0x9a, '', 'unknown', 'stream type 0x9a', null],
  [0x00, '', 'unknown', 'stream type 0x00', null],
];

describe('codecOf', () => {
  for (const [type, hex, kind, name, language] of CODECS) {
    it(`stream type 0x${type.toString(16)} with ${hex || 'nothing'}`, () => {
      expect(codecOf(type, all(hex))).toEqual({ kind, name, language });
    });
  }
});

/** Table 2-34 and what ATSC and SCTE use beside it, one a line: stream_type, kind, name. */
const ALL_TYPES = `
  01 video MPEG-1 video
  02 video MPEG-2 video
  03 audio MPEG-1 audio
  04 audio MPEG-2 audio
  05 data private sections
  06 data private data
  07 data MHEG
  08 data DSM-CC
  09 data H.222.1
  0a data DSM-CC type A
  0b data DSM-CC type B
  0c data DSM-CC type C
  0d data DSM-CC type D
  0e data auxiliary data
  0f audio AAC (ADTS)
  10 video MPEG-4 visual
  11 audio AAC (LATM)
  12 data MPEG-4 SL in PES
  13 data MPEG-4 SL in sections
  14 data synchronized download
  15 data metadata in PES
  16 data metadata in sections
  17 data metadata in data carousel
  18 data metadata in object carousel
  19 data metadata in synchronized download
  1a data IPMP
  1b video H.264
  1c audio AAC (raw)
  1d subtitle MPEG-4 text
  1e video auxiliary video
  1f video H.264 SVC
  20 video H.264 MVC
  21 video JPEG 2000
  22 video MPEG-2 video, second view
  23 video H.264, second view
  24 video H.265
  25 video H.265 temporal subset
  26 video H.264 MVCD
  27 data timeline
  28 video H.265 enhancement
  29 video H.265 temporal enhancement
  2a video H.265 enhancement
  2b video H.265 temporal enhancement
  2c data green access units
  2d audio MPEG-H audio
  2e audio MPEG-H audio, auxiliary
  2f data quality access units
  30 data media orchestration
  31 video H.265 tiles
  32 video JPEG XS
  33 video H.266
  34 video H.266 temporal subset
  35 video EVC
  7f data IPMP
  81 audio AC-3
  86 data SCTE 35
  87 audio E-AC-3
`;
/** format_identifier in four characters, kind, name. */
const ALL_REGISTRATIONS = `
  AC-3 audio AC-3
  AC-4 audio AC-4
  AV01 video AV1
  BSSD audio SMPTE 302M
  CUEI data SCTE 35
  DTS1 audio DTS
  DTS2 audio DTS
  DTS3 audio DTS
  EAC3 audio E-AC-3
  HEVC video H.265
  ID3  data ID3
  KLVA data KLV
  Opus audio Opus
  VC-1 video VC-1
  drac video Dirac
`;
/** descriptor_tag_extension, kind, name. */
const ALL_EXTENSIONS = `
  0e audio DTS-HD
  0f audio DTS neural
  15 audio AC-4
  20 subtitle TTML subtitles
  21 audio DTS-UHD
  80 audio Opus
`;

/** Key, kind and name of each line. */
function rowsOf(table: string, keyOctets: number): [string, string, string][] {
  return table
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [kind, ...words] = line.slice(2 + keyOctets + 1).split(' ');
      return [line.slice(2, 2 + keyOctets), kind!, words.join(' ')];
    });
}

describe('codecOf knows', () => {
  it('every stream type, and no other', () => {
    const rows = rowsOf(ALL_TYPES, 2);
    for (const [type, kind, name] of rows) {
      expect(codecOf(Number.parseInt(type, 16), [])).toEqual({ kind, name, language: null });
    }
    const known = Array.from({ length: 256 }, (_, type) => codecOf(type, [])).filter(({ kind }) => kind !== 'unknown');
    expect(known.length).toBe(rows.length);
  });

  it('every registration', () => {
    for (const [identifier, kind, name] of rowsOf(ALL_REGISTRATIONS, 4)) {
      const registration = { tag: 0x05, octets: new TextEncoder().encode(identifier) };
      expect(codecOf(0x06, [registration])).toEqual({ kind, name, language: null });
    }
  });

  it('every extension', () => {
    for (const [tag, kind, name] of rowsOf(ALL_EXTENSIONS, 2)) {
      expect(codecOf(0x06, all(`7f01 ${tag}`))).toEqual({ kind, name, language: null });
    }
    expect(codecOf(0x06, all('8101 00')).name).toBe('AC-3');
  });
});
