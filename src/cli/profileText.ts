/** Profiles as text: one line, a list, or one with the reasons for all that it says. */
import { formatRate } from '../core/format.js';
import { OPTIONS, type OptionName, type OptionRow } from '../profile/options.js';
import { endpointOptions, profileOptions, senderCommand, type Profile } from '../profile/profile.js';
import type { ProfileEndpoint, ProfileOptions } from '../profile/profileParts.js';
import type { SendStream } from '../profile/plan.js';
import { sendLoads, withPlannedRate } from '../profile/sendLoads.js';
import { fold } from '../report/fold.js';
import type { Style } from '../report/style.js';
import { inColumns } from './columns.js';
import { loadLines } from './loadLines.js';
import { profileLine } from './profileLine.js';
import { shellWord } from './shellWord.js';

const RATE_COLUMNS = 'to 1.00 Gbit/s'.length;

/** A profile, and the streams that its sender plans; `null`: it has no endpoints. */
export interface PlannedProfile {
  readonly profile: Profile;
  readonly streams: readonly SendStream[] | null;
  /** Bit/s of Ethernet frames that a search goes up to, the link's speed where `null`; left out: it searches nothing. */
  readonly highestBitPerSecond?: number | null;
}

/** A line for each: its name, what it sends, its title. */
export function profileList(planned: readonly PlannedProfile[]): string {
  const longest = Math.max(...planned.map(({ profile }) => profile.name.length));
  const lines = planned.map((one) => {
    const { name, title } = one.profile;
    return `${name.padEnd(longest)}  ${rateOf(one).padStart(RATE_COLUMNS)}  ${title ?? ''}`.trimEnd();
  });
  return `${lines.join('\n')}\n`;
}

/** UDP payload of all that is sent. */
function rateOf({ streams, highestBitPerSecond }: PlannedProfile): string {
  if (highestBitPerSecond !== undefined) return `to ${highestRate(highestBitPerSecond)}`;
  const known = streams?.map(withPlannedRate) ?? [null];
  if (known.some((stream) => stream === null)) return 'as its input';
  const loads = known.flatMap((stream) => sendLoads(stream!));
  return formatRate(loads.reduce((sum, load) => sum + load.packetsPerSecond * load.sizeOctets * 8, 0));
}

function highestRate(bitPerSecond: number | null): string {
  return bitPerSecond === null ? 'link speed' : formatRate(bitPerSecond);
}

/** Everything that a profile says, and why. */
export function profileText(planned: PlannedProfile, style: Style): string {
  const { profile } = planned;
  const command = senderCommand(profile);
  const [sender, receiver] = [profileOptions(profile, command), profileOptions(profile, 'recv')];
  const isCommon = (name: OptionName): boolean => sender.get(name) !== undefined && isSame(sender, receiver, name);
  const part = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', style.bold(title), ...lines];
  const name = shellWord(profile.name);
  return `${[
    style.bold(profileLine(profile)),
    ...(profile.about === null ? [] : profile.about.split(/\n+/).map((paragraph) => fold(`  ${paragraph}`))),
    '',
    `  mcast ${command} ${profile.endpoints === null ? `<endpoint> --profile ${name}` : `--profile ${name}`}`,
    `  mcast recv ${profile.endpoints === null ? `<endpoint> --profile ${name}` : `--profile ${name}`}`,
    ...part('It sends', bandwidth(planned)),
    ...part('Endpoints', (profile.endpoints ?? []).flatMap(endpointLines)),
    ...part('Both ends', listed(sender, isCommon)),
    ...part(
      'The sender',
      listed(sender, (option) => !isCommon(option)),
    ),
    ...part(
      'The receiver',
      listed(receiver, (option) => !isCommon(option)),
    ),
    ...part('Written in', [
      `  ${profile.id === '-' ? 'standard input' : profile.id}`,
      ...profile.files.slice(1).map(({ source }) => `  which extends ${source}`),
    ]),
  ].join('\n')}\n`;
}

function listed(options: ProfileOptions, wanted: (name: OptionName) => boolean, indent = '  '): string[] {
  return [...options].flatMap(([name, values]) => (wanted(name) ? optionLines(name, values, indent) : []));
}

function bandwidth({ streams, highestBitPerSecond }: PlannedProfile): string[] {
  if (highestBitPerSecond !== undefined)
    return [`  up to ${highestRate(highestBitPerSecond)} of Ethernet frames, step by step`];
  if (streams === null) return ['  what its endpoints and its input say'];
  const known = streams.map(withPlannedRate).filter((stream) => stream !== null);
  const open = streams.length - known.length;
  const unknown = open === 0 ? [] : [`${open} ${open === 1 ? 'stream' : 'streams'} at the pace of the input`];
  return [...(known.length === 0 ? [] : loadLines(known)), ...unknown].map((line) => fold(`  ${line}`, '    '));
}

function isSame(a: ProfileOptions, b: ProfileOptions, name: OptionName): boolean {
  const [first, second] = [a.get(name) ?? [], b.get(name) ?? []];
  return (
    first.length === second.length && first.every(({ at, text }, i) => at === second[i]!.at && text === second[i]!.text)
  );
}

function endpointLines(one: ProfileEndpoint): string[] {
  const { endpoint, name, legB } = one;
  const [sender, receiver] = [endpointOptions(one, 'send'), endpointOptions(one, 'recv')];
  const second = legB === null ? [] : [`    --leg-b ${shellWord(legB)}`];
  const title = name === null ? '' : `${name}: `;
  return [
    ...inColumns(`  ${shellWord(endpoint.text)}`, `${title}${endpoint.why ?? ''}`.replace(/: $/, '')),
    ...second,
    ...listed(sender, () => true, '    '),
    ...listed(receiver, (option) => !isSame(sender, receiver, option), '    '),
  ].map((line) => line.trimEnd());
}

function optionLines(
  name: OptionName,
  values: readonly { text: string; why: string | null }[],
  indent: string,
): string[] {
  const row: OptionRow = OPTIONS[name];
  return values.flatMap(({ text, why }) => {
    const word = row.value === null && /^(yes|true|on|1)$/.test(text) ? '' : ` ${shellWord(text)}`;
    return inColumns(`${indent}--${name}${word}`, why?.replaceAll(/\s+/g, ' ') ?? '').map((line) => line.trimEnd());
  });
}
