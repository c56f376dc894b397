/** Where datagrams were lost, seen from all receivers of a sender. */
import { formatCount } from '../core/format.js';
import { printable } from '../core/printable.js';
import type { LossLocationReport } from '../result/model.js';
import type { Style } from './style.js';
import { lines } from './textLines.js';

const MOST_NAMES = 8;
const MOST_BRANCHES = 8;

type Numbers = LossLocationReport['common'];

export function lossLocationLines(location: LossLocationReport, style: Style): string[] {
  const { common, branches, other_branches, single, alone, hosts } = location;
  const block = [style.bold(`where it was lost, by ${formatCount(location.receivers)} receivers`)];
  const tell = (where: string, numbers: Numbers): void => {
    if (numbers.lost + numbers.unsure === 0) return;
    const unsure = numbers.unsure === 0 ? '' : `, and ${formatCount(numbers.unsure)} more that look so`;
    block.push(...lines(formatCount(numbers.lost), where + unsure, style.bad));
  };
  tell('by all receivers: at or near the sender', common);
  for (const branch of branches.slice(0, MOST_BRANCHES))
    tell(`by ${names(branch.receivers)} alike: in a branch that they share`, branch);
  const further = [other_branches, ...branches.slice(MOST_BRANCHES)];
  tell('in other branches', {
    lost: further.reduce((sum, { lost }) => sum + lost, 0),
    unsure: further.reduce((sum, { unsure }) => sum + unsure, 0),
  });
  for (const one of single) tell(`by ${printable(one.receiver)} alone: on its own link or host`, one);
  tell('when only one receiver was there: nobody can say where', alone);
  for (const { receiver, socket_buffer, application, mixed } of hosts) {
    const what = [
      ...(socket_buffer > 0 ? [`${formatCount(socket_buffer)} at its socket buffer`] : []),
      ...(application > 0 ? [`${formatCount(application)} in its program`] : []),
      ...(mixed > 0 ? [`${formatCount(mixed)} there or before`] : []),
    ];
    block.push(...lines('dropped', `by ${printable(receiver)} itself: ${what.join(', ')}`, style.bad));
  }
  if (block.length === 1) block.push(...lines('', 'nothing was'));
  return block;
}

function names(all: readonly string[]): string {
  const told = all.slice(0, MOST_NAMES).map(printable).join(', ');
  return all.length > MOST_NAMES ? `${told} and ${all.length - MOST_NAMES} more` : told;
}
