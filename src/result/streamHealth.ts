import { Identities } from './identities.js';
import type { StreamDigest } from './streamDigest.js';

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

  add(stream: StreamDigest): void {
    const { local, send_time: sendTime, loss_attribution: attribution } = stream.brief;
    this.identities.add(stream);
    this.count++;
    if (local) this.local++;
    if (sendTime !== null) {
      this.timed++;
      if (!local) this.timedAfar++;
      if (sendTime === 'due') this.due++;
    }
    if (attribution === 'shared' || attribution === 'bounded') this.inexact[attribution]++;
  }
}
