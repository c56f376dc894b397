import { describe, expect, it } from 'vitest';
import { OPTION_NAMES } from '../../src/profile/options.js';
import { DEFAULT_PORTS, formatEndpoint, groupAddresses, refuseReservedGroup } from '../../src/core/endpoint.js';
import { McastError } from '../../src/core/errors.js';
import { parseEndpoint, type EndpointSyntax } from '../../src/core/parseEndpoint.js';

const SYNTAX: EndpointSyntax = { parameters: new Set(OPTION_NAMES) };

function read(text: string, syntax: Partial<EndpointSyntax> = {}) {
  return parseEndpoint(text, { ...SYNTAX, ...syntax });
}

function refusal(text: string, syntax: Partial<EndpointSyntax> = {}): { code: string; message: string } {
  try {
    read(text, syntax);
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    const { code, message } = error as McastError;
    expect(message).not.toContain('\n');
    return { code, message: message.replace(/^endpoint ".*?": /, '') };
  }
  return { code: 'accepted', message: '' };
}

describe('forms that are read, and their canonical text', () => {
  it.each([
    ['probe://239.1.1.1:5001', 'probe://239.1.1.1:5001'],
    ['PROBE://239.1.1.1:5001', 'probe://239.1.1.1:5001'],
    ['probe://239.1.1.1:5001/', 'probe://239.1.1.1:5001'],
    ['probe://239.1.1.1', 'probe://239.1.1.1:5001'],
    ['rtp://239.1.1.1', 'rtp://239.1.1.1:5004'],
    ['udp://239.1.1.1', 'udp://239.1.1.1:1234'],
    ['iperf://239.1.1.1', 'iperf://239.1.1.1:5001'],
    ['mold://239.1.1.1', 'mold://239.1.1.1:26400'],
    ['mdp://239.1.1.1', 'mdp://239.1.1.1:26500'],
    ['xdp://239.1.1.1', 'xdp://239.1.1.1:26600'],
    ['239.1.1.1', '239.1.1.1:1234'],
    ['239.1.1.1:5001', '239.1.1.1:5001'],
    ['@239.1.1.1:5001', '239.1.1.1:5001'],
    ['udp://@239.1.1.1:1234', 'udp://239.1.1.1:1234'],
    ['10.0.0.1@232.1.1.1:5004', '10.0.0.1@232.1.1.1:5004'],
    ['rtp://10.0.0.1,10.0.0.2@232.1.1.1:5004', 'rtp://10.0.0.1,10.0.0.2@232.1.1.1:5004'],
    [
      'rtp://10.0.0.1@232.1.1.1:5004/iface=eth0/ttl=4/dscp=af41',
      'rtp://10.0.0.1@232.1.1.1:5004/iface=eth0/ttl=4/dscp=af41',
    ],
    ['udp://239.1.1.1:1234?ttl=4&dscp=af41', 'udp://239.1.1.1:1234/ttl=4/dscp=af41'],
    ['239.1.1.1%eth0:5001', '239.1.1.1:5001/iface=eth0'],
    ['239.1.1.1%eth0.100/ttl=2', '239.1.1.1:1234/iface=eth0.100/ttl=2'],
    ['239.1.1.1%eth0:5001/iface=eth0', '239.1.1.1:5001/iface=eth0'],
    ['probe://239.1.1.1+4:5001', 'probe://239.1.1.1+4:5001'],
    ['probe://239.1.1.1+1:5001', 'probe://239.1.1.1:5001'],
    ['probe://239.1.1.1%eth0+4:5001', 'probe://239.1.1.1+4:5001/iface=eth0'],
    ['probe://239.1.1.1:5001/groups=4', 'probe://239.1.1.1+4:5001'],
    ['probe://239.1.1.1/port=7', 'probe://239.1.1.1:7'],
    ['probe://239.1.1.1:7/port=7', 'probe://239.1.1.1:7'],
    ['probe://[ff15::4:1]:5001', 'probe://ff15::4:1/port=5001'],
    ['probe://[FF15:0::4:1]', 'probe://ff15::4:1/port=5001'],
    ['probe://ff15::4:1/port=5002', 'probe://ff15::4:1/port=5002'],
    ['probe://[ff02::4:1%eth0]:5001', 'probe://ff02::4:1/port=5001/iface=eth0'],
    ['probe://[ff02::4:1]%eth0:5001', 'probe://ff02::4:1/port=5001/iface=eth0'],
    ['probe://ff02::4:1%eth0/port=5001', 'probe://ff02::4:1/port=5001/iface=eth0'],
    ['probe://[ff15::4:1]+8:5001', 'probe://ff15::4:1+8/port=5001'],
    ['probe://ff15::4:1+8/port=5001', 'probe://ff15::4:1+8/port=5001'],
    ['2001:db8::1@[ff35::1]:5004', '2001:db8::1@ff35::1/port=5004'],
    ['[2001:db8::1],2001:db8::2@ff35::1/port=5004', '2001:db8::1,2001:db8::2@ff35::1/port=5004'],
    [
      'probe://239.1.1.1:5001/pattern=burst:10/1ms/impair=loss=5%,seed=3',
      'probe://239.1.1.1:5001/pattern=burst:10/1ms/impair=loss=5%,seed=3',
    ],
    ['udp://239.1.1.1:5001/payload=/var/tmp/a.bin/pps=10', 'udp://239.1.1.1:5001/payload=/var/tmp/a.bin/pps=10'],
    ['probe://239.1.1.1/name=a%20b?c', 'probe://239.1.1.1:5001/name=a%20b?c'],
    ['probe://239.1.1.1/rate=950M@wire', 'probe://239.1.1.1:5001/rate=950M@wire'],
    ['probe://239.1.1.1/rate=20Mbit/s', 'probe://239.1.1.1:5001/rate=20Mbit/s'],
    ['probe://10.0.0.1:5001/unicast=yes', 'probe://10.0.0.1:5001/unicast=yes'],
  ])('%s', (text, canonical) => {
    const endpoint = read(text);
    expect(formatEndpoint(endpoint)).toBe(canonical);
    expect(endpoint.text).toBe(text);
    // The canonical form says the same.
    expect({ ...read(canonical), text: '' }).toEqual({ ...endpoint, text: '' });
  });

  it('keeps the parts apart', () => {
    expect(read('rtp://10.0.0.1@232.1.1.1%eth1+3:5004/dscp=af41')).toEqual({
      scheme: 'rtp',
      family: 4,
      group: '232.1.1.1',
      port: 5004,
      sources: ['10.0.0.1'],
      groups: 3,
      parameters: new Map([
        ['iface', 'eth1'],
        ['dscp', 'af41'],
      ]),
      name: null,
      text: 'rtp://10.0.0.1@232.1.1.1%eth1+3:5004/dscp=af41',
    });
  });

  it('takes the number of groups from the caller where none is written', () => {
    expect(read('239.1.1.1', { groups: 5 }).groups).toBe(5);
    expect(read('239.1.1.1+2', { groups: 5 }).groups).toBe(2);
    expect(read('239.1.1.1+1', { groups: 5 }).groups).toBe(1);
    expect(refusal('239.255.255.255', { groups: 2 }).code).toBe('ERR_ENDPOINT');
  });

  it('allows a host when that is said', () => {
    expect(read('10.0.0.1:5001', { unicast: true }).group).toBe('10.0.0.1');
    expect(read('[::1]:5001', { unicast: true }).group).toBe('::1');
    expect(read('0.0.0.0:5001', { unicast: true }).group).toBe('0.0.0.0');
  });

  it('has a port for every scheme but srt', () => {
    for (const [scheme, port] of DEFAULT_PORTS) {
      if (port === null)
        expect(refusal(`${scheme}://239.1.1.1`).message).toBe('srt has no usual port: write group:port');
      else expect(read(`${scheme}://239.1.1.1`).port).toBe(port);
    }
  });
});

