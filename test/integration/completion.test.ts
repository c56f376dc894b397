/** The scripts of `mcast completion` in the shells that they are for: what these propose for a line that is begun. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS, OPTIONS, optionsOf } from '../../src/profile/options.js';
import { shippedProfiles } from '../../src/runtime/profileFiles.js';
import { runCommand } from '../command.js';
import { needs } from '../require.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const folder = mkdtempSync(join(tmpdir(), 'mcast-completion-'));

/** Where the shells stand: a folder with a file and a folder. */
const there = join(folder, 'there');

beforeAll(async () => {
  mkdirSync(join(there, 'clips'), { recursive: true });
  writeFileSync(join(there, 'capture.pcap'), '');
  for (const shell of SHELLS) {
    const { stdout, status } = await runCommand(['completion', shell]);
    expect(status).toBe(0);
    writeFileSync(join(folder, shell), stdout);
  }
  writeFileSync(join(folder, 'bash.sh'), BASH);
  writeFileSync(join(folder, 'zsh.sh'), ZSH);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** As readline asks: the line so far, and what the function makes of it. */
const BASH = `
source "$1"
COMP_LINE=$2 COMP_POINT=\${#2}
_mcast
printf '%s\\n' "\${COMPREPLY[@]}"
`;

/** An interactive shell on a terminal of its own; what its completion system is offered goes to a file. */
const ZSH = String.raw`
zmodload zsh/zpty
zpty z zsh -f -i
drain() { local line; while zpty -rt z line 2>/dev/null; do :; done }
await() {
  local -i tries=0
  until [[ "$(<$2)" == *$1* ]] || ((tries++ > 400)); do drain; sleep 0.05; done
}
: > $2
zpty -w z "PROMPT= RPROMPT=; setopt nobeep zle; autoload -U compinit; compinit -u -D; source \${(q)1}"
zpty -w z 'compadd() {
  if [[ \${@[1,(i)(-|--)]} == *-(O|A|D)(|\ )* ]]; then builtin compadd "$@"; return; fi
  local -a hits; builtin compadd -O hits "$@"; print -rl -- $hits >> '\${(q)2}'; builtin compadd "$@"
}'
zpty -w z 'ended() { print -r -- END >> '\${(q)2}' }; bindkey "^I" complete-word; LISTMAX=10000
comppostfuncs=(ended); print -r READY >> '\${(q)2}
await READY $2
zpty -w -n z "$3"$'\t'
await END $2
zpty -d z
`.replaceAll('\\$', '$');

function ran(program: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: there,
    encoding: 'utf8',
    timeout: 28_000,
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, TERM: 'dumb' },
  });
  expect(stderr, args.join(' ')).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/** What a shell proposes for the last word of a line, without what is there of an option and its `=`. */
function proposed(shell: Shell, line: string): string[] {
  const script = join(folder, shell);
  let text = '';
  if (shell === 'bash') text = ran('bash', ['--norc', join(folder, 'bash.sh'), script, line]);
  else if (shell === 'fish') {
    text = ran('fish', ['--no-config', '-c', 'source $argv[1]; complete -C $argv[2]', script, line]);
  } else {
    const told = join(folder, 'told');
    ran('zsh', ['-f', join(folder, 'zsh.sh'), script, told, line]);
    text = readFileSync(told, 'utf8').replaceAll(/^(READY|END)\n/gm, '');
  }
  const words = text
    .split('\n')
    .map((word) =>
      word
        .split('\t')[0]!
        .replace(/^--[a-z-]+=(?=.)/, '')
        .replace(/\/$/, '')
        .replace(/^(--[a-z-]+)=$/, '$1'),
    )
    .filter((word) => word !== '');
  return [...new Set(words)].toSorted();
}

const AF = ['af11', 'af12', 'af13', 'af21', 'af22', 'af23', 'af31', 'af32', 'af33', 'af41', 'af42', 'af43'];
const IPTV = ['iptv-100-channels', 'iptv-hd', 'iptv-sd', 'iptv-uhd'];

