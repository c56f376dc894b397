/** The dashboard as another host sees it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MCAST } from '../mcast.js';
import { needs } from '../require.js';
import { openLab, type Lab } from './lab.js';

const READY = needs('netns', 'dist');
/** Prints the status of a page, and whether it is a dashboard. */
const READER = `fetch(process.argv[1]).then(async (answer) => console.log(answer.status, (await answer.text()).includes('mcast recv')),
  () => console.log('nobody answers'))`;

describe.runIf(READY)('the dashboard and other hosts', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await openLab();
    await lab.addHosts('here', 'there');
    await lab.link('here', 'e0', 'there', 'e1');
  });
  afterAll(() => lab.close());

  async function seenFromThere(web: string, port: number): Promise<{ readonly told: string; readonly seen: string }> {
    const words = ['recv', 'probe://239.1.2.9:5001/iface=e0', `--web=${web}`];
    const run = lab.spawn('here', process.execPath, [MCAST, ...words]);
    await run.untilOutput(/joined/);
    const reader = lab.spawn('there', process.execPath, ['-e', READER, `http://10.77.1.1:${port}/`]);
    await reader.exited;
    run.signal('SIGINT');
    await run.exited;
    return { told: run.stdout + run.stderr, seen: reader.stdout.trim() };
  }

  it('is for this host alone unless told', async () => {
    const { told, seen } = await seenFromThere('8080', 8080);
    expect(told).toContain('dashboard: http://127.0.0.1:8080/');
    expect(told).not.toContain('open to everyone');
    expect(seen).toBe('nobody answers');
  });

  it('is for others where that was asked for, with a warning that anyone may look', async () => {
    const { told, seen } = await seenFromThere('0.0.0.0:8081', 8081);
    expect(told.replaceAll(/\s+/gu, ' ')).toContain('warning: the dashboard is open to everyone who reaches this host');
    expect(seen).toBe('200 true');
  });
});
