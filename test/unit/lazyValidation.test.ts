import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../src');

it('only validation loads the schema library: building, judging and rendering a result do not', () => {
  const loading: string[] = [];
  for (const file of readdirSync(ROOT, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const source = readFileSync(path.join(ROOT, file), 'utf8');
    // Statements that are left in the JavaScript: not `import type`, not the dynamic import of read.ts.
    const kept = [...source.matchAll(/^(?:import|export) (?!type )[^;]*?from '([^']+)'/gmu)].map(([, from]) => from!);
    if (kept.some((from) => from === 'zod' || /\/model(?:[A-Z]\w*)?\.js$/u.test(from))) loading.push(file);
  }
  const ofProfiles = ['profile/profileJsonSchema.ts', 'profile/profileSchema.ts'];
  const inResult = [
    'emitSchema',
    'jsonSchema',
    'model',
    'modelBench',
    'modelBenchGroups',
    'modelBenchStreams',
    'modelBrief',
    'modelBursts',
    'modelCapacity',
    'modelDoctor',
    'modelFigures',
    'modelLink',
    'modelLossLocation',
    'modelReceiver',
    'modelRepair',
    'modelSender',
    'modelStream',
    'modelTaps',
    'modelTransport',
    'modelZap',
  ].map((name) => `result/${name}.ts`);
  expect(loading.filter((file) => file !== 'index.ts').toSorted()).toEqual([
    ...ofProfiles,
    ...inResult.filter((file) => loading.includes(file)),
  ]);
  expect(loading).toContain('result/modelStream.ts');
});
