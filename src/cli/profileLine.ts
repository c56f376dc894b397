import type { Profile } from '../profile/profile.js';

/** `profile iptv-hd: a channel of IPTV in HD`. */
export function profileLine({ name, title }: Profile): string {
  return `profile ${name}${title === null ? '' : `: ${title}`}`;
}
