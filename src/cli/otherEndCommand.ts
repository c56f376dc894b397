/** The other end of a sender that receives as well, ready to paste into a shell. */
import { withoutSecret } from '../core/secret.js';
import { OPTIONS, type OptionName, type OptionRow } from '../profile/options.js';
import type { ReceivePlan, SendPlan } from '../profile/plan.js';
import type { GivenOptions } from '../profile/readOptions.js';
import type { ReadyInfo } from '../runtime/messages.js';
import { endpointsOf, loopbackOf } from './receiverCommand.js';
import { shellWord } from './shellWord.js';

/** Sections of options by which both ends do the same. */
const OF_BOTH: ReadonlySet<string> = new Set(['Where', 'What is sent', 'When it ends', 'Feedback']);
/** Said by the endpoints, or of this host alone. */
const NOT_SHARED: ReadonlySet<OptionName> = new Set(['both', 'iface', 'groups', 'ipv6', 'source-port', 'feedback']);

/**
 * `mcast send` with the endpoints the other way round, and the load as it is here. `written`: the options as they were
 * given at this end.
 */
export function otherEndCommand(
  send: SendPlan,
  receive: ReceivePlan,
  { written }: GivenOptions,
): (info: Pick<ReadyInfo, 'interfaces' | 'loopback'>) => string {
  const options = [...written].flatMap(([name, values]) => {
    const { section, value }: OptionRow = OPTIONS[name];
    if (!OF_BOTH.has(section) || NOT_SHARED.has(name)) return [];
    // An instant that counts from now is another one there.
    if (name === 'start-at' && values.some((text) => text.startsWith('+'))) return [];
    return value === null ? [`--${name}`] : values.flatMap((text) => [`--${name}`, text]);
  });
  const sentThere = [
    ...new Set(receive.streams.flatMap((stream, i) => (isFirst(receive, i) ? [stream.endpoint] : []))),
  ];
  return (info) => {
    const loopback = loopbackOf(info);
    const there = sentThere.map((endpoint) =>
      loopback === null || /\/iface=/.test(endpoint) ? endpoint : `${endpoint}/iface=${loopback}`,
    );
    const here = endpointsOf(send, loopback).flatMap((endpoint) => ['--both', endpoint]);
    return ['mcast', 'send', ...[...there, ...here, ...options].map((word) => shellWord(withoutSecret(word)))].join(
      ' ',
    );
  };
}

/** Not what goes with another one. */
function isFirst({ places }: ReceivePlan, index: number): boolean {
  return places[index]!.role === 'media' && places[index]!.leg === 0;
}
