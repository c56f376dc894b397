import { describe, expect, it } from 'vitest';
import { McastError } from '../../src/core/errors.js';
import { liveTransmitUrl } from '../../src/io/srtLiveTransmit.js';
import { checkPassphrase, describeSrt, srtOptions } from '../../src/io/srtOptions.js';
import { isSrtUrl, parseSrtUrl } from '../../src/io/srtUrl.js';

function refusal(text: string): McastError {
  try {
    parseSrtUrl(text);
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    expect((error as McastError).code).toBe('ERR_ENDPOINT');
    expect((error as McastError).message).not.toContain('\n');
    return error as McastError;
  }
  throw new Error(`was read: ${text}`);
}

describe('parseSrtUrl', () => {
  it('gives the defaults of SRT', () => {
    expect(parseSrtUrl('srt://192.0.2.7:9000')).toEqual({
      mode: 'caller',
      host: '192.0.2.7',
      port: 9000,
      localAddress: '',
      localPort: 0,
      latencyMs: 120,
      passphrase: null,
      passphraseFile: null,
      keyOctets: 0,
      streamId: '',
      payloadOctets: 1316,
      dropTooLate: true,
      connectTimeoutMs: 3000,
      peerIdleTimeoutMs: 5000,
    });
  });

  it('reads what programs of SRT write', () => {
    expect(
      parseSrtUrl(
        'srt://ingest.example.net:9000?mode=caller&latency=350&passphrase=0123456789&pbkeylen=32&streamid=#!::r=live/a,m=publish' +
          '&pkt_size=1128&tlpktdrop=0&conntimeo=5000&peeridletimeo=2000&localport=9001',
      ),
    ).toMatchObject({
      mode: 'caller',
      host: 'ingest.example.net',
      latencyMs: 350,
      passphrase: '0123456789',
      keyOctets: 32,
      streamId: '#!::r=live/a,m=publish',
      payloadOctets: 1128,
      dropTooLate: false,
      connectTimeoutMs: 5000,
      peerIdleTimeoutMs: 2000,
      localPort: 9001,
    });
    expect(parseSrtUrl('SRT://h:1/?MODE=server')).toMatchObject({ mode: 'listener', host: 'h' });
  });

  it('reads the syntax of endpoints', () => {
    expect(
      parseSrtUrl(
        'srt://[2001:DB8::1]:9000/mode=caller/latency=1.5s/streamid=live/cam1/passphrase-file=/etc/srt/key/adapter=2001:db8::2',
      ),
    ).toMatchObject({
      host: '2001:db8::1',
      latencyMs: 1500,
      streamId: 'live/cam1',
      passphraseFile: '/etc/srt/key',
      localAddress: '2001:db8::2',
    });
    expect(parseSrtUrl('srt://10.0.0.2@192.0.2.7:9000/')).toMatchObject({
      host: '192.0.2.7',
      localAddress: '10.0.0.2',
    });
    expect(parseSrtUrl('srt://[::2]@[::1]:9000')).toMatchObject({ host: '::1', localAddress: '::2' });
  });

  it('listens where no host is given, or on the address that is', () => {
    expect(parseSrtUrl('srt://:9000')).toMatchObject({ mode: 'listener', host: '' });
    expect(parseSrtUrl('srt://@:9000')).toMatchObject({ mode: 'listener', host: '' });
    expect(parseSrtUrl('srt://127.0.0.1:9000/mode=listener')).toMatchObject({ mode: 'listener', host: '127.0.0.1' });
    expect(parseSrtUrl('srt://:9000?adapter=127.0.0.1')).toMatchObject({
      mode: 'listener',
      host: '127.0.0.1',
      localAddress: '',
    });
    expect(parseSrtUrl('srt://h:9000/mode=rendezvous')).toMatchObject({ mode: 'rendezvous' });
  });

  it('takes a bare number for ms behind a ?, and for nothing elsewhere', () => {
    expect(parseSrtUrl('srt://h:1?latency=80').latencyMs).toBe(80);
    expect(parseSrtUrl('srt://h:1?latency=80ms').latencyMs).toBe(80);
    expect(parseSrtUrl('srt://h:1/latency=0').latencyMs).toBe(0);
    expect(parseSrtUrl('srt://h:1/latency=65535ms').latencyMs).toBe(65_535);
    expect(refusal('srt://h:1/latency=80').message).toContain('latency=80 lacks a unit: write 80ms (or 80s)');
  });

  it.each([
    ['udp://h:1', 'it begins with srt://'],
    ['srt://h', 'SRT has no usual port: write host:port'],
    ['srt://h:', 'SRT has no usual port: write host:port'],
    ['srt://h:0', '"0" is not a port: 1..65535'],
    ['srt://h:65536', '"65536" is not a port: 1..65535'],
    ['srt://::1:9000', 'write IPv6 in brackets, and the port behind them: srt://[2001:db8::1]:9000'],
    ['srt://[127.0.0.1]:9000', 'brackets are for IPv6: write 127.0.0.1 without them'],
    ['srt://[fe80::1%eth0]:9000', 'an IPv6 zone is not read here: use an address that needs none'],
    ['srt://127.0.1:9000', '127.0.1 is an IPv4 address of 3 parts, which programs fill up differently; write all four'],
    ['srt://a_b:9000', '"a_b" is neither a host name nor an address'],
    ['srt://239.1.1.1:9000', '239.1.1.1 is a group: SRT goes from one host to one other'],
    ['srt://h:1/mode=sender', 'mode is caller, listener or rendezvous, not "sender"'],
    ['srt://:1/mode=caller', 'a caller needs the host of its peer'],
    ['srt://:1/mode=rendezvous', 'a rendezvous needs the host of its peer'],
    ['srt://h:1/latency=65536ms', 'latency is 0..65535 whole ms, not 65536ms'],
    ['srt://h:1/latency=1us', 'latency is 0..65535 whole ms, not 1us'],
    [
      'srt://h:1/latency=fast',
      '"fast" is not a time: a number and ns, us, ms, s, m (minutes), h or d; without a unit seconds',
    ],
    ['srt://h:1?pbkeylen=32', 'pbkeylen without a passphrase encrypts nothing: add passphrase-file'],
    ['srt://h:1/pbkeylen=256/passphrase-file=f', 'pbkeylen is 16, 24 or 32 octets, not 256; for AES-256 write 32'],
    ['srt://h:1/pbkeylen=8/passphrase-file=f', 'pbkeylen is 16, 24 or 32 octets, not 8'],
    ['srt://:1/streamid=a', 'streamid is what a caller asks for: a listener has none'],
    [`srt://h:1/streamid=${'ä'.repeat(257)}`, 'streamid has at most 512 octets'],
    ['srt://h:1/size=187', 'size is 188..1456 octets of a message, not 187'],
    ['srt://h:1/size=1457', 'size is 188..1456 octets of a message, not 1457'],
    ['srt://h:1/tlpktdrop=maybe', '"maybe" is neither yes nor no'],
    ['srt://:1/local-port=2', 'a listener uses the port of its endpoint: local-port is for callers'],
    ['srt://h:1/local-port=0', 'local-port=0 is not a port: 1..65535'],
    ['srt://h:1/latency=', 'latency has no value (an unset variable, or cut by the shell)'],
    ['srt://h:1/latency=1s/latency=1s', 'the parameter latency is given twice'],
    [
      'srt://h:1/latncy=1s',
      '"latncy" is no parameter of SRT here; did you mean latency? (mode latency passphrase passphrase-file pbkeylen streamid size tlpktdrop conntimeo peeridletimeo local-port adapter)',
    ],
    ['srt://h:1?mode', '"mode" is not name=value, separated by &'],
    ['srt://h:1/mode', '"/mode" is not /name=value'],
    ['srt://10.0.0.1@h:1/adapter=10.0.0.1', 'the local address is given twice, before the @ and as adapter'],
    ['srt://10.0.0.1@10.0.0.2:1/mode=listener', 'a listener has one address, its own: write it as the host'],
    ['srt://10.0.0.1@[::1]:1', '10.0.0.1 and ::1 are of different IP versions'],
    ['srt://h:1/passphrase-file=f/passphrase=0123456789', 'passphrase and passphrase-file exclude each other'],
  ])('refuses %s', (text, why) => {
    expect(refusal(text).message).toBe(`endpoint "${text}": ${why}`.replace('passphrase=0123456789', 'passphrase=***'));
  });

  it('refuses control characters without repeating them', () => {
    expect(refusal('srt://h:1/passphrase=0123456789\n').message).toBe('srt endpoint: it holds a control character');
  });

  it.each([
    'srt://h:1?passphrase=topsecret',
    'srt://h:1?passphrase=topsecret1&mode=x',
    'srt://h:1?passphrase=topsecret1&topsecret2',
    'srt://h:1?passphrase=topsecret1&topsecret2=3',
    'srt://h:1?passphrase=topsecret1&passphrase=topsecret1',
    'srt://h:1/passphrase=topsecret/topsecret=2',
    'srt://h:1/passphrase=topsecret',
    'srt://h:1/PassPhrase=topsecret',
    'srt://h:1/password=topsecret1',
    'srt://h:1?pass_phrase=topsecret1',
    'srt://h:x?passphrase=topsecret1',
    'srt://user:topsecret@h:9000',
    'srt://user:topsecret@h:9000/mode=x',
    `srt://h:1?passphrase=topsecret${'x'.repeat(80)}`,
  ])('tells no passphrase: %s', (text) => {
    const { message, hint } = refusal(text);
    expect(`${message}${hint}`).not.toContain('topsecret');
  });

  it('shows the path of a passphrase file', () => {
    expect(refusal('srt://h:1/passphrase-file=/etc/key/mode=x').message).toContain('/passphrase-file=/etc/key/mode=x"');
  });

  it('is asked for texts of its scheme', () => {
    expect(isSrtUrl('srt://:1')).toBe(true);
    expect(isSrtUrl('SRT://:1')).toBe(true);
    expect(isSrtUrl('srtp://:1')).toBe(false);
    expect(isSrtUrl('srt:1')).toBe(false);
  });
});

