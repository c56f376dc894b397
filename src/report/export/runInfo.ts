/** What stands once for a whole run, beside its figures, as each format has it. */
import type { RunResult } from '../../result/model.js';
import { harmless, labelsOf, type Labels } from './exportLabels.js';

/** What the operator called the run: `--name`, `--label`. */
type Own = Pick<RunResult['run'], 'name' | 'labels'>;

/** Labels of Prometheus' info metric. The operator's own are called `label_<key>`. */
export function runInfo({ run, host, tool, clock }: RunResult): Labels {
  return [
    ...labelsOf({
      run_id: run.id,
      command: run.command,
      role: run.role,
      name: run.name,
      host: host.name,
      endpoint: run.endpoint,
      version: tool.version,
      implementation: run.io.implementation,
      receive_time: clock.receive_time,
    }),
    ...ownLabels(run, (key) => `label_${key.replaceAll(/\W/gu, '_')}`),
  ];
}

/** Resource attributes, by OpenTelemetry's semantic conventions where these have a name. */
export function runAttributes({ run, host, tool, clock }: RunResult): Labels {
  return [
    ...labelsOf({
      'service.name': tool.name,
      'service.version': tool.version,
      'service.instance.id': run.id,
      'host.name': host.name,
      'host.arch': host.architecture,
      'os.description': host.system,
      'mcastkit.command': run.command,
      'mcastkit.role': run.role,
      'mcastkit.name': run.name,
      'mcastkit.endpoint': run.endpoint,
      'mcastkit.implementation': run.io.implementation,
      'mcastkit.receive_time': clock.receive_time,
    }),
    ...ownLabels(run, (key) => key),
  ];
}

/** Tags of each line for InfluxDB. */
export function runTags(runId: string, hostName: string, own: Own): Labels {
  return [...labelsOf({ host: hostName, run: runId, instrument: own.name }), ...ownLabels(own, (key) => key)];
}

/** Of two keys that become the same name, the first. */
function ownLabels({ labels: given }: Pick<Own, 'labels'>, nameOf: (key: string) => string): Labels {
  const labels = new Map<string, string>();
  for (const [key, value] of Object.entries(given)) {
    const name = nameOf(key);
    if (value !== '' && !labels.has(name)) labels.set(harmless(name), harmless(value));
  }
  return [...labels];
}
