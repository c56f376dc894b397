/** Schemas that all parts of the document share. Import types only, unless you validate. */
import * as z from 'zod';
import { HISTOGRAM_PARAMETERS } from '../metrics/histogram.js';
import { HISTOGRAM_INDEX_MAX, HISTOGRAM_INDEX_MIN } from '../metrics/histogramBuckets.js';

/** A number, or `null`: not measurable here. */
export const figure = z.number().nullable();
export const count = z.number().int().nonnegative();
export const nullableCount = count.nullable();
/** RFC 3339 in UTC with nine decimals. */
export const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/u);
/** A 64-bit value, which JSON readers would round as a number. */
export const decimal = z.string().regex(/^-?\d+$/u);

const HistogramParametersSchema = z
  .object({
    kind: z.literal(HISTOGRAM_PARAMETERS.kind),
    sub_buckets_per_octave: z.literal(HISTOGRAM_PARAMETERS.sub_buckets_per_octave),
    max: z.literal(HISTOGRAM_PARAMETERS.max),
  })
  .describe('How bucket indexes map to values: docs/json.md');

export const HistogramSummarySchema = z
  .object({
    count: count.describe('Values recorded, those that were clamped included.'),
    min: figure,
    mean: figure,
    max: figure,
    p50: figure,
    p90: figure,
    p99: figure,
    p999: figure,
    p9999: figure,
    clamped: count.describe(
      'Values beyond the range, recorded as the nearest that fits, and values that were no number.',
    ),
    conditional: z
      .array(z.string())
      .describe('Percentiles that hold only for what was delivered: more than 1 - p was lost. [RFC 7679 section 5.1]'),
    parameters: HistogramParametersSchema,
    buckets: z
      .array(z.tuple([z.number().int().min(HISTOGRAM_INDEX_MIN).max(HISTOGRAM_INDEX_MAX), count]))
      .describe('Sparse: [index, count] of every bucket in use, in order of value.'),
  })
  .meta({ id: 'histogram' });
export type HistogramSummary = z.infer<typeof HistogramSummarySchema>;
