import { describe, expect, it } from 'vitest';
import { greeting } from '../../src/cli/help.js';
import { COMMANDS, OPTION_NAMES, OPTIONS, optionsOf, type OptionRow } from '../../src/profile/options.js';
import { buildProgram, readCommandLine, type Handlers } from '../../src/cli/program.js';
import { McastError } from '../../src/core/errors.js';

const E = 'probe://239.1.1.1:5001';

async function values(...argv: string[]): Promise<unknown> {
  const { given, operands } = await readCommandLine(argv);
  return { ...given.values, operands };
}

async function refusal(...argv: string[]): Promise<string> {
  try {
    await readCommandLine(argv);
  } catch (error) {
    expect(error).toBeInstanceOf(McastError);
    expect((error as McastError).code).toBe('ERR_USAGE');
    return (error as McastError).message;
  }
  return 'accepted';
}

/** Output of a program whose commands return 7. */
async function run(...argv: string[]): Promise<{ status: number; printed: string }> {
  let printed = '';
  const handlers = Object.fromEntries(
    COMMANDS.map((name) => [name, async () => ({ run: async () => 7 })]),
  ) as unknown as Handlers<null>;
  const program = buildProgram(handlers, { version: () => '1.2.3', print: (text) => (printed += text) });
  return { status: await program.run(argv, null), printed };
}

describe('an optional value is taken only behind =', () => {
  it.each([
    [['--json', E], '-'],
    [[E, '--json'], '-'],
    [['-J', E], '-'],
    [['--json=run.ndjson', E], 'run.ndjson'],
    [[E, '--json=run.ndjson'], 'run.ndjson'],
    [['-J=run.ndjson', E], 'run.ndjson'],
    [['-qJ', E], '-'],
    [['-Jq', E], '-'],
    [[E, '--json=-'], '-'],
  ])('%j', async (words, json) => {
    expect(await values('recv', ...words)).toMatchObject({ json, operands: [E] });
  });

  it('behind -- everything is an operand', async () => {
    expect(await values('recv', '--', '--json=x')).toEqual({ operands: ['--json=x'] });
  });

  it('an empty one is refused', async () => {
    expect(await refusal('recv', E, '--json=')).toBe('--json: a value is missing (an unset shell variable?)');
  });
});

