import { Fault } from '../analysis/socketFaults.js';
import type { SocketSnapshot } from '../analysis/streamSnapshot.js';
import type { Scheme } from '../core/endpoint.js';
import type { SocketReport } from '../result/model.js';
import { framingOfScheme } from '../wire/framings.js';
import { WireStatus } from '../wire/status.js';

const FAULT_NAMES: Readonly<Record<number, string>> = {
  [WireStatus.TooShort]: 'too_short',
  [WireStatus.BadMagic]: 'bad_magic',
  [WireStatus.BadVersion]: 'bad_version',
  [WireStatus.BadLength]: 'bad_length',
  [WireStatus.BadPadding]: 'bad_padding',
  [WireStatus.BadChecksum]: 'bad_check',
  [WireStatus.UnknownType]: 'unknown_type',
  [WireStatus.BadReserved]: 'bad_reserved',
  [Fault.Truncated]: 'truncated',
  [Fault.UnconfirmedJump]: 'unconfirmed_jump',
};

/** The format that a scheme demands, as streams name theirs; `null`: what comes is recognised. */
export function demandedFormat(scheme: Scheme | null): string | null {
  if (scheme === null || scheme === 'udp') return null;
  return framingOfScheme(scheme)?.format ?? scheme;
}

/** The format that came although another was demanded; damaged datagrams of the right one are none. */
export function insteadOf({ instead }: Pick<SocketSnapshot, 'instead'>, scheme: Scheme | null): string | null {
  const demanded = demandedFormat(scheme);
  return instead === demanded || instead?.startsWith(`${demanded}/`) === true ? null : instead;
}

/** What reached sockets in place of what was demanded of them, each by its scheme: of one, or of several that stand for one. */
export function malformedSection(
  snapshots: readonly SocketSnapshot[],
  schemes: readonly (Scheme | null)[],
): Pick<SocketReport, 'malformed' | 'demanded' | 'instead'> {
  const malformed: Record<string, number> = {};
  for (const snapshot of snapshots) {
    for (const [kind, count] of snapshot.malformed.entries()) {
      if (count === 0) continue;
      const name = FAULT_NAMES[kind] ?? `status_${kind}`;
      malformed[name] = (malformed[name] ?? 0) + count;
    }
  }
  const [demanded = null, ...others] = new Set(schemes.map(demandedFormat));
  return {
    malformed,
    demanded: others.length === 0 ? demanded : null,
    instead: snapshots.map((snapshot, i) => insteadOf(snapshot, schemes[i]!)).find((format) => format !== null) ?? null,
  };
}
