import { afterEach, describe, expect, test } from 'vitest';
import { parseAddress } from '../../src/core/address.js';
import { SendBatch } from '../../src/core/batch.js';
import { McastError } from '../../src/core/errors.js';
import type { ReceiveSocketSpec } from '../../src/io/datagram.js';
import { listInterfaces } from '../../src/io/interfaces.js';
import { MemoryIo } from '../../src/io/memory.js';
import { listedSession } from '../../src/runtime/listedSession.js';
import { SapListener, sessionNamed, sessionsNamed, type SapNews } from '../../src/runtime/sapListener.js';
import { sapCodec, sapPacket } from '../../src/wire/sap.js';
import { SAP_GLOBAL_GROUP, SAP_LOCAL_GROUP, SAP_PORT } from '../../src/wire/sapGroups.js';
import { needs } from '../require.js';

const PRESENT = needs('linux');
const LO = { name: 'lo', index: listInterfaces().find(({ name }) => name === 'lo')?.index ?? 1 };
const S = 1e9;
const OPTIONS = { interfaces: ['lo'], families: [4] as const };

/** A packet that arrives so long after it was put on the link. */
interface Arrival {
  readonly atNs: number;
  readonly packet: Uint8Array;
  readonly group?: string;
}

function session(id: number, name: string, port = 5004): string {
  return `v=0\r\no=- ${id} 1 IN IP4 10.0.0.1\r\ns=${name}\r\ni=about ${name}\r\nt=0 0\r\nm=video ${port} RTP/AVP 33\r\nc=IN IP4 239.1.1.${id}/16\r\n`;
}

function packet(text: string, hash: number, isDeletion = false): Uint8Array {
  const header = {
    ...sapCodec.create(),
    originatingSource: parseAddress('10.0.0.1')!,
    messageIdHash: hash,
    isDeletion,
  };
  return sapPacket(header, new TextEncoder().encode(text));
}

const open: SapListener[] = [];
afterEach(() => {
  for (const listener of open.splice(0)) listener[Symbol.dispose]();
});

/** A listener on a link over which these packets come. */
async function listening(arrivals: readonly Arrival[]): Promise<{ io: MemoryIo; listener: SapListener }> {
  const delays = arrivals.map(({ atNs }) => atNs);
  const io = new MemoryIo({ network: (transit, ordinal) => void (transit.delayNs = delays[ordinal]!) });
  const listener = await SapListener.open(io, OPTIONS);
  open.push(listener);
  const groups = [SAP_LOCAL_GROUP, SAP_GLOBAL_GROUP];
  const sink = io.openSink({
    family: 4,
    destinations: groups.map((address) => ({
      address,
      port: SAP_PORT,
      interfaceIndex: LO.index,
      source: null,
      ttl: 255,
      tos: 0,
    })),
    interfaceName: LO.name,
    source: null,
    sourcePort: 0,
    loopback: true,
    sendBufferOctets: 0,
    stampFormat: 'unix-ns',
    transmitTimestamps: false,
    dontFragment: false,
  });
  for (const { packet: octets, group = SAP_LOCAL_GROUP } of arrivals) {
    const batch = new SendBatch(1, octets.length);
    batch.bytes.set(octets);
    batch.length[0] = octets.length;
    batch.destination[0] = groups.indexOf(group);
    batch.count = 1;
    sink.send(batch, 0, 1, 1);
  }
  return { io, listener };
}

/** An Io that cannot open these sockets. */
function refuses(wanted: (spec: ReceiveSocketSpec) => boolean): MemoryIo {
  const io = new MemoryIo();
  const openSource = io.openSource.bind(io);
  io.openSource = (spec) => {
    if (wanted(spec)) throw new McastError('ERR_SOCKET', `no family ${spec.family}`);
    return openSource(spec);
  };
  return io;
}

async function heard(listener: SapListener, durationNs: number): Promise<string[]> {
  const told: string[] = [];
  await listener.listen(durationNs, ({ state, session: { entry } }: SapNews) => told.push(`${state} ${entry.name}`));
  return told;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof McastError)) throw error;
  return `${error.code} ${error.message}`;
}

