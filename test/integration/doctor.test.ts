/** `mcast doctor` on loopback, where nothing can be heard of others. */
import { describe, expect, it } from 'vitest';
import { DoctorReportSchema, type DoctorReport } from '../../src/result/modelDoctor.js';
import { runCommand } from '../command.js';
import { freshGroup } from '../mcast.js';
import { needs } from '../require.js';

describe.runIf(needs('linux', 'dist'))('mcast doctor', () => {
  const group = freshGroup();

  it('sends to itself over loopback, and prints a document that its schema knows', async () => {
    const { status, stdout, stderr } = await runCommand(['doctor', `probe://${group}:5001/iface=lo`, '--json']);
    const [start, line, ...none] = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { type: string; run_id: string; time: string; result: DoctorReport });
    expect(none).toEqual([]);
    expect(start).toEqual({
      type: 'start',
      run_id: expect.stringMatching(/^[0-9a-f]{8}$/),
      command: 'doctor',
      io: expect.stringMatching(/^(native|dgram)$/),
      interfaces: ['lo'],
      loopback: true,
      time: line!.result.start,
    });
    expect(line).toMatchObject({ type: 'result', run_id: start!.run_id, time: line!.result.end });
    const report = DoctorReportSchema.parse(line!.result);
    expect(report).toEqual(line!.result);
    expect(report.places).toEqual([
      { interface: 'lo', family: 4, reason: 'asked for by name', groups: [`${group}:5001`], groups_total: 1 },
    ]);
    const selfTest = report.findings.find(({ id }) => id === 'self-test');
    expect(selfTest, stderr).toMatchObject({
      severity: 'ok',
      text: '10 of 10 datagrams that were sent through lo came back',
    });
    expect([report.verdict, status]).toEqual(['ok', 0]);
    expect(stderr).toContain('nothing was found that would break multicast here');
  });

  it('says it as text, or with --quiet and JSON on standard output not at all', async () => {
    const text = await runCommand(['doctor', '--iface', 'lo']);
    expect(text.stdout).toMatch(/^lo, IPv4 \(asked for by name\)\nnote {5}interface-up: lo is loopback/);
    expect(text.stderr).toBe('');
    const quiet = await runCommand(['doctor', '--iface', 'lo', '--json', '--quiet']);
    expect([quiet.stderr, quiet.status]).toEqual(['', 0]);
  });

  it('names an interface that is not there', async () => {
    const { status, stderr } = await runCommand(['doctor', '--iface', 'none9']);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^mcast: there is no interface none9; this host has lo/),
    ]);
  });
});
