/** What `mcast doctor` found, as text: worst first, each with what was seen and what would mend it. */
import { printable } from '../core/printable.js';
import type { DoctorReport, Finding, NotChecked, Severity } from '../result/modelDoctor.js';
import { fold } from './fold.js';
import { styleOf, type Style, type TextOptions } from './style.js';
import { counted } from './textLines.js';

const TAG_COLUMNS = 8;
const INDENT = ' '.repeat(TAG_COLUMNS + 1);
/** Groups of a place that are named. */
const GROUPS_SHOWN = 4;

/** The whole report. */
export function doctorText(report: DoctorReport, options: TextOptions = {}): string {
  const style = styleOf(options.color ?? false);
  const { places, findings } = report;
  const told = findings.filter(({ severity, id }) => severity !== 'ok' || WORTH_TELLING.has(id));
  const several = places.length > 1;
  const blocks = [
    ...places.map((place) => style.bold(fold(placeLine(place)))),
    ...told.map((finding) => findingText(finding, several, style)),
    ...quietLines(report).map((line) => style.dim(fold(line))),
    verdictLine(report, style),
  ];
  return blocks.join('\n');
}

function placeLine({
  interface: name,
  family,
  reason,
  groups,
  groups_total: total,
}: DoctorReport['places'][number]): string {
  const shown = groups.slice(0, GROUPS_SHOWN).join(', ');
  const more = total > GROUPS_SHOWN ? ` and ${total - GROUPS_SHOWN} more` : '';
  return printable(`${name}, IPv${family} (${reason})${groups.length === 0 ? '' : `: ${shown}${more}`}`);
}

/** What is well, and tells something of the network. */
const WORTH_TELLING: ReadonlySet<string> = new Set(['route', 'membership-version', 'querier', 'members']);

const TAGS: Readonly<Record<Severity, string>> = { broken: 'BROKEN', warning: 'warning', note: 'note', ok: 'ok' };

function findingText(finding: Finding, several: boolean, style: Style): string {
  const { severity, id, text, evidence, remedy } = finding;
  const paint =
    severity === 'broken'
      ? style.bad
      : severity === 'warning'
        ? style.warn
        : severity === 'ok'
          ? style.good
          : style.dim;
  const place = [finding.interface, finding.family === null ? null : `IPv${finding.family}`].filter(
    (part) => part !== null,
  );
  const where = several && place.length > 0 ? ` (${place.join(', ')})` : '';
  // The tag is folded with its text, and coloured afterwards.
  const head = fold(printable(`${TAGS[severity].padEnd(TAG_COLUMNS)} ${id}${where}: ${text}`), INDENT);
  const lines = [paint(head.slice(0, TAG_COLUMNS)) + head.slice(TAG_COLUMNS)];
  if (severity === 'ok') return lines.join('\n');
  const seen = evidence.map(({ from, value }) => `${from}: ${value}`).join('; ');
  if (seen !== '' && severity !== 'note')
    lines.push(style.dim(fold(printable(`${INDENT}seen: ${seen}`), `${INDENT}  `)));
  if (remedy !== null) lines.push(fold(printable(`${INDENT}try:  ${remedy}`), `${INDENT}  `));
  return lines.join('\n');
}

/** What is well, what could not be looked at, and what root would add. */
function quietLines({ findings, not_checked: notChecked, is_root: isRoot }: DoctorReport): string[] {
  const told = new Set(
    findings.flatMap(({ id, severity }) => (severity !== 'ok' || WORTH_TELLING.has(id) ? [id] : [])),
  );
  const fine = [...new Set(findings.flatMap(({ id }) => (told.has(id) ? [] : [id])))];
  const lines = fine.length === 0 ? [] : [`fine: ${fine.join(', ')}`];
  for (const [reason, ids] of byReason(notChecked)) lines.push(`not checked: ${ids.join(', ')} (${reason})`);
  const wanting = [...new Set(notChecked.flatMap(({ id, wants_root: wantsRoot }) => (wantsRoot ? [id] : [])))];
  if (wanting.length > 0 && !isRoot) lines.push(`root (sudo) would add: ${wanting.map(added).join('; ')}`);
  return lines.map(printable);
}

function byReason(notChecked: readonly NotChecked[]): Map<string, string[]> {
  const reasons = new Map<string, string[]>();
  for (const { id, reason } of notChecked) {
    const ids = reasons.get(reason) ?? [];
    if (!ids.includes(id)) ids.push(id);
    reasons.set(reason, ids);
  }
  return reasons;
}

const ADDED: Readonly<Record<string, string>> = {
  querier: 'whether there is a querier',
  members: 'who the querier is, and who else is in which group',
  'firewall-membership': 'rules that drop IGMP or MLD',
  'firewall-group': 'rules that drop the group',
};

function added(id: string): string {
  return ADDED[id] ?? id;
}

function verdictLine({ verdict, findings, complete }: DoctorReport, style: Style): string {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const cut = complete ? '' : '; it was cut short';
  if (verdict === 'broken') return style.bad(`${counted(count('broken'), 'thing')} would break multicast here${cut}`);
  if (verdict === 'warning') {
    return style.warn(`nothing is broken here; ${counted(count('warning'), 'warning')}${cut}`);
  }
  return style.good(`nothing was found that would break multicast here${cut}`);
}
