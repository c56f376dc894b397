/** Announced sessions on loopback: `mcast list`, and `mcast recv sap://<name>`. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseAddress } from '../../src/core/address.js';
import type { ListedSession, SessionList } from '../../src/result/sessionList.js';
import { SAP_LOCAL_GROUP, SAP_PORT } from '../../src/wire/sapGroups.js';
import { sapCodec, sapPacket } from '../../src/wire/sap.js';
import { linesIn, linesOf, runCommand, startCommand, testFolder, type Line } from '../command.js';
import { freshGroup } from '../mcast.js';
import { until } from '../netns/lab.js';
import { needs } from '../require.js';

const PRESENT = needs('linux', 'dist');

type ListLine = Omit<Line, 'result'> & {
  readonly state?: string;
  readonly session?: ListedSession;
  readonly result?: SessionList;
};

/** A session that nobody else announces, on a group and port that nobody else uses. */
class Announced {
  readonly id = randomInt(2 ** 47);
  readonly name = `Channel ${this.id}`;
  readonly group = freshGroup();
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  announce(port = 5004): void {
    const sdp = `v=0\r\no=- ${this.id} ${port} IN IP4 127.0.0.1\r\ns=${this.name}\r\ni=test\r\nt=0 0\r\nm=video ${port} udp MP2T\r\nc=IN IP4 ${this.group}/1\r\n`;
    this.#send(sdp, (this.id + port) % 0xffff, false);
  }

  delete(): void {
    this.#send(`o=- ${this.id} 1 IN IP4 127.0.0.1\r\n`, 0, true);
  }

  #send(text: string, hash: number, isDeletion: boolean): void {
    const header = {
      ...sapCodec.create(),
      originatingSource: parseAddress('127.0.0.1')!,
      messageIdHash: hash,
      isDeletion,
      payloadType: 'application/sdp',
    };
    this.#socket.send(sapPacket(header, new TextEncoder().encode(text)), SAP_PORT, SAP_LOCAL_GROUP);
  }
}

/** Sends to loopback alone; closed with the test. */
async function announced(): Promise<Announced> {
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.setMulticastInterface('127.0.0.1');
  socket.setMulticastTTL(1);
  return new Announced(socket);
}

/** Announces again and again until `condition` holds: who listens may join late. */
async function announcing(one: Announced, condition: () => boolean, what: string, port?: number): Promise<void> {
  one.announce(port);
  const timer = setInterval(() => one.announce(port), 200);
  try {
    await until(condition, what, 20_000);
  } finally {
    clearInterval(timer);
  }
}

describe.runIf(PRESENT)('mcast list', () => {
  it('shows a session when it is heard, what becomes of it, and all of them at the end', async () => {
    const one = await announced();
    const file = join(testFolder(), 'list.ndjson');
    const command = startCommand(['list', '--iface', 'lo', '--duration', '60s', '--utc', `--json=${file}`]);
    await command.untilOutput(/^listening on lo/m);
    await announcing(one, () => command.stdout.includes(`${one.name}, from 127.0.0.1: test\n`), 'the session');
    expect(command.stdout).toContain(`udp://${one.group}:5004/ttl=1/iface=lo\n`);
    await announcing(one, () => command.stdout.includes(`${one.name} has changed`), 'the change', 6004);
    command.signal('SIGINT');
    const { status, stderr, stdout } = await command.ended();
    expect([status, stderr]).toEqual([130, '']);
    const table = stdout.slice(stdout.lastIndexOf('session '));
    expect(table).toMatch(
      new RegExp(`^${one.name} +127\\.0\\.0\\.1 +\\d+ +udp://${one.group}:6004/ttl=1/iface=lo$`, 'm'),
    );

    const lines = linesIn(file) as unknown as ListLine[];
    expect(lines[0]).toMatchObject({ type: 'start', command: 'list', interfaces: ['lo'], loopback: true });
    const own = lines.filter(({ session }) => session?.name === one.name);
    expect(own.map(({ type, state }) => [type, state])).toEqual([
      ['session', 'heard'],
      ['session', 'changed'],
    ]);
    const { type, result, run_id: runId } = lines.at(-1)!;
    expect([type, runId]).toEqual(['result', lines[0]!.run_id]);
    expect(result).toMatchObject({ schema: 'mcastkit.sessions/1', complete: false, interfaces: ['lo'] });
    const listed = result!.sessions.find(({ name }) => name === one.name)!;
    expect(listed.endpoints).toEqual([
      { endpoint: `udp://${one.group}:6004/ttl=1/iface=lo`, name: null, encoding: 'MP2T' },
    ]);
  });

  it('tells of a deletion, and ends by itself', async () => {
    const one = await announced();
    const command = startCommand(['list', '--iface', 'lo', '--duration', '8s', '--json']);
    const own = (): ListLine[] =>
      (command.stdout.endsWith('\n') ? (linesOf(command.stdout) as unknown as ListLine[]) : []).filter(
        ({ session }) => session?.name === one.name,
      );
    await announcing(one, () => own().length === 1, 'the session');
    one.delete();
    await until(() => own().length === 2, 'the deletion', 20_000);
    const { status, stdout } = await command.ended();
    expect([status, own().map(({ state }) => state)]).toEqual([0, ['heard', 'deleted']]);
    const { result } = linesOf(stdout).at(-1) as unknown as ListLine;
    expect(result!.complete).toBe(true);
    expect(result!.sessions.filter(({ name }) => name === one.name)).toEqual([]);
  });

  it('takes no operand, and no interface that is not there', async () => {
    const [operand, nowhere] = await Promise.all([
      runCommand(['list', '239.1.1.1']),
      runCommand(['list', '--iface', 'no-such-interface']),
    ]);
    expect([operand.status, operand.stderr]).toEqual([2, expect.stringContaining('list takes no operand')]);
    expect([nowhere.status, nowhere.stderr]).toEqual([1, expect.stringContaining('there is no interface')]);
  });
});

describe.runIf(PRESENT)('mcast recv sap://<name>', () => {
  it('receives what the announced session says, under its name', async () => {
    const one = await announced();
    const receiver = startCommand(['recv', `sap://${one.name}/iface=lo`, '--once', '--json', '--wait', '20s']);
    const joined = (): boolean => receiver.stdout.includes('"event":"joined"');
    await announcing(one, joined, 'the join');
    const sender = await runCommand([
      'send',
      `probe://${one.group}:5004/iface=lo`,
      '--count',
      '20',
      '--pps',
      '100',
      '--max-late',
      '10s',
    ]);
    expect(sender.status, sender.stderr).toBe(0);
    const { status, stdout, stderr } = await receiver.ended();
    expect(status, stderr).toBe(0);
    expect(stderr).toContain(`listening for the announcement of "${one.name}"`);
    expect(stderr).toContain(`"${one.name}" is announced by 127.0.0.1`);
    const { result } = linesOf(stdout).at(-1)!;
    expect(result!.streams.map(({ name, group, port }) => [name, group, port])).toEqual([[one.name, one.group, 5004]]);
    expect(result!.aggregate!.metrics.packets_received).toBe(20);
  });

  it('ends with one line when nobody announces it', async () => {
    const name = `Nobody ${randomInt(2 ** 47)}`;
    const { status, stdout, stderr } = await runCommand([
      'recv',
      `sap://${name}`,
      '--iface',
      'lo',
      '--wait',
      '300ms',
      '-q',
    ]);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^mcast: [^\n]*announced on lo[^\n]*\n$/);
    expect(stderr).toContain(`"${name}"`);
  });
});