describe('words', () => {
  it('flags, digits, clusters, attached values, repeated options', async () => {
    expect(await values('recv', '-1q6', E, '-t5', '--wait=2s', '--label', 'a=b', '--label', 'c=d=e')).toEqual({
      once: true,
      quiet: true,
      ipv6: true,
      duration: 5e9,
      wait: 2e9,
      label: [
        ['a', 'b'],
        ['c', 'd=e'],
      ],
      operands: [E],
    });
  });

  it('a word that begins with no- is a flag like others', async () => {
    expect(await values('send', E)).toEqual({ operands: [E] });
    expect(await values('send', E, '--no-local')).toEqual({ 'no-local': true, operands: [E] });
  });

  it('the last of several wins', async () => {
    expect(await values('send', E, '-b', '1M', '--rate', '2M')).toMatchObject({
      rate: { bitPerSecond: 2e6, layer: 'payload' },
    });
  });

  it.each([
    [['frob'], `unknown command "frob" (${COMMANDS.join(' ')})`],
    [['sned', E], `unknown command "sned"; did you mean send? (${COMMANDS.join(' ')})`],
    [[E], `what is to be done with ${E}? Write mcast send ${E} or mcast recv ${E}`],
    [['--json', 'recv', E], `the command comes first: mcast <${COMMANDS.join('|')}> ... --json`],
    [['send'], 'send needs <endpoint|line-up>..., as in: mcast send probe://239.1.1.1:5001 --rate 20M'],
    [['check', E, E], `check takes one <endpoint>; "${E}" is one too many`],
    [['demo', E], `demo takes no operand; "${E}" is one`],
    [['send', E, '--rat', '5M'], 'unknown option --rat; did you mean --rate?'],
    [['send', E, '--wob=:8080'], 'unknown option --wob; did you mean --web?'],
    [['send', E, '-Z'], 'unknown option -Z'],
    [['recv', E, '--rate', '5M'], '--rate is no option of recv, but of send, check, demo, doctor'],
    [['recv', E, '-b', '5M'], '-b is no option of recv, but of send, check, demo, doctor'],
    [['send', E, '--rate'], '--rate needs a value: --rate <bit/s>'],
    [['send', E, '-T', '256'], '--ttl: 256 is out of range: 0..255'],
    [['send', E, '--source-port', '0'], '--source-port: 0 is out of range: 1..65535'],
    [['send', E, '-l', '65508'], '--size: 65508 is out of range: 1..65507'],
    [
      ['send', E, '--pattern', 'bursts'],
      '--pattern: "bursts" is not a pattern: cbr, poisson, burst:<datagrams>/<period> as in burst:10/1ms, or telemetry[:jitter=10%,alarms=0.1%,burst=5]',
    ],
    [['send', E, '--pattern', 'burst:0/1ms'], '--pattern: "burst:0/1ms": a burst has at least one datagram'],
    [['send', E, '--payload', 'hex:abc'], '--payload: "hex:abc" is not hexadecimal: two digits an octet'],
    [['send', E, '--payload', 'text:'], '--payload: "text:" holds no text'],
    [['recv', E, '--io', 'natve'], '--io: "natve" is not one of auto, native, dgram; did you mean native?'],
    [['recv', E, '--label', 'x'], '--label: "x" is not key=value'],
    [['recv', E, '--duration', '0'], '--duration: "0": must be above 0'],
    [
      ['recv', E, '--inject', 'slwo=5'],
      '--inject: unknown fault "slwo"; did you mean slow? (slow stall clock-offset clock-drift clock-step no-stamp)',
    ],
    [['recv', E, '--inject', 'stall=5'], '--inject: stall: "5" is not two values joined by /'],
    [
      ['send', E, '-b', '20B', '-T', 'x'],
      '--rate: "20B" is in octets: a rate is in bit/s, so write 160bit/s\n--ttl: "x" is not a count: a whole number as 1000, 10k or 1M',
    ],
  ])('%j', async (argv, message) => {
    expect(await refusal(...argv)).toBe(message);
  });

  it.each([
    ['cbr', { kind: 'cbr' }],
    ['poisson', { kind: 'poisson' }],
    ['burst:10/1ms', { kind: 'burst', datagrams: 10, periodNs: 1e6 }],
  ])('pattern %s', async (pattern, expected) => {
    expect(await values('send', E, '--pattern', pattern)).toMatchObject({ pattern: expected });
  });

  it('faults', async () => {
    const text = 'slow=5,stall=20/2,clock-offset=-2ms,clock-drift=-3.5,clock-step=1s@4,no-stamp';
    expect(await values('recv', E, '--inject', text)).toMatchObject({
      inject: {
        text,
        slowUs: 5,
        stall: { forMs: 20, everyS: 2 },
        clockOffsetNs: -2e6,
        clockDriftPpm: -3.5,
        clockStep: { byNs: 1e9, atS: 4 },
        noStamp: true,
      },
    });
  });

  it.each([
    ['2026-03-01T12:00:00Z', { unixNs: 1_772_366_400_000_000_000n }],
    ['2026-03-01T13:00:00.000000001+01:00', { unixNs: 1_772_366_400_000_000_001n }],
    ['+30s', { afterNs: 30e9 }],
  ])('instant %s', async (text, expected) => {
    expect(await values('recv', E, '--start-at', text)).toMatchObject({ 'start-at': expected });
  });

  it.each(['2026-03-01T12:00:00', '12:00', '2026-13-01T12:00:00Z', 'now'])('no instant: %s', async (text) => {
    expect(await refusal('recv', E, '--start-at', text)).toBe(
      `--start-at: "${text}" is not an instant: write 2026-03-01T12:00:00Z, with Z or an offset as +01:00, or +30s from now`,
    );
  });
});