describe('a passphrase', () => {
  it('has 10..79 octets', () => {
    expect(() => checkPassphrase('0123456789')).not.toThrow();
    expect(() => checkPassphrase('x'.repeat(79))).not.toThrow();
    expect(() => checkPassphrase('ä'.repeat(39))).not.toThrow();
    expect(() => checkPassphrase('012345678')).toThrow('an SRT passphrase has 10..79 characters, this one 9');
    expect(() => checkPassphrase('x'.repeat(80))).toThrow('this one 80');
    expect(() => checkPassphrase('ä'.repeat(40))).toThrow('this one 80');
    expect(() => checkPassphrase('0123456789\0')).toThrow(McastError);
  });
});

describe('describeSrt', () => {
  it.each([
    ['srt://h:9000', 'srt://h:9000/mode=caller/latency=120ms'],
    ['srt://:9000?passphrase=0123456789', 'srt://:9000/mode=listener/latency=120ms/passphrase=***'],
    ['srt://[::1]:9000/passphrase-file=/k', 'srt://[::1]:9000/mode=caller/latency=120ms/passphrase-file=/k'],
    ['srt://[::2]@[::1]:9000', 'srt://[::2]@[::1]:9000/mode=caller/latency=120ms'],
    [
      'srt://10.0.0.1@h:9000?latency=2000&pbkeylen=16&passphrase=0123456789&streamid=a/b&size=188&tlpktdrop=no&conntimeo=1000&peeridletimeo=1500&local-port=7',
      'srt://10.0.0.1@h:9000/mode=caller/latency=2s/local-port=7/passphrase=***/pbkeylen=16/streamid=a/b/size=188/tlpktdrop=no/conntimeo=1s/peeridletimeo=1500ms',
    ],
  ])('%s', (text, described) => {
    expect(describeSrt(parseSrtUrl(text))).toBe(described);
  });

  it('reads back, but for the passphrase', () => {
    const options = parseSrtUrl(
      'srt://10.0.0.1@h:9000/latency=2s/passphrase-file=/k/streamid=a/b/size=188/tlpktdrop=no',
    );
    expect(parseSrtUrl(describeSrt(options))).toEqual(options);
  });
});

