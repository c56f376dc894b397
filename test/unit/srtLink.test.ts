import { describe, expect, it } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import { McastError } from '../../src/core/errors.js';
import { SRT_STATS, SrtStat, type SrtAddon } from '../../src/io/srtAddon.js';
import { SRT_NUMBERS, SrtCount, SrtShared, srtCounters } from '../../src/io/srtCounters.js';
import { SrtLink } from '../../src/io/srtLink.js';
import { fillWithNullPackets } from '../../src/io/srtLiveTransmit.js';
import { srtOptions, type SrtOptions } from '../../src/io/srtOptions.js';
import { backOffMs, SRT_LARGEST_CLAIM, wholePackets, type SrtDirection, type SrtEvent } from '../../src/io/srtTask.js';

/** One connection of the scripted library: what comes, and what its counts are then. */
interface Script {
  /** A refusal instead of a connection. */
  readonly rejected?: number;
  /** Octets of messages to be received; then the connection is lost. */
  readonly messages?: readonly number[];
  /** Messages that are taken; 0: a time-out; then the connection is lost. Without it all are. */
  readonly takes?: readonly (0 | 1)[];
  readonly packets?: number;
}

/** A library that plays scripts one after the other, then tells the link to stop. */
class ScriptedLibrary {
  readonly options = new Map<number, number | string>();
  readonly sent: Uint8Array[] = [];
  readonly closed: number[] = [];
  open = 0;
  #current = -1;
  #step = 0;
  readonly #scripts: readonly Script[];
  readonly #shared: SrtShared;
  readonly #failing: string;

  constructor(scripts: readonly Script[], shared: SrtShared, failing = '') {
    this.#scripts = scripts;
    this.#shared = shared;
    this.#failing = failing;
  }

  get script(): Script {
    return this.#scripts[this.#current]!;
  }

