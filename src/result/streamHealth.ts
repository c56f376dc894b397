import { Identities } from './identities.js';
import type { Stream } from './model.js';

/** What the verdict needs of all streams, as they come. */
export class StreamHealth {
  readonly identities = new Identities();
  count = 0;
  /** From this host itself. */
  local = 0;
  /** With a send time, and so from another host. */
  timed = 0;
  timedAfar = 0;
  /** Whose send time is the due time. */
  due = 0;
  /** Streams whose loss by cause is an estimate, or a bound. */
  readonly inexact = { shared: 0, bounded: 0 };

  add(stream: Stream): void {
    this.identities.add(stream);
    this.count++;
    if (stream.local) this.local++;
    if (stream.send_time !== null) {
      this.timed++;
      if (!stream.local) this.timedAfar++;
      if (stream.send_time === 'due') this.due++;
    }
    const attribution = stream.loss_attribution;
    if (attribution === 'shared' || attribution === 'bounded') this.inexact[attribution]++;
  }
}
