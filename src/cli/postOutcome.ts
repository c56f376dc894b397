import { printable } from '../core/printable.js';
import type { PostAnswer } from '../dashboard/httpPush.js';
import type { PushOutcome } from '../dashboard/pushQueue.js';

/** Of what a server says in words. */
const MOST_WORDS = 200;

/** What an answer means. `later`: statuses after which the same may be taken. */
export function postOutcome(answer: PostAnswer, url: string, later: ReadonlySet<number>): PushOutcome {
  const { status, text, location, retryAfterMs } = answer;
  if (status >= 200 && status < 300) return { kind: 'taken', but: null };
  // Whatever the URL holds behind its path is nobody's but the operator's.
  const where = url.replace(/\?.*$/su, '');
  if (status >= 300 && status < 400) {
    return {
      kind: 'refused',
      why: `${where} answers with ${status}, to ${printable(location ?? 'nowhere')}: give that URL`,
    };
  }
  const words = printable(text.replaceAll(/\s+/gu, ' ').trim()).slice(0, MOST_WORDS);
  const why = `${where} answers with ${status}${words === '' ? '' : `: ${words}`}`;
  return later.has(status) ? { kind: 'later', why, afterMs: retryAfterMs } : { kind: 'refused', why };
}
