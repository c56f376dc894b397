/** Names and what they are, in as many columns as there is room for. */
import { formatCount } from '../../core/format.js';
import { badCount, orNone } from './cell.js';
import { markup, type Markup, type Part } from './markup.js';

export interface Fact {
  readonly name: Part;
  readonly value: Part;
}

export function facts(list: readonly (Fact | null)[]): Markup {
  return markup`<dl class="facts">${list.map(
    (fact) => fact !== null && markup`<div><dt>${fact.name}</dt><dd>${fact.value}</dd></div>`,
  )}</dl>`;
}

export function counted(name: string, count: number | null): Fact {
  return { name, value: orNone(formatCount(count)) };
}

/** Of what should not be. */
export function fault(name: string, count: number | null): Fact {
  return { name, value: badCount(count) };
}
