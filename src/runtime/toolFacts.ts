import { readFileSync } from 'node:fs';
import os from 'node:os';
import type { Host, Tool } from '../result/model.js';

/** Name and version of this program, from its own package.json. */
export function toolFacts(): Tool {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { name, version } = JSON.parse(text) as { name: string; version: string };
  return { name, version, runtime: `node ${process.version}` };
}

export function hostFacts(interfaces: Host['interfaces']): Host {
  const cpus = os.cpus();
  return {
    name: os.hostname(),
    system: `${os.type()} ${os.release()}`,
    architecture: os.arch(),
    cpus: cpus.length,
    cpu_model: cpus[0]?.model ?? null,
    interfaces,
  };
}
