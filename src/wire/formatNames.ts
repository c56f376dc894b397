/** The formats that a UDP payload is recognised as; docs/protocols/recognition.md has their signatures. */
export const FORMAT_NAMES = [
  'probe',
  'xdp',
  'mdp3',
  'mpeg-ts',
  'rtp',
  'rtp/mpeg-ts',
  'rtp/smpte-2022-1',
  'rtcp',
  'moldudp64',
  'moldudp64/request',
  'sap',
  'iperf',
  'iperf/report',
  'unknown',
] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];
