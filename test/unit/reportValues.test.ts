import { describe, expect, it } from 'vitest';
import { planOutput, planReceive, type OutputPlan } from '../../src/profile/makePlan.js';
import type { OptionName } from '../../src/profile/options.js';
import { readOptions, type GivenOptions } from '../../src/profile/readOptions.js';
import { takesStandardOutput } from '../../src/profile/reportPlan.js';
import { parseRegression, parseReportTarget } from '../../src/profile/reportValues.js';
import { planContext } from '../../src/runtime/planContext.js';

function given(
  command: GivenOptions['command'],
  options: Partial<Record<OptionName, readonly string[]>>,
): GivenOptions {
  const written = new Map(Object.entries(options) as [OptionName, readonly string[]][]);
  return { command, written, values: readOptions(written, (name) => `--${name}`, []) };
}

describe('the file of a report', () => {
  it.each([
    ['run.html', 'html', 'run.html'],
    ['a.b/Run.HTML', 'html', 'a.b/Run.HTML'],
    ['x.json', 'json', 'x.json'],
    ['x.csv', 'csv', 'x.csv'],
    ['x.series.csv', 'series.csv', 'x.series.csv'],
    ['x.xml', 'xml', 'x.xml'],
    ['x.md', 'md', 'x.md'],
    ['x.txt', 'txt', 'x.txt'],
    ['md:-', 'md', '-'],
    ['series.csv:-', 'series.csv', '-'],
    ['html:out/index', 'html', 'out/index'],
    ['html:page.txt', 'html', 'page.txt'],
  ])('%s is %s', (text, format, path) => {
    expect(parseReportTarget(text)).toEqual({ format, path });
  });

  it.each([
    ['-', /"-" has no extension that says the format: write <format>:-, as html:-/],
    ['report', /"report" has no extension that says the format: html, json, csv/],
    ['a.d/report', /"a\.d\/report" has no extension/],
    ['x.htlm', /"x\.htlm": \.htlm is no format of reports \(html, .*\); did you mean \.html\?/],
    ['x.pdf', /\.pdf is no format of reports \(html,/],
    ['x.ndjson', /lines of JSON are --json=x\.ndjson/],
    ['html:', /"html:" has no extension/],
    ['', /a value is missing/],
  ])('%s is refused', (text, message) => {
    expect(() => parseReportTarget(text)).toThrow(message);
  });
});

describe('the share by which a figure may become worse', () => {
  it.each([
    ['5%', null, 0.05],
    ['0.05', null, 0.05],
    ['250%', null, 2.5],
    ['0%', null, 0],
    ['one_way_delay_ns.p99=20%', 'one_way_delay_ns.p99', 0.2],
    [' loss_ratio = .5 ', 'loss_ratio', 0.5],
  ])('%s', (text, name, ratio) => {
    expect(parseRegression(text)).toEqual({ name, ratio: expect.closeTo(ratio, 12) });
  });

  it.each([
    ['5', /"5": write 5% for 5 %/],
    ['loss_ratio=5', /write 5% for 5 %/],
    ['-5%', /is no share by which a figure may become worse/],
    ['much', /write 5%, or <figure>=5%/],
    ['=5%', /is no share/],
    ['', /is no share/],
  ])('%s is refused', (text, message) => {
    expect(() => parseRegression(text)).toThrow(message);
  });
});

function plan(options: Partial<Record<OptionName, readonly string[]>>): OutputPlan {
  return planReceive(['probe://239.1.1.1:5001/iface=lo'], given('recv', options), planContext([])).output;
}

describe('the files of a run', () => {
  it('are in the plan of the output, as many as there are', () => {
    expect(plan({}).reports).toEqual([]);
    expect(plan({ report: ['a.html', 'b.xml'] }).reports.map(({ path }) => path)).toEqual(['a.html', 'b.xml']);
    expect(planOutput(given('report', { report: ['md:-'] })).reports).toEqual([{ format: 'md', path: '-' }]);
  });

  it.each<[Partial<Record<OptionName, readonly string[]>>, RegExp]>([
    [{ report: ['md:-', 'txt:-'] }, /two reports cannot both be stdout/],
    [{ report: ['a.html', 'a.html'] }, /two reports cannot both be a\.html/],
    [{ report: ['md:-'], json: ['-'] }, /--report and --json cannot both be stdout/],
    [{ report: ['md:-'], capture: ['-'] }, /--report and --capture cannot both be stdout/],
    [{ report: ['md:-'], series: ['-'] }, /--report and --series cannot both be stdout/],
    [{ report: ['a.json'], json: ['a.json'] }, /--report and --json cannot both be a\.json/],
  ])('cannot be the same: %j', (options, message) => {
    expect(() => plan(options)).toThrow(message);
  });

  it('take standard output from the text for people', () => {
    const exports = { toStdout: false };
    expect(takesStandardOutput({ json: null, reports: [], exports: { toStdout: true } })).toBe(true);
    expect(takesStandardOutput({ json: null, reports: [{ path: '-', format: 'md' }], exports })).toBe(true);
    expect(takesStandardOutput({ json: '-', reports: [], exports })).toBe(true);
    expect(takesStandardOutput({ json: 'x', reports: [{ path: 'y', format: 'md' }], exports })).toBe(false);
  });
});
