/** What a profile is made of. */
import type { OptionName } from './options.js';
import type { Place } from './profileYaml.js';

/** One value of an option, as it would be written on the command line. */
export interface ProfileValue {
  readonly text: string;
  /** Why it is that; `null`: not said. */
  readonly why: string | null;
  readonly at: Place;
}

/** What is said of each option; none: what an extended profile says of it does not hold. */
export type ProfileOptions = ReadonlyMap<OptionName, readonly ProfileValue[]>;

/** An endpoint, or a line-up in its place, with what it alone has. */
export interface ProfileEndpoint {
  readonly endpoint: ProfileValue;
  readonly name: string | null;
  readonly legB: string | null;
  /** `options`: what stands beside the endpoint itself. */
  readonly sections: Sections;
}

export const PROFILE_SECTIONS = ['options', 'sender', 'receiver'] as const;
export type ProfileSection = (typeof PROFILE_SECTIONS)[number];
export type Sections = Readonly<Record<ProfileSection, ProfileOptions>>;
export const PROFILE_KEYS = ['title', 'about', 'extends', 'endpoints', ...PROFILE_SECTIONS] as const;
export type ProfileKey = (typeof PROFILE_KEYS)[number];
/** Of an endpoint that is written as a map, beside options. */
export const ENDPOINT_KEYS = ['endpoint', 'name', 'leg-b', 'why', 'sender', 'receiver'] as const;
/** Of a value that is written as a map. */
export const VALUE_KEYS = ['value', 'why'] as const;

export interface ProfileFile {
  /** As messages name it. */
  readonly source: string;
  readonly title: string | null;
  readonly about: string | null;
  /** A shipped profile, or a path that counts from this file's folder. */
  readonly extends: ProfileValue | null;
  /** `null`: those of the extended profile. */
  readonly endpoints: readonly ProfileEndpoint[] | null;
  readonly sections: Sections;
}

/** An endpoint of a profile, with what it has of its own for the command that is planned. */
export type PlannedEndpoint = Omit<ProfileEndpoint, 'sections'> & { readonly options: ProfileOptions };
