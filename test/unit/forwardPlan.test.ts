import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';
import { planReceive } from '../../src/profile/makePlan.js';
import type { ReceivePlan } from '../../src/profile/plan.js';

const CONTEXT = {
  argv: ['mcast'],
  nowUnixNs: 1_772_366_400_000_000_000n,
  random: () => 4_000_000_000,
  files: {
    readWhole: (path: string): Uint8Array => {
      throw new McastError('ERR_FILE', `${path}: no such file`);
    },
    isFile: () => false,
  },
};

async function recv(line: string): Promise<ReceivePlan> {
  const { given, operands } = await readCommandLine(['recv', ...line.split(' ')]);
  return planReceive(operands, given, CONTEXT).plan;
}

async function refusal(line: string): Promise<string> {
  try {
    await recv(line);
  } catch (error) {
    if (error instanceof McastError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

async function interfaceOf(line: string): Promise<string | null | undefined> {
  const [forward] = (await recv(line)).mediaOutputs[0]!.forward;
  return forward?.kind === 'datagrams' ? forward.address.iface : undefined;
}

const G = 'rtp://239.1.1.1:5004';

describe('a feed is not forwarded', () => {
  it.each([
    ['mold://239.1.1.1:1 --forward xdp://239.2.2.2:1', 'to mold:// or udp://, not to xdp://'],
    ['mold://239.1.1.1:1 --forward rtp://239.2.2.2:1', 'to mold:// or udp://, not to rtp://'],
    ['mold://239.1.1.1:1 --forward mold://239.2.2.2+2:1', ': a feed is forwarded to one group'],
    ['mold://239.1.1.1:1 --forward mold://239.1.1.1:1', 'is received and cannot be forwarded to: that is a loop'],
    ['udp://239.1.1.1:1 --forward mold://239.2.2.2:1', 'not to mold://: a feed is, when it is received by mold://'],
    ['udp://239.1.1.1:1 --forward probe://239.2.2.2:1', 'to udp://, rtp:// or srt://, not to probe://'],
  ])('as something else: %s', async (line, what) => {
    expect((await refusal(line)).endsWith(what)).toBe(true);
  });
});

describe('media are forwarded', () => {
  it('to a group or host, with TTL 1 and no marking unless they are said', async () => {
    const plan = await recv(`${G} --forward rtp://239.2.2.2:6000`);
    expect(plan.mediaOutputs[0]).toEqual({
      save: null,
      hls: null,
      play: null,
      forward: [
        {
          kind: 'datagrams',
          scheme: 'rtp',
          address: {
            scheme: 'rtp',
            family: 4,
            group: '239.2.2.2',
            port: 6000,
            sources: [],
            iface: null,
            name: null,
            endpoint: 'rtp://239.2.2.2:6000',
          },
          ttl: 1,
          tos: 0,
        },
      ],
    });
    // What goes with RTP on other ports is not put out.
    expect(plan.mediaOutputs.slice(1)).toEqual([null, null, null]);
    const marked = await recv(`${G} -T 9 --dscp ef --forward 10.0.0.1@239.2.2.2/ttl=4/dscp=af41/iface=eth1`);
    expect(marked.mediaOutputs[0]!.forward[0]).toMatchObject({
      scheme: 'udp',
      address: { scheme: 'udp', port: 1234, sources: ['10.0.0.1'], iface: 'eth1' },
      ttl: 4,
      tos: 34 << 2,
    });
    const host = await recv(`${G} --unicast -I lo --forward udp://127.0.0.1:5`);
    expect(host.mediaOutputs[0]!.forward[0]).toMatchObject({ address: { group: '127.0.0.1', iface: null } });
    expect(host.unicast).toBe(false);
    const own = await recv(`${G} --forward udp://127.0.0.1:5/unicast=yes`);
    expect(own.mediaOutputs[0]!.forward).toHaveLength(1);
  });

  it('by the interface that is received by, unless another is named', async () => {
    expect(await interfaceOf(`${G} -I lo --forward udp://239.2.2.2`)).toBe('lo');
    expect(await interfaceOf(`${G}/iface=eth0 -I lo --forward udp://239.2.2.2`)).toBe('eth0');
    expect(await interfaceOf(`${G} -I lo --forward udp://239.2.2.2%eth1`)).toBe('eth1');
    expect(await interfaceOf(`${G}/forward=udp://239.2.2.2:6000`)).toBeNull();
    expect(await interfaceOf(`${G} -I all --forward udp://239.2.2.2/iface=eth1`)).toBe('eth1');
  });

  it('to an SRT link, whose text is left to whoever opens it', async () => {
    const plan = await recv(`${G} --forward srt://host:9000?passphrase=none&what=ever`);
    expect(plan.mediaOutputs[0]!.forward).toEqual([{ kind: 'srt', text: 'srt://host:9000?passphrase=none&what=ever' }]);
    expect((await recv(`${G} --forward SRT://host:9000`)).mediaOutputs[0]!.forward[0]!.kind).toBe('srt');
  });

  it('of a feed to its own framing, or to the same by udp', async () => {
    const feed = 'xdp://239.1.1.1:11000';
    for (const [to, scheme] of [
      ['xdp://239.2.2.2:6000', 'xdp'],
      ['udp://239.2.2.2:6000', 'udp'],
      ['239.2.2.2:6000', 'udp'],
    ] as const) {
      const plan = await recv(`${feed} --leg-b xdp://239.1.2.1:11000 --forward ${to}`);
      const address = { scheme, endpoint: `${scheme}://239.2.2.2:6000` };
      expect(plan.mediaOutputs.map((outputs) => outputs?.forward)).toMatchObject([[{ scheme, address }], undefined]);
    }
  });

  it('of each endpoint to its own', async () => {
    const plan = await recv(`${G}/forward=udp://239.2.2.2:1/save=a.ts udp://239.1.1.2/save=b.ts udp://239.1.1.3`);
    const ports = plan.mediaOutputs.map((outputs) =>
      outputs?.forward.map((one) => (one.kind === 'srt' ? one.text : one.address.port)),
    );
    expect(ports.slice(0, 3)).toEqual([[1], [], undefined]);
    expect(plan.mediaOutputs.slice(0, 3).map((outputs) => outputs?.save)).toEqual(['a.ts', 'b.ts', undefined]);
  });

  it.each([
    ['udp://10.0.0.1:5', 'ERR_UNICAST endpoint "udp://10.0.0.1:5": 10.0.0.1 is a single host, not a multicast group'],
    [
      'udp://224.0.0.5:5',
      'ERR_RESERVED_GROUP endpoint "udp://224.0.0.5:5": 224.0.0.5 is in 224.0.0.0/24, which routing protocols and hosts use themselves',
    ],
    ['udp://239.2.2.2+2:5', 'ERR_USAGE endpoint "udp://239.2.2.2+2:5": media are forwarded to one group'],
    [
      'probe://239.2.2.2:5',
      'ERR_USAGE endpoint "probe://239.2.2.2:5": media are forwarded to udp://, rtp:// or srt://, not to probe://',
    ],
    [
      '10.0.0.1,10.0.0.2@239.2.2.2:5',
      'ERR_USAGE endpoint "10.0.0.1,10.0.0.2@239.2.2.2:5": a sender has one source; a receiver may name several',
    ],
    ['udp://239.2.2.2:5/rate=8M', 'ERR_ENDPOINT endpoint "udp://239.2.2.2:5/rate=8M": unknown parameter "rate"'],
    ['udp://239.2.2.2:5/ttl=300', 'ERR_USAGE endpoint "udp://239.2.2.2:5/ttl=300": ttl: 300 is out of range: 0..255'],
    [
      'udp://239.2.2.2:5/iface=all',
      'ERR_USAGE endpoint "udp://239.2.2.2:5/iface=all": all interfaces are for receivers: a sender needs one, with /iface=',
    ],
    ['239.1.1.1:5004', 'ERR_USAGE 239.1.1.1 port 5004 is received and cannot be forwarded to: that is a loop'],
    // The column FEC of what is received is joined too.
    ['rtp://239.1.1.1:5006', 'ERR_USAGE 239.1.1.1 port 5006 is received and cannot be forwarded to: that is a loop'],
    ['rtp://239.1.1.1:5007', 'accepted'],
  ])('not to %s', async (endpoint, message) => {
    expect(await refusal(`${G} --forward ${endpoint}`)).toMatch(
      new RegExp(`^${message.replaceAll(/[.+?()[\]]/g, '\\$&')}`),
    );
  });

  it('by no interface of all', async () => {
    expect(await refusal(`${G} -I all --forward udp://239.2.2.2:5`)).toContain('all interfaces are for receivers');
  });
});

describe('outputs of one run', () => {
  it.each([
    [`${G} --save - --json`, 'ERR_USAGE --save and --json cannot both be stdout: give one of them a file'],
    [`${G} --save - --capture -`, 'ERR_USAGE --save and --capture cannot both be stdout: give one of them a file'],
    [`${G} --save - --capture a.pcapng`, 'accepted'],
    [`${G}/save=- udp://239.1.1.2/save=-`, 'ERR_USAGE two streams cannot both go to -: name another for one of them'],
    [`${G}/hls=a udp://239.1.1.2/hls=a`, 'ERR_USAGE two streams cannot both go to a: name another for one of them'],
    [`${G}/play=mpv udp://239.1.1.2/play=mpv`, 'accepted'],
    [
      `${G} udp://239.1.1.2 --save a.ts`,
      'ERR_USAGE save, play, hls and forward are for one stream: of several, say it in the endpoint, as /save=a.ts',
    ],
    [
      'udp://239.1.1.1+2 --save a.ts',
      'ERR_USAGE endpoint "udp://239.1.1.1+2": save, play, hls and forward are for one group: name each by itself',
    ],
  ])('%s', async (line, message) => {
    expect(await refusal(line)).toBe(message);
  });

  it('are the found player when none is named', async () => {
    expect((await recv(`${G} --play`)).mediaOutputs[0]).toEqual({ save: null, hls: null, play: '-', forward: [] });
    expect((await recv(`${G} --play=vlc`)).mediaOutputs[0]!.play).toBe('vlc');
    expect((await recv(G)).mediaOutputs[0]).toBeNull();
  });
});
