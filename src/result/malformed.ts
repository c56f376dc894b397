/** What reached a receiver and belongs to no stream: of another format than was demanded, or damaged. */
import { formatCount } from '../core/format.js';
import type { SocketReport } from './model.js';

type Heard = Pick<SocketReport, 'direction' | 'group' | 'port' | 'malformed' | 'demanded' | 'instead'>;

/** Where something is to come. */
interface Place {
  readonly group: string;
  readonly port: number;
}

export const NOTHING = 'nothing arrived';

/** At all receive sockets; `null`: there is none that tells. */
export function malformedDatagrams(sockets: readonly Heard[]): number | null {
  const receiving = sockets.filter(({ direction }) => direction === 'receive');
  return receiving.length === 0 ? null : sumOf(kindsOf(receiving));
}

/** For a note; `null`: all belongs to streams. */
export function malformedText(sockets: readonly Heard[]): string | null {
  const wrong = wrongAt(sockets);
  if (wrong === null) return null;
  const { datagrams, kinds, demanded, instead } = wrong;
  const belong = datagrams === 1 ? '1 datagram belongs' : `${formatCount(datagrams)} datagrams belong`;
  const wanted = demanded === null ? '' : `; ${demanded} was demanded`;
  return `${belong} to no stream (${kinds})${wanted}${instead}`;
}

/** Why there is no stream at `place` (`null`: anywhere): that nothing came, or what came. */
export function silenceText(sockets: readonly Heard[], place: Place | null = null): string {
  const wrong = wrongAt(place === null ? sockets : sockets.filter((socket) => isAt(socket, place)));
  if (wrong === null) return NOTHING;
  const { datagrams, kinds, demanded, instead } = wrong;
  const arrived = datagrams === 1 ? '1 datagram arrived, and is' : `${formatCount(datagrams)} datagrams arrived,`;
  const none = datagrams === 1 ? 'not' : 'none of them';
  return `${arrived} ${none} ${demanded ?? 'readable'} (${kinds})${instead}`;
}

function isAt(socket: Heard, { group, port }: Place): boolean {
  return socket.group === group && socket.port === port;
}

interface Wrong {
  readonly datagrams: number;
  /** `460 bad_magic, 32 too_short`. */
  readonly kinds: string;
  /** `null`: not the same everywhere, or nothing. */
  readonly demanded: string | null;
  /** What the first of them looks like, as the end of a sentence. */
  readonly instead: string;
}

function wrongAt(sockets: readonly Heard[]): Wrong | null {
  const heard = sockets.filter(({ malformed }) => Object.values(malformed).some((count) => count > 0));
  if (heard.length === 0) return null;
  const kinds = kindsOf(heard);
  const [first] = heard;
  const demanded = heard.every((socket) => socket.demanded === first!.demanded) ? first!.demanded : null;
  const known = heard.map(({ instead }) => instead).find((format) => format !== null && format !== 'unknown');
  return {
    datagrams: sumOf(kinds),
    kinds: kinds.map(([kind, count]) => `${formatCount(count)} ${kind}`).join(', '),
    demanded,
    instead: known === undefined ? '' : `; the first looks like ${known}`,
  };
}

/** Most first. */
function kindsOf(sockets: readonly Heard[]): [kind: string, count: number][] {
  const sums = new Map<string, number>();
  for (const { malformed } of sockets) {
    for (const [kind, count] of Object.entries(malformed)) sums.set(kind, (sums.get(kind) ?? 0) + count);
  }
  return [...sums].filter(([, count]) => count > 0).toSorted(([, a], [, b]) => b - a);
}

function sumOf(kinds: readonly (readonly [kind: string, count: number])[]): number {
  return kinds.reduce((sum, [, count]) => sum + count, 0);
}
