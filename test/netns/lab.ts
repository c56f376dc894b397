/**
 * Hosts in network namespaces, for tests: {@link openLab} starts one private world (`netlab.sh`), in
 * which hosts are joined by veth pairs and programs run. The world ends with {@link Lab.close}, and
 * also when the test process dies: its first process reads a pipe that only the test holds open.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { NETLAB, programPath } from '../require.js';

const PATIENCE_MS = 15_000;

/** Waits for a condition, not for a time; `what` says in the error what did not come about. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`did not come about within ${timeoutMs} ms: ${what}`);
    await sleep(15);
  }
}

export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A program running in a lab. Its output is collected from the start. */
export class LabProcess {
  stdout = '';
  stderr = '';
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #title: string;
  #exit: Exit | null = null;

  constructor(child: ChildProcess, title: string) {
    this.#child = child;
    this.#title = title;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, signal) => resolve((this.#exit = { status, signal })));
    });
    // A failed start is reported to whoever waits for the process; nobody may.
    this.exited.catch(() => {});
  }

  get running(): boolean {
    return this.#exit === null;
  }

  /** What it wrote, for error messages. */
  describe(): string {
    return `${this.#title}\nstdout: ${this.stdout.slice(-2000)}\nstderr: ${this.stderr.slice(-2000)}`;
  }

  /** Waits until its output matches, on either stream; fails when it ends first. */
  async untilOutput(pattern: RegExp, timeoutMs = PATIENCE_MS): Promise<RegExpMatchArray> {
    const found = (): RegExpMatchArray | null => this.stdout.match(pattern) ?? this.stderr.match(pattern);
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const match = found();
      if (match !== null) return match;
      if (!this.running) throw new Error(`ended before it wrote ${String(pattern)}: ${this.describe()}`);
      if (performance.now() > endMs) throw new Error(`did not write ${String(pattern)}: ${this.describe()}`);
      await sleep(10);
    }
  }

  write(text: string): void {
    this.#child.stdin?.write(text);
  }

  endInput(): void {
    this.#child.stdin?.end();
  }

  /** To the program itself: what we spawned is nsenter, whose only child it is. */
  signal(signal: NodeJS.Signals): void {
    const pid = onlyChild(this.#child.pid!);
    if (pid !== null) process.kill(pid, signal);
  }
}

/** Process id, as seen from outside, of the only child of `pid`; `null` when it has none (any more). */
function onlyChild(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? null : Number(text.split(' ')[0]);
  } catch {
    return null;
  }
}

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface LinkOptions {
  /** First three octets; the ends get .1 and .2 with /24. `null`: no IPv4. Default 10.77.1. */
  readonly ipv4?: string | null;
  /** Prefix without its last `::`; the ends get ::1 and ::2 with /64. `null`: none. Default fd77:1. */
  readonly ipv6?: string | null;
  /** 224.0.0.0/4 is routed to the link on both ends. Default true. */
  readonly multicastRoute?: boolean;
  readonly mtu?: number;
}

export class Lab {
  /** For files of this lab; removed with it. */
  readonly folder = mkdtempSync(join(tmpdir(), 'mcast-lab-'));
  readonly #holder: ChildProcess;
  readonly #enter: readonly string[];
  readonly #processes: LabProcess[] = [];

  constructor(holder: ChildProcess, initPid: number) {
    this.#holder = holder;
    const own = readlinkSync(`/proc/${process.pid}/ns/user`);
    const user = readlinkSync(`/proc/${initPid}/ns/user`) === own ? [] : ['--user', '--preserve-credentials'];
    this.#enter = ['--target', String(initPid), ...user, '--mount', '--net', '--pid'];
  }

