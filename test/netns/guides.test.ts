/** Every command of `docs/guides/`, as it stands there, on two hosts that are joined by a link. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { needs } from '../require.js';
import { openLab, until, type Lab, type LabProcess } from './lab.js';

const GUIDES = new URL('../../docs/guides/', import.meta.url);
const COMMAND = new URL('../../bin/mcast.js', import.meta.url).pathname;
const PATIENCE_MS = 90_000;

interface Line {
  readonly host: string;
  readonly command: string;
  /** Others are to meet it. */
  readonly goesOn: boolean;
  readonly status: number;
}

/** The blocks of a page, each with its commands. */
function blocksOf(page: string): Line[][] {
  return [...page.matchAll(/^```console\n([^]*?)^```$/gm)].map(([, block]) =>
    block!
      .trimEnd()
      .split('\n')
      .map((text) => {
        const line = /^(tx|rx)[$#] (.*?)( &)?(?:\s+# status (\d))?$/.exec(text);
        if (line === null) throw new Error(`not a command of a host: ${text}`);
        return { host: line[1]!, command: line[2]!, goesOn: line[3] !== undefined, status: Number(line[4] ?? 0) };
      }),
  );
}

async function openHosts(): Promise<Lab> {
  const lab = await openLab();
  await lab.addHosts('tx', 'rx');
  await lab.link('tx', 'eth0', 'rx', 'eth0', { ipv4: '10.0.0' });
  const own = join(lab.folder, 'mcast');
  writeFileSync(own, `#!/bin/sh\nexec ${process.execPath} ${COMMAND} "$@"\n`);
  chmodSync(own, 0o755);
  return lab;
}

function startLine(lab: Lab, { host, command }: Line): LabProcess {
  const env = { PATH: `${lab.folder}:${process.env['PATH']}:/usr/sbin:/sbin`, NO_COLOR: '1' };
  return lab.spawn(host, 'sh', ['-c', `exec ${command}`], { cwd: lab.folder, env });
}

/** Ready to be met: a receiver has joined, a sender or server has said where. */
async function untilReady(process: LabProcess, { command }: Line): Promise<void> {
  await process.untilOutput(command.startsWith('mcast recv') ? /^joined /m : /./);
}

async function expectEnd(process: LabProcess, { command, status }: Line): Promise<void> {
  await until(() => !process.running, `the end of ${command}`, PATIENCE_MS);
  const ended = await process.exited;
  expect({ command, ...ended, said: ended.status === status ? '' : process.describe() }).toEqual({
    command,
    status,
    signal: null,
    said: '',
  });
}

async function runBlock(lab: Lab, block: readonly Line[]): Promise<void> {
  const started: { process: LabProcess; line: Line }[] = [];
  for (const line of block) {
    const process = startLine(lab, line);
    if (line.goesOn) {
      started.push({ process, line });
      await untilReady(process, line);
    } else await expectEnd(process, line);
  }
  for (const { process, line } of started) await expectEnd(process, line);
}

const pages = readdirSync(GUIDES).filter((name) => name !== 'README.md');

describe.runIf(needs('netns', 'dist', 'ffmpeg', 'iperf', 'nft'))('the guide', { timeout: 400_000 }, () => {
  it.each(pages)('%s says what can be typed', async (name) => {
    const blocks = blocksOf(readFileSync(new URL(name, GUIDES), 'utf8'));
    expect(blocks.length).toBeGreaterThan(2);
    const lab = await openHosts();
    try {
      for (const block of blocks) {
        // What a search finds on a machine that others keep busy may be nothing.
        const isSearch = block.some(({ command }) => command.startsWith('mcast capacity'));
        for (let again = isSearch ? 2 : 0; ; again--) {
          const ended = await runBlock(lab, block).then(
            () => null,
            (error: unknown) => error,
          );
          if (ended === null) break;
          if (again === 0) throw ended;
        }
      }
    } finally {
      await lab.close();
    }
  });
});

it('every guide is in the list of guides', () => {
  const list = readFileSync(new URL('README.md', GUIDES), 'utf8');
  for (const name of pages) expect(list).toContain(`](${name})`);
});
