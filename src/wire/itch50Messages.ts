/**
 * The messages of Nasdaq TotalView-ITCH 5.0, field by field: section 1 of the specification, whose numbers stand at each.
 * All integers are unsigned and big-endian; text is ASCII, filled with spaces on the right ("Data Types").
 */

/** What the octets of a field are. */
export type ItchKind =
  /** One character. */
  | 'char'
  /** Text of some characters. */
  | 'alpha'
  | 'uint'
  /** Integers with 4 and with 8 decimals. */
  | 'price4'
  | 'price8'
  /** ns since midnight, 48 bits. */
  | 'timestamp48';

export interface ItchField {
  readonly name: string;
  /** Octet within the message. */
  readonly at: number;
  readonly octets: number;
  readonly kind: ItchKind;
}

export interface ItchMessageType {
  /** The first octet of the message. */
  readonly type: string;
  readonly name: string;
  readonly section: string;
  /** Of the whole message, its type included. */
  readonly octets: number;
  /** What stands behind the type, in order. */
  readonly fields: readonly ItchField[];
}

/** Octets of what all messages begin with. */
export const ITCH_HEADER_OCTETS = 11;

type Row = readonly [name: string, at: number, octets: number, kind: ItchKind];

const HEADER: readonly Row[] = [
  ['locate', 1, 2, 'uint'],
  ['tracking', 3, 2, 'uint'],
  ['timestamp', 5, 6, 'timestamp48'],
];

function message(section: string, type: string, octets: number, name: string, rows: readonly Row[]): ItchMessageType {
  const fields = [...HEADER, ...rows].map(([field, at, length, kind]) => ({ name: field, at, octets: length, kind }));
  return { type, name, section, octets, fields };
}

