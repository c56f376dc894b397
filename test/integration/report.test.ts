/** Report files of runs, and what `mcast report` makes of saved results, as people and scripts use them. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../src/result/model.js';
import { linesIn, linesOf, resultOf, runCommand, startCommand, testFolder } from '../command.js';
import { freshGroup } from '../mcast.js';
import { needs } from '../require.js';
import { mediaResult, sentResult, zapResult } from '../unit/reportFixture.js';
import { receiverResult, runFacts } from '../unit/resultFixture.js';

const PRESENT = needs('linux', 'dist');
/** What every page begins with. */
const PAGE = /^<!doctype html><html lang="en">/;

function saved(folder: string, name: string, result: RunResult): string {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(result));
  return path;
}

describe.runIf(PRESENT)('--report of a run', () => {
  it('writes each file in its format when the run has ended, and says so', async () => {
    const folder = testFolder();
    const reports = ['html', 'md', 'csv', 'series.csv', 'xml', 'txt', 'json'].flatMap((format) => [
      '-o',
      `run.${format}`,
    ]);
    const { status, stdout, stderr } = await runCommand(
      ['demo', '--duration', '1s', '--pps', '200', '--impair', 'loss=5%,seed=3', '--json=run.ndjson', ...reports],
      { cwd: folder },
    );
    expect([status, stderr]).toEqual([0, '']);
    expect(readdirSync(folder).toSorted()).toEqual(
      ['run.csv', 'run.html', 'run.json', 'run.md', 'run.ndjson', 'run.series.csv', 'run.txt', 'run.xml'].toSorted(),
    );
    expect(stdout).toMatch(/^report: run\.html \([\d.]+ kB\)$/m);
    const result = resultOf(linesIn(join(folder, 'run.ndjson')));
    const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
    expect(JSON.parse(text('run.json'))).toEqual(result);
    expect(text('run.html')).toMatch(PAGE);
    expect(text('run.html')).toContain(`<dt>lost</dt><dd>${result.aggregate!.metrics.packets_lost}<small>`);
    // Rendered again from what was saved it is the same.
    for (const name of ['run.html', 'run.md', 'run.csv', 'run.series.csv', 'run.xml', 'run.txt']) {
      const again = await runCommand(['report', 'run.ndjson', '-o', `again.${name.slice(4)}`], { cwd: folder });
      expect([again.status, again.stderr], name).toEqual([0, '']);
      expect(text(`again.${name.slice(4)}`), name).toBe(text(name));
    }
  });

  it('is there for check, send, recv and analyze too, and may be standard output', async () => {
    const folder = testFolder();
    const endpoint = `probe://${freshGroup()}:5001/iface=lo`;
    const check = await runCommand(['check', endpoint, '--report', 'md:-'], { cwd: folder });
    expect(check.status).toBe(0);
    expect(check.stdout).toMatch(/^### Within its limits: `mcast check probe:/);
    expect(check.stderr).toMatch(/^ok: /);
    const receiver = startCommand(['recv', endpoint, '--once', '--capture', 'run.pcapng', '--report', 'recv.html'], {
      cwd: folder,
    });
    await receiver.untilOutput(/^(joined|listening)/m);
    const sender = await runCommand(['send', endpoint, '--count', '100', '--pps', '500', '--report', 'send.html'], {
      cwd: folder,
    });
    expect(sender.status, sender.stderr).toBe(0);
    expect((await receiver.ended()).status).toBe(0);
    const analyzed = await runCommand(['analyze', 'run.pcapng', '--report', 'analyze.html'], { cwd: folder });
    expect(analyzed.status, analyzed.stderr).toBe(0);
    for (const name of ['recv', 'send', 'analyze']) {
      const page = readFileSync(join(folder, `${name}.html`), 'utf8');
      expect(page).toMatch(PAGE);
      expect(page).toContain(`<h1>mcast ${name} `);
    }
  });

  it('that cannot be written is found out before the run begins', async () => {
    const folder = testFolder();
    mkdirSync(join(folder, 'closed.html'));
    for (const [path, message] of [
      [
        'nowhere/x.html',
        /^mcast: nowhere\/x\.html cannot be written: no such file or directory \(ENOENT\)\. Check the path\.\n$/,
      ],
      [
        'closed.html',
        /^mcast: closed\.html cannot be written: illegal operation on a directory \(EISDIR\)\. Name a file\.\n$/,
      ],
    ] as const) {
      const { status, stdout, stderr } = await runCommand(['demo', '--duration', '20s', '--report', path], {
        cwd: folder,
      });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(message);
    }
  });

  it.each<[string[], RegExp]>([
    [
      ['--report', 'x.pdf'],
      /^mcast: --report: "x\.pdf": \.pdf is no format of reports \(html, json, csv, series\.csv, xml, md, txt\)\. See mcast recv -h\.\n$/,
    ],
    [['--report', '-'], /write <format>:-, as html:-/],
    [['--report', 'md:-', '--json'], /--report and --json cannot both be stdout/],
    [['--html'], /--html is no option of recv, but of report/],
  ])('refuses %j', async (options, message) => {
    const { status, stderr } = await runCommand(['recv', 'probe://239.1.1.1:5001/iface=lo', ...options]);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe.runIf(PRESENT)('mcast report', () => {
  let folder = '';
  const files = (): { recv: string; send: string; media: string } => {
    folder = testFolder();
    const receiver = receiverResult({ run: { ...runFacts().run, id: 'a5a5a5a5' } });
    return {
      recv: saved(folder, 'recv.json', receiver),
      send: saved(folder, 'send.json', sentResult()),
      media: saved(folder, 'media.json', mediaResult()),
    };
  };

  it('ends with the status of the worst that it read', async () => {
    const { recv, media } = files();
    expect((await runCommand(['report', recv])).status).toBe(0);
    expect((await runCommand(['report', recv, media])).status).toBe(3);
    expect((await runCommand(['report', recv, '--max', 'loss_ratio=0.1%', '-o', 'xml:-'])).status).toBe(3);
  });

  it('reads standard input, and writes what was asked for instead of text', async () => {
    const { recv } = files();
    const input = readFileSync(recv);
    const [html, markdown, file, json] = await Promise.all([
      runCommand(['report', '-', '--html'], { input }),
      runCommand(['report', '-', '-o', 'md:-'], { input }),
      runCommand(['report', '-', '--html=page.html', '-o', 'page.txt'], { input, cwd: folder }),
      runCommand(['report', '-', '--json'], { input }),
    ]);
    expect(html!.stdout).toMatch(PAGE);
    expect([html!.status, html!.stderr]).toEqual([0, '']);
    expect(markdown!.stdout).toMatch(/^### /);
    expect(file!.stdout).toMatch(/^report: page\.txt \([\d.]+ k?B\)\nreport: page\.html \([\d.]+ kB\)\n$/);
    expect(readFileSync(join(folder, 'page.html'), 'utf8')).toBe(html!.stdout);
    expect(resultOf(linesOf(json!.stdout))).toEqual(JSON.parse(input.toString()));
    expect(json!.stderr).toContain('measurement');
  });

  it('puts the parts of one run together, and refuses those of others', async () => {
    const { recv, send, media } = files();
    const merged = await runCommand(['report', '--merge', send, recv, '-o', 'json:-']);
    expect([merged.status, merged.stderr]).toEqual([0, '']);
    const result = JSON.parse(merged.stdout) as RunResult;
    expect(result.receivers.map(({ name }) => name)).toEqual(['lab1']);
    expect(result.limits.map(({ expression }) => expression)).toEqual(['packets_received > 0']);
    const foreign = saved(folder, 'foreign.json', {
      ...zapResult(),
      run: { ...runFacts().run, id: 'b6b6b6b6' },
      memberships: [],
    });
    const refused = await runCommand(['report', '--merge', send, foreign]);
    expect([refused.status, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/foreign\.json is of another run: nothing in it comes from the sender of/);
    const alone = await runCommand(['report', '--merge', media]);
    expect(alone.stderr).toMatch(/^mcast: --merge needs two results at least, 1 was read\n$/);
  });

  it('compares runs, and a regression is status 3', async () => {
    const { recv, send } = files();
    const base = receiverResult();
    const [stream] = base.streams;
    const worse = { ...stream!, metrics: { ...stream!.metrics, loss_ratio: 0.02 } };
    const slow = saved(folder, 'slow.json', { ...base, run: { ...base.run, id: 'x' }, streams: [worse] });
    const plain = await runCommand(['report', '--compare', recv, slow]);
    expect([plain.status, plain.stderr]).toEqual([0, '']);
    expect(plain.stdout).toMatch(/^ {2}loss_ratio +1\.00 % +2\.00 % +\+100 %$/m);
    const judged = await runCommand(
      ['report', recv, slow, '--compare', '--max-regression', '5%', '-o', 'cmp.html', '--json'],
      { cwd: folder },
    );
    expect(judged.status).toBe(3);
    const line = JSON.parse(judged.stdout) as {
      type: string;
      comparison: { limits: { ok: boolean; expression: string }[] };
    };
    expect(line.type).toBe('comparison');
    expect(line.comparison.limits.filter(({ ok }) => !ok).map(({ expression }) => expression)).toEqual([
      'loss_ratio regression <= 5%',
    ]);
    expect(judged.stderr).toMatch(/^report: cmp\.html/);
    expect(readFileSync(join(folder, 'cmp.html'), 'utf8')).toContain('<h1>Comparison of 2 runs</h1>');
    const lenient = await runCommand(['report', recv, slow, '--compare', '--max-regression', 'loss_ratio=100%']);
    expect(lenient.status).toBe(0);
    const unlike = await runCommand(['report', '--compare', recv, send]);
    expect([unlike.status, unlike.stdout]).toEqual([2, '']);
    expect(unlike.stderr).toMatch(
      /^mcast: there is nothing to compare: .*recv\.json is of a receiver, .*send\.json is of a sender\n$/,
    );
  });

  it('answers mistakes with what to do instead', async () => {
    const { recv, send } = files();
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '{"schema":"mcastkit.result/1"}');
    const cases: [string[], number, RegExp][] = [
      [['report', recv, '-o', 'x.pdf'], 2, /\.pdf is no format of reports \(html,/],
      [['report', join(folder, 'nothing.json')], 1, /nothing\.json cannot be read: no such file or directory/],
      [['report', broken], 1, /broken\.json is not a valid result/],
      [
        ['report', recv, send, '--merge', '--compare'],
        2,
        /--merge makes one result, --compare wants several: give one of them/,
      ],
      [['report', recv, '--max-regression', '5%'], 2, /--max-regression is for --compare/],
      [['report', recv, send, '--compare', '--max-regression', '5'], 2, /--max-regression: "5": write 5% for 5 %/],
      [['report', recv, '--compare'], 2, /--compare needs two results at least, 1 was read/],
      [['report', '-', '-'], 2, /standard input can be read once/],
      [['report', recv, '--html', '-o', 'md:-'], 2, /--html cannot be stdout too: name a file, as --html=report\.html/],
      [['report', recv, '--html=a.html', '-o', 'a.html'], 2, /--html and --report cannot both be a\.html/],
      [['report', recv, '-o', 'nowhere/x.html'], 1, /nowhere\/x\.html cannot be written/],
      [['report'], 2, /report needs <result\|->\.\.\./],
    ];
    const ended = await Promise.all(cases.map(([words]) => runCommand(words, { cwd: folder })));
    for (const [i, [words, expected, message]] of cases.entries()) {
      const { status, stdout, stderr } = ended[i]!;
      expect([status, stdout], words.join(' ')).toEqual([expected, '']);
      expect(stderr).toMatch(message);
      expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
    }
  });

  it('leaves a file that cannot be replaced as it was', async () => {
    const { recv } = files();
    const path = join(folder, 'x.html');
    writeFileSync(path, 'old');
    chmodSync(path, 0o600);
    const { status } = await runCommand(['report', recv, '-o', path]);
    expect(status).toBe(0);
    expect(readFileSync(path, 'utf8')).toMatch(PAGE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder, `.x.html.${process.pid}.tmp`))).toBe(false);
  });
});