describe('group auto', () => {
  it.each([0, 1, 77, 0x7fff_ffff, 0xffff_ffff])('%d: inside its range, with room for the groups', (number) => {
    const random = () => number;
    const four = read('probe://auto+300', { random });
    expect(four.group).toMatch(/^239\.255\./);
    expect(groupAddresses(four.group, four.groups).at(-1)).toMatch(/^239\.255\.(?!255\.)/);
    const six = read('probe://auto+300', { random, family: 6 });
    expect(six.group).toMatch(/^ff15::[89a-f][0-9a-f]{3}:/);
    expect(six.port).toBe(5001);
  });

  it('differs with the number, and is written as an address', () => {
    const groups = new Set([1, 2, 3].map((number) => read('auto', { random: () => number }).group));
    expect(groups.size).toBe(3);
    expect(formatEndpoint(read('auto', { random: () => 258 }))).toBe('239.255.1.2:1234');
  });

  it('has no meaning without a random number, and no room for too many', () => {
    expect(refusal('auto').message).toBe('the group auto has no meaning here: write the group');
    expect(refusal('auto+65536', { random: () => 1 }).message).toBe('65536 groups find no room in 239.255.0.0/16');
  });
});

describe('forms that are refused, with the likely meaning', () => {
  it.each([
    ['', 'it is empty (an unset shell variable?)'],
    ['probe://', 'it names no group'],
    ['probe://:5001', 'it names no group'],
    ['10.0.0.1@', 'it names no group'],
    ['probe:239.1.1.1:5001', 'write probe:// with both slashes'],
    ['probe:/239.1.1.1:5001', 'write probe:// with both slashes'],
    ['prob://239.1.1.1', 'unknown scheme "prob"; did you mean probe? (probe udp rtp iperf mold mdp xdp srt sap)'],
    ['http://239.1.1.1', 'unknown scheme "http" (probe udp rtp iperf mold mdp xdp srt sap)'],
    [
      '239.001.001.010',
      '239.001.001.010 is written with leading zeros, which some programs read as octal; probably 239.1.1.10',
    ],
    ['probe://0xef010101:5001', '0xef010101 is hexadecimal, which programs read differently; probably 239.1.1.1'],
    ['239.1:5001', '239.1 is an IPv4 address of 2 parts, which programs fill up differently; write all four'],
    ['news.example:5001', '"news.example" is not an address: names are not looked up, write the group in numbers'],
    ['240.0.0.1', '240.0.0.1 is neither a group nor a host'],
    ['239.1.1.1:0', '"0" is not a port: 1..65535'],
    ['239.1.1.1:65536', '"65536" is not a port: 1..65535'],
    ['239.1.1.1:05001', '"05001" is not a port: 1..65535'],
    ['239.1.1.1:', '"" is not a port: 1..65535'],
    ['239.1.1.1:7/port=8', ':7 and /port=8 differ'],
    ['239.1.1.1+0', '+n is the number of consecutive groups, 1..65536; "0" is not'],
    ['239.1.1.1+70000', '+n is the number of consecutive groups, 1..65536; "70000" is not'],
    ['239.1.1.1+', '+n is the number of consecutive groups, 1..65536; "" is not'],
    ['239.1.1.1+2/groups=3', '+2 and /groups=3 differ'],
    ['239.255.255.250+10', '10 groups from 239.255.255.250 on leave the multicast range'],
    ['[ff15::ffff:fff0]+100', '100 groups from ff15::ffff:fff0 on leave the multicast range'],
    ['ff15::1:5001', 'where does ff15::1:5001 end and its port begin? Write the port as /port=n, or [group]:port'],
    ['[239.1.1.1]:5001', 'brackets are for IPv6: write 239.1.1.1 without them'],
    ['[ff15::1:5001', 'the brackets do not match: write [group]:port'],
    ['239.1.1.1%:5', '"%" does not name an interface'],
    ['239.1.1.1%eth0/iface=eth1', '%eth0 and /iface=eth1 differ'],
    ['239.1.1.1+2%eth0', '+n is the number of consecutive groups, 1..65536; "2%eth0" is not'],
    ['239.2.2.2@239.1.1.1', 'the source 239.2.2.2 is a multicast group: write source@group'],
    ['2001:db8::1@239.1.1.1', 'the source 2001:db8::1 and the group 239.1.1.1 are of different IP versions'],
    ['10.0.0.1,10.0.0.1@232.1.1.1', 'the source 10.0.0.1 is given twice'],
    ['10.0.0.1,@232.1.1.1', 'it names no source'],
    ['10.0.01@232.1.1.1', '10.0.01 is an IPv4 address of 3 parts, which programs fill up differently; write all four'],
    ['239.1.1.1/tll=4', 'unknown parameter "tll"; did you mean /ttl?'],
    ['239.1.1.1/localaddr=10.0.0.1', 'unknown parameter "localaddr"; here it is /iface='],
    ['udp://239.1.1.1?pkt_size=1316&ttl=4', 'unknown parameter "pkt_size"; here it is /size='],
    ['239.1.1.1/ready_file=x', 'unknown parameter "ready_file"; did you mean /ready-file or /key-file?'],
    ['239.1.1.1/ttl=4/ttl=5', 'the parameter ttl is given twice'],
    ['239.1.1.1/live/stream', '"/live/stream" is not /name=value'],
    ['239.1.1.1:5001/ttl', '/ttl has no value (cut by the shell?): write /ttl=value'],
    ['239.1.1.1:5001/iface=eth0/ttl', '/ttl has no value (cut by the shell?): write /ttl=value'],
    ['239.1.1.1:5001/iface=', '/iface= has no value (an unset variable, or cut by the shell)'],
    ['239.1.1.1:5001/iface=/ttl=4', '/iface= has no value (an unset variable, or cut by the shell)'],
    ['239.1.1.1/rate=1M&ttl=4', 'parameters are separated by /, all or none of them by & behind a ?: write /ttl='],
    [
      '239.1.1.1?ttl=4&iface=e/dscp=ef',
      'parameters are separated by /, all or none of them by & behind a ?: write /dscp=',
    ],
    [
      '239.1.1.1:5001?rate=1M',
      'a shell may have cut this at an unquoted &: write 239.1.1.1:5001/rate=1M and what followed, /name=value each',
    ],
    ['239.1.1.1?', '"" behind ? or & is not name=value (cut by the shell?): write /name=value, without quotes'],
    ['239.1.1.1?ttl=4&', '"" behind ? or & is not name=value (cut by the shell?): write /name=value, without quotes'],
    ['239.1.1.1?ttl', '"ttl" behind ? or & is not name=value (cut by the shell?): write /name=value, without quotes'],
    ['dscp=af41', 'this is a parameter, cut off by a blank or the shell: write it behind the group as /dscp=af41'],
    ['/dscp=af41', 'this is a parameter, cut off by a blank or the shell: write it behind the group as /dscp=af41'],
    ['&dscp=af41', 'this is a parameter, cut off by a blank or the shell: write it behind the group as /dscp=af41'],
    ['239.1.1.1/unicast=maybe', 'unicast: "maybe" is neither yes nor no'],
    ['239.1.1.1\n', 'it holds a control character'],
  ])('%s', (text, message) => {
    expect(refusal(text)).toEqual({ code: 'ERR_ENDPOINT', message });
  });

  it('refuses a single host by a code of its own', () => {
    for (const text of ['10.0.0.1', 'probe://127.0.0.1:5001', '[::1]:5', '10.0.0.1/unicast=no', '0.0.0.0']) {
      expect(refusal(text).code).toBe('ERR_UNICAST');
    }
    expect(refusal('10.0.0.1').message).toBe('10.0.0.1 is a single host, not a multicast group');
  });

  it.each([
    ['224.0.0.5', 'ERR_RESERVED_GROUP'],
    ['[ff02::5]', 'ERR_RESERVED_GROUP'],
    ['224.0.1.1', null],
    ['[ff05::5]', null],
    ['239.1.1.1', null],
  ])('keeps senders out of reserved groups: %s', (text, code) => {
    const endpoint = read(text);
    if (code === null) expect(() => refuseReservedGroup(endpoint)).not.toThrow();
    else expect(() => refuseReservedGroup(endpoint)).toThrow(expect.objectContaining({ code }));
  });
});