  addon(): SrtAddon {
    const result = (name: string): number => (this.#failing === name ? -1003 : 0);
    const set = (name: string) => (_: number, option: number, value: number | string) => {
      this.options.set(option, value);
      return result(name);
    };
    const begin = (): number => {
      this.#step = 0;
      if (++this.#current < this.#scripts.length) return 1;
      this.#shared.stop();
      return 0;
    };
    return {
      startup: () => 0,
      cleanup: () => 0,
      version: () => 0x010501,
      create: () => (this.#failing === 'create' ? -1003 : 100 + ++this.open),
      setNumber: set('setNumber'),
      setSwitch: set('setSwitch'),
      setText: set('setText'),
      bind: () => result('bind'),
      connect: () => result('connect'),
      connected: () => (begin() === 0 ? 0 : this.script.rejected === undefined ? 1 : -1),
      listen: () => result('listen'),
      admit: () => 0,
      asked: () => this.#current + 1,
      turnedAway: () => 3,
      accept: () => (begin() === 0 ? 0 : 100 + ++this.open),
      peer: () => '',
      recv: (_socket, into, at, most) => {
        const octets = this.script.messages?.[this.#step++];
        if (octets === undefined) return -1;
        expect(most).toBeGreaterThanOrEqual(octets);
        into.fill(this.#step, at, at + octets);
        return octets;
      },
      send: (_socket, octets, at, length) => {
        const takes = this.script.takes?.[this.#step++] ?? (this.script.takes === undefined ? 1 : -1);
        if (takes === 1) this.sent.push(octets.slice(at, at + length));
        return takes === 1 ? length : takes;
      },
      unacknowledged: () => 0,
      alive: () => 1,
      stats: (_socket, out) => {
        // The library refuses as soon as the connection is gone.
        if (this.#step > 1) return -2001;
        out.fill(0);
        out[SrtStat.PacketsReceived] = this.script.packets ?? 0;
        out[SrtStat.RttMs] = 7;
        out[SrtStat.ReceiveBufferMs] = 9;
        return 0;
      },
      rejectReason: () => this.script.rejected!,
      rejectText: (reason) => `reason ${reason}`,
      lastError: () => 'what the library says',
      lastErrno: () => (this.#failing === 'bind' ? 98 : 0),
      close: (socket) => {
        this.closed.push(socket);
        return 0;
      },
    };
  }
}

interface Ran {
  readonly library: ScriptedLibrary;
  readonly events: readonly SrtEvent[];
  readonly shared: SrtShared;
  readonly ring: ByteRing;
}

interface Setting {
  readonly direction?: SrtDirection;
  readonly options?: Partial<SrtOptions>;
  readonly failing?: string;
  readonly input?: Uint8Array;
}

function run(scripts: readonly Script[], setting: Setting = {}): Ran {
  const { direction = 'receive', options = {}, failing, input } = setting;
  const shared = new SrtShared(SrtShared.allocate());
  const ring = new ByteRing(ByteRing.allocate(2 ** 17, SRT_LARGEST_CLAIM));
  if (input !== undefined) {
    ring.bytes.set(input, ring.claim(input.length));
    ring.publish(input.length);
    ring.close();
  }
  const library = new ScriptedLibrary(scripts, shared, failing);
  const events: SrtEvent[] = [];
  const task = {
    direction,
    options: srtOptions({ host: '127.0.0.1', port: 9000, ...options }),
    ring: ring.shared,
    shared: shared.shared,
  };
  new SrtLink(library.addon(), task, (event) => events.push(event)).run();
  return { library, events, shared, ring };
}

describe('SrtLink', () => {
  it('adds up what the library counts of each connection, and keeps what it knew last', () => {
    const { shared, events, library } = run([
      { messages: [1316, 188], packets: 5 },
      { messages: [1316], packets: 3 },
    ]);
    expect(shared.read()).toMatchObject({
      state: 'ended',
      connections: 2,
      lostConnections: 2,
      messagesReceived: 3,
      octetsReceived: 2820,
      packetsReceived: 8,
      rttMs: 7,
      // Nothing waits in a connection that is gone.
      receiveBufferMs: 0,
    });
    expect(events.map(({ type }) => type)).toEqual(['connected', 'lost', 'connected', 'lost']);
    expect(events[0]).toEqual({ type: 'connected', peer: '127.0.0.1:9000' });
    expect(library.closed.length).toBe(library.open);
  });

  it('writes what it receives into the ring, and closes that', () => {
    const { ring } = run([{ messages: [3, 2] }]);
    const into = new Uint8Array(9);
    expect(ring.read(into)).toBe(5);
    expect([...into.subarray(0, 5)]).toEqual([1, 1, 1, 2, 2]);
    expect(ring.read(into)).toBe(-1);
  });

  it('sends full messages, again what was not taken, and what is left at the end', () => {
    const input = Uint8Array.from({ length: 3 * 1316 + 100 }, (_, i) => i % 251);
    const { library, shared } = run([{ takes: [1, 0, 1, 0, 0, 1, 1] }], { direction: 'send', input });
    expect(library.sent.map(({ length }) => length)).toEqual([1316, 1316, 1316, 100]);
    expect(Buffer.concat(library.sent).equals(input)).toBe(true);
    expect(shared.read()).toMatchObject({
      state: 'ended',
      messagesSent: 4,
      octetsSent: input.length,
      lostConnections: 0,
    });
  });

  it('uses the whole packets of a message only', () => {
    const input = new Uint8Array(2 * 1128);
    const { library } = run([{}], { direction: 'send', input, options: { payloadOctets: 1300 } });
    expect(library.sent.map(({ length }) => length)).toEqual([1128, 1128]);
  });

  it('discards what nobody hears once a peer was there, and ends with its input', () => {
    const input = new Uint8Array(10 * 1316);
    const { library, shared } = run([{ takes: [1, 1] }, { rejected: 16 }], { direction: 'send', input });
    expect(library.sent).toHaveLength(2);
    expect(shared.read()).toMatchObject({
      state: 'ended',
      octetsSent: 2632,
      octetsDiscarded: 8 * 1316,
      lostConnections: 1,
    });
  });

  it('calls again after a refusal that may pass, and not after another', () => {
    const { events, shared } = run([{ rejected: 16 }, { rejected: 1409 }, { messages: [] }]);
    expect(events.slice(0, 2)).toEqual([
      { type: 'refused', why: '127.0.0.1:9000: reason 16' },
      { type: 'refused', why: '127.0.0.1:9000: reason 1409' },
    ]);
    expect(shared.read()).toMatchObject({ failedAttempts: 2, connections: 1 });
    expect(() => run([{ rejected: 10 }])).toThrow('SRT: 127.0.0.1:9000 refused the connection: wrong passphrase');
    expect(() => run([{ rejected: 11 }])).toThrow('the peer wants a passphrase, none is given here');
    expect(() => run([{ rejected: 11 }], { options: { passphrase: '0123456789' } })).toThrow(
      'a passphrase is given here, the peer has none',
    );
    for (const reason of [8, 12, 13, 14, 15]) {
      expect(() => run([{ rejected: reason }])).toThrow(`refused the connection: reason ${reason}`);
    }
  });

  it('as listener tells of peers that asked and did not get in, once they cannot get in any more', () => {
    const { shared, events } = run([{ messages: [188] }], { options: { host: '', mode: 'listener' } });
    expect(events.map(({ type }) => type)).toEqual(['listening', 'connected', 'lost']);
    expect(shared.read()).toMatchObject({ connections: 1, refusedPeers: 0, turnedAwayPeers: 3 });
  });

  it('sets what was asked for', () => {
    const options: Partial<SrtOptions> = {
      latencyMs: 300,
      passphrase: '0123456789',
      keyOctets: 24,
      streamId: 'live',
      payloadOctets: 1128,
      dropTooLate: false,
      connectTimeoutMs: 1000,
      peerIdleTimeoutMs: 2000,
      mode: 'rendezvous',
    };
    const set = run([{}], { options }).library.options;
    // Numbers of srt.h.
    expect([...set].toSorted((a, b) => a[0] - b[0])).toEqual([
      [12, 1],
      [13, 100],
      [14, 100],
      [23, 300],
      [26, '0123456789'],
      [27, 24],
      [31, 0],
      [36, 1000],
      [46, 'live'],
      [49, 1128],
      [55, 2000],
    ]);
    const usual = run([{}]).library.options;
    expect(usual.get(31)).toBe(1);
    for (const unset of [12, 26, 27, 46]) expect(usual.has(unset)).toBe(false);
    const any = run([{}], { options: { host: '::', mode: 'listener' } }).library.options;
    expect(any.get(54)).toBe(0);
  });

  it.each([
    ['create', 'ERR_SOCKET', 'SRT could not create a socket: what the library says'],
    ['setNumber', 'ERR_SOCKET', 'SRT could not set the receive time-out: what the library says'],
    ['setSwitch', 'ERR_SOCKET', 'SRT could not set tlpktdrop: what the library says'],
    ['bind', 'ERR_PORT_IN_USE', 'SRT: 127.0.0.1:9000 is in use by another program'],
    ['listen', 'ERR_SOCKET', 'SRT could not listen: what the library says'],
  ])('says that it could not %s', (failing, code, message) => {
    const attempt = (): Ran => run([{}], { failing, options: { mode: 'listener' } });
    expect(attempt).toThrow(McastError);
    expect(attempt).toThrow(expect.objectContaining({ code, message }) as Error);
  });
});

describe('SrtShared', () => {
  it('hands over all counts, unknown ones as null', () => {
    const shared = new SrtShared(SrtShared.allocate());
    expect(shared.read()).toMatchObject({ state: 'waiting', connections: 0, packetsSent: 0 });
    const numbers = Float64Array.from({ length: SRT_NUMBERS }, (_, i) => 2 ** 40 + i);
    shared.publish('connected', numbers);
    const read = shared.read();
    expect(read.state).toBe('connected');
    const values = Object.values(read).slice(1);
    expect(values).toEqual([...numbers]);
    numbers.fill(Number.NaN, SrtCount.Library);
    shared.publish('ended', numbers);
    expect(Object.values(shared.read()).filter((value) => value === null)).toHaveLength(SRT_STATS);
    expect(srtCounters(2, numbers)).toEqual(shared.read());
  });

  it('is stopped once and for all', () => {
    const shared = new SrtShared(SrtShared.allocate());
    expect(shared.stopped).toBe(false);
    new SrtShared(shared.shared).stop();
    expect(shared.stopped).toBe(true);
    // Does not sleep any more.
    shared.sleep(60_000);
  });
});

describe('parts', () => {
  it('whole packets', () => {
    expect([0, 187, 188, 1316, 1456].map(wholePackets)).toEqual([0, 0, 188, 1316, 1316]);
  });

  it('the waits between attempts grow to 2 s', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 2000].map(backOffMs)).toEqual([100, 200, 400, 800, 1600, 2000, 2000, 2000]);
  });

  it('null packets, whole ones only', () => {
    const octets = new Uint8Array(3 * 188 + 5).fill(0xa5);
    fillWithNullPackets(octets, 188);
    // Sync byte; PID 0x1fff; payload only, continuity counter 0.
    for (const at of [188, 376]) expect([...octets.subarray(at, at + 4)]).toEqual([0x47, 0x1f, 0xff, 0x10]);
    expect(octets.subarray(192, 376).every((octet) => octet === 0xff)).toBe(true);
    expect([octets[187], octets[564], octets[568]]).toEqual([0xa5, 0xa5, 0xa5]);
  });
});