const NEWS = packet(session(1, 'News'), 1);
const SPORTS = packet(session(2, 'Sports'), 2);

describe.runIf(PRESENT)('a listener', () => {
  test('joins every SAP group, and says where', async () => {
    const { listener } = await listening([]);
    expect(listener.interfaces).toEqual(['lo']);
    expect(listener.groups).toEqual(['224.2.127.254', '239.255.255.255', '239.195.255.255', '224.0.0.255']);
    expect([listener.loopback, listener.notes]).toEqual([true, []]);
  });

  test('tells each session once, then what becomes of it', async () => {
    const { listener } = await listening([
      { atNs: 1 * S, packet: NEWS },
      { atNs: 2 * S, packet: SPORTS, group: SAP_GLOBAL_GROUP },
      { atNs: 6 * S, packet: NEWS },
      { atNs: 7 * S, packet: packet(session(1, 'News', 6004), 3) },
      { atNs: 8 * S, packet: packet('o=- 2 1 IN IP4 10.0.0.1\r\n', 2, true) },
    ]);
    expect(await heard(listener, 6.5 * S)).toEqual(['heard News', 'heard Sports']);
    expect(listener.sessions.map(({ entry, interfaceName }) => [entry.name, interfaceName, entry.timesHeard])).toEqual([
      ['News', 'lo', 2],
      ['Sports', 'lo', 1],
    ]);
    expect(await heard(listener, 5 * S)).toEqual(['changed News', 'deleted Sports']);
    expect(listener.sessions.map(({ entry }) => entry.endpoints[0])).toEqual(['rtp://239.1.1.1:6004/ttl=16']);
  });

  test('tells of a session that was announced and deleted between two readings', async () => {
    const { listener } = await listening([
      { atNs: 1 * S, packet: NEWS },
      { atNs: 1 * S, packet: packet('o=- 1 1 IN IP4 10.0.0.1\r\n', 1, true) },
    ]);
    expect(await heard(listener, 2 * S)).toEqual(['heard News', 'deleted News']);
  });

  test('ends after its time, or when it is stopped, and what is no announcement tells nothing', async () => {
    const { io, listener } = await listening([
      { atNs: 1 * S, packet: Uint8Array.from([0xa5, 0xa5, 0xa5]) },
      { atNs: 2 * S, packet: NEWS },
    ]);
    expect(await heard(listener, 1.5 * S)).toEqual([]);
    expect(io.clock.monoNs()).toBe(1.5 * S);
    await listener.listen(100 * S, () => listener.stop());
    expect(io.clock.monoNs()).toBe(2 * S);
    expect(await heard(listener, 100 * S)).toEqual([]);
    expect(io.clock.monoNs()).toBe(2 * S);
  });

  test('forgets what is not announced for an hour', async () => {
    const { io, listener } = await listening([{ atNs: 0, packet: NEWS }]);
    expect(await heard(listener, S)).toEqual(['heard News']);
    io.clock.advance(3600 * S);
    expect(await heard(listener, 3 * S)).toEqual(['expired News']);
    expect(listener.sessions).toEqual([]);
  });

  test('goes on without the groups that cannot be joined, and ends where none can', async () => {
    const both = { interfaces: ['lo'], families: [4, 6] as const };
    const listener = await SapListener.open(
      refuses(({ family }) => family === 6),
      both,
    );
    open.push(listener);
    expect([listener.groups.length, listener.notes]).toEqual([4, ['no family 6']]);
    expect(
      await refusal(
        SapListener.open(
          refuses(() => true),
          both,
        ),
      ),
    ).toBe('ERR_SOCKET no family 4');
    const nowhere = { interfaces: ['no-such-interface'], families: [4] as const };
    expect(await refusal(SapListener.open(new MemoryIo(), nowhere))).toMatch(/^ERR_INTERFACE there is no interface/);
  });

  test('describes what it heard, ready to paste', async () => {
    const { io, listener } = await listening([
      { atNs: 1 * S, packet: NEWS },
      { atNs: 6 * S, packet: NEWS },
    ]);
    await heard(listener, 7 * S);
    expect(listedSession(listener.sessions[0]!, io.clock, true)).toEqual({
      name: 'News',
      session: '- 1 IP4 10.0.0.1',
      source: '10.0.0.1',
      interface: 'lo',
      information: 'about News',
      tool: null,
      endpoints: [{ endpoint: 'rtp://239.1.1.1:5004/ttl=16/iface=lo', name: null, encoding: 'MP2T' }],
      message_id_hash: 1,
      times_heard: 2,
      first_heard: '2023-11-14T22:13:21.000000000Z',
      last_heard: '2023-11-14T22:13:26.000000000Z',
      interval_ns: 5 * S,
      sdp: session(1, 'News'),
    });
    const unnamed = listedSession(listener.sessions[0]!, io.clock, false);
    expect(unnamed.endpoints[0]!.endpoint).toBe('rtp://239.1.1.1:5004/ttl=16');
  });
});