  /** Starts a program on a host; `null`: in the lab's own namespace, where there is only lo. */
  spawn(host: string | null, program: string, args: readonly string[] = [], options: RunOptions = {}): LabProcess {
    const inHost = host === null ? [] : ['ip', 'netns', 'exec', host];
    const command = ['env', '-C', options.cwd ?? this.folder, ...inHost, program, ...args];
    const child = spawn('nsenter', [...this.#enter, ...command], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // An ordinary user's path lacks the administrator's programs.
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, ...options.env },
    });
    // Writing to a program that has ended is not the test's failure.
    child.stdin?.on('error', () => {});
    const running = new LabProcess(child, `${host ?? 'lab'}: ${program} ${args.join(' ')}`);
    this.#processes.push(running);
    return running;
  }

  /** Runs a program to its end and returns what it wrote; a status other than 0 is an error. */
  async run(host: string | null, program: string, args: readonly string[] = []): Promise<string> {
    const running = this.spawn(host, program, args);
    running.endInput();
    const { status, signal } = await running.exited;
    if (status !== 0) throw new Error(`ended with ${status ?? signal}: ${running.describe()}`);
    return running.stdout;
  }

  /** Runs lines of shell in the lab's own namespace, where `ip -n <host>` reaches the hosts. */
  async shell(script: string): Promise<string> {
    return this.run(null, 'sh', ['-ec', script]);
  }

  async addHosts(...names: readonly string[]): Promise<void> {
    const lines = names.map(
      (name) => `
        ip netns add ${name}
        ip -n ${name} link set lo up
        ip netns exec ${name} sh -ec '
          for conf in all default; do
            echo 0 > /proc/sys/net/ipv6/conf/$conf/accept_dad
            echo 0 > /proc/sys/net/ipv6/conf/$conf/dad_transmits
            echo 0 > /proc/sys/net/ipv6/conf/$conf/router_solicitations
          done'`,
    );
    await this.shell(lines.join('\n'));
  }

  /** Joins two hosts by a veth pair, addresses it, and waits until both ends can be used. */
  async link(
    left: string,
    leftInterface: string,
    right: string,
    rightInterface: string,
    options: LinkOptions = {},
  ): Promise<void> {
    const { ipv4 = '10.77.1', ipv6 = 'fd77:1', multicastRoute = true, mtu = 1500 } = options;
    const ends = [
      { host: left, name: leftInterface, number: 1 },
      { host: right, name: rightInterface, number: 2 },
    ];
    const lines = [
      `ip link add ${leftInterface} netns ${left} mtu ${mtu} type veth peer name ${rightInterface} netns ${right} mtu ${mtu}`,
    ];
    for (const { host, name, number } of ends) {
      if (ipv4 !== null) lines.push(`ip -n ${host} address add ${ipv4}.${number}/24 dev ${name}`);
      if (ipv6 !== null) lines.push(`ip -n ${host} address add ${ipv6}::${number}/64 dev ${name} nodad`);
      lines.push(`ip -n ${host} link set ${name} up`);
    }
    await this.shell(lines.join('\n'));
    for (const { host, name } of ends) {
      await until(async () => {
        const shown = await this.run(null, 'ip', ['-n', host, 'address', 'show', 'dev', name]);
        return shown.includes('state UP') && shown.includes('inet6 fe80') && !shown.includes('tentative');
      }, `${name} of ${host} is up`);
      if (multicastRoute && ipv4 !== null) {
        await this.run(null, 'ip', ['-n', host, 'route', 'append', '224.0.0.0/4', 'dev', name]);
      }
    }
  }

  /** Limits what leaves the interface (tbf): beyond the rate it queues `limitOctets`, then drops. */
  async limitRate(host: string, name: string, rateBitPerSecond: number, limitOctets: number, burstOctets = 5000) {
    const tbf = ['tbf', 'rate', `${rateBitPerSecond}bit`, 'burst', `${burstOctets}b`, 'limit', `${limitOctets}b`];
    await this.run(null, 'tc', ['-n', host, 'qdisc', 'replace', 'dev', name, 'root', ...tbf]);
  }

  /** Packets of any kind (a membership report too) that the interface's root queueing discipline has refused. */
  async refusedByQueue(host: string, name: string): Promise<number> {
    const shown = await this.run(null, 'tc', ['-n', host, '-s', 'qdisc', 'show', 'dev', name, 'root']);
    return Number(/dropped (\d+)/.exec(shown)![1]);
  }

  /** Starts tcpdump on the interface and returns once it listens. Ask `needs('capture')` first. */
  async capture(host: string, name: string, filter: string): Promise<Capture> {
    const path = join(this.folder, `${host}-${name}-${this.#processes.length}.pcap`);
    // Without -s and -B a frame of the ring is as large as the largest super-packet, and eight fill it.
    const ring = ['--immediate-mode', '-s', '9216', '-B', '32768'];
    const options = ['-Z', 'root', '-i', name, '-n', '-U', ...ring, '--time-stamp-precision=nano'];
    const tcpdump = this.spawn(host, programPath('tcpdump')!, [...options, '-w', path, ...filter.split(' ')]);
    await tcpdump.untilOutput(/listening on/);
    return new Capture(this, tcpdump, path);
  }

  /** Ends everything in the lab. */
  async close(): Promise<void> {
    const gone = this.#holder.exitCode === null && this.#holder.signalCode === null ? once(this.#holder, 'exit') : null;
    this.#holder.stdin?.end();
    await gone;
    await Promise.allSettled(this.#processes.map(async (running) => running.exited));
    rmSync(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** A running or stopped capture with nanosecond stamps. */
export class Capture {
  readonly path: string;
  readonly #lab: Lab;
  readonly #tcpdump: LabProcess;

  constructor(lab: Lab, tcpdump: LabProcess, path: string) {
    this.#lab = lab;
    this.#tcpdump = tcpdump;
    this.path = path;
  }

  /** Packets written so far: whole records of the pcap file. */
  get count(): number {
    const bytes = readFileSync(this.path);
    let packets = 0;
    for (let at = 24; at + 16 <= bytes.length; packets++) {
      at += 16 + bytes.readUInt32LE(at + 8);
      if (at > bytes.length) break;
    }
    return packets;
  }

  async untilCount(packets: number): Promise<void> {
    await until(() => this.count >= packets, `${packets} packets in ${this.path}; ${this.#tcpdump.describe()}`);
  }

  /** Fails when tcpdump itself has lost packets: the capture would prove nothing. */
  async stop(): Promise<void> {
    this.#tcpdump.signal('SIGINT');
    await this.#tcpdump.exited;
    if (!/^0 packets dropped by kernel/m.test(this.#tcpdump.stderr)) throw new Error(this.#tcpdump.describe());
  }

  /** What tcpdump says of the packets, with further options (`-v`, `-x`). */
  async text(...options: readonly string[]): Promise<string> {
    return this.#lab.run(null, programPath('tcpdump')!, ['-Z', 'root', '-n', ...options, '-r', this.path]);
  }
}

/** Starts a lab. Ask `needs('netns')` first. */
export async function openLab(): Promise<Lab> {
  const holder = spawn('sh', [NETLAB, 'sh', '-c', 'echo ready; exec cat'], { stdio: ['pipe', 'pipe', 'pipe'] });
  const started = new LabProcess(holder, 'netlab.sh');
  await started.untilOutput(/^ready/m);
  const initPid = onlyChild(holder.pid!);
  if (initPid === null) throw new Error(`the lab has no first process: ${started.describe()}`);
  return new Lab(holder, initPid);
}
