import type { ExportedFigure } from './exportedFigure.js';
import { RUN_FIGURES } from './runFigures.js';
import { SENDER_FIGURES } from './senderFigures.js';
import { STREAM_FIGURES } from './streamFigures.js';

/**
 * The one table of what is exported and how it is called there. A test demands each number of the document in it, or
 * the reason why it is not; `docs/export.md`, dashboards and alerts are tested against it.
 */
export const EXPORT_TABLE: readonly ExportedFigure[] = [...RUN_FIGURES, ...STREAM_FIGURES, ...SENDER_FIGURES];
