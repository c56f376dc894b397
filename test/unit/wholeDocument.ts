/**
 * A result in which nothing is missing, made from the schema alone: every number is another one, every list has two
 * entries, every text is what it is told to be. What an exporter forgets, this has.
 */
import { BURST_WINDOWS } from '../../src/metrics/burstFigures.js';
import { TRANSPORT_INDICATORS } from '../../src/metrics/transportIndicators.js';
import { summarise } from '../../src/result/histogramSummary.js';
import { jsonSchema } from '../../src/result/jsonSchema.js';
import type { RunResult } from '../../src/result/model.js';
import { MDI_FIGURES } from '../../src/result/transportFigures.js';
import { recorded } from './resultFixture.js';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly additionalProperties?: Schema;
}

export const SCHEMA = jsonSchema() as unknown as Schema & { readonly $defs: Readonly<Record<string, Schema>> };

/** Keys of objects that are open in the schema, by where they stand. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  mdi: MDI_FIGURES.map(({ id }) => id),
  tr101290: ['p1', 'p2', 'p3', ...TRANSPORT_INDICATORS.map(({ id }) => id)],
  dscp_received: ['34', '46'],
};

/** What columns hold is that of streams, which the schema of columns does not say. */
const WITHOUT_COLUMNS = { streams_brief: null };

export interface Told {
  /** What free texts are; they get a number behind them. */
  readonly text?: string;
  /** Receivers of a sender have results of their own. */
  readonly receivers?: boolean;
}

export function wholeDocument(told: Told = {}): RunResult {
  const maker = new Maker(told.text ?? 'text');
  const make = (): RunResult => ({ ...(maker.make(SCHEMA, '') as RunResult), ...WITHOUT_COLUMNS });
  const document = make();
  if (told.receivers !== true) return { ...document, receivers: [] };
  return {
    ...document,
    receivers: document.receivers.map((receiver) => ({
      ...receiver,
      result: { ...make(), receivers: [] },
    })),
  };
}

class Maker {
  readonly #text: string;
  #last = 1000;

  constructor(text: string) {
    this.#text = text;
  }

  make(schema: Schema, key: string): unknown {
    if (schema.$ref !== undefined) {
      if (schema.$ref === '#') return null;
      const name = schema.$ref.replace('#/$defs/', '');
      return name === 'histogram' ? this.#histogram() : this.make(SCHEMA.$defs[name]!, key);
    }
    const some = schema.anyOf?.find((one) => one.type !== 'null');
    if (some !== undefined) return this.make(some, key);
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return schema.enum.find((word) => word !== null);
    const [type] = [schema.type ?? 'null'].flat();
    if (type === 'boolean') return true;
    if (type === 'string') return this.#string(schema);
    if (type === 'number' || type === 'integer') return this.#number(schema);
    if (type === 'array') return this.#array(schema, key);
    if (type === 'object') return this.#object(schema, key);
    return null;
  }

  #number({ minimum = -Infinity, maximum = Infinity }: Schema): number {
    this.#last += 7;
    return Math.max(minimum, Math.min(maximum, this.#last));
  }

  #string({ pattern }: Schema): string {
    this.#last++;
    if (pattern === undefined) return `${this.#text}${this.#last}`;
    if (pattern.includes('T'))
      return `2026-09-21T13:46:${10 + (this.#last % 49)}.${String(this.#last).padStart(9, '0')}Z`;
    return String(this.#last);
  }

  #array({ items, prefixItems }: Schema, key: string): unknown[] {
    if (prefixItems !== undefined) return prefixItems.map((one) => this.make(one, key));
    const made = [this.make(items!, key), this.make(items!, key)];
    if (key !== 'windows') return made;
    // Windows are what their length says.
    return made.map((one, i) => ({ ...(one as object), window_ns: BURST_WINDOWS[2 + i]!.ns }));
  }

  #object({ properties, additionalProperties }: Schema, key: string): object {
    if (properties === undefined) {
      const keys = KEYS[key] ?? [`${key}_one`, `${key}_two`];
      return Object.fromEntries(keys.map((name) => [name, this.make(additionalProperties!, name)]));
    }
    return Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, this.make(of, name)]));
  }

  #histogram(): unknown {
    const from = (this.#last += 7);
    return summarise(recorded(from, from * 1000, from * 30_000, from * 30_001));
  }
}

/** Paths of all numbers and distributions of the document, as the table of exports writes them. */
export function numericPaths(): string[] {
  const paths = new Set<string>();
  const walk = (schema: Schema, path: string): void => {
    if (schema.$ref !== undefined) {
      const name = schema.$ref.replace('#/$defs/', '');
      if (schema.$ref === '#' || name === 'histogram') paths.add(path);
      // What options are is not known here.
      else if (SCHEMA.$defs[name] !== undefined && path !== 'run.options{}') walk(SCHEMA.$defs[name], path);
      return;
    }
    for (const one of schema.anyOf ?? []) walk(one, path);
    const types = new Set([schema.type ?? []].flat());
    if (types.has('number') || types.has('integer')) paths.add(path);
    for (const [name, of] of Object.entries(schema.properties ?? {})) walk(of, path === '' ? name : `${path}.${name}`);
    if (schema.items !== undefined) walk(schema.items, `${path}[]`);
    for (const one of schema.prefixItems ?? []) walk(one, `${path}[]`);
    if (schema.additionalProperties === undefined) return;
    const key = path.replace(/^.*\./u, '');
    const known = key === 'dscp_received' ? undefined : KEYS[key];
    if (known === undefined) walk(schema.additionalProperties, `${path}{}`);
    else for (const name of known) walk(schema.additionalProperties, `${path}.${name}`);
  };
  walk(SCHEMA, '');
  return [...paths];
}
