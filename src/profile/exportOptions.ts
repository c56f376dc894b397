/** The rows of the table of options that say where figures go while a run goes on. */
import { parseInfluxTarget, parseMetricsPlace, parseOtlpUrl, parseWebPlace } from './exportValues.js';
import { LIVE, one, RESULTS, type OptionRow } from './optionRow.js';
import { parseText } from './optionValues.js';

export const EXPORT_OPTIONS = {
  series: one('Export', parseText, {
    value: '<file>',
    commands: ['send', 'recv', 'check', 'analyze', 'demo', 'relay'],
    help: 'write a row of CSV per stream and interval, as they come; - is stdout',
  }),
  metrics: one('Export', parseMetricsPlace, {
    value: '[=<[address:]port>]',
    astray: /^(?:(?:0\.0\.0\.0|127\.[\d.]+|localhost|\[::1?\])?:)?\d{1,5}$/u,
    commands: [...LIVE, 'zap'],
    help: 'answer Prometheus at http://127.0.0.1:9464/metrics; another address only when it is given, as 0.0.0.0:9464',
  }),
  web: one('Export', parseWebPlace, {
    value: '[=<[address:]port>]',
    astray: /^(?:(?:0\.0\.0\.0|127\.[\d.]+|localhost|\[::1?\])?:)?\d{1,5}$/u,
    commands: [...LIVE, 'zap', 'capacity'],
    help: 'dashboard for browsers at http://127.0.0.1:8080; another address only when it is given, as 0.0.0.0:8080',
  }),
  otlp: one('Export', parseOtlpUrl, {
    value: '<url>',
    commands: RESULTS,
    help: 'send metrics to an OpenTelemetry collector (OTLP over HTTP, JSON), as http://127.0.0.1:4318',
  }),
  influx: one('Export', parseInfluxTarget, {
    value: '<where>',
    commands: RESULTS,
    help: 'write lines for InfluxDB: http://127.0.0.1:8086/org=lab/bucket=mcast, udp://127.0.0.1:8089 or a file; - is stdout',
  }),
  'influx-token-file': one('Export', parseText, {
    value: '<file>',
    commands: RESULTS,
    help: 'file with the token for InfluxDB. Default: INFLUX_TOKEN of the environment',
  }),
} as const satisfies Readonly<Record<string, OptionRow>>;
