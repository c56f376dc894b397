import { McastError } from '../core/errors.js';
import type { StreamAddress } from './plan.js';

/** The same destination twice, or one group both with and without sources, which the kernel would quietly turn into one of them. */
export function refuseTwins(streams: readonly StreamAddress[], instead: string, problems: McastError[]): void {
  const seen = new Map<string, StreamAddress[]>();
  for (const stream of streams) {
    const place = `${stream.group} port ${stream.port}`;
    const key = `${place} ${stream.iface ?? ''}`;
    const others = seen.get(key) ?? [];
    for (const other of others) {
      if ((other.sources.length === 0) !== (stream.sources.length === 0)) {
        problems.push(
          new McastError('ERR_USAGE', `${place} is given with and without a source: without one every source is heard`),
        );
        return;
      }
      if (other.sources.length > 0 && !other.sources.some((source) => stream.sources.includes(source))) continue;
      problems.push(
        new McastError(
          'ERR_USAGE',
          `${place} is given twice, by "${other.endpoint}" and "${stream.endpoint}": ${instead}`,
        ),
      );
      return;
    }
    seen.set(key, [...others, stream]);
  }
}
