/** Result of a wire check. 0 is the only success; every other value is counted per kind, never thrown. */
export const WireStatus = {
  Ok: 0,
  TooShort: 1,
  BadMagic: 2,
  BadVersion: 3,
  BadLength: 4,
  BadPadding: 5,
  BadChecksum: 6,
  UnknownType: 7,
  /** Bits that have to be 0 in this version are not. */
  BadReserved: 8,
} as const;
export type WireStatus = (typeof WireStatus)[keyof typeof WireStatus];
