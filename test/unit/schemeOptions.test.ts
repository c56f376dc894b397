/** Options that no endpoint of a command can use: refused where somebody wrote them, left alone where a profile has them. */
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';
import { planAnalyze } from '../../src/profile/analyzePlan.js';
import { planPair, planReceive, planSend } from '../../src/profile/makePlan.js';
import { loadProfile } from '../../src/profile/profile.js';
import { readOptionObject } from '../../src/profile/optionObject.js';
import { joinProfile } from '../../src/runtime/joinProfile.js';
import { planContext } from '../../src/runtime/planContext.js';

const base = planContext([]);
const CONTEXT = { ...base, files: { ...base.files, isCapture: (path: string) => path === 'a.pcap' } };

/** `accepted`, or what is wrong; with a profile of this text, if any, behind the command line. */
async function answer(line: string, profile: string | null = null): Promise<string> {
  const { given, operands } = await readCommandLine(line.split(' '));
  try {
    const asked =
      profile === null
        ? { operands, given, context: CONTEXT }
        : joinProfile(
            await loadProfile('a', () => ({ text: profile, source: 'a', id: 'a' })),
            operands,
            given,
            CONTEXT,
          );
    if (given.command === 'send') planSend(asked.operands, asked.given, asked.context);
    else if (given.command === 'recv') planReceive(asked.operands, asked.given, asked.context);
    else if (given.command === 'analyze') planAnalyze(operands, given, CONTEXT);
    else planPair(asked.operands, asked.given, asked.context);
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    return `${error.code} ${error.message}`;
  }
  return 'accepted';
}

const PROBE = 'probe://239.1.1.1:5000';
const RTP = 'rtp://239.1.1.2:5000';
const UDP = 'udp://239.1.1.3:5000';
const IPERF = 'iperf://239.1.1.4:5000';
const MOLD = 'mold://239.1.1.5:5000';
const XDP = 'xdp://239.1.1.6:5000';

const FEEDS = 'feeds (mold://, mdp://, xdp://)';
const OF_FEEDS: readonly (readonly [option: string, whose: string])[] = [
  ['--mps 100', FEEDS],
  ['--arrivals poisson', FEEDS],
  ['--symbols 5', FEEDS],
  ['--mtu 1400', FEEDS],
  ['--messages-per-datagram 3', FEEDS],
  ['--flush-after 1ms', FEEDS],
  ['--first-sequence 7', FEEDS],
  ['--heartbeat 1s', FEEDS],
  ['--session ABC', 'mold:// alone'],
  ['--stamp-every 10ms', 'mold:// alone'],
  ['--message-time', 'mold:// alone'],
];
const MEDIA = 'transport streams (rtp://, udp://)';
const OF_MEDIA: readonly (readonly [option: string, whose: string])[] = [
  ['--mux-rate 1M', MEDIA],
  ['--pcr-pid 100', MEDIA],
  ['--ts-per-datagram 5', MEDIA],
  ['--video-codec copy', MEDIA],
  ['--video-bitrate 1M', MEDIA],
  ['--resolution 640x360', MEDIA],
  ['--fps 25', MEDIA],
  ['--audio-codec copy', MEDIA],
  ['--ffmpeg /bin/ffmpeg', MEDIA],
  ['--ffmpeg-input -re', MEDIA],
  ['--ffmpeg-output -an', MEDIA],
  ['--no-send-time', 'rtp:// alone'],
];
const LOOP = 'inputs that end: a file for rtp://, udp://, mold://, mdp:// or xdp://, or a capture';

const nameOf = (option: string): string => option.split(' ')[0]!;

