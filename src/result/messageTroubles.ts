/** What of the messages of a feed's file is not sent, or not as it stands there, in words. */
import { formatCount } from '../core/format.js';
import type { SentMessages } from './model.js';

export function messageTroubles({ too_long: tooLong, backwards }: SentMessages): string[] {
  const said: string[] = [];
  const tell = (count: number, one: string, several: string): void => {
    if (count > 0) said.push(`${formatCount(count)} ${count === 1 ? one : several}`);
  };
  tell(tooLong, 'message left out: --mtu has no room for it', 'messages left out: --mtu has no room for them');
  tell(backwards, 'message with a time before that of one before', 'messages with a time before that of one before');
  return said;
}
