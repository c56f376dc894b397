import { Identities } from './identities.js';
import type { Stream } from './model.js';

/** What the verdict needs of all streams, as they come. */
export class StreamHealth {
  readonly identities = new Identities();
  streams = 0;
  /** From this host itself. */
  local = 0;
  /** With a send time; from another host; that is the due time. */
  timed = 0;
  timedAfar = 0;
  due = 0;
  /** Lost in socket buffers, as far as a stream's loss is put down to them. */
  socketBufferLost = 0;
  /** Streams whose loss by cause is an estimate, or a bound. */
  readonly inexact = { shared: 0, bounded: 0 };

  add(stream: Stream): void {
    this.identities.add(stream);
    this.streams++;
    if (stream.local) this.local++;
    if (stream.send_time !== null) {
      this.timed++;
      if (!stream.local) this.timedAfar++;
      if (stream.send_time === 'due') this.due++;
    }
    this.socketBufferLost += stream.metrics.loss_socket_buffer ?? 0;
    const attribution = stream.loss_attribution;
    if (attribution === 'shared' || attribution === 'bounded') this.inexact[attribution]++;
  }
}
