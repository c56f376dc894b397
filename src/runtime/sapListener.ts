import { ReceiveBatch } from '../core/batch.js';
import { McastError } from '../core/errors.js';
import type { Nanos } from '../core/time.js';
import { SapDirectory, SapHearing, type SapEntry } from '../control/sapDirectory.js';
import type { DatagramSource, Io } from '../io/datagram.js';
import { listInterfaces } from '../io/interfaces.js';
import { openIo } from '../io/open.js';
import { resolveInterfaces, withoutZone, type ChosenInterface } from '../io/resolveInterface.js';
import type { SessionState } from '../result/sessionList.js';
import { SAP_PORT, sapGroups } from '../wire/sapGroups.js';

/** Two announcements at the usual interval of 5 s, and what it may vary by. */
export const SAP_LISTEN_NS = 12e9;
/** The native wait blocks this thread: so often signals are looked at. */
const TURN_NS = 100e6;
const EXPIRE_EVERY_NS = 1e9;
const BATCH_DATAGRAMS = 8;
/** Names that an error lists. */
const MOST_NAMES = 12;

export interface SapListenOptions {
  /** As asked for: name, index, address or `all`; `null`: where the kernel routes the groups. At least one. */
  readonly interfaces: readonly (string | null)[];
  /** At least one. */
  readonly families: readonly (4 | 6)[];
}

/** A session and where it was heard first. */
export interface HeardSession {
  /** The directory's, refreshed in place. */
  readonly entry: SapEntry;
  readonly interfaceName: string;
}

export interface SapNews {
  readonly state: SessionState;
  readonly session: HeardSession;
}

interface OpenGroup {
  readonly source: DatagramSource;
  readonly group: string;
  readonly interfaceName: string;
  readonly loopback: boolean;
}

/** Joins the SAP groups (RFC 2974 section 3) and keeps what is announced there. */
export class SapListener implements Disposable {
  readonly directory = new SapDirectory();
  /** What could not be joined, while something else could. */
  readonly notes: readonly string[];
  readonly #io: Io;
  readonly #open: readonly OpenGroup[];
  readonly #batch = new ReceiveBatch(BATCH_DATAGRAMS);
  readonly #known = new Map<SapEntry, HeardSession & { readonly sdp: string }>();
  #stopped = false;

  private constructor(io: Io, open: readonly OpenGroup[], notes: readonly string[]) {
    this.#io = io;
    this.#open = open;
    this.notes = notes;
  }

  /** Throws McastError where nothing at all can be joined. `io` remains the caller's. */
  static async open(io: Io, options: SapListenOptions): Promise<SapListener> {
    const open = new Map<string, OpenGroup>();
    const failures: McastError[] = [];
    for (const { group, family, chosen } of await places(options, failures)) {
      const via = chosen.interface;
      const key = `${group} ${via.index}`;
      if (open.has(key)) continue;
      try {
        const source = await io.openSource({
          family,
          group: withoutZone(group, via),
          port: SAP_PORT,
          unicast: false,
          interfaceIndex: via.index,
          interfaceName: via.name,
          sources: [],
          receiveBufferOctets: 0,
          timestamps: 'user',
          busyPollUs: 0,
        });
        open.set(key, { source, group, interfaceName: via.name, loopback: via.loopback });
      } catch (error) {
        if (!(error instanceof McastError)) throw error;
        failures.push(error);
      }
    }
    if (open.size === 0) throw failures[0]!;
    return new SapListener(io, [...open.values()], [...new Set(failures.map(({ message }) => message))]);
  }

