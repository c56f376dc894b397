/**
 * Text that others wrote, as names of services and of sources, so that it steers nothing where it is shown: no control
 * characters (terminals), nothing that turns the direction of what stands beside it, nothing that XML cannot hold.
 */

/** White space that would begin another line or column. */
const SPACES = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;
/** Controls, formats but the joiners that some scripts are written with, halves of a pair, and what is no character. */
const STEERING = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\uFFFE\uFFFF]/gu;
const UNREADABLE = '\uFFFD';
/** Nearly all texts: nothing in it can be either. */
const PRINTABLE = /^[ -~]*$/u;

/** One line; what steers is U+FFFD. */
export function printable(text: string): string {
  if (PRINTABLE.test(text)) return text;
  return text.replace(SPACES, ' ').replace(STEERING, UNREADABLE);
}