describe('a sender', () => {
  it.each(OF_FEEDS)('of no feed has no %s', async (option, whose) => {
    const message = `ERR_USAGE ${nameOf(option)} is for ${whose}`;
    for (const to of [PROBE, RTP, UDP, IPERF, `${UDP} --payload text:a`, '--input a.pcap --keep-groups']) {
      expect(await answer(`send ${to} ${option}`), to).toBe(message);
    }
    expect(await answer(`send ${MOLD} ${option}`)).toBe('accepted');
    // One of several is enough.
    expect(await answer(`send ${PROBE} ${MOLD} ${RTP} ${option}`)).toBe('accepted');
  });

  it.each(OF_MEDIA)('of no transport stream has no %s', async (option, whose) => {
    const message = `ERR_USAGE ${nameOf(option)} is for ${whose}`;
    for (const to of [PROBE, IPERF, MOLD, XDP, `${UDP} --payload text:a`, '--input a.pcap --keep-groups']) {
      expect(await answer(`send ${to} ${option}`), to).toBe(message);
    }
    expect(await answer(`send ${RTP} --input a.mp4 ${option}`)).toBe('accepted');
    expect(await answer(`send ${MOLD} ${UDP}/input=a.mp4 ${RTP}/input=a.mp4 ${option}`)).toBe('accepted');
  });

  it('has no FEC but of RTP', async () => {
    expect(await answer(`send ${PROBE} --fec 5x5`)).toBe('ERR_USAGE --fec is for rtp:// alone');
    expect(await answer(`send ${PROBE} ${RTP} --fec 5x5`)).toBe('accepted');
    // What has a reason of its own says it, and nothing else.
    expect(await answer(`send ${MOLD} --fec 5x5`)).toMatch(/fec is not for feeds: [^\n]*$/);
    expect(await answer(`send ${UDP} --fec 5x5`)).toMatch(/fec protects RTP: [^\n]*$/);
    expect(await answer(`send ${XDP} --stamp-every 1s`)).toMatch(/the headers of xdp:\/\/ carry the send time$/);
  });

  it('begins again what has an end', async () => {
    const refused = `ERR_USAGE --loop is for ${LOOP}`;
    for (const to of [MOLD, `${MOLD} --input synthetic`, PROBE, IPERF]) {
      expect(await answer(`send ${to} --loop`)).toBe(refused);
    }
    for (const to of [`${MOLD} --input a.itch`, RTP, `${UDP} --input a.pcap`, `${PROBE} ${RTP}`]) {
      expect(await answer(`send ${to} --loop`)).toBe('accepted');
    }
  });

  it('is told of the endpoint that says it, and of all that is wrong', async () => {
    expect(await answer(`send ${PROBE}/mps=5 ${MOLD}`)).toBe(
      `ERR_USAGE endpoint "${PROBE}/mps=5": mps is for ${FEEDS}`,
    );
    expect(await answer(`send ${PROBE}/message-time=yes`)).toBe('ERR_USAGE --message-time is for mold:// alone');
    expect(await answer(`check ${PROBE} --mps 5 --fps 25`)).toBe(
      `ERR_USAGE --mps is for ${FEEDS}\n--fps is for ${MEDIA}`,
    );
    expect(await answer(`send ${MOLD}/loop=no ${PROBE}/loop=no`)).toBe('accepted');
  });

  it('of a program may leave a switch off', () => {
    const given = [true, false].map((loop) => readOptionObject('send', { loop }));
    expect(() => planSend([PROBE], given[0]!, CONTEXT)).toThrow('--loop is for');
    expect(planSend([PROBE], given[1]!, CONTEXT).plan.streams).toHaveLength(1);
  });

  it('takes of a profile what it can use, and passes over the rest', async () => {
    const profile = `
options: {message-time: yes, zone: Europe/Vienna}
sender: {heartbeat: 2s, mux-rate: 8M, fec: 5x5}
endpoints:
  - {endpoint: '${PROBE}/symbols=5', sender: {mps: 7}}
`;
    expect(await answer('send a', profile)).toBe('accepted');
    expect(await answer(`send --profile a ${PROBE}`, profile)).toBe('accepted');
    expect(await answer(`send --profile a ${PROBE} --heartbeat 1s`, profile)).toBe(
      `ERR_USAGE --heartbeat is for ${FEEDS}`,
    );
    expect(await answer(`send a ${PROBE.replace('.1:', '.9:')}/mps=9`, profile)).toContain(`mps is for ${FEEDS}`);
  });

  it('has its second line elsewhere', async () => {
    for (const to of [MOLD, RTP]) {
      const place = to.slice(to.indexOf('//') + 2).replace(':', ' port ');
      expect(await answer(`send ${to} --leg-b ${to}`)).toBe(
        `ERR_USAGE ${place} is given twice, by "${to}" and "${to}": one is enough`,
      );
      expect(await answer(`send ${to} --leg-b ${to} --iface lo`)).toContain('one is enough');
      expect(await answer(`send ${to}/iface=a --leg-b ${to}/iface=b`)).toBe('accepted');
    }
  });
});

describe('a receiver', () => {
  it.each([XDP, XDP.replace('xdp', 'mdp'), PROBE, RTP, UDP, IPERF])('of %s has no --message-time', async (from) => {
    expect(await answer(`recv ${from} --message-time`)).toBe('ERR_USAGE --message-time is for mold:// alone');
    expect(await answer(`analyze a.pcap ${from} --message-time`)).toBe('ERR_USAGE --message-time is for mold:// alone');
    expect(await answer(`recv ${from} ${MOLD} --message-time --zone UTC`)).toBe('accepted');
    expect(await answer(`recv ${from} --profile a`, 'options: {message-time: yes, zone: UTC}')).toBe('accepted');
  });

  it('finds out by itself what has them', async () => {
    for (const line of ['recv 239.1.1.1:5000', 'analyze a.pcap', 'analyze a.pcap 239.1.1.1:5000']) {
      expect(await answer(`${line} --message-time --zone UTC`)).toBe('accepted');
    }
  });

  it.each([`recv ${MOLD}`, `recv ${PROBE}`, 'analyze a.pcap', `analyze a.pcap ${MOLD}`])(
    '%s has no zone without times of day',
    async (line) => {
      expect(await answer(`${line} --zone UTC`)).toBe('ERR_USAGE --zone is for --message-time: give both');
    },
  );

  it('passes over the zone of a profile', async () => {
    expect(await answer(`recv ${MOLD} --profile a`, 'receiver: {zone: UTC}')).toBe('accepted');
  });
});
