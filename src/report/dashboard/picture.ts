/** Whether a stream can be watched, and if not why. */
import type { Stream, Transport } from '../../result/model.js';
import { markup, NOTHING, type Markup } from '../html/markup.js';

/** `none`: this run has no pictures, or nobody may watch them. */
export type PictureOffer = 'none' | 'offered' | 'no-ffmpeg';

/** AVC video, ISO/IEC 13818-1 table 2-34: what every browser decodes. */
const AVC = 0x1b;

export function picture({ id, transport }: Stream, offer: PictureOffer): Markup {
  if (transport === null || offer === 'none') return NOTHING;
  const why = whyNot(transport, offer);
  if (why !== null) return markup`<p class="note">No picture here: ${why}.</p>`;
  const query = new URLSearchParams({ stream: id });
  return markup`<p>
    <button type="button" data-watch="preview?${query.toString()}">Watch</button>
    <small> ${isAvc(transport) ? 'the pictures as they are' : 'the pictures made anew for the browser, small'}</small>
  </p>`;
}

/** Its pictures need not be made anew. */
export function isAvc({ services }: Transport): boolean {
  const types = services.flatMap(({ streams }) =>
    streams.flatMap(({ kind, stream_type: type }) => (kind === 'video' ? [type] : [])),
  );
  return types.length > 0 && types.every((type) => type === AVC);
}

function whyNot({ services, pids }: Transport, offer: PictureOffer): string | null {
  if (offer === 'no-ffmpeg') return 'ffmpeg, which would package it for the browser, was not found';
  if (services.every(({ streams }) => streams.every(({ kind }) => kind !== 'video'))) return 'there is no video in it';
  const video = pids.filter(({ kind }) => kind === 'video');
  return video.length > 0 && video.every(({ scrambled }) => scrambled > 0) ? 'it is scrambled' : null;
}
