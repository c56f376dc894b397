/** Who answers requests for messages and who makes them, with every rule that limits it. */
import type { Scheme } from '../core/endpoint.js';
import { McastError } from '../core/errors.js';
import type { ReceiveRecoveryPlan, SendRecoveryPlan, SendStream } from './plan.js';
import { OPTIONS, type OptionValues } from './options.js';

const MOLD_ALONE = 'is for mold:// alone: other feeds have no requests of their own';
const STORE = OPTIONS['recovery-store'].read(OPTIONS['recovery-store'].fallback!);

const fallback = (name: 'recovery-linger' | 'recover-delay' | 'recover-timeout' | 'recover-tries'): number =>
  OPTIONS[name].read(OPTIONS[name].fallback!);

/** Of a feed that is sent; `null`: nobody answers. */
export function sendRecovery(
  own: OptionValues,
  run: OptionValues,
  scheme: Scheme,
  wrong: (message: string) => void,
): SendRecoveryPlan | null {
  const place = own.recovery ?? run.recovery;
  if (place === undefined) {
    for (const name of ['recovery-store', 'recovery-linger'] as const) {
      if ((own[name] ?? run[name]) !== undefined) wrong(`${name} is nothing without recovery=<port>`);
    }
    return null;
  }
  if (scheme !== 'mold') wrong(`recovery ${MOLD_ALONE}`);
  return {
    ...place,
    store: own['recovery-store'] ?? run['recovery-store'] ?? STORE,
    lingerNs: own['recovery-linger'] ?? run['recovery-linger'] ?? fallback('recovery-linger'),
  };
}

/** Of an endpoint that is received; `null`: what is missing is not asked for. */
export function receiveRecovery(
  own: OptionValues,
  run: OptionValues,
  scheme: Scheme | null,
  wrong: (message: string) => void,
): ReceiveRecoveryPlan | null {
  const servers = own.recover ?? run.recover;
  if (servers === undefined) {
    for (const name of ['recover-from', 'recover-delay', 'recover-timeout', 'recover-tries'] as const) {
      if ((own[name] ?? run[name]) !== undefined) wrong(`${name} is nothing without recover=<host>:<port>`);
    }
    return null;
  }
  if (scheme === null) wrong('recover: say mold:// in the endpoint');
  else if (scheme !== 'mold') wrong(`recover ${MOLD_ALONE}`);
  const from = own['recover-from'] ?? run['recover-from'];
  return {
    servers,
    from: from === undefined ? null : Number(from),
    delayNs: own['recover-delay'] ?? run['recover-delay'] ?? fallback('recover-delay'),
    timeoutNs: own['recover-timeout'] ?? run['recover-timeout'] ?? fallback('recover-timeout'),
    tries: own['recover-tries'] ?? run['recover-tries'] ?? fallback('recover-tries'),
  };
}

/** Each feed has a port of its own: a request names no group. */
export function refuseSharedPorts(streams: readonly SendStream[], problems: McastError[]): void {
  const seen = new Set<number>();
  for (const { feed, address } of streams) {
    const port = feed?.recovery?.port;
    if (port === undefined) continue;
    if (seen.has(port)) {
      const message = `endpoint "${address.endpoint}": recovery=${port} is of one feed: give each group a port of its own`;
      problems.push(new McastError('ERR_USAGE', message));
    }
    seen.add(port);
  }
  const paths = new Set<string>();
  for (const { feed, address } of streams) {
    const store = feed?.recovery?.store;
    if (store?.kind !== 'file') continue;
    if (paths.has(store.path)) {
      const message = `endpoint "${address.endpoint}": two feeds cannot both be kept in ${store.path}`;
      problems.push(new McastError('ERR_USAGE', message));
    }
    paths.add(store.path);
  }
}
