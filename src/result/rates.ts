import { octetsAtLayer } from '../core/layers.js';

/** Rates over one span of time at all layers; all `null` when the span is not above 0. */
export interface Rates {
  readonly rate_bit_per_second: number | null;
  readonly rate_ip_bit_per_second: number | null;
  readonly rate_ethernet_bit_per_second: number | null;
  readonly rate_packets_per_second: number | null;
}

/** Address family of an address as text. */
export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** `octets`: UDP payload of `datagrams` datagrams within `activeNs`. */
export function ratesOf(octets: number, datagrams: number, family: 4 | 6, activeNs: number | null): Rates {
  if (activeNs === null || !(activeNs > 0)) return NO_RATES;
  const perSecond = 1e9 / activeNs;
  const headers = HEADERS[family];
  return {
    rate_bit_per_second: octets * 8 * perSecond,
    rate_ip_bit_per_second: (octets + datagrams * headers.ip) * 8 * perSecond,
    rate_ethernet_bit_per_second: (octets + datagrams * headers.ethernet) * 8 * perSecond,
    rate_packets_per_second: datagrams * perSecond,
  };
}

const HEADERS = { 4: headersOf(4), 6: headersOf(6) } as const;

/** Octets that go with each datagram. */
function headersOf(family: 4 | 6): { readonly ip: number; readonly ethernet: number } {
  return { ip: octetsAtLayer(0, family, 'ip'), ethernet: octetsAtLayer(0, family, 'ethernet') };
}

export const NO_RATES: Rates = {
  rate_bit_per_second: null,
  rate_ip_bit_per_second: null,
  rate_ethernet_bit_per_second: null,
  rate_packets_per_second: null,
};
