import type { RunResult } from '../../result/model.js';
import type { History } from './history.js';
import type { PictureOffer } from './picture.js';

/** All that the dashboard shows is made from. */
export interface LiveState {
  /** So far, or of the whole run; a {@link plainDocument}. `null`: there are no figures yet. */
  readonly result: RunResult | null;
  readonly isFinished: boolean;
  readonly history: History;
  /** As it was called: `recv`. */
  readonly command: string;
  readonly picture: PictureOffer;
}
