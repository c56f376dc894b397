/** table_id of the tables that are read (ISO/IEC 13818-1 table 2-31, EN 300 468 table 2). */
export const TableId = {
  ProgramAssociation: 0x00,
  ConditionalAccess: 0x01,
  ProgramMap: 0x02,
  TransportStreamDescription: 0x03,
  NetworkActual: 0x40,
  NetworkOther: 0x41,
  ServiceActual: 0x42,
  ServiceOther: 0x46,
  BouquetAssociation: 0x4a,
  EventPresentFollowingActual: 0x4e,
  EventPresentFollowingOther: 0x4f,
  TimeDate: 0x70,
  RunningStatus: 0x71,
  Stuffing: 0x72,
  TimeOffset: 0x73,
} as const;

/** PIDs of the tables of EN 300 468 (table 1). */
export const NIT_PID = 0x0010;
export const SDT_PID = 0x0011;
export const EIT_PID = 0x0012;
export const RST_PID = 0x0013;
export const TDT_PID = 0x0014;

const NAMES: Readonly<Record<number, string>> = {
  0x00: 'PAT',
  0x01: 'CAT',
  0x02: 'PMT',
  0x03: 'TSDT',
  0x40: 'NIT actual',
  0x41: 'NIT other',
  0x42: 'SDT actual',
  0x46: 'SDT other',
  0x4a: 'BAT',
  0x4e: 'EIT p/f actual',
  0x4f: 'EIT p/f other',
  0x70: 'TDT',
  0x71: 'RST',
  0x72: 'ST',
  0x73: 'TOT',
  0x7e: 'DIT',
  0x7f: 'SIT',
  0xfc: 'SCTE 35',
};

/** Short name of a table; one without is named by its number. */
export function tableName(tableId: number): string {
  const name = NAMES[tableId];
  if (name !== undefined) return name;
  if (tableId >= 0x50 && tableId <= 0x5f) return 'EIT schedule actual';
  if (tableId >= 0x60 && tableId <= 0x6f) return 'EIT schedule other';
  return `table 0x${tableId.toString(16).padStart(2, '0')}`;
}
