/** Positions in {@link TRANSPORT_INDICATORS}. */
export const Indicator = {
  TsSyncLoss: 0,
  SyncByte: 1,
  Pat: 2,
  ContinuityCount: 3,
  Pmt: 4,
  Pid: 5,
  Transport: 6,
  Crc: 7,
  PcrRepetition: 8,
  PcrDiscontinuity: 9,
  PcrAccuracy: 10,
  Pts: 11,
  Cat: 12,
  Nit: 13,
  SiRepetition: 14,
  UnreferencedPid: 15,
  Sdt: 16,
  Eit: 17,
  Rst: 18,
  Tdt: 19,
  Count: 20,
} as const;

export interface TransportIndicator {
  readonly id: string;
  /** As ETSI TR 101 290 writes it. */
  readonly name: string;
  /** Of TR 101 290, and the number within it. */
  readonly clause: string;
  readonly priority: 1 | 2 | 3;
  /** What counts once. */
  readonly definition: string;
}

/**
 * The indicators of ETSI TR 101 290 section 5.2 that a transport stream alone allows; tables' rules are those of the
 * revised indicators (PAT_error_2, PMT_error_2, ...). Not here: the buffer model (3.3, 3.9, 3.10).
 *
 * While synchronisation is lost no other indicator counts, and of a packet with transport_error_indicator nothing else is
 * derived (section 5.2.1, 5.2.2). Priority 3 applies to tables that came once: a stream without SI is not broken.
 */
export const TRANSPORT_INDICATORS: readonly TransportIndicator[] = [
  {
    id: 'ts_sync_loss',
    name: 'TS_sync_loss',
    clause: '5.2.1, 1.1',
    priority: 1,
    definition:
      'Two consecutive packets without sync byte: synchronisation is lost. It is found again with five consecutive ones.',
  },
  {
    id: 'sync_byte_error',
    name: 'Sync_byte_error',
    clause: '5.2.1, 1.2',
    priority: 1,
    definition:
      'A packet, in synchronisation, whose sync byte is not 0x47; the one that loses synchronisation included.',
  },
  {
    id: 'pat_error',
    name: 'PAT_error_2',
    clause: '5.2.1, 1.3.a',
    priority: 1,
    definition:
      'Each full 0.5 s without a section of table_id 0x00 on PID 0; a section of another table_id there; a scrambled packet there.',
  },
  {
    id: 'continuity_count_error',
    name: 'Continuity_count_error',
    clause: '5.2.1, 1.4',
    priority: 1,
    definition:
      'A packet whose continuity_counter does not go on where its PID was; each copy of a packet beyond the one that ISO/IEC 13818-1 section 2.4.3.3 allows. Not: after discontinuity_indicator, on the null PID.',
  },
  {
    id: 'pmt_error',
    name: 'PMT_error_2',
    clause: '5.2.1, 1.5.a',
    priority: 1,
    definition:
      'Each full 0.5 s without a section of table_id 0x02 on a program_map_PID that the PAT names; a scrambled packet there.',
  },
  {
    id: 'pid_error',
    name: 'PID_error',
    clause: '5.2.1, 1.6',
    priority: 1,
    definition: 'Each full 5 s (or what is chosen) in which a video or audio PID that a PMT names does not occur.',
  },
  {
    id: 'transport_error',
    name: 'Transport_error',
    clause: '5.2.2, 2.1',
    priority: 2,
    definition: 'A packet with transport_error_indicator.',
  },
  {
    id: 'crc_error',
    name: 'CRC_error',
    clause: '5.2.2, 2.2',
    priority: 2,
    definition: 'A section of CAT, PAT, PMT, NIT, EIT, BAT, SDT or TOT whose CRC is wrong.',
  },
  {
    id: 'pcr_repetition_error',
    name: 'PCR_repetition_error',
    clause: '5.2.2, 2.3.a',
    priority: 2,
    definition:
      'Two consecutive PCRs of a PID more than 40 ms apart (or what is chosen: V1.4.1 says 100 ms), by their arrival and by their values; or no further PCR for 1 s. Not judged across lost packets.',
  },
  {
    id: 'pcr_discontinuity_indicator_error',
    name: 'PCR_discontinuity_indicator_error',
    clause: '5.2.2, 2.3.b',
    priority: 2,
    definition:
      'Two consecutive PCRs of a PID whose difference is outside 0 .. 100 ms without discontinuity_indicator. Across lost packets: whose difference is more than 100 ms from the time between them.',
  },
  {
    id: 'pcr_accuracy_error',
    name: 'PCR_accuracy_error',
    clause: '5.2.2, 2.4',
    priority: 2,
    definition:
      'A PCR more than 500 ns from its value by octet position; a step that lasts counts once. Judged where the stream has a constant rate.',
  },
  {
    id: 'pts_error',
    name: 'PTS_error',
    clause: '5.2.2, 2.5',
    priority: 2,
    definition: 'Each full 700 ms in which packets of a video or audio PID come, in clear, without a PTS among them.',
  },
  {
    id: 'cat_error',
    name: 'CAT_error',
    clause: '5.2.2, 2.6',
    priority: 2,
    definition:
      'Each full 0.5 s in which scrambled packets come and no section of table_id 0x01; a section of another table_id on PID 1.',
  },
  {
    id: 'nit_error',
    name: 'NIT_actual_error',
    clause: '5.2.3, 3.1.a',
    priority: 3,
    definition:
      'Each full 10 s without a section of table_id 0x40 on PID 0x10; a section there that is none of 0x40, 0x41, 0x72.',
  },
  {
    id: 'si_repetition_error',
    name: 'SI_repetition_error',
    clause: '5.2.3, 3.2',
    priority: 3,
    definition:
      'Two sections of NIT, SDT, EIT p/f (actual), TDT with the same numbers within 25 ms. Too long intervals count with the table.',
  },
  {
    id: 'unreferenced_pid',
    name: 'Unreferenced_PID',
    clause: '5.2.3, 3.4.a',
    priority: 3,
    definition: 'A PID from 0x20 that no PAT, PMT or CAT has referred to within 0.5 s, once all of them were read.',
  },
  {
    id: 'sdt_error',
    name: 'SDT_actual_error',
    clause: '5.2.3, 3.5.a',
    priority: 3,
    definition:
      'Each full 2 s without a section of table_id 0x42 on PID 0x11; a section there that is none of 0x42, 0x46, 0x4a, 0x72.',
  },
  {
    id: 'eit_error',
    name: 'EIT_actual_error',
    clause: '5.2.3, 3.6.a',
    priority: 3,
    definition:
      'Each full 2 s without a section of table_id 0x4e on PID 0x12; a section there that is none of 0x4e .. 0x6f, 0x72.',
  },
  {
    id: 'rst_error',
    name: 'RST_error',
    clause: '5.2.3, 3.7',
    priority: 3,
    definition: 'A section on PID 0x13 that is neither 0x71 nor 0x72.',
  },
  {
    id: 'tdt_error',
    name: 'TDT_error',
    clause: '5.2.3, 3.8',
    priority: 3,
    definition:
      'Each full 30 s without a section of table_id 0x70 on PID 0x14; a section there that is none of 0x70, 0x72, 0x73.',
  },
];
