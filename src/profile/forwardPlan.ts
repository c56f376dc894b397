/** Reads what `forward` names: a second endpoint, which the media or the feed of the first one are sent on to. */
import { isMulticast, parseAddress } from '../core/address.js';
import { formatEndpoint, refuseReservedGroup, type Endpoint, type Scheme } from '../core/endpoint.js';
import { McastError } from '../core/errors.js';
import { parseEndpoint } from '../core/parseEndpoint.js';
import { framingOfScheme } from '../wire/framings.js';
import type { OptionName, OptionValues } from './options.js';
import type { ForwardPlan } from './plan.js';
import { readOptions } from './readOptions.js';
import { sentTos } from './streamValues.js';

/** Parameters that mean something for what is only sent on. */
const PARAMETERS: ReadonlySet<string> = new Set<OptionName>(['iface', 'ttl', 'dscp', 'tos', 'unicast']);

/**
 * `received`, `own`, `run`: of the endpoint that is received. Its interface is also that of a group that is sent on to and names
 * none; a host is reached as the kernel routes it. What is wrong is appended to `problems`; `null`: it cannot be read.
 */
export function forwardPlan(
  text: string,
  received: Scheme | null,
  own: OptionValues,
  run: OptionValues,
  problems: McastError[],
): ForwardPlan | null {
  // Its own syntax, in which a passphrase may stand: nothing of it gets into a message here.
  if (/^srt:/i.test(text)) return { kind: 'srt', text };
  const endpoint = read(text, (own.unicast ?? run.unicast) === true, problems);
  if (endpoint === null) return null;
  const label = `endpoint "${endpoint.text}"`;
  const wrong = (message: string): void => {
    problems.push(new McastError('ERR_USAGE', `${label}: ${message}`));
  };
  const scheme = endpoint.scheme ?? 'udp';
  const isFeed = received !== null && framingOfScheme(received) !== undefined;
  if (isFeed && scheme !== received && scheme !== 'udp') {
    // It keeps its numbers and its session, so its framing.
    wrong(`a feed is forwarded as the datagrams that it is, to ${received}:// or udp://, not to ${scheme}://`);
    return null;
  }
  if (!isFeed && scheme !== 'udp' && scheme !== 'rtp') {
    wrong(`media are forwarded to udp://, rtp:// or srt://, not to ${scheme}://${fromFeed(scheme)}`);
    return null;
  }
  if (endpoint.groups > 1) wrong(`${isFeed ? 'a feed is' : 'media are'} forwarded to one group`);
  if (endpoint.sources.length > 1) wrong('a sender has one source; a receiver may name several');
  const written = new Map([...endpoint.parameters].map(([name, value]) => [name as OptionName, [value]]));
  const values = readOptions(written, (name) => `${label}: ${name}`, problems);
  const { family, group, port, sources } = endpoint;
  const receivedBy = isMulticast(parseAddress(group)!) ? (own.iface ?? run.iface) : undefined;
  const iface = values.iface ?? receivedBy ?? null;
  if (iface === 'all') wrong('all interfaces are for receivers: a sender needs one, with /iface=');
  const canonical = formatEndpoint({ ...endpoint, scheme });
  return {
    kind: 'datagrams',
    scheme,
    address: { scheme, family, group, port, sources, iface, name: null, endpoint: canonical },
    ttl: values.ttl ?? 1,
    tos: sentTos(values, {}, wrong) ?? 0,
  };
}

/** What would have to be received. */
function fromFeed(scheme: Scheme): string {
  return framingOfScheme(scheme) === undefined ? '' : `: a feed is, when it is received by ${scheme}://`;
}

function read(text: string, unicast: boolean, problems: McastError[]): Endpoint | null {
  try {
    const endpoint = parseEndpoint(text, { parameters: PARAMETERS, unicast });
    refuseReservedGroup(endpoint);
    return endpoint;
  } catch (error) {
    if (!(error instanceof McastError)) throw error;
    problems.push(error);
    return null;
  }
}