describe('liveTransmitUrl', () => {
  it('has all, in the words of srt-live-transmit', () => {
    expect(
      liveTransmitUrl(
        parseSrtUrl(
          'srt://10.0.0.1@10.0.0.2:9000?passphrase=0123456789&pbkeylen=24&streamid=a&local-port=7&tlpktdrop=no',
        ),
      ),
    ).toBe(
      'srt://10.0.0.2:9000?mode=caller&latency=120&passphrase=0123456789&pbkeylen=24&streamid=a&adapter=10.0.0.1&port=7&tlpktdrop=no&conntimeo=3000&peeridletimeo=5000&payloadsize=1316',
    );
    expect(liveTransmitUrl(srtOptions({ host: '', port: 1, payloadOctets: 1400 }))).toBe(
      'srt://:1?mode=listener&latency=120&tlpktdrop=yes&conntimeo=3000&peeridletimeo=5000&payloadsize=1316',
    );
  });

  it.each(['a&b', 'a%41', 'a#b'])('refuses what would be read as something else: %s', (streamId) => {
    expect(() => liveTransmitUrl(srtOptions({ host: 'h', port: 1, streamId }))).toThrow('takes no &, % or #');
  });

  it('refuses a passphrase out of a file: everybody sees a command line', () => {
    const options = srtOptions({ host: 'h', port: 1, passphrase: '0123456789', passphraseFile: '/k' });
    expect(() => liveTransmitUrl(options)).toThrow('would show the passphrase in the list of processes');
  });
});
