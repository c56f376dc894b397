/**
 * Text in service information (ETSI EN 300 468 annex A): the first octet chooses the character table when it is below
 * 0x20, else the table is that of figure A.1, ISO/IEC 6937 with the euro sign. Control characters are left out, a line
 * break is a space: names are shown in one line.
 */

/** Table by the first octet (table A.3), as the Encoding Standard names them; the whole text is in it. */
const TABLES: Readonly<Record<number, string>> = {
  0x01: 'iso-8859-5',
  0x02: 'iso-8859-6',
  0x03: 'iso-8859-7',
  0x04: 'iso-8859-8',
  0x05: 'iso-8859-9',
  0x06: 'iso-8859-10',
  0x07: 'iso-8859-11',
  0x09: 'iso-8859-13',
  0x0a: 'iso-8859-14',
  0x0b: 'iso-8859-15',
  0x11: 'utf-16be',
  0x12: 'euc-kr',
  0x13: 'gbk',
  0x14: 'big5',
  0x15: 'utf-8',
};
/** Two octets with the part of ISO/IEC 8859 follow (table A.4). */
const PART_OF_8859 = 0x10;
/** encoding_type_id follows (section A.2): none of them is read. */
const ENCODING_TYPE = 0x1f;
const FIRST_CHARACTER = 0x20;
const UNKNOWN = '\ufffd';

/** Octets 0xa0 .. 0xff of figure A.1; empty: unused. The diacritical marks of 0xc1 .. 0xcf stand before their letter. */
const ISO_6937: readonly string[] = [
  ...'\u00a0¡¢£€¥',
  '',
  ...'§¤‘“«←↑→↓',
  ...'°±²³×µ¶·÷’”»¼½¾¿',
  '',
  '\u0300',
  '\u0301',
  '\u0302',
  '\u0303',
  '\u0304',
  '\u0306',
  '\u0307',
  '\u0308',
  '',
  '\u030a',
  '\u0327',
  '',
  '\u030b',
  '\u0328',
  '\u030c',
  ...'―¹®©™♪¬¦',
  '',
  '',
  '',
  '',
  ...'⅛⅜⅝⅞',
  ...'ΩÆĐªĦ',
  '',
  ...'ĲĿŁØŒºÞŦŊŉ',
  ...'ĸæđðħıĳŀłøœßþŧŋ\u00ad',
];

/** The text in `octets`; characters that cannot be read are U+FFFD. */
export function readDvbText(octets: Uint8Array): string {
  const first = octets[0];
  if (first === undefined) return '';
  if (first >= FIRST_CHARACTER) return cleaned(readIso6937(octets));
  if (first === PART_OF_8859) {
    if (octets.length < 3) return UNKNOWN;
    return inTable(`iso-8859-${(octets[1]! << 8) | octets[2]!}`, octets.subarray(3));
  }
  const table = TABLES[first];
  if (table !== undefined) return inTable(table, octets.subarray(1));
  return unreadable(octets.subarray(first === ENCODING_TYPE ? 2 : 1));
}

/** Octets of `text`: as they are in ASCII, else UTF-8 with its table number. */
export function writeDvbText(text: string): Uint8Array {
  const octets = new TextEncoder().encode(text);
  return octets.length === text.length ? octets : Uint8Array.from([0x15, ...octets]);
}

function inTable(table: string, octets: Uint8Array): string {
  // Octets 0x80 .. 0x9f are control codes in the parts of ISO/IEC 8859, and not what the Encoding Standard has there.
  const plain = table.startsWith('iso') ? withoutControls(octets) : octets;
  const decoder = decoderOf(table);
  return decoder === null ? unreadable(octets) : cleaned(decoder.decode(plain));
}

/** `null`: there is no such part of ISO/IEC 8859, or this build of Node does not have it. */
function decoderOf(table: string) {
  try {
    return new TextDecoder(table);
  } catch {
    return null;
  }
}

/** 0x8a, a line break, becomes a space. */
function withoutControls(octets: Uint8Array): Uint8Array {
  return octets
    .filter((octet) => octet < 0x80 || octet >= 0xa0 || octet === 0x8a)
    .map((octet) => (octet === 0x8a ? 0x20 : octet));
}

function readIso6937(octets: Uint8Array): string {
  let text = '';
  let mark = '';
  for (const octet of withoutControls(octets)) {
    const character = octet < 0xa0 ? String.fromCharCode(octet) : ISO_6937[octet - 0xa0]! || UNKNOWN;
    if (octet > 0xc0 && octet < 0xd0 && character !== UNKNOWN) {
      mark = character;
      continue;
    }
    text += character + mark;
    mark = '';
  }
  return text.normalize('NFC');
}

function unreadable(octets: Uint8Array): string {
  return octets.length === 0 ? '' : UNKNOWN;
}

/** Without control characters, those of the two-octet tables (U+E080 .. U+E09F, table A.2) included. */
function cleaned(text: string): string {
  return text.replace(/[\r\n\ue08a]+/gu, ' ').replace(/[\p{Cc}\ue080-\ue09f\u2028\u2029]/gu, '');
}
