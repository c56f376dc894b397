/** Rules of nftables for people, close to nft's own language, from its JSON. */
import { membersOf, type Json } from './json.js';

/** One statement of a rule; empty: nothing that decides. */
export function describeStatement(statement: Json): string {
  const [name, value] = entryOf(statement);
  switch (name) {
    case 'match': {
      const { left, op, right } = membersOf(value);
      const operator = op === '==' || op === 'in' || op === undefined ? '' : ` ${describeExpression(op)}`;
      return `${describeExpression(left ?? null)}${operator} ${describeExpression(right ?? null)}`;
    }
    case 'vmap':
      return `${describeExpression(membersOf(value)['key'] ?? null)} vmap { ... }`;
    case 'jump':
    case 'goto':
      return `${name} ${describeExpression(membersOf(value)['target'] ?? null)}`;
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
    case 'reject':
    case 'queue':
    case 'limit':
    case 'quota':
      return name;
    case 'xt':
      return `xt ${describeExpression(membersOf(value)['name'] ?? null)}`;
    default:
      return '';
  }
}

/** One side of a comparison. */
export function describeExpression(expression: Json): string {
  if (expression === null || typeof expression !== 'object') return String(expression ?? '?');
  if (Array.isArray(expression)) return (expression as Json[]).map(describeExpression).join(',');
  const [name, value] = entryOf(expression);
  const parts = membersOf(value);
  switch (name) {
    case 'meta':
    case 'ct':
      return `${name === 'ct' ? 'ct ' : ''}${describeExpression(parts['key'] ?? null)}`;
    case 'payload':
      return `${describeExpression(parts['protocol'] ?? parts['base'] ?? null)} ${describeExpression(parts['field'] ?? parts['offset'] ?? null)}`;
    case 'prefix':
      return `${describeExpression(parts['addr'] ?? null)}/${describeExpression(parts['len'] ?? null)}`;
    case 'range':
      return Array.isArray(value) ? (value as Json[]).map(describeExpression).join('-') : name;
    case 'set':
      return `{ ${describeExpression(value)} }`;
    case 'concat':
      return Array.isArray(value) ? (value as Json[]).map(describeExpression).join(' . ') : name;
    default:
      return name;
  }
}

function entryOf(object: Json): readonly [string, Json] {
  return Object.entries(membersOf(object))[0] ?? ['?', null];
}