describe.each(SHELLS)('%s', (shell) => {
  const isThere = needs(shell);

  it.runIf(isThere).each<[string, readonly string[]]>([
    ['mcast re', ['recv', 'relay', 'report']],
    ['mcast bench fo', ['forwarding']],
    ['mcastkit com', ['completion']],
    ['mcast send --pat', ['--pattern']],
    ['mcast send --dscp af', AF],
    ['mcast send --dscp=af4', ['af41', 'af42', 'af43']],
    ['mcast send --pattern ', ['burst:', 'cbr', 'poisson']],
    ['mcast send --io ', ['auto', 'dgram', 'native']],
    ['mcast check --offload=', ['auto', 'off', 'on']],
    ['mcast recv --timestamps h', ['hardware']],
    ['mcast recv --play=f', ['ffplay']],
    ['mcast recv --profile ip', IPTV],
    ['mcast send ip', IPTV],
    ['mcast profiles show q', ['qos-two-classes']],
    ['mcast recv --max loss_ra', ['loss_ratio=']],
    ['mcast recv --max links.rt', ['links.rtt_ns=']],
    ['mcast recv --max-each one_way_delay_ns.p9', ['one_way_delay_ns.p99=']],
    ['mcast recv --hls cli', ['clips']],
    ['mcast analyze cap', ['capture.pcap']],
    ['mcast recv --save cap', ['capture.pcap']],
    ['mcast completion ', ['bash', 'fish', 'zsh']],
    ['mcast-send --prof', ['--profile']],
    ['mcast-recv --until', ['--until-idle']],
    ['mcast-send --dscp e', ['ef']],
    // A value that nothing is known of, and a command that has none of these.
    ['mcast send --rate ', []],
    ['mcast demo --prof', []],
  ])('completes: %s', (line, words) => {
    expect(proposed(shell, line)).toEqual(words);
  });

  it.runIf(isThere)('proposes the interfaces that there are', () => {
    const found = proposed(shell, 'mcast recv --iface ');
    for (const name of Object.keys(networkInterfaces())) expect(found).toContain(name);
    expect(proposed(shell, 'mcast send -I l')).toContain('lo');
  });

  it.runIf(isThere)('takes no value for an option without one, and none from the next word of an optional one', () => {
    for (const line of ['mcast send --loop ip', 'mcast send --json ip']) {
      expect(proposed(shell, line), line).toEqual(IPTV);
    }
  });

  it.runIf(isThere)('begins an endpoint with its scheme', () => {
    const found = proposed(shell, 'mcast recv rt');
    // Bash replaces what stands behind the colon alone; trailing slashes are no matter here.
    expect(found.map((word) => word.replace(/\/+$/, ''))).toEqual(['rtp:']);
  });
});

describe.each(SHELLS)('%s knows', (shell) => {
  const isThere = needs(shell);

  it.runIf(isThere).each(COMMANDS)('every option of %s', (command) => {
    const found = proposed(shell, `mcast ${command} --`);
    const long = optionsOf(command).filter((name) => !OPTIONS[name].hidden);
    expect(found).toEqual([...long.map((name) => `--${name}`), '--help', '--help-all'].toSorted());
  });

  it.runIf(isThere)('every command, and every profile', () => {
    const words = proposed(shell, 'mcast ');
    for (const command of COMMANDS) expect(words).toContain(command);
    const profiles = proposed(shell, 'mcast send --profile ');
    for (const name of shippedProfiles()) expect(profiles).toContain(name);
  });
});

it('answers another shell', async () => {
  const { status, stderr } = await runCommand(['completion', 'bsh']);
  expect(status).toBe(2);
  expect(stderr).toBe(
    'mcast: "bsh" is no shell that is known here; did you mean bash or zsh? There are bash, zsh, fish.\n',
  );
});