export const ITCH_MESSAGES: readonly ItchMessageType[] = [
  message('1.1', 'S', 12, 'system event', [['event', 11, 1, 'char']]),
  message('1.2.1', 'R', 39, 'stock directory', [
    ['stock', 11, 8, 'alpha'],
    ['marketCategory', 19, 1, 'char'],
    ['financialStatus', 20, 1, 'char'],
    ['roundLotSize', 21, 4, 'uint'],
    ['roundLotsOnly', 25, 1, 'char'],
    ['issueClassification', 26, 1, 'char'],
    ['issueSubType', 27, 2, 'alpha'],
    ['authenticity', 29, 1, 'char'],
    ['shortSaleThreshold', 30, 1, 'char'],
    ['ipoFlag', 31, 1, 'char'],
    ['luldTier', 32, 1, 'char'],
    ['etpFlag', 33, 1, 'char'],
    ['etpLeverage', 34, 4, 'uint'],
    ['inverse', 38, 1, 'char'],
  ]),
  message('1.2.2', 'H', 25, 'trading action', [
    ['stock', 11, 8, 'alpha'],
    ['state', 19, 1, 'char'],
    ['reserved', 20, 1, 'char'],
    ['reason', 21, 4, 'alpha'],
  ]),
  message('1.2.3', 'Y', 20, 'short sale restriction', [
    ['stock', 11, 8, 'alpha'],
    ['action', 19, 1, 'char'],
  ]),
  message('1.2.4', 'L', 26, 'participant position', [
    ['mpid', 11, 4, 'alpha'],
    ['stock', 15, 8, 'alpha'],
    ['primaryMarketMaker', 23, 1, 'char'],
    ['marketMakerMode', 24, 1, 'char'],
    ['participantState', 25, 1, 'char'],
  ]),
  message('1.2.5.1', 'V', 35, 'circuit breaker levels', [
    ['level1', 11, 8, 'price8'],
    ['level2', 19, 8, 'price8'],
    ['level3', 27, 8, 'price8'],
  ]),
  message('1.2.5.2', 'W', 12, 'circuit breaker status', [['breachedLevel', 11, 1, 'char']]),
  message('1.2.6', 'K', 28, 'quoting period update', [
    ['stock', 11, 8, 'alpha'],
    // Seconds since midnight.
    ['releaseTime', 19, 4, 'uint'],
    ['releaseQualifier', 23, 1, 'char'],
    ['ipoPrice', 24, 4, 'price4'],
  ]),
  message('1.2.7', 'J', 35, 'auction collar', [
    ['stock', 11, 8, 'alpha'],
    ['referencePrice', 19, 4, 'price4'],
    ['upperPrice', 23, 4, 'price4'],
    ['lowerPrice', 27, 4, 'price4'],
    ['extension', 31, 4, 'uint'],
  ]),
  message('1.2.8', 'h', 21, 'operational halt', [
    ['stock', 11, 8, 'alpha'],
    ['market', 19, 1, 'char'],
    ['action', 20, 1, 'char'],
  ]),
  message('1.3.1', 'A', 36, 'add order', [
    ['reference', 11, 8, 'uint'],
    ['side', 19, 1, 'char'],
    ['shares', 20, 4, 'uint'],
    ['stock', 24, 8, 'alpha'],
    ['price', 32, 4, 'price4'],
  ]),
  message('1.3.2', 'F', 40, 'add order with attribution', [
    ['reference', 11, 8, 'uint'],
    ['side', 19, 1, 'char'],
    ['shares', 20, 4, 'uint'],
    ['stock', 24, 8, 'alpha'],
    ['price', 32, 4, 'price4'],
    ['attribution', 36, 4, 'alpha'],
  ]),
  message('1.4.1', 'E', 31, 'order executed', [
    ['reference', 11, 8, 'uint'],
    ['shares', 19, 4, 'uint'],
    ['match', 23, 8, 'uint'],
  ]),
  message('1.4.2', 'C', 36, 'order executed with price', [
    ['reference', 11, 8, 'uint'],
    ['shares', 19, 4, 'uint'],
    ['match', 23, 8, 'uint'],
    ['printable', 31, 1, 'char'],
    ['price', 32, 4, 'price4'],
  ]),
  message('1.4.3', 'X', 23, 'order cancel', [
    ['reference', 11, 8, 'uint'],
    ['shares', 19, 4, 'uint'],
  ]),
  message('1.4.4', 'D', 19, 'order delete', [['reference', 11, 8, 'uint']]),
  message('1.4.5', 'U', 35, 'order replace', [
    ['reference', 11, 8, 'uint'],
    ['newReference', 19, 8, 'uint'],
    ['shares', 27, 4, 'uint'],
    ['price', 31, 4, 'price4'],
  ]),
  message('1.5.1', 'P', 44, 'trade', [
    ['reference', 11, 8, 'uint'],
    ['side', 19, 1, 'char'],
    ['shares', 20, 4, 'uint'],
    ['stock', 24, 8, 'alpha'],
    ['price', 32, 4, 'price4'],
    ['match', 36, 8, 'uint'],
  ]),
  message('1.5.2', 'Q', 40, 'cross trade', [
    ['shares', 11, 8, 'uint'],
    ['stock', 19, 8, 'alpha'],
    ['price', 27, 4, 'price4'],
    ['match', 31, 8, 'uint'],
    ['crossType', 39, 1, 'char'],
  ]),
  message('1.5.3', 'B', 19, 'broken trade', [['match', 11, 8, 'uint']]),
  message('1.6', 'I', 50, 'net order imbalance', [
    ['pairedShares', 11, 8, 'uint'],
    ['imbalanceShares', 19, 8, 'uint'],
    ['direction', 27, 1, 'char'],
    ['stock', 28, 8, 'alpha'],
    ['farPrice', 36, 4, 'price4'],
    ['nearPrice', 40, 4, 'price4'],
    ['referencePrice', 44, 4, 'price4'],
    ['crossType', 48, 1, 'char'],
    ['priceVariation', 49, 1, 'char'],
  ]),
  message('1.7', 'N', 20, 'retail interest', [
    ['stock', 11, 8, 'alpha'],
    ['interest', 19, 1, 'char'],
  ]),
  message('1.8', 'O', 48, 'direct listing price discovery', [
    ['stock', 11, 8, 'alpha'],
    ['openEligibility', 19, 1, 'char'],
    ['minimumPrice', 20, 4, 'price4'],
    ['maximumPrice', 24, 4, 'price4'],
    ['nearPrice', 28, 4, 'price4'],
    // ns since midnight like all times, but in 64 bits.
    ['nearTime', 32, 8, 'uint'],
    ['lowerCollar', 40, 4, 'price4'],
    ['upperCollar', 44, 4, 'price4'],
  ]),
];
