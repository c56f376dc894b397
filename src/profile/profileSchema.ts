/**
 * The schema of a profile's file, for editors and other programs: which keys there are, and what may stand behind them.
 * What the values mean is read by the readers of the options (`profileFile.ts`), which say more about a mistake.
 */
import * as z from 'zod';
import { OPTION_NAMES, OPTIONS, type OptionName, type OptionRow } from './options.js';
import { isEndpointOption, isProfileOption } from './profileFile.js';
import type { ProfileSection } from './profileParts.js';

export const PROFILE_SCHEMA = 'mcastkit.profile/1';

const text = z.string().min(1);
const scalar = z.union([text, z.number(), z.boolean()]);
const value = z
  .union([scalar, z.strictObject({ value: scalar, why: text.optional() })])
  .meta({ id: 'value', description: 'As on the command line, alone or with the reason for it.' });

const one = z.union([value, z.null()]);
const several = z.union([value, z.array(value).min(1), z.null()]);
/** Each is described once, wherever it may stand. */
const BY_NAME = new Map(
  OPTION_NAMES.map((name) => {
    const { many, help, value: placeholder }: OptionRow = OPTIONS[name];
    const description = placeholder === null ? help : `${placeholder}: ${help}`;
    return [name, (many ? several : one).meta({ id: name, description })];
  }),
);

function optionsSchema(mayHave: (name: OptionName) => boolean): Record<string, z.ZodType> {
  return Object.fromEntries(OPTION_NAMES.filter(mayHave).map((name) => [name, BY_NAME.get(name)!.optional()]));
}

function sectionSchema(section: ProfileSection, of: string): z.ZodType {
  const options = optionsSchema((name) => isProfileOption(name, section));
  return z
    .strictObject(options)
    .nullable()
    .optional()
    .meta({ id: section, description: `Options of ${of}.` });
}

function endpointSection(section: ProfileSection): z.ZodType {
  return z
    .strictObject(optionsSchema((name) => isEndpointOption(name, section)))
    .nullable()
    .optional();
}

const EndpointSchema = z
  .union([
    value,
    z.strictObject({
      endpoint: value,
      name: text.optional().describe('Of its streams.'),
      'leg-b': value.optional().describe('The endpoint of the same stream on a second path.'),
      why: text.optional(),
      ...optionsSchema((name) => name !== 'leg-b' && isEndpointOption(name, 'options')),
      sender: endpointSection('sender'),
      receiver: endpointSection('receiver'),
    }),
  ])
  .meta({ id: 'endpoint' });

export const ProfileSchema = z
  .strictObject({
    title: text.optional().describe('One line.'),
    about: text.optional(),
    extends: value.optional().describe('A shipped profile, or the path of a file, from the folder of this one.'),
    endpoints: z
      .union([EndpointSchema, z.array(EndpointSchema).min(1)])
      .optional()
      .describe('As on the command line; a line-up may stand in place of one.'),
    options: sectionSchema('options', 'both ends: each takes those that it has'),
    sender: sectionSchema('sender', 'mcast send'),
    receiver: sectionSchema('receiver', 'mcast recv'),
  })
  .describe('A profile of mcastkit: docs/profiles.md.');
