import { describe, expect, it } from 'vitest';
import {
  composeEvidence,
  evidenceGrowth,
  flattenEvidence,
  HOST_COUNTERS,
  parseInterfaceCounters,
  parseSnmp,
  parseSnmp6,
  parseSoftnet,
  readHostEvidence,
  type EvidenceFiles,
  type HostCounter,
} from '../../src/io/hostEvidence.js';
import { needs } from '../require.js';

const SNMP = `Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InDelivers
Ip: 2 64 1000 0 0 3 990
IcmpMsg: OutType3
IcmpMsg: 3
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 276 6 7 279 8 9 10 11 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
UdpLite: 1 1 1 1 1 1 1 1 1
`;
const NETSTAT = `TcpExt: SyncookiesSent IPReversePathFilter TCPTimeWaitOverflow
TcpExt: 0 12 1
IpExt: InNoRoutes InTruncatedPkts InMcastPkts OutMcastPkts
IpExt: 0 0 94232857 94494751
`;
const SNMP6 = `Ip6InReceives                   	351
Ip6InMcastPkts                  	13
Udp6RcvbufErrors                	14
`;
const SOFTNET = `034d55a0 00000002 00000004 00000000 00000000
04893bd1 0000000a 00000006 00000000 00000000
`;
const DEV = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 44840493727 38969594    0    0    0     0          0         0 44840493727 38969594    0    0    0     0       0          0
  eth0:343946851    8539    1    2    0     0          0         0 101318764  266718    0    3    0     0       0          0
`;
const FILES: EvidenceFiles = { snmp: SNMP, snmp6: SNMP6, netstat: NETSTAT, softnet: SOFTNET, dev: DEV };

describe('parsers of the kernel counters', () => {
  it('read pairs of lines', () => {
    const values = parseSnmp(SNMP);
    expect(values.get('Udp.RcvbufErrors')).toBe(8);
    expect(values.get('UdpLite.RcvbufErrors')).toBe(1);
    expect(values.get('Ip.InDelivers')).toBe(990);
    expect(parseSnmp(NETSTAT).get('TcpExt.IPReversePathFilter')).toBe(12);
  });

  it('read a name and a value per line', () => {
    expect([...parseSnmp6(SNMP6)]).toEqual([
      ['Ip6InReceives', 351],
      ['Ip6InMcastPkts', 13],
      ['Udp6RcvbufErrors', 14],
    ]);
  });

  it('add up the processors', () => {
    expect(Object.fromEntries(parseSoftnet(SOFTNET))).toEqual({ dropped: 12, time_squeeze: 10 });
  });

  it('read interfaces, with and without a space behind the colon', () => {
    expect([...parseInterfaceCounters(DEV).keys()]).toEqual(['lo', 'eth0']);
    expect(parseInterfaceCounters(DEV).get('eth0')).toEqual({
      rxPackets: 8539,
      rxErrors: 1,
      rxDropped: 2,
      txPackets: 266_718,
      txDropped: 3,
    });
  });

  it('find nothing in what is cut off or foreign', () => {
    expect(parseSnmp('Ip: A B\nUdp: 1 2\n').size).toBe(0);
    expect([...parseSnmp('Ip: A B C\nIp: 1 x\n')]).toEqual([['Ip.A', 1]]);
    expect(parseSnmp6('\nname\nname x\n').size).toBe(0);
    expect(parseSoftnet('').size).toBe(0);
    expect(parseInterfaceCounters('eth0: 1 2 3\n').size).toBe(0);
  });
});

describe('composeEvidence', () => {
  it('gives every counter its value, and null to what was not readable', () => {
    const { counters } = composeEvidence(FILES);
    expect(counters).toMatchObject({
      ip_in_receives: 1000,
      ip_in_mcast_pkts: 94_232_857,
      ip_reverse_path_filter: 12,
      udp_ignored_multi: 11,
      udp_sndbuf_errors: 9,
      udp6_rcvbuf_errors: 14,
      udp6_in_csum_errors: null,
      softnet_dropped: 12,
    });
    const nothing = composeEvidence({ snmp: null, snmp6: null, netstat: null, softnet: null, dev: null });
    expect(new Set(Object.values(nothing.counters))).toEqual(new Set([null]));
    expect(nothing.interfaces.size).toBe(0);
  });
});

describe('evidenceGrowth', () => {
  it('is what was counted in between; null where unknown or reset', () => {
    const before = composeEvidence(FILES);
    const after = composeEvidence({
      ...FILES,
      snmp: SNMP.replace('276 6 7 279 8', '300 2 7 279 20'),
      dev: `${DEV.replace('8539', '8600')}  eth1: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n`,
    });
    const { counters, interfaces } = evidenceGrowth(before, after);
    expect(counters.udp_in_datagrams).toBe(24);
    expect(counters.udp_rcvbuf_errors).toBe(12);
    expect(counters.udp_no_ports).toBeNull();
    expect(counters.udp6_in_csum_errors).toBeNull();
    expect(counters.softnet_dropped).toBe(0);
    expect(interfaces.get('eth0')!.rxPackets).toBe(61);
    expect(interfaces.has('eth1')).toBe(false);
    const flat = flattenEvidence({ counters, interfaces });
    expect(flat).toMatchObject({ udp_rcvbuf_errors: 12, 'eth0.rx_packets': 61, 'eth0.rx_dropped': 0 });
    expect(flat).not.toHaveProperty('udp_no_ports');
    expect(Object.keys(flat).some((name) => name.startsWith('lo.'))).toBe(false);
  });
});

describe.runIf(needs('linux'))('readHostEvidence', () => {
  it('finds every counter that it names, on this kernel', () => {
    const { counters, interfaces } = readHostEvidence();
    const missing = (Object.keys(HOST_COUNTERS) as HostCounter[]).filter((name) => counters[name] === null);
    expect(missing).toEqual([]);
    expect(interfaces.has('lo')).toBe(true);
  });
});
