import { formatRealtime, type Clock, type Nanos } from '../core/time.js';
import type { ListedSession } from '../result/sessionList.js';
import { sdpEndpoints } from '../wire/sdpEndpoints.js';
import { readSdp } from '../wire/sdpRead.js';
import type { HeardSession } from './sapListener.js';

const MOST_ENDPOINTS = 64;

/** A session as it is shown. `namesInterface`: endpoints say where it was heard, because that interface was asked for. */
export function listedSession(
  { entry, interfaceName }: HeardSession,
  clock: Clock,
  namesInterface: boolean,
): ListedSession {
  const description = readSdp(entry.sdp, entry.originatingSource, []);
  const found = description === null ? [] : sdpEndpoints(description, entry.originatingSource, []);
  const time = (monoNs: Nanos): string => formatRealtime(clock.epoch, clock.realNs() - clock.monoNs() + monoNs);
  return {
    name: entry.name,
    session: entry.session,
    source: entry.originatingSource,
    interface: interfaceName,
    information: description?.information ?? null,
    tool: description?.tool ?? null,
    endpoints: found.slice(0, MOST_ENDPOINTS).map(({ endpoint, name, encoding }) => ({
      endpoint: namesInterface ? `${endpoint}/iface=${interfaceName}` : endpoint,
      name: found.length > 1 ? name : null,
      encoding,
    })),
    message_id_hash: entry.messageIdHash,
    times_heard: entry.timesHeard,
    first_heard: time(entry.firstHeardNs),
    last_heard: time(entry.lastHeardNs),
    interval_ns: entry.intervalNs === null ? null : Math.round(entry.intervalNs),
    sdp: entry.sdp,
  };
}
