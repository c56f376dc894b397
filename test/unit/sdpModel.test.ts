import { expect, it } from 'vitest';
import { isRtpProtocol, isUdpProtocol, sdpSessionKey } from '../../src/wire/sdp.js';
import { parseSdp } from '../../src/wire/sdpRead.js';

const key = (o: string): string => sdpSessionKey(parseSdp(`v=0\n${o}`, 'x').origin!);

it('a session is known by its origin without the version', () => {
  expect(key('o=a 1 1 IN IP4 h')).toBe(key('o=a 1 2 IN IP4 h'));
  for (const other of ['o=b 1 1 IN IP4 h', 'o=a 2 1 IN IP4 h', 'o=a 1 1 IN IP6 h', 'o=a 1 1 IN IP4 i']) {
    expect(key(other)).not.toBe(key('o=a 1 1 IN IP4 h'));
  }
});

it.each([
  ['RTP/AVP', true, false],
  ['RTP/AVPF', true, false],
  ['RTP/SAVPF', true, false],
  ['UDP/TLS/RTP/SAVPF', true, false],
  ['TCP/RTP/AVP', false, false],
  ['udp', false, true],
  ['UDP', false, true],
  ['udptl', false, false],
])('the protocol %s', (protocol, isRtp, isUdp) => {
  expect([isRtpProtocol(protocol), isUdpProtocol(protocol)]).toEqual([isRtp, isUdp]);
});
