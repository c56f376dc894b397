/** The document of `mcast list`: the sessions that were announced. Fields are added, never renamed or removed. */

export const SESSION_LIST_SCHEMA = 'mcastkit.sessions/1';

/** What a media of a session lets a receiver join. */
export interface ListedEndpoint {
  /** As `mcast recv` takes it. */
  readonly endpoint: string;
  /** Tells several of one session apart; `null`: it is the only one and has none. */
  readonly name: string | null;
  readonly encoding: string | null;
}

export interface ListedSession {
  /** `s=`; without one what names the session. */
  readonly name: string;
  /** `o=` without its version: names the session for all the world. */
  readonly session: string;
  /** Address that the announcements name as theirs. */
  readonly source: string;
  /** Where it was heard first. */
  readonly interface: string;
  /** `i=` */
  readonly information: string | null;
  /** `a=tool` */
  readonly tool: string | null;
  /** At most 64; empty: nothing in it can be joined. */
  readonly endpoints: readonly ListedEndpoint[];
  readonly message_id_hash: number;
  readonly times_heard: number;
  readonly first_heard: string;
  readonly last_heard: string;
  /** Moving mean; `null`: heard once. */
  readonly interval_ns: number | null;
  /** As it came. */
  readonly sdp: string;
}

/** What became of a session: announced for the first time, with other contents, deleted, or not announced for too long. */
export type SessionState = 'heard' | 'changed' | 'deleted' | 'expired';

export interface SessionList {
  readonly schema: typeof SESSION_LIST_SCHEMA;
  /** `false`: it was cut short. */
  readonly complete: boolean;
  readonly start: string;
  readonly end: string;
  readonly interfaces: readonly string[];
  /** SAP groups that were joined. */
  readonly groups: readonly string[];
  /** Those that were known at the end, by name. */
  readonly sessions: readonly ListedSession[];
  /** Packets that were heard, by what they meant. */
  readonly packets: Readonly<Record<string, number>>;
  /** What could not be joined. */
  readonly notes: readonly string[];
}