describe("iperf's own forms get the command that does it", () => {
  it.each([
    ['-s -u -B 239.1.1.1 -i 1', 'mcast recv iperf://239.1.1.1:5001 -i 1'],
    ['-s -u -B 239.1.1.1%eth0 -p 6000', 'mcast recv iperf://239.1.1.1:6000/iface=eth0'],
    ['-suB 239.1.1.1 -t5', 'mcast recv iperf://239.1.1.1:5001 -t 5'],
    ['-u -s -B 232.1.1.1 -H 10.0.0.1', 'mcast recv iperf://10.0.0.1@232.1.1.1:5001'],
    ['-s -u -V -B ff15::1', 'mcast recv iperf://ff15::1/port=5001'],
    [
      '-c 239.1.1.1 -u -b 10m -l 1316 -t 5 -T 4 -S 0xb8',
      'mcast send iperf://239.1.1.1:5001 -b 10m -l 1316 -t 5 -T 4 -S 0xb8',
    ],
    ['--client 239.1.1.1 --ttl=4 -B 10.0.0.5', 'mcast send iperf://239.1.1.1:5001/iface=10.0.0.5 -T 4'],
    ['-c239.1.1.1 -u -e -P 4', 'mcast send iperf://239.1.1.1:5001 -P 4'],
    ['-c 10.0.0.5 -u', 'mcast send iperf://10.0.0.5:5001 --unicast'],
    // Over TCP: nobody at the other end would understand it.
    ['-c 10.0.0.5', 'mcast send probe://10.0.0.5:5001 --unicast'],
  ])('iperf %s', async (line, command) => {
    expect(await refusal(...line.split(' '))).toBe(`this is iperf's form; here it is: ${command}`);
    // What is proposed is understood.
    const { operands } = await readCommandLine(command.split(' ').slice(1));
    expect(operands).toHaveLength(1);
  });
});

describe('help', () => {
  it('mcast alone prints six lines with three examples', async () => {
    const { status, printed } = await run();
    expect(status).toBe(0);
    expect(printed).toBe(greeting());
    const lines = printed.trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines.filter((line) => /^ {2}mcast /.test(line))).toHaveLength(3);
  });

  it.each([[['-h']], [['--help']], [['help']], ...COMMANDS.map((name) => [[name, '-h']])])(
    '%j fits a screen',
    async (argv) => {
      const { status, printed } = await run(...argv);
      expect(status).toBe(0);
      const lines = printed.trimEnd().split('\n');
      expect(lines.length).toBeLessThanOrEqual(24);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  it.each(COMMANDS)('%s --help-all has every option of the command, and no other', async (command) => {
    const { printed } = await run(command, '--help-all');
    for (const line of printed.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    const listed = [...printed.matchAll(/^ {2}(?:-.,|   ) --([a-z0-9-]+)/gm)].map((match) => match[1]);
    const own = optionsOf(command).filter((name) => !OPTIONS[name].hidden);
    expect([...listed].sort()).toEqual([...own].sort());
  });

  it('help of a command, wherever it is asked for', async () => {
    const expected = (await run('send', '-h')).printed;
    for (const argv of [
      ['help', 'send'],
      ['send', E, '--help'],
      ['send', '--frob', '-h'],
    ]) {
      expect((await run(...argv)).printed).toBe(expected);
    }
    expect((await run('help', 'send')).status).toBe(0);
    await expect(run('help', 'sned')).rejects.toThrow('unknown command "sned"');
  });

  it('says the version', async () => {
    expect(await run('-V')).toEqual({ status: 0, printed: '1.2.3\n' });
    expect(await run('--version')).toEqual({ status: 0, printed: '1.2.3\n' });
  });

  it('anything else goes to the command, and its status comes back', async () => {
    expect(await run('recv', E)).toEqual({ status: 7, printed: '' });
  });
});

describe('the table of options', () => {
  it('has no short option twice in one command', () => {
    for (const command of COMMANDS) {
      const shorts = optionsOf(command)
        .map((name) => OPTIONS[name].short)
        .filter((short) => short !== null);
      expect(new Set(shorts).size).toBe(shorts.length);
      expect(shorts).not.toContain('h');
      expect(shorts).not.toContain('V');
    }
  });

  it("has iperf's short options where iperf has them", () => {
    const shorts = Object.fromEntries(OPTION_NAMES.map((name) => [name, OPTIONS[name].short]));
    expect(shorts).toMatchObject({
      duration: 't',
      interval: 'i',
      rate: 'b',
      size: 'l',
      flows: 'P',
      ttl: 'T',
      tos: 'S',
      rcvbuf: 'w',
      once: '1',
      json: 'J',
      iface: 'I',
      count: 'c',
      quiet: 'q',
    });
  });

  it('has defaults that its own readers take, and gists that fit', () => {
    for (const name of OPTION_NAMES) {
      const row: OptionRow = OPTIONS[name];
      if (row.fallback !== null) expect(() => row.read(row.fallback!)).not.toThrow();
      if (row.brief.length > 0) expect((row.gist ?? row.help).length).toBeLessThanOrEqual(48);
      for (const command of row.brief) expect(row.commands).toContain(command);
    }
  });
});
