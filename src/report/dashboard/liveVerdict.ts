/** How it stands, before it is over. */
import { formatCount, formatDuration } from '../../core/format.js';
import type { Health, RunResult } from '../../result/model.js';
import { instant } from '../html/instant.js';
import { markup, type Markup } from '../html/markup.js';
import { titleOf } from '../html/run.js';
import { verdict } from '../html/verdict.js';
import type { LiveState } from './liveState.js';
import { addressOf, type View } from './view.js';

export function liveTitle({ result, isFinished, command }: LiveState): string {
  if (result === null) return `mcast ${command}: starting`;
  return `${isFinished ? 'Finished' : 'Running'}: ${titleOf(result)}`;
}

export function liveHeader({ result, isFinished, command, history }: LiveState, view: View): Markup {
  if (result === null) {
    return markup`<h1>mcast ${command}</h1><p>There are no figures yet.</p>`;
  }
  const { run, host } = result;
  // Of many streams the document is asked for less often than intervals tell.
  const sinceNs = isFinished ? run.duration_ns : Math.max(run.duration_ns, history.toldNs);
  const labels = Object.entries(run.labels).map(([key, value]) => markup` <span class="tag">${key}=${value}</span>`);
  return markup`<h1>${titleOf(result)}</h1>
    <p>
      ${isFinished ? `${instant(run.start)} to ${instant(run.end)}` : `Since ${instant(run.start.slice(0, 19))}Z`}${`, ${formatDuration(sinceNs)}. `}
      ${run.name !== null && markup`<b>${run.name}</b>, `}${host.name}${labels}
    </p>
    ${pages(view)}`;
}

const PAGES = [
  ['overview', 'Figures'],
  ['conditions', 'Path and host'],
] as const;

function pages(view: View): Markup {
  return markup`<nav aria-label="Pages">
    <ul>
      ${PAGES.map(
        ([page, name]) =>
          markup`<li><a href="${addressOf({ page, stream: null, sort: view.sort })}"${view.page === page && markup` aria-current="page"`}>${name}</a></li>`,
      )}
      <li><a href="result.json">Result as JSON</a></li>
    </ul>
  </nav>`;
}

const TONES: Readonly<Record<Health['verdict'], string>> = { valid: 'good', degraded: 'warn', invalid: 'bad' };

/** In one sentence, which changes only when the verdict does: it is read aloud then. */
export function outcomeSoFar({ limits, health, streams, run }: RunResult): readonly [tone: string, text: string] {
  if (health.verdict === 'invalid') return ['bad', 'Running; the result so far is invalid'];
  const exceeded = limits.filter(({ ok }) => !ok).length;
  const isSilent = run.role !== 'sender' && streams.length === 0 && exceeded > 0;
  if (isSilent)
    return ['warn', `Running; ${(health.malformed ?? 0) > 0 ? 'nothing of what was demanded' : 'nothing'} arrived yet`];
  if (exceeded > 0)
    return ['bad', `Running; limits exceeded so far: ${formatCount(exceeded)} of ${formatCount(limits.length)}`];
  return ['good', limits.length === 0 ? 'Running' : 'Running, within its limits so far'];
}

export function liveVerdict({ result, isFinished }: LiveState): Markup {
  if (result === null) return markup`<div class="verdict"><p class="outcome" role="status">Starting</p></div>`;
  if (isFinished) return markup`<div role="status">${verdict(result)}</div>`;
  const [tone, text] = outcomeSoFar(result);
  const { verdict: health, reasons } = result.health;
  const told = reasons.filter(({ severity }) => severity !== 'note');
  return markup`<div class="verdict ${tone}">
    <p class="outcome" role="status">${text}</p>
    <p class="${TONES[health]}">The measurement so far is ${health}.</p>
    ${
      told.length > 0 &&
      markup`<ul>
        ${told.map(({ severity, text: why }) => markup`<li><span class="tag ${severity === 'invalid' ? 'bad' : 'warn'}">${severity}</span> ${why}</li>`)}
      </ul>`
    }
  </div>`;
}
