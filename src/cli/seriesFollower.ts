import { seriesHeading, seriesRows } from '../report/export/seriesCsv.js';
import type { Follower } from './follower.js';
import { LineFile } from './output.js';

/** `--series`: each interval as it comes. Throws ERR_FILE. */
export function openSeries(path: string): Follower {
  const file = new LineFile(path);
  try {
    file.write(seriesHeading());
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
  return {
    show: (message, end) => {
      if (message.type !== 'interval') return;
      for (const row of seriesRows(message, end)) file.write(row);
    },
    // What was moved away keeps its heading, and a new file has its own.
    reopen: () => {
      file.reopen();
      if (file.isEmpty) file.write(seriesHeading());
    },
    close: () => file[Symbol.dispose](),
  };
}