  get interfaces(): string[] {
    return [...new Set(this.#open.map(({ interfaceName }) => interfaceName))];
  }

  get groups(): string[] {
    return [...new Set(this.#open.map(({ group }) => group))];
  }

  /** Only this host's own announcers can be heard. */
  get loopback(): boolean {
    return this.#open.every(({ loopback }) => loopback);
  }

  /** Those that are known, by name. */
  get sessions(): HeardSession[] {
    return this.directory.entries().flatMap((entry) => this.#known.get(entry) ?? []);
  }

  /** Resolves after `durationNs`, or when it was stopped. */
  async listen(durationNs: Nanos, tell: (news: SapNews) => void): Promise<void> {
    const { clock } = this.#io;
    const untilNs = clock.monoNs() + durationNs;
    let expireNs = clock.monoNs() + EXPIRE_EVERY_NS;
    while (!this.#stopped && clock.monoNs() < untilNs) {
      const waited = this.#io.wait(Math.min(untilNs, clock.monoNs() + TURN_NS), 0);
      if (typeof waited !== 'number') await waited;
      for (const one of this.#open) this.#receive(one, tell);
      if (clock.monoNs() >= expireNs) {
        expireNs = clock.monoNs() + EXPIRE_EVERY_NS;
        if (this.directory.expire(clock.monoNs()).length > 0) this.#tellNews('expired', '', tell);
      }
      // Signals come between turns of the event loop.
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
  }

  /** Ends {@link listen}, also one that has not begun. */
  stop(): void {
    this.#stopped = true;
    this.#io.wake();
  }

  [Symbol.dispose](): void {
    for (const { source } of this.#open) source.close();
  }

  #receive({ source, interfaceName }: OpenGroup, tell: (news: SapNews) => void): void {
    const batch = this.#batch;
    const count = source.receive(batch);
    const nowNs = this.#io.clock.monoNs();
    for (let slot = 0; slot < count; slot++) {
      const hearing = this.directory.hear(batch.bytes, batch.offset[slot]!, batch.length[slot]!, nowNs);
      if (hearing === SapHearing.New || hearing === SapHearing.Changed || hearing === SapHearing.Deleted) {
        // To make room the directory may have forgotten others.
        this.#tellNews(hearing === SapHearing.Deleted ? 'deleted' : 'expired', interfaceName, tell);
      }
    }
  }

  /** Tells what is otherwise than it was; `gone`: what happened to sessions that are no longer there. */
  #tellNews(gone: 'deleted' | 'expired', interfaceName: string, tell: (news: SapNews) => void): void {
    const present = new Set(this.directory.entries());
    for (const [entry, session] of this.#known) {
      if (present.has(entry)) continue;
      this.#known.delete(entry);
      tell({ state: gone, session });
    }
    for (const entry of present) {
      const before = this.#known.get(entry);
      if (before !== undefined && before.sdp === entry.sdp) continue;
      const session = { entry, interfaceName: before?.interfaceName ?? interfaceName, sdp: entry.sdp };
      this.#known.set(entry, session);
      tell({ state: before === undefined ? 'heard' : 'changed', session });
    }
  }
}

interface Place {
  readonly group: string;
  readonly family: 4 | 6;
  readonly chosen: ChosenInterface;
}

/** Every SAP group on every interface that was asked for; what cannot be resolved is appended to `failures`. */
async function places(options: SapListenOptions, failures: McastError[]): Promise<Place[]> {
  const interfaces = listInterfaces();
  const found: Place[] = [];
  for (const family of options.families) {
    for (const group of sapGroups(family)) {
      for (const name of options.interfaces) {
        try {
          const chosen = await resolveInterfaces(name, family, group, interfaces);
          found.push(...chosen.map((one) => ({ group, family, chosen: one })));
        } catch (error) {
          if (!(error instanceof McastError)) throw error;
          failures.push(error);
        }
      }
    }
  }
  return found;
}

/** The session of this name; else the only one whose name begins so, in letters of either case; `null`: none, or several. */
export function sessionNamed(name: string, sessions: readonly HeardSession[]): HeardSession | null {
  const exact = sessions.find(({ entry }) => entry.name === name);
  if (exact !== undefined) return exact;
  const wanted = name.toLowerCase();
  const near = sessions.filter(({ entry }) => entry.name.toLowerCase().startsWith(wanted));
  return near.length === 1 ? near[0]! : null;
}

/** With an Io of its own; see {@link sessionsNamed}. */
export async function resolveSapNames(
  names: readonly string[],
  options: SapListenOptions & { readonly io: 'auto' | 'native' | 'dgram' },
  atMostNs: Nanos = SAP_LISTEN_NS,
): Promise<HeardSession[]> {
  const io = await openIo(options.io);
  try {
    using listener = await SapListener.open(io, options);
    return await sessionsNamed(listener, names, atMostNs);
  } finally {
    io.close();
  }
}

/**
 * Listens until sessions of all these names were heard, at most so long, and returns them in the same order. What is
 * only the beginning of a name waits to the end: a whole one may still come. Throws ERR_ENDPOINT.
 */
export async function sessionsNamed(
  listener: SapListener,
  names: readonly string[],
  atMostNs: Nanos,
): Promise<HeardSession[]> {
  const missing = new Set(names);
  await listener.listen(atMostNs, ({ state, session }) => {
    if (state === 'heard' || state === 'changed') missing.delete(session.entry.name);
    if (missing.size === 0) listener.stop();
  });
  const { sessions } = listener;
  return names.map((name) => {
    const found = sessionNamed(name, sessions);
    if (found === null) throw notAnnounced(name, listener);
    return found;
  });
}

function notAnnounced(name: string, listener: SapListener): McastError {
  const names = [...new Set(listener.sessions.map(({ entry }) => entry.name))];
  const where = listener.interfaces.join(', ');
  if (names.length === 0) {
    const message = `no session "${name}" was announced on ${where}, nor any other`;
    return new McastError('ERR_ENDPOINT', message, {
      hint: 'Name the interface with --iface, or wait longer with --wait.',
    });
  }
  const near = names.filter((other) => other.toLowerCase().startsWith(name.toLowerCase()));
  const shown = near.length > 1 ? near : names;
  const list = shown.slice(0, MOST_NAMES).map((other) => `"${other}"`);
  if (shown.length > MOST_NAMES) list.push(`${shown.length - MOST_NAMES} more`);
  const why = near.length > 1 ? `begins several names` : `was not announced on ${where}`;
  return new McastError('ERR_ENDPOINT', `"${name}" ${why}; heard: ${list.join(', ')}`, {
    hint: 'mcast list shows them.',
  });
}
