export type MetricUnit =
  | 'packets'
  | 'messages'
  | 'units'
  | 'octets'
  | 'ratio'
  | 'bit/s'
  | 'packets/s'
  | 'ns'
  | 'periods'
  | 'dscp'
  | 'ttl'
  | 'hops';

/**
 * How the figures of several streams, parts or receivers become one:
 * `sum`, `min` and `max` as they say (of those that are not `null`), `derived` is computed anew from
 * the merged ones, `none` has no meaning over several streams and is `null` there.
 */
export type MergeRule = 'sum' | 'min' | 'max' | 'derived' | 'none';

export interface MetricDescriptor {
  readonly id: string;
  readonly label: string;
  readonly unit: MetricUnit;
  readonly kind: 'counter' | 'gauge' | 'distribution';
  readonly merge: MergeRule;
  /** Part of the first published document: always there. Others may be missing in an older result. */
  readonly fixed: boolean;
  readonly definition: string;
  /** Clause that defines it; `mcastkit` where no standard does. */
  readonly reference: string;
}

/** A row of the catalogue. */
export function metric(
  label: string,
  unit: MetricUnit,
  kind: MetricDescriptor['kind'],
  merge: MergeRule,
  fixed: 'fixed' | 'further',
  definition: string,
  reference: string,
): Omit<MetricDescriptor, 'id'> {
  return { label, unit, kind, merge, fixed: fixed === 'fixed', definition, reference };
}
