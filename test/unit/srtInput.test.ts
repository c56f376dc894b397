import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { ByteRing } from '../../src/core/byteRing.js';
import { McastError } from '../../src/core/errors.js';
import type { OpenSrt, SrtCounters, SrtEvent, SrtOpening } from '../../src/io/srt.js';
import type { SendPlan } from '../../src/profile/plan.js';
import { openMediaInputs } from '../../src/runtime/mediaInputs.js';
import { ffmpegSrt, openSrtInput, tellerOf, whyNoSrt } from '../../src/runtime/srtInput.js';

const SECRET = 'very secret words';
const URL_TEXT = `srt://127.0.0.1:9000/latency=300ms/passphrase=${SECRET}`;
const NAME = 'srt://127.0.0.1:9000/mode=caller/latency=300ms/passphrase=***';

const COUNTERS = vi.hoisted(() => ({ state: 'ended', rttMs: 1.5, latencyMs: null }) as SrtCounters);

/** The link that the last test opened, instead of the library's. */
const fake = vi.hoisted(() => ({
  opening: null as SrtOpening | null,
  ring: null as SharedArrayBuffer | null,
  end: () => {},
  fail: (_error: Error) => {},
  missing: null as Error | null,
}));

vi.mock(import('../../src/io/srt.js'), async (original) => ({
  ...(await original()),
  srtImplementation: () => {
    if (fake.missing !== null) throw fake.missing;
    return 'libsrt' as const;
  },
  openSrt: async (_options: unknown, opening: SrtOpening): Promise<OpenSrt> => {
    fake.opening = opening;
    fake.ring = ByteRing.allocate(1 << 20, 65_536);
    const ended = new Promise<SrtCounters>((resolve, reject) => {
      fake.end = () => resolve(COUNTERS);
      fake.fail = reject;
    });
    const stop = async (): Promise<SrtCounters> => {
      fake.end();
      return await ended;
    };
    return { implementation: 'libsrt', description: '', ring: fake.ring, counters: () => COUNTERS, ended, stop };
  },
}));

function put(text: string): void {
  const ring = new ByteRing(fake.ring!);
  const octets = new TextEncoder().encode(text);
  ring.bytes.set(octets, ring.claim(octets.length));
  ring.publish(octets.length);
}

async function all(octets: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const piece of octets) text += new TextDecoder().decode(piece);
  return text;
}

describe('an SRT input', () => {
  it('gives what comes, to the end, and says what the link did', async () => {
    const input = await openSrtInput(URL_TEXT, () => {});
    expect(fake.opening).toMatchObject({ direction: 'receive' });
    const read = all(input.octets);
    put('one ');
    await Promise.resolve();
    put('two');
    new ByteRing(fake.ring!).close();
    expect(await read).toBe('one two');
    await input.stop();
    await input.ended;
    expect(input.name).toBe(NAME);
    expect(input.link()).toMatchObject({ name: NAME, direction: 'receive', implementation: 'libsrt', rtt_ns: 1.5e6 });
    expect(input.link().latency_ns).toBeNull();
  });

  it('ends with a link that failed, even one that left its ring open', async () => {
    const input = await openSrtInput(URL_TEXT, () => {});
    put('early');
    fake.fail(new McastError('ERR_SOCKET', 'wrong passphrase'));
    expect(await all(input.octets)).toBe('early');
    await expect(input.ended).rejects.toThrow('wrong passphrase');
    await input.stop();
  });

  it('tells of its peer, the same thing once', () => {
    const told: string[] = [];
    const onEvent = tellerOf('a', (line) => told.push(line));
    const refused: SrtEvent = { type: 'refused', why: 'no answer' };
    const events: SrtEvent[] = [{ type: 'listening' }, refused, refused, { type: 'connected', peer: 'b' }, refused];
    for (const event of events) onEvent(event);
    expect(told).toEqual(['a: waiting for a peer', 'a: no answer', 'a: connected to b', 'a: no answer']);
  });

  it('is impossible only where there is no implementation; a wrong text is that first', () => {
    expect(whyNoSrt(URL_TEXT)).toBeNull();
    fake.missing = new McastError('ERR_UNSUPPORTED', 'not built');
    expect(whyNoSrt(URL_TEXT)).toBe(fake.missing);
    expect(() => whyNoSrt('srt://127.0.0.1/passphrase=very-secret-words')).toThrow(
      expect.objectContaining({ code: 'ERR_ENDPOINT' }) as Error,
    );
    fake.missing = new Error('a bug');
    expect(() => whyNoSrt(URL_TEXT)).toThrow('a bug');
    fake.missing = null;
  });
});

