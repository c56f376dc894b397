/** The live view on a real terminal: what is seen, what keys do, and how the terminal is left. Over loopback alone. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatShortCount } from '../../src/core/format.js';
import type { Receiver } from '../../src/result/model.js';
import { linesIn, resultOf, runCommand, startCommand, testFolder, type Line } from '../command.js';
import { freshGroup, MCAST } from '../mcast.js';
import { needs } from '../require.js';
import { COOKED, mcastOnTerminal, RAW, startOnTerminal, type Terminal, type TerminalOptions } from '../terminal.js';

const INTERVAL = ['--interval', '200ms'];
/** The last line of the view, with keys and without. */
const KEYS = /p pause .*q quit$/m;
/** Of a shell that waits. */
const PROMPT = /[$#]$/;
const LEGEND = /\. ok D dup R reord L late X lost - none/;

function freshEndpoint(): string {
  return `probe://${freshGroup()}:5001/iface=lo`;
}

function groupOf(endpoint: string): string {
  return endpoint.slice('probe://'.length, endpoint.indexOf(':5001'));
}

/** A sender that goes on until the test is over. */
function sendTo(endpoint: string, ...options: readonly string[]): void {
  startCommand(['send', endpoint, '--pps', '100', '--size', '100', '--duration', '5m', ...options]);
}

/** A receiver of which the view is to be seen, with figures of its stream. */
async function receiving(options: readonly string[] = [], on: TerminalOptions & { node?: readonly string[] } = {}) {
  const endpoint = freshEndpoint();
  const terminal = mcastOnTerminal(['recv', endpoint, ...INTERVAL, ...options], on);
  sendTo(endpoint);
  await terminal.untilShown(new RegExp(`^${groupOf(endpoint)} .*\\.$`, 'm'));
  return { terminal, endpoint };
}

/** The terminal is as it was found, and no line of the view stands on its screen. */
async function expectRestored(terminal: Terminal, status: number): Promise<void> {
  const ended = await terminal.ended();
  expect(ended).toEqual({ status, modes: COOKED });
  expect(terminal.screen.isAsFound).toBe(true);
  expect(terminal.screen.text).not.toMatch(LEGEND);
}

describe.runIf(needs('linux', 'dist', 'python3'))('the live view', () => {
  it('shows what the lines of --json say, and gives way to the report', async () => {
    const path = join(testFolder(), 'run.ndjson');
    const endpoint = freshEndpoint();
    const options = ['--once', `--json=${path}`, ...INTERVAL];
    const terminal = mcastOnTerminal(['recv', endpoint, ...options], { columns: 150, rows: 30 });
    await terminal.untilShown(/^nothing yet$/m);
    const impaired = ['--impair', 'loss=5%,dup=3%,reorder=2%,seed=3'];
    const sent = runCommand(['send', endpoint, '--pps', '200', '--size', '100', '--duration', '3s', ...impaired]);
    // Whatever is on the screen, its figures are those of the intervals so far.
    let compared = 0;
    await terminal.until(() => {
      if (matchesIntervals(terminal.screen.lines, existsSync(path) ? linesIn(path) : [])) compared++;
      return compared > 5 || terminal.status !== null;
    }, 'figures');
    expect((await sent).status).toBe(0);
    await expectRestored(terminal, 0);
    expect(compared).toBeGreaterThan(5);
    const text = terminal.screen.wholeText;
    const { streams } = resultOf(linesIn(path));
    // What happened, and the report, as on a pipe; no line of intervals.
    expect(text).toMatch(/^joined 239\./m);
    expect(text).toMatch(/first datagram of probe/);
    expect(text).toMatch(/ lost from number /);
    expect(text).toMatch(new RegExp(`^ {2}received +${streams[0]!.metrics.packets_received} datagrams of `, 'm'));
    expect(text).not.toMatch(/^time +bit\/s/m);
    expect(text).not.toMatch(KEYS);
    // One after the other, and the last of them before the report.
    expect(text.indexOf('joined')).toBeLessThan(text.indexOf('first datagram'));
    expect(text.lastIndexOf(' lost from number ')).toBeLessThan(text.indexOf('\nmcast recv '));
  });

  it('of both ends of a demo: a line each, and how far it has come', async () => {
    const terminal = mcastOnTerminal(['demo', '--rate', '1M', '--duration', '30s', ...INTERVAL]);
    await terminal.untilShown(/^mcast demo {2}\d\d:\d\d:\d\d(?:\.\d)?Z {2}\d.* of 30\.0 s {2}█*░+$/m);
    await terminal.untilShown(
      /^received +bit\/s +lost +net +buf +app +delay50 +jitter +rate +history\n239\.\S+ .*\.$/m,
    );
    await terminal.untilShown(/^sent +bit\/s +sent not sent +late50 +late99 +latest +rate +history\n239\.\S+ .*\.$/m);
    await terminal.untilShown(/Both ends are shown below/);
    terminal.type('q');
    await expectRestored(terminal, 130);
    expect(terminal.screen.wholeText).toMatch(/^sender, run /m);
  });

  it('of a sender', async () => {
    const terminal = mcastOnTerminal([
      'send',
      freshEndpoint(),
      '--pps',
      '100',
      '--count',
      '90',
      '--max-late',
      '20s',
      ...INTERVAL,
    ]);
    await terminal.untilShown(/^mcast send .*\d+ of 90/m);
    await terminal.untilShown(/^stream +bit\/s +sent not sent/m);
    await expectRestored(terminal, 0);
    expect(terminal.screen.wholeText).toMatch(/^receive it with:$/m);
    expect(terminal.screen.wholeText).toMatch(/^ {2}sent +90 datagrams of 90 scheduled/m);
  });

  it('of a sender: a line for each receiver that reports, whatever it calls itself', async () => {
    const path = join(testFolder(), 'run.ndjson');
    const endpoint = freshEndpoint();
    const names = ['roof', '\u001B[2J\u202E客厅z\u0301\u0302\u0303\u0304\u009B31m'];
    for (const name of names) startCommand(['recv', endpoint, '--name', name]);
    const impaired = ['--impair', 'loss=5%,seed=3', '--await', '2', '--wait', '20s'];
    const sent = ['send', endpoint, '--pps', '100', '--size', '100', '--duration', '5m', `--json=${path}`];
    const terminal = mcastOnTerminal([...sent, ...INTERVAL, ...impaired], { columns: 100 });
    // The second one as it may be shown, and its figures where those of the first one are.
    const figures = String.raw` +(\d+) +(\d+) +\d+ +\d+ +\d+ +\d+ +\d+ +\d+ .*[.X]$`;
    await terminal.untilShown(/^receiver +recv +lost +net +buf +app +dup +reord +late +delay50 .* history$/m);
    await terminal.untilShown(new RegExp(`^�.*31m${figures}`, 'mu'));
    await terminal.untilShown(/^all 2 +\d+ +[1-9]/m);
    terminal.type('p');
    await terminal.untilShown(/paused/);
    const [, received, lost] = new RegExp(`^roof${figures}`, 'm').exec(terminal.screen.text)!;
    const reports = linesIn(path).flatMap((line) => (line as { receivers?: readonly Receiver[] }).receivers ?? []);
    const told = reports.flatMap(({ name, report }) => (name === 'roof' && report !== null ? [report] : []));
    expect(told.map((report) => `${report.received} ${report.lost}`)).toContain(`${received} ${lost}`);
    terminal.type('q');
    await expectRestored(terminal, 130);
  });

  it('is drawn anew in another size, with the columns and lines that fit', async () => {
    const { terminal } = await receiving();
    expect(terminal.screen.text).toMatch(/^stream +bit\/s +lost +net +buf +app/m);
    terminal.resize(40, 8);
    await terminal.untilShown(/^stream +bit\/s +lost +delay50 +history$/m);
    expect(terminal.screen.text).not.toMatch(/\bnet\b|\bapp\b/);
    // Faster than it is drawn.
    for (let i = 0; i < 100; i++) terminal.resize(20 + ((i * 37) % 120), 3 + ((i * 13) % 40));
    terminal.resize(132, 30);
    await terminal.untilShown(/ unsent +dup +reord +late +delay50 +delay99 /);
    await terminal.untilShown(LEGEND);
    expect(terminal.screen.text.match(new RegExp(LEGEND, 'g'))).toHaveLength(1);
    terminal.type('q');
    await expectRestored(terminal, 0);
  });

  it('is steered by keys: order, page, pause', async () => {
    const path = join(testFolder(), 'channels.csv');
    const group = freshGroup();
    const channels = Array.from({ length: 30 }, (_, i) => `Channel ${i + 1},probe://${group}:${6001 + i}/iface=lo`);
    writeFileSync(path, ['name,endpoint', ...channels].join('\n'));
    const terminal = mcastOnTerminal(['recv', path, ...INTERVAL], { rows: 16 });
    startCommand(['send', path, '--pps', '20', '--size', '100', '--duration', '5m']);
    await terminal.untilShown(/^mcast recv .* 1-11 of 30 +by loss$/m);
    await terminal.untilShown(/^all 30 +\d/m);
    terminal.type('\u001B[B');
    await terminal.untilShown(/ 2-12 of 30 /);
    terminal.type('\u001B[6~');
    await terminal.untilShown(/ 13-23 of 30 /);
    terminal.type('\u001B[F');
    await terminal.untilShown(/ 20-30 of 30 /);
    terminal.type('k');
    await terminal.untilShown(/ 19-29 of 30 /);
    terminal.type('s');
    await terminal.untilShown(/ 1-11 of 30 +by rate$/m);
    terminal.type('ss');
    await terminal.untilShown(/by name$/m);
    const names = terminal.screen.text.match(/^Channel \d+/gm)!;
    expect(names).toEqual(Array.from({ length: 11 }, (_, i) => `Channel ${i + 1}`));
    // Letters are keys, and no echo; others do nothing.
    terminal.type('xyz\u0010\u001B[15~');
    terminal.type('p');
    await terminal.untilShown(/by name {2}paused$/m);
    const paused = terminal.screen.lines.slice(-15);
    const drawn = terminal.output.length;
    terminal.type('\u001B[H');
    terminal.type('j');
    await terminal.untilShown(/ 2-12 of 30 /);
    terminal.type('k');
    await terminal.untilShown(/ 1-11 of 30 /);
    expect(terminal.screen.lines.slice(-15)).toEqual(paused);
    terminal.type('p');
    await terminal.until(() => !/paused/.test(terminal.screen.text), 'that it goes on');
    expect(terminal.output.length).toBeGreaterThan(drawn);
    expect(await terminal.modes()).toEqual(RAW);
    terminal.type('q');
    await expectRestored(terminal, 0);
  });

  it('has no keys where standard input is something else', async () => {
    const line = `exec '${process.execPath}' '${MCAST}' recv '${freshEndpoint()}' ${INTERVAL.join(' ')} </dev/null`;
    const terminal = startOnTerminal(['sh', '-c', line]);
    await terminal.untilShown(/none$/m);
    expect(await terminal.modes()).toEqual(COOKED);
    expect(terminal.screen.text).not.toMatch(/quit/);
    // By the terminal itself.
    terminal.type('\u0003');
    await expectRestored(terminal, 3);
  });

  it('has no colours with NO_COLOR, and none of names steer it', async () => {
    const path = join(testFolder(), 'channels.csv');
    const hostile = [
      'a\u001B[2J\u001B]0;owned\u0007b',
      '客厅\u001B[31m电视',
      '\u202Ez\u0301\u0302\u0303\u0304\u0305\u009Bm',
    ];
    const group = freshGroup();
    const channels = hostile.map((name, i) => `${name},probe://${group}:${6001 + i}/iface=lo`);
    writeFileSync(path, ['name,endpoint', ...channels].join('\n'));
    const terminal = mcastOnTerminal(['recv', path, ...INTERVAL], { env: { NO_COLOR: '1' } });
    await terminal.untilShown(/^nothing yet$/m);
    const sent = await runCommand(['send', path, '--pps', '50', '--size', '100', '--count', '50']);
    expect(sent.status).toBe(0);
    // The screen takes nothing but what it is meant to: all that is said of them, too.
    await terminal.untilShown(/客厅�\[31m电视 has ended: /);
    await terminal.untilShown(/^all 3 /m);
    terminal.type('q');
    await expectRestored(terminal, 0);
    expect(terminal.screen.styled).toBe(0);
  });

  it.each<[string, readonly string[], Readonly<Record<string, string>>]>([
    ['--plain', ['--plain'], {}],
    ['--quiet', ['--quiet'], {}],
    ['a dumb terminal', [], { TERM: 'dumb' }],
    ['continuous integration', [], { CI: 'true' }],
  ])('is not there with %s', async (_, options, env) => {
    const endpoint = freshEndpoint();
    const terminal = mcastOnTerminal(['recv', endpoint, '--once', ...INTERVAL, ...options], { env });
    if (options.includes('--quiet')) await terminal.until(() => terminal.pid !== 0, 'its start');
    else await terminal.untilShown(/^joined /m);
    const isQuiet = options.includes('--quiet');
    const sender = ['send', endpoint, '--pps', '100', '--size', '100', '--count', '60'];
    // Without a line that says that it has joined, until one of them is heard whole.
    await terminal.until(async () => {
      await runCommand(sender);
      return !isQuiet || terminal.status !== null || terminal.screen.text !== '';
    }, 'its end');
    expect(await terminal.ended()).toEqual({ status: 0, modes: COOKED });
    // oxlint-disable-next-line no-control-regex -- looked for
    expect(terminal.output).not.toMatch(/\u001B\[(?!\d+m)/u);
    if (!isQuiet) expect(terminal.screen.wholeText).toMatch(/^time +bit\/s received +lost/m);
  });
});

describe.runIf(needs('linux', 'dist', 'python3', 'bash'))('the terminal of a live view is left as it was found', () => {
  it('by Ctrl-C, as by q', async () => {
    const { terminal } = await receiving(['--duration', '5m']);
    expect(await terminal.modes()).toEqual(RAW);
    expect(terminal.screen.isCursorShown).toBe(false);
    terminal.type('\u0003');
    await expectRestored(terminal, 130);
    expect(terminal.screen.wholeText).toMatch(/^ {2}received +\d+ datagrams of /m);
  });

  it('by a second Ctrl-C, which ends at once', async () => {
    // From its first datagrams on it stands still for a minute, and cannot end cleanly.
    const endpoint = freshEndpoint();
    const terminal = mcastOnTerminal(['recv', endpoint, '--inject', 'stall=60000/2', ...INTERVAL]);
    sendTo(endpoint);
    await terminal.untilShown(new RegExp(`^${groupOf(endpoint)} .*\\.$`, 'm'));
    await terminal.until(() => terminal.quietMs > 2000, 'that it stands still');
    terminal.type('q');
    await terminal.untilShown(/ending$/m);
    // Another q is no second signal.
    terminal.type('q');
    terminal.type('\u0003');
    await expectRestored(terminal, 130);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('by %s', async (signal) => {
    const { terminal } = await receiving();
    terminal.signal(signal);
    await expectRestored(terminal, 0);
    expect(terminal.screen.wholeText).toMatch(/^ {2}received +\d+ datagrams of /m);
  });

  it('by SIGTERM while it is paused', async () => {
    const { terminal } = await receiving();
    terminal.type('p');
    await terminal.untilShown(/paused/);
    terminal.signal('SIGTERM');
    await expectRestored(terminal, 0);
    expect(terminal.screen.wholeText).toMatch(/^ {2}received +\d+ datagrams of /m);
  });

  it.each(['SIGHUP', 'SIGQUIT'] as const)('by %s', async (signal) => {
    const { terminal } = await receiving();
    if (signal === 'SIGQUIT') terminal.type('\u001C');
    else terminal.signal(signal);
    // A program that is quit says no more, and its status is the signal's.
    await expectRestored(terminal, signal === 'SIGQUIT' ? -3 : 0);
  });

  it('by an end that is its own, and by an output that fails', async () => {
    const { terminal } = await receiving(['--duration', '1s']);
    await expectRestored(terminal, 0);
    const failing = mcastOnTerminal(['recv', freshEndpoint(), '--json=/dev/full', ...INTERVAL]);
    await expectRestored(failing, 1);
    expect(failing.screen.wholeText).toMatch(/\/dev\/full/);
  });

  it('by a bug of ours, whose stack stands below it', async () => {
    const path = join(testFolder(), 'bug.mjs');
    const lines = [
      "import { isMainThread } from 'node:worker_threads';",
      "const bug = () => { throw new Error('a bug'); };",
    ];
    writeFileSync(path, [...lines, "if (isMainThread) process.once('SIGIO', bug);"].join('\n'));
    const { terminal } = await receiving([], { env: { NO_COLOR: '1' }, node: ['--import', path] });
    terminal.signal('SIGIO');
    await expectRestored(terminal, 1);
    // Nothing of the view stands beside it.
    expect(terminal.screen.wholeText).toMatch(/bug\.mjs:2\nconst bug = .*\n +\^\n\nError: a bug\n/);
  });

  it('when it is gone: its result is written', async () => {
    const path = join(testFolder(), 'run.ndjson');
    const { terminal } = await receiving([`--json=${path}`]);
    terminal.hangUp();
    expect((await terminal.ended()).status).toBe(0);
    expect(resultOf(linesIn(path)).run.complete).toBe(true);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['demo', ['demo', '--duration', '5m'], /^received +bit\/s/m],
    ['zap', ['zap', 'rtp://239.255.255.254:5004/iface=lo', '--dwell', '1m'], /^1 channel, /m],
  ])('when it is gone, of %s: cut short, not aborted', async (_, words, shown) => {
    const terminal = mcastOnTerminal(words);
    await terminal.untilShown(shown);
    terminal.hangUp();
    // Told by SIGHUP, or by what came of writing.
    expect([129, 130]).toContain((await terminal.ended()).status);
  });

  it('while it is stopped and in the background, where lines are written as on a pipe', async () => {
    const endpoint = freshEndpoint();
    const shell = startOnTerminal(['bash', '--norc', '--noprofile', '--noediting', '-i'], {
      env: { HISTFILE: '/dev/null' },
    });
    await shell.untilShown(PROMPT);
    sendTo(endpoint);
    shell.type(`'${process.execPath}' '${MCAST}' recv ${endpoint} ${INTERVAL.join(' ')}\r`);
    await shell.untilShown(KEYS);
    shell.type('\u001A');
    await shell.untilShown(/Stopped[^]*[$#]$/);
    expect(await shell.modes()).toEqual(COOKED);
    expect(shell.screen.isAsFound).toBe(true);
    expect(shell.screen.text).not.toMatch(LEGEND);

    shell.type('bg\r');
    await shell.untilShown(/^time +bit\/s received +lost.*\n\d\d:\d\d:\d\d/m);
    expect(await shell.modes()).toEqual(COOKED);
    expect(shell.screen.isAsFound).toBe(true);

    shell.type('fg\r');
    await shell.untilShown(KEYS);
    expect(await shell.modes()).toEqual(RAW);
    // Stopped without being asked, the shell cleans up alone.
    shell.type('\u001A');
    await shell.untilShown(/Stopped[^]*[$#]$/);
    shell.type('fg\r');
    await shell.untilShown(KEYS);
    shell.type('q');
    await shell.untilShown(/^limits 1 of 1 kept[^]*[$#]$(?![^])/m);
    expect(await shell.modes()).toEqual(COOKED);
    expect(shell.screen.isAsFound).toBe(true);
    shell.type('echo "status $?"; exit\r');
    expect((await shell.ended()).status).toBe(0);
    expect(shell.screen.text).toMatch(/^status 0$/m);
  });

  it('by a program that no shell watches: to be stopped does nothing', async () => {
    const { terminal } = await receiving();
    terminal.type('\u001A');
    await terminal.until(() => terminal.output.includes('\u001B[?25h'), 'that it gives the terminal back');
    // And takes it again.
    await terminal.untilShown(KEYS);
    await terminal.until(async () => JSON.stringify(await terminal.modes()) === JSON.stringify(RAW), 'raw modes');
    terminal.type('q');
    await expectRestored(terminal, 0);
  });
});

/** Whether the only stream's figures are the sums of the intervals up to the one that is shown; false: nothing to compare. */
function matchesIntervals(shown: readonly string[], lines: readonly Line[]): boolean {
  const status = /^mcast recv {2}(\S+)Z /.exec(shown.find((line) => line.startsWith('mcast recv  ')) ?? '');
  const line = shown.find((text) => /^239\.\d+\.\d+\.\d+ /.test(text));
  if (status === null || line === undefined || !shown.some((text) => KEYS.test(text))) return false;
  const intervals = lines.filter(({ type }) => type === 'interval');
  const last = intervals.findLastIndex(({ time }) => timeOf(time) === status[1]);
  if (last < 0) return false;
  const rows = intervals.slice(0, last + 1).flatMap(({ streams }) => streams ?? []);
  const sum = (name: string): string => formatShortCount(rows.reduce((total, row) => total + Number(row[name]), 0));
  const [, , recv, lost, net, buf, app, unsent, dup, reord, late] = line.split(/ +/);
  const names = [
    'packets_received',
    'packets_lost',
    'loss_network',
    'loss_socket_buffer',
    'loss_application',
    'never_sent',
  ];
  names.push('packets_duplicated', 'packets_reordered', 'packets_late');
  expect([recv, lost, net, buf, app, unsent, dup, reord, late]).toEqual(names.map(sum));
  return true;
}

function timeOf(instant: string): string {
  const tenth = instant.split('.')[1]![0];
  return instant.slice(11, 19) + (tenth === '0' ? '' : `.${tenth}`);
}