describe.runIf(PRESENT)('a session by its name', () => {
  test('is the whole name, else the only one that begins so', async () => {
    const { listener } = await listening([
      { atNs: 0, packet: packet(session(1, 'News 24'), 1) },
      { atNs: 0, packet: packet(session(2, 'News'), 2) },
      { atNs: 0, packet: packet(session(3, 'Sports'), 3) },
    ]);
    await heard(listener, S);
    const { sessions } = listener;
    const named = (name: string): string | undefined => sessionNamed(name, sessions)?.entry.name;
    expect(['News', 'News 2', 'sp', 'SPORTS'].map(named)).toEqual(['News', 'News 24', 'Sports', 'Sports']);
    expect(['news', 'ews', 'Weather'].map(named)).toEqual([undefined, undefined, undefined]);
  });

  test('is waited for as long as needed when it is whole, to the end when it is not', async () => {
    const arrivals = [
      { atNs: 1 * S, packet: NEWS },
      { atNs: 3 * S, packet: SPORTS },
    ];
    const whole = await listening(arrivals);
    const found = await sessionsNamed(whole.listener, ['Sports', 'News'], 12 * S);
    expect(found.map(({ entry }) => entry.name)).toEqual(['Sports', 'News']);
    expect(whole.io.clock.monoNs()).toBe(3 * S);
    const begun = await listening(arrivals);
    expect((await sessionsNamed(begun.listener, ['new'], 12 * S))[0]!.entry.name).toBe('News');
    expect(begun.io.clock.monoNs()).toBe(12 * S);
  });

  test('that is missing is answered with those that were heard', async () => {
    const none = await listening([]);
    expect(await refusal(sessionsNamed(none.listener, ['News'], S))).toBe(
      'ERR_ENDPOINT no session "News" was announced on lo, nor any other',
    );
    const other = await listening([
      { atNs: 0, packet: SPORTS },
      { atNs: 0, packet: NEWS },
    ]);
    expect(await refusal(sessionsNamed(other.listener, ['Weather'], S))).toBe(
      'ERR_ENDPOINT "Weather" was not announced on lo; heard: "News", "Sports"',
    );
    const two = await listening([
      { atNs: 0, packet: packet(session(1, 'News 1'), 1) },
      { atNs: 0, packet: packet(session(2, 'news 2'), 2) },
      { atNs: 0, packet: packet(session(3, 'Sports'), 3) },
    ]);
    expect(await refusal(sessionsNamed(two.listener, ['News'], S))).toBe(
      'ERR_ENDPOINT "News" begins several names; heard: "News 1", "news 2"',
    );
    const many = Array.from({ length: 15 }, (_, i) => ({
      atNs: 0,
      packet: packet(session(i + 1, `C${i + 10}`), i + 1),
    }));
    expect(await refusal(sessionsNamed((await listening(many)).listener, ['x'], S))).toMatch(/"C21", 3 more$/);
  });
});
