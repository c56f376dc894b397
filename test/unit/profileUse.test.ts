/** What commands that are no end of their own take of a profile. */
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { planAnalyze } from '../../src/profile/analyzePlan.js';
import { planOutput } from '../../src/profile/makePlan.js';
import { loadProfile, withProfileOptions, type Profile } from '../../src/profile/profile.js';
import { benchProfileUse, type ProfileUse } from '../../src/profile/profileUse.js';
import { relayProfileUse, relayRoute } from '../../src/profile/relayRoute.js';
import { joinProfile, profileBeside } from '../../src/runtime/joinProfile.js';
import { planContext } from '../../src/runtime/planContext.js';

const TEXT = `
endpoints:
  - endpoint: rtp://239.1.1.1:5004
    name: A
    receiver: {max: jitter_ns=1ms}
  - rtp://239.1.1.2:5004
options: {dscp: cs3, iface: lo, interval: 2s}
sender: {mux-rate: 8M, size: 100, duration: 5s}
receiver: {merge-window: 7ms, duration: 3s, wait: 1m, name: of the profile, max: loss_ratio=1%, max-each: loss_ratio=2%}
`;

async function profile(text = TEXT): Promise<Profile> {
  return await loadProfile('a', () => ({ text, source: 'a', id: 'a' }));
}

async function held(line: string, use?: ProfileUse): Promise<Record<string, readonly string[]>> {
  const { given } = await readCommandLine(line.split(' '));
  return Object.fromEntries(withProfileOptions(given, await profile(), use).written);
}

async function ofRelay(from: string, to: string): Promise<Record<string, readonly string[]>> {
  return await held(`relay ${from} ${to}`, relayProfileUse(from, to));
}

const LIMITS = { max: ['loss_ratio=1%'], 'max-each': ['loss_ratio=2%'] };
const ofProfile = { name: ['of the profile'] };

describe('of a profile', () => {
  it('mcast zap, and tests of bench without streams, take places and neither limits nor ends', async () => {
    expect(await held('zap udp://239.1.1.1:5004')).toEqual({ ...ofProfile, iface: ['lo'] });
    expect(await held('bench join udp://239.1.1.1:5004', benchProfileUse(false))).toEqual({
      ...ofProfile,
      iface: ['lo'],
    });
  });

  it('tests of bench with streams take what a receiver takes, as far as they have it', async () => {
    expect(await held('bench classes udp://239.1.1.1:5004', benchProfileUse(true))).toEqual({
      ...ofProfile,
      iface: ['lo'],
      duration: ['3s'],
      wait: ['1m'],
      max: LIMITS.max,
    });
  });

  it('mcast analyze takes how a receiver measures, and mcast report the limits alone', async () => {
    expect(await held('analyze x.pcap --name mine')).toEqual({
      name: ['mine'],
      interval: ['2s'],
      'merge-window': ['7ms'],
      ...LIMITS,
    });
    expect(await held('report x.json')).toEqual({ max: LIMITS.max });
  });

  it('a relay takes what is of its direction: marks for datagrams, the rate for what comes from SRT', async () => {
    const [SRT, RTP, UDP] = ['srt://10.0.0.1:9000', 'rtp://239.1.1.1:5004', 'udp://239.1.1.9:5000'];
    expect(await ofRelay(SRT, RTP)).toEqual({
      iface: ['lo'],
      dscp: ['cs3'],
      interval: ['2s'],
      'mux-rate': ['8M'],
      duration: ['5s'],
    });
    const received = { ...ofProfile, ...LIMITS, 'merge-window': ['7ms'], duration: ['3s'] };
    expect(await ofRelay(RTP, SRT)).toEqual({ iface: ['lo'], interval: ['2s'], ...received });
    expect(await ofRelay(RTP, UDP)).toEqual({ iface: ['lo'], dscp: ['cs3'], interval: ['2s'], ...received });
    const { given } = await readCommandLine(['relay', RTP, UDP]);
    const all = withProfileOptions(given, await profile(), relayProfileUse(RTP, UDP));
    expect(relayRoute(RTP, UDP, all).given.values.forward).toBe(`${UDP}/dscp=cs3`);
    expect(() => relayProfileUse(SRT, SRT)).toThrow(/a relay goes from srt/);
  });

  it('endpoints that no command joins have their limits in a capture and in a result', async () => {
    const analyzed = (await readCommandLine(['analyze', 'x.pcap', '--leg-b', 'y.pcap'])).given;
    const analysis = profileBeside(await profile(), analyzed, planContext([]));
    const { plan, output } = planAnalyze(['x.pcap'], analysis.given, planContext([]), analysis.judged);
    expect([plan.legB, plan.mergeWindowNs, plan.intervalNs]).toEqual(['y.pcap', 7e6, 2e9]);
    const own = { expression: 'jitter_ns <= 1ms', places: [{ group: '239.1.1.1', port: 5004 }] };
    expect(output.limits).toMatchObject([{ expression: 'loss_ratio <= 1%' }, own]);
    expect(output.eachLimits).toMatchObject([{ expression: 'each loss_ratio <= 2%' }]);
    const { given } = await readCommandLine(['report', 'x.json', '--max', 'loss_ratio=0']);
    const report = profileBeside(await profile(), given, planContext([]));
    expect(planOutput(report.given, report.judged).limits).toMatchObject([{ expression: 'loss_ratio <= 0' }, own]);
    // Nothing is joined: a profile without endpoints is as good.
    const none = profileBeside(await profile('receiver: {max: loss_ratio=3%}'), given, planContext([]));
    expect(none.judged).toEqual([]);
  });

  it('channels of zap are its endpoints, without their limits', async () => {
    const { given } = await readCommandLine(['zap', '--profile', 'a']);
    const asked = joinProfile(await profile(), [], given, planContext([]));
    const planned = asked.context.files.profileEndpoints!('a')!;
    expect(planned.map(({ name, options }) => [name, [...options]])).toEqual([
      ['A', []],
      [null, []],
    ]);
  });
});
