import type { ServerResponse } from 'node:http';
import { isAvc } from '../report/dashboard/picture.js';
import type { RunResult } from '../result/model.js';
import type { Preview } from '../runtime/preview.js';
import { sendText } from './httpServer.js';

/** Sends the picture of a stream, from now until the reader goes, the stream ends, or the run. */
export async function answerPicture(
  response: ServerResponse,
  preview: Preview,
  result: RunResult | null,
  id: string | null,
): Promise<void> {
  const stream = result?.streams.find((one) => one.id === id);
  const position = stream === undefined ? null : preview.positionOf(stream.group, stream.port);
  if (stream === undefined || stream.transport === null || position === null) {
    sendText(response, 404, 'there is no such stream, or no picture in it');
    return;
  }
  const watched = await preview.watch(position, isAvc(stream.transport));
  if (watched === null) {
    response.setHeader('Retry-After', '1');
    sendText(response, 503, 'a picture is watched already: one at a time');
    return;
  }
  response.on('close', () => void watched.stop());
  if (response.destroyed) await watched.stop();
  response.writeHead(200, { 'Content-Type': 'video/mp4' });
  watched.octets.pipe(response);
  await watched.ended;
  response.end();
}
