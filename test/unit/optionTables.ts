import { optionTerm } from '../../src/cli/help.js';
import { OPTION_NAMES, OPTIONS, type OptionRow, type Section } from '../../src/profile/options.js';

/** The rows of `docs/cli.md` for one section, as the table of options demands them. */
export function optionTable(section: Section): string[] {
  return OPTION_NAMES.filter((name) => OPTIONS[name].section === section && !OPTIONS[name].hidden).map((name) => {
    const row: OptionRow = OPTIONS[name];
    const cells = [
      `\`${optionTerm(name)}\``,
      row.commands.join(' '),
      row.fallback === null ? '' : `\`${row.fallback}\``,
      row.help,
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`.replaceAll('|  |', '| |');
  });
}
