import { Identities } from './identities.js';
import type { AlikeStreams, BriefStream, StreamDigest } from './streamDigest.js';

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
    this.identities.add(stream);
    this.#count(stream.brief, 1);
  }

  addAlike(streams: AlikeStreams): void {
    this.identities.addAlike(streams);
    this.#count(streams.brief, streams.positions.length);
  }

  /** `times`: so many are like it. */
  #count(stream: BriefStream, times: number): void {
    const { local, send_time: sendTime, loss_attribution: attribution } = stream;
    this.count += times;
    if (local) this.local += times;
    if (sendTime !== null) {
      this.timed += times;
      if (!local) this.timedAfar += times;
      if (sendTime === 'due') this.due += times;
    }
    if (attribution === 'shared' || attribution === 'bounded') this.inexact[attribution] += times;
  }
}
