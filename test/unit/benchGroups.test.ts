/** How many groups come, over a network in memory, and the reason why not more. */
import { describe, expect, it } from 'vitest';
import { readCommandLine } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';
import type { Io, ReceiveSocketSpec } from '../../src/io/datagram.js';
import type { GroupTap, GroupTapReader, GroupTapSpec } from '../../src/io/groupTap.js';
import { planBench } from '../../src/profile/benchPlan.js';
import { renderText } from '../../src/report/text.js';
import { RunResultSchema, type RunResult } from '../../src/result/model.js';
import { benchGroups } from '../../src/runtime/benchGroups.js';
import { Command, RunControl } from '../../src/runtime/control.js';
import { Broadcast, LOOPBACK, transportPayload } from './zapFixture.js';

const place = { via: { ...LOOPBACK, loopback: false }, reason: 'of a test' };
const group = (number: number): string => `239.255.8.${number}`;

/** Sees its group from the moment on at which so many are joined. */
class Flooded implements GroupTap {
  readonly notes = [];
  readonly isBehind = false;
  isClosed = false;
  readonly #io: Limited;
  readonly #from: number;

  constructor(io: Limited, from: number) {
    this.#io = io;
    this.#from = from;
  }

  read(reader: GroupTapReader): number {
    if (this.#io.joined < this.#from) return 0;
    reader.onDatagram(this.#io.clock.realNs());
    return 1;
  }

  dropped(): null {
    return null;
  }

  close(): void {
    this.isClosed = true;
  }
}

class Limited extends Broadcast {
  /** A host that refuses to join more at one time. */
  most = Infinity;
  readonly opened: string[] = [];

  override openSource(spec: ReceiveSocketSpec): ReturnType<Broadcast['openSource']> {
    if (this.joined >= this.most) throw new McastError('ERR_MEMBERSHIP', 'cannot join');
    this.opened.push(spec.group);
    return super.openSource(spec);
  }
}

interface Options {
  /** Groups that are sent, from the first. */
  readonly sent?: number;
  readonly most?: number;
  /** `null`: nobody may look. */
  readonly floodFrom?: number | null;
  readonly filtered?: boolean;
  readonly stop?: boolean;
  /** The first group is not sent any more when so many are joined. */
  readonly silentFrom?: number;
}

async function benched(line: string, options: Options = {}) {
  const { sent = 9, most = Infinity, floodFrom = Infinity, silentFrom = Infinity, filtered, stop } = options;
  const { given, operands } = await readCommandLine(['bench', ...line.split(' ')]);
  const files = { readWhole: () => new Uint8Array(), isFile: () => false };
  const { plan, output } = planBench(operands, given, { argv: ['bench'], nowUnixNs: 0n, random: () => 1, files });
  const isSilent = (i: number): boolean => i === 0 && io.joined >= silentFrom;
  const channels = Array.from({ length: sent }, (_, i) => ({
    group: group(i + 1),
    payload: (n: number) => (isSilent(i) ? null : transportPayload(n)),
  }));
  const io: Limited = new Limited(channels);
  io.most = most;
  const control = new RunControl();
  if (stop === true) control.give(Command.Stop);
  const taps: Flooded[] = [];
  const looked: string[] = [];
  const openTap = (_io: Io, spec: GroupTapSpec): GroupTap | string => {
    looked.push(spec.group);
    if (floodFrom === null) return 'no right';
    // The first looks at the last group, later ones at the one that failed.
    const tap = new Flooded(io, looked.length > 1 ? (filtered === true ? 0 : Infinity) : floodFrom);
    taps.push(tap);
    return tap;
  };
  const result: RunResult = await benchGroups(io, plan, place, output, control, () => {}, openTap);
  expect(RunResultSchema.safeParse(result).error).toBeUndefined();
  expect([io.joined, taps.every(({ isClosed }) => isClosed)]).toEqual([0, true]);
  return { result, groups: result.bench!.groups!, io, looked };
}

describe('mcast bench groups', () => {
  it('joins all of them, each in its own socket, and hears each again', async () => {
    const { result, groups, io, looked } = await benched(`groups udp://${group(1)}+5:5004/iface=lo`);
    expect(io.opened).toEqual([1, 2, 3, 4, 5].map(group));
    expect(looked).toEqual([group(5)]);
    expect(groups).toMatchObject({
      groups: 5,
      capacity: 5,
      failed: null,
      silent: 0,
      flooded_at: null,
      sees_floods: true,
    });
    expect(groups.join_ns).toMatchObject({ count: 5 });
    expect(result.clock.receive_time).toBe('kernel');
    expect(result.memberships).toHaveLength(5);
    expect(result.limits.map(({ ok }) => ok)).toEqual([true, true]);
    expect(renderText(result)).toContain('delivered     5, all that were asked for');
  });

  it('stops at the first that does not come, and tries it in place of the first of all', async () => {
    const { result, groups, io } = await benched(`groups udp://${group(1)}+5:5004/iface=lo --dwell 200ms`, { sent: 2 });
    expect(io.opened).toEqual([1, 2, 3, 3].map(group));
    expect(groups.capacity).toBe(2);
    expect(groups.failed).toMatchObject({
      group: group(3),
      number: 3,
      obstacle: 'absent',
      seen_on_interface: false,
      came_after_leave: false,
    });
    expect(renderText(result)).toMatch(/failed +3: 239\.255\.8\.3\n {2}limited by +not known/u);
  });

  it('says that this host drops what its interface has', async () => {
    const line = `groups udp://${group(1)}+5:5004/iface=lo --dwell 200ms`;
    const { groups, io } = await benched(line, { sent: 2, filtered: true });
    expect(groups.failed).toMatchObject({ obstacle: 'host_filter', seen_on_interface: true, came_after_leave: null });
    expect(io.opened).toEqual([1, 2, 3].map(group));
  });

  it('says that this host refuses to join', async () => {
    const { groups } = await benched(`groups udp://${group(1)}+5:5004/iface=lo`, { most: 3 });
    expect(groups).toMatchObject({ capacity: 3, silent: 0, failed: { number: 4, obstacle: 'host_limit' } });
    expect(groups.failed!.reason).toMatch(/^cannot join\. See net\.ipv4/u);
  });

  it('hears that one falls silent as others are joined', async () => {
    const line = `groups udp://${group(1)}+5:5004/iface=lo --dwell 200ms`;
    const { result, groups } = await benched(line, { silentFrom: 3 });
    expect(groups).toMatchObject({ capacity: 5, failed: null, silent: 1, silent_groups: [group(1)] });
    expect(result.limits[1]).toMatchObject({ ok: false, reason: `with all joined nothing came of ${group(1)}` });
    expect(renderText(result)).toMatch(/fell silent +1 group when all were joined: 239\.255\.8\.1/u);
  });

  it('looks at nothing without the right to', async () => {
    const line = `groups udp://${group(1)}+5:5004/iface=lo --dwell 200ms`;
    const { groups } = await benched(line, { sent: 1, floodFrom: null });
    expect(groups).toMatchObject({ sees_floods: false, flooded_at: null, failed: { seen_on_interface: null } });
  });

  it.each([0, 3])('tells that the last one comes unasked with %d joined', async (joined) => {
    const { result, groups } = await benched(`groups udp://${group(1)}+5:5004/iface=lo`, { floodFrom: joined });
    // Of the turn in which a group was joined, it is not counted yet.
    expect(groups.flooded_at).toBe(Math.max(0, joined - 1));
    expect(renderText(result)).toContain('the last group came unasked');
  });

  it('is a limit exceeded where not even one came', async () => {
    const { result } = await benched(`groups udp://${group(1)}+5:5004/iface=lo --dwell 100ms`, { sent: 0 });
    expect(result.limits[0]).toMatchObject({ expression: 'bench.groups.capacity > 0', ok: false });
    expect(result.bench!.groups!.failed).toMatchObject({ number: 1, came_after_leave: null });
  });

  it('ends when it is stopped', async () => {
    const { result, groups } = await benched(`groups udp://${group(1)}+5:5004/iface=lo`, { stop: true });
    expect(result.run.complete).toBe(false);
    expect(groups).toMatchObject({ capacity: 0, failed: null });
  });

  it.each([
    ['--cycles 3', /--cycles is for bench join/u],
    ['--background udp://239.9.9.9:1', /--background is for bench join/u],
  ])('takes no %s', async (words, message) => {
    await expect(benched(`groups udp://${group(1)}+5:5004/iface=lo ${words}`)).rejects.toThrow(message);
  });
});
