/** Results as families of samples, which all formats of monitoring are written from. */
import type { HistogramSummary, RunResult } from '../../result/model.js';
import { familyName, type ExportedFigure } from './exportedFigure.js';
import { EXPORT_SCOPES, labelsOf, type ExportScope, type Labels } from './exportLabels.js';
import { EXPORT_TABLE } from './exportTable.js';

/** A number, a word of a `state`, an instant, a truth, or a distribution: as the document has it. */
export type SampleValue = number | string | boolean | HistogramSummary;

export interface Sample {
  readonly labels: Labels;
  readonly value: SampleValue;
}

/** Figures of one name: they differ by their labels. */
export interface ExportedFamily {
  readonly figure: ExportedFigure;
  readonly samples: readonly Sample[];
}

/** Receivers that reported to this sender: their streams are exported with a label that names them. */
const RECEIVERS = 64;
const OF_RECEIVERS = /^(streams\[\]|arbitration|aggregate|health)/u;

/** Figures of one name together, in the order of the table. */
const FAMILIES: readonly (readonly ExportedFigure[])[] = (() => {
  const byName = new Map<string, ExportedFigure[]>();
  for (const figure of EXPORT_TABLE) {
    const name = familyName(figure);
    const family = byName.get(name);
    if (family === undefined) byName.set(name, [figure]);
    else family.push(figure);
  }
  return [...byName.values()];
})();

/** All families of which the result has a value, one after the other: a renderer may pause between them. */
export function* exportedFamilies(result: RunResult): Generator<ExportedFamily> {
  const walk = new Walk();
  const receivers = receiversOf(result);
  for (const figures of FAMILIES) {
    const samples: Sample[] = [];
    for (const figure of figures) {
      walk.collect(result, figure, [], samples);
      if (!OF_RECEIVERS.test(figure.path)) continue;
      for (const { entry, labels } of receivers) walk.collect(entry, figure, labels, samples);
    }
    if (samples.length > 0) yield { figure: figures[0]!, samples };
  }
}

/** Those that told a result; of two of one name and address the first. */
function receiversOf({ receivers }: RunResult): readonly Entry[] {
  const entries = new Map<string, Entry>();
  for (const { name, address, result } of receivers.slice(0, RECEIVERS)) {
    const labels = labelsOf({ receiver: name, receiver_address: address });
    const key = JSON.stringify(labels);
    if (result !== null && !entries.has(key)) entries.set(key, { entry: result, labels });
  }
  return [...entries.values()];
}

interface Step {
  readonly key: string;
  /** It is an array, with labels of its entries. */
  readonly scope: ExportScope | null;
  /** It is an object from values of this label; `null`: it is not. */
  readonly keyLabel: string | null;
}

const STEPS = new Map<ExportedFigure, readonly Step[]>(EXPORT_TABLE.map((figure) => [figure, stepsOf(figure.path)]));

function stepsOf(path: string): Step[] {
  const words = path.split('.');
  return words.map((word, i) => {
    const [, key, array, keyLabel = null] = /^(\w+)(\[\])?(?:\{(\w+)\})?$/u.exec(word)!;
    return {
      key: key!,
      scope: array === undefined ? null : EXPORT_SCOPES[words.slice(0, i + 1).join('.')]!,
      keyLabel,
    };
  });
}

interface Entry {
  readonly entry: object;
  readonly labels: Labels;
}

/** Follows paths through a document. */
class Walk {
  /** Of each list that was looked into: hundreds of figures look into the same. */
  readonly #entries = new WeakMap<object, readonly Entry[]>();

  collect(from: object, figure: ExportedFigure, labels: Labels, samples: Sample[]): void {
    this.#follow(from, 0, figure, labels, samples);
  }

  #follow(at: unknown, depth: number, figure: ExportedFigure, labels: Labels, samples: Sample[]): void {
    // Not measurable, or a section that the run does not have.
    if (at === null || at === undefined) return;
    const step = STEPS.get(figure)![depth];
    if (step === undefined) {
      const all = figure.labels.length === 0 ? labels : [...labels, ...figure.labels];
      samples.push({ labels: all, value: at as SampleValue });
      return;
    }
    const next = (at as Readonly<Record<string, unknown>>)[step.key];
    if (next === null || next === undefined) return;
    const { scope, keyLabel } = step;
    if (scope !== null) {
      for (const { entry, labels: own } of this.#entriesOf(next as readonly object[], scope, labels)) {
        this.#follow(entry, depth + 1, figure, own, samples);
      }
    } else if (keyLabel !== null) {
      for (const [name, value] of Object.entries(next)) {
        this.#follow(value, depth + 1, figure, [...labels, ...labelsOf({ [keyLabel]: name })], samples);
      }
    } else {
      this.#follow(next, depth + 1, figure, labels, samples);
    }
  }

  /** Of two that no label tells apart the first: twice the same sample makes a whole exposition unreadable. */
  #entriesOf(list: readonly object[], scope: ExportScope, outer: Labels): readonly Entry[] {
    const known = this.#entries.get(list);
    if (known !== undefined) return known;
    const entries = new Map<string, Entry>();
    for (const entry of list) {
      if (entries.size >= scope.most) break;
      const own = scope.labels(entry as never);
      const key = JSON.stringify(own);
      if (!entries.has(key)) entries.set(key, { entry, labels: [...outer, ...own] });
    }
    const made = [...entries.values()];
    this.#entries.set(list, made);
    return made;
  }
}
