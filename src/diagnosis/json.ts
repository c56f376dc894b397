/** JSON of which nothing is known. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** `null`: there is no such member, or it is `null` itself. */
export function member(object: Json, name: string): Json {
  return membersOf(object)[name] ?? null;
}

export function has(object: Json, name: string): boolean {
  return Object.hasOwn(membersOf(object), name);
}

/** Of what is no object: none. */
export function membersOf(value: Json): Readonly<Record<string, Json>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return NONE;
  // A member named like one of every object's is not to be found where there is none.
  return Object.assign(Object.create(null) as Record<string, Json>, value);
}

const NONE: Readonly<Record<string, Json>> = Object.create(null) as Record<string, Json>;

export function asText(value: Json): string | null {
  return typeof value === 'string' ? value : null;
}

export function asList(value: Json | undefined): readonly Json[] | null {
  return Array.isArray(value) ? (value as readonly Json[]) : null;
}

export function isScalar(value: Json | undefined): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
