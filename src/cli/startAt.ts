import { formatDateTime, UTC } from '../core/format.js';
import { formatUnixNs } from '../core/time.js';
import type { CommonPlan } from '../profile/plan.js';
import type { Presenter } from './presenter.js';

/** That nothing happens until `--start-at` is as it should be. */
export function sayStartAt(presenter: Presenter, { startAtUnixNs }: CommonPlan): void {
  if (startAtUnixNs === null) return;
  presenter.say(`waiting until ${formatDateTime(formatUnixNs(startAtUnixNs), UTC)}`);
}
