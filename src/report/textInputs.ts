/** What a text report says about the inputs of a sender: what was wrong with them. */
import { formatCount } from '../core/format.js';
import { captureTroubles } from '../result/captureTroubles.js';
import { messageTroubles } from '../result/messageTroubles.js';
import type { SenderInput, SentCapture } from '../result/model.js';
import { counted, line, lines } from './textLines.js';
import type { Style } from './style.js';

export function inputLines(inputs: readonly SenderInput[], most: number, style: Style): string[] {
  const troubled = inputs.flatMap((input) => {
    const troubles = troublesOf(input);
    return troubles.length === 0 ? [] : [lines('input', `${input.name}: ${troubles.join(', ')}`, style.warn)];
  });
  const rest = troubled.length - most;
  return [...troubled.slice(0, most).flat(), ...(rest > 0 ? [line('', `and ${counted(rest, 'more input')}`)] : [])];
}

function troublesOf(input: SenderInput): string[] {
  const said: string[] = [];
  const tell = (count: number, one: string, several: string): void => {
    if (count > 0) said.push(`${formatCount(count)} ${count === 1 ? one : several}`);
  };
  if (input.failure !== null) said.push(input.failure);
  if (input.underruns > 0)
    said.push(`ran dry ${input.underruns === 1 ? 'once' : `${formatCount(input.underruns)} times`}`);
  tell(input.resyncs, 'loss of sync', 'losses of sync');
  tell(input.skipped_octets, 'octet in no transport packet', 'octets in no transport packet');
  tell(input.truncated_packets, 'packet cut off', 'packets cut off');
  tell(input.discontinuities, 'discontinuity of its clock', 'discontinuities of its clock');
  tell(input.unstamped_units, 'time stamp not rewritten', 'time stamps not rewritten');
  if (input.capture !== null) said.push(...notSent(input.capture));
  if (input.messages !== null) said.push(...messageTroubles(input.messages));
  return said;
}

function notSent(capture: SentCapture): string[] {
  const troubles = captureTroubles(capture);
  return troubles.length === 0 ? [] : [`not sent: ${troubles.join(', ')}`];
}
