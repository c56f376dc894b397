/** How receivers are to get to know of a sender's streams, with every rule that limits it. */
import { isMulticast, parseAddress } from '../core/address.js';
import { McastError } from '../core/errors.js';
import type { SendPlan, SendStream } from './plan.js';
import type { OptionValues } from './options.js';

/** What is wrong is appended to `problems`. */
export function sessionPlan(
  run: OptionValues,
  streams: readonly SendStream[],
  problems: McastError[],
): Pick<SendPlan, 'sdp' | 'announce'> {
  const sdp = run.sdp ?? null;
  const announce = run.announce === true;
  const wrong = (message: string): void => {
    problems.push(new McastError('ERR_USAGE', message));
  };
  const what = [...(sdp === null ? [] : ['--sdp']), ...(announce ? ['--announce'] : [])].join(' and ');
  const described = streams.filter(({ media }) => media !== null);
  if (what !== '' && streams.length > 0 && described.length === 0) {
    wrong(`${what}: only transport streams (rtp://, udp://) can be described`);
  }
  if (announce && described.some(({ address }) => !isMulticast(parseAddress(address.group)!))) {
    wrong('--announce: sessions of groups are announced, not of single hosts');
  }
  if (sdp === '-' && run.json === '-') wrong('--json and --sdp cannot both be stdout: give one of them a file');
  return { sdp, announce };
}