function plan(name: string, program: string | null = null): SendPlan {
  const transcode = { videoCodec: 'auto', audioCodec: 'auto', videoBitPerSecond: null, resolution: null, fps: null };
  const media = {
    input: { kind: 'named', name },
    transcode: { ...transcode, program, inputOptions: [], outputOptions: [] },
    loop: false,
    muxRateBitPerSecond: null,
    pcrPid: null,
    tsPerDatagram: 7,
  };
  return { streams: [{ media, legB: null, packetsPerSecond: 0 }] } as unknown as SendPlan;
}

describe('a sender with an SRT input', () => {
  const NO_FFMPEG = '/nonexistent/ffmpeg';

  it('follows what the link brings, and tells of it', async () => {
    const told: string[] = [];
    fake.opening = null;
    const opening = openMediaInputs(plan(URL_TEXT), (line) => told.push(line));
    await vi.waitUntil(() => fake.opening !== null);
    fake.opening!.onEvent!({ type: 'listening' });
    const card = readFileSync(new URL('../../assets/testcard.mpegts', import.meta.url)).subarray(0, 188 * 1000);
    const ring = new ByteRing(fake.ring!);
    for (let at = 0; at < card.length; at += 18_800) {
      ring.bytes.set(card.subarray(at, at + 18_800), ring.claim(18_800));
      ring.publish(18_800);
    }
    const inputs = await opening;
    expect(told).toEqual([`${NAME}: waiting for a peer`]);
    expect(inputs.shared).toMatchObject([{ kind: 'ring', live: true, passOctets: null }]);
    expect(inputs.plan.streams[0]!.packetsPerSecond).toBeGreaterThan(100);
    expect(inputs.lines[0]).toContain(`${NAME}: 1.50`);
    expect(inputs.links()).toMatchObject([{ name: NAME }]);
    const { shared } = inputs;
    expect(shared[0]?.kind === 'ring' && new ByteRing(shared[0].ring).readable()).toBeGreaterThan(0);
    const stopped = inputs.stop();
    ring.close();
    await stopped;
    await inputs.finished;
  });

  it('ends with what ended the link', async () => {
    fake.opening = null;
    const opening = openMediaInputs(plan(URL_TEXT));
    await vi.waitUntil(() => fake.opening !== null);
    fake.fail(new McastError('ERR_SOCKET', 'wrong passphrase'));
    await expect(opening).rejects.toThrow('wrong passphrase');
  });

  it('says how to get SRT where ffmpeg is missing too, and asks ffmpeg for what only that does', async () => {
    fake.missing = new McastError('ERR_UNSUPPORTED', 'not built');
    await expect(openMediaInputs(plan(URL_TEXT, NO_FFMPEG))).rejects.toBe(fake.missing);
    fake.missing = null;
    await expect(openMediaInputs(plan(URL_TEXT, NO_FFMPEG))).rejects.toMatchObject({ code: 'ERR_FFMPEG_MISSING' });
  });
});

describe('an SRT address for ffmpeg', () => {
  it('has its units and its names', () => {
    expect(ffmpegSrt(`srt://:9000/mode=listener/latency=300ms/passphrase=${SECRET}/pbkeylen=32`).source).toBe(
      `srt://:9000?mode=listener&latency=300000&passphrase=${SECRET}&pbkeylen=32&tlpktdrop=1&connect_timeout=3000`,
    );
    expect(ffmpegSrt('srt://[2001:db8::1]:9000?streamid=a&tlpktdrop=no').source).toBe(
      'srt://[2001:db8::1]:9000?mode=caller&latency=120000&streamid=a&tlpktdrop=0&connect_timeout=3000',
    );
  });

  it('hides the passphrase in what ffmpeg says of it', () => {
    const { name, hide, source } = ffmpegSrt(URL_TEXT);
    expect(name).toBe(NAME);
    const hidden = hide(new McastError('ERR_FFMPEG_FAILED', `${source}: no`, { hint: SECRET }));
    expect(hidden).toMatchObject({ code: 'ERR_FFMPEG_FAILED', hint: '***' });
    expect(String(hidden)).not.toContain(SECRET);
    const bug = new Error(SECRET);
    expect(hide(bug)).toBe(bug);
  });

  it.each([
    ['srt://h:9000/passphrase-file=secret', 'list of processes'],
    ['srt://127.0.0.1@10.0.0.1:9000', 'an address and a port of its own choice'],
    ['srt://h:9000/local-port=7', 'an address and a port of its own choice'],
    ['srt://h:9000/passphrase=very+secret', 'takes no &, %, # or +'],
  ])('%s cannot be handed over', (text, why) => {
    expect(() => ffmpegSrt(text)).toThrow(expect.objectContaining({ code: 'ERR_UNSUPPORTED' }) as Error);
    expect(() => ffmpegSrt(text)).toThrow(why);
  });
});
