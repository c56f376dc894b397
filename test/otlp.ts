/**
 * A strict reader of OTLP's JSON encoding, written against the published definition of its messages
 * (opentelemetry-proto 1.x: collector/metrics/v1, metrics/v1, common/v1, resource/v1) and the rules of the encoding (OTLP
 * specification, "JSON Protobuf Encoding"): names in lowerCamelCase, 64-bit integers as decimal strings, enums as
 * numbers. A field that the definition does not have, or of another type, is an error.
 */
type Scalar = 'string' | 'bool' | 'double' | 'fixed64' | 'sfixed64' | 'int64' | 'uint32' | 'enum';

interface Field {
  /** A scalar, or the name of a message. */
  readonly type: string;
  readonly repeated?: true;
  /** Fields of one group exclude each other. */
  readonly oneof?: string;
}

type Message = Readonly<Record<string, Field>>;

const many = (type: string): Field => ({ type, repeated: true });

const MESSAGES = {
  ExportMetricsServiceRequest: { resourceMetrics: many('ResourceMetrics') },
  ResourceMetrics: {
    resource: { type: 'Resource' },
    scopeMetrics: many('ScopeMetrics'),
    schemaUrl: { type: 'string' },
  },
  Resource: { attributes: many('KeyValue'), droppedAttributesCount: { type: 'uint32' } },
  ScopeMetrics: { scope: { type: 'InstrumentationScope' }, metrics: many('Metric'), schemaUrl: { type: 'string' } },
  InstrumentationScope: {
    name: { type: 'string' },
    version: { type: 'string' },
    attributes: many('KeyValue'),
    droppedAttributesCount: { type: 'uint32' },
  },
  KeyValue: { key: { type: 'string' }, value: { type: 'AnyValue' } },
  AnyValue: {
    stringValue: { type: 'string', oneof: 'value' },
    boolValue: { type: 'bool', oneof: 'value' },
    intValue: { type: 'int64', oneof: 'value' },
    doubleValue: { type: 'double', oneof: 'value' },
  },
  Metric: {
    name: { type: 'string' },
    description: { type: 'string' },
    unit: { type: 'string' },
    gauge: { type: 'Gauge', oneof: 'data' },
    sum: { type: 'Sum', oneof: 'data' },
    histogram: { type: 'Histogram', oneof: 'data' },
    metadata: many('KeyValue'),
  },
  Gauge: { dataPoints: many('NumberDataPoint') },
  Sum: {
    dataPoints: many('NumberDataPoint'),
    aggregationTemporality: { type: 'enum' },
    isMonotonic: { type: 'bool' },
  },
  Histogram: { dataPoints: many('HistogramDataPoint'), aggregationTemporality: { type: 'enum' } },
  NumberDataPoint: {
    attributes: many('KeyValue'),
    startTimeUnixNano: { type: 'fixed64' },
    timeUnixNano: { type: 'fixed64' },
    asDouble: { type: 'double', oneof: 'value' },
    asInt: { type: 'sfixed64', oneof: 'value' },
    flags: { type: 'uint32' },
  },
  HistogramDataPoint: {
    attributes: many('KeyValue'),
    startTimeUnixNano: { type: 'fixed64' },
    timeUnixNano: { type: 'fixed64' },
    count: { type: 'fixed64' },
    sum: { type: 'double' },
    bucketCounts: many('fixed64'),
    explicitBounds: many('double'),
    flags: { type: 'uint32' },
    min: { type: 'double' },
    max: { type: 'double' },
  },
} satisfies Readonly<Record<string, Message>>;

export interface NumberPoint {
  readonly attributes: Readonly<Record<string, string>>;
  readonly startNs: bigint | null;
  readonly timeNs: bigint;
  readonly value: number;
}

export interface HistogramPoint {
  readonly attributes: Readonly<Record<string, string>>;
  readonly startNs: bigint | null;
  readonly timeNs: bigint;
  readonly count: number;
  readonly sum: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly bucketCounts: readonly number[];
  readonly explicitBounds: readonly number[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram';
  readonly points: readonly NumberPoint[];
  readonly histograms: readonly HistogramPoint[];
}

export interface OtlpRequest {
  readonly resource: Readonly<Record<string, string>>;
  readonly metrics: ReadonlyMap<string, OtlpMetric>;
}

/** What a collector makes of a body. */
export function readOtlp(body: string): OtlpRequest {
  const request = JSON.parse(body) as unknown;
  checkMessage(request, 'ExportMetricsServiceRequest', 'request');
  // By now it is what the definition says.
  // oxlint-disable-next-line typescript/no-explicit-any
  const [{ resource, scopeMetrics }, ...others] = (request as any).resourceMetrics;
  if (others.length > 0 || scopeMetrics.length !== 1) fail('one instrument is one resource with one scope');
  const metrics = new Map<string, OtlpMetric>();
  for (const metric of scopeMetrics[0].metrics) {
    const kind =
      (['gauge', 'sum', 'histogram'] as const).find((one) => one in metric) ?? fail(`${metric.name} has no data`);
    if (metrics.has(metric.name)) fail(`${metric.name} comes twice`);
    if (kind !== 'gauge' && metric[kind].aggregationTemporality !== 2) fail(`${metric.name} is not cumulative`);
    if (kind === 'sum' && metric.sum.isMonotonic !== true) fail(`${metric.name} is no counter`);
    metrics.set(metric.name, {
      name: metric.name,
      unit: metric.unit,
      kind,
      points: kind === 'histogram' ? [] : metric[kind].dataPoints.map(numberPoint),
      histograms: kind === 'histogram' ? metric.histogram.dataPoints.map(histogramPoint) : [],
    });
  }
  return { resource: attributesOf(resource), metrics };
}

/** A point, which has been checked. */
interface Raw {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly startTimeUnixNano?: string;
  readonly timeUnixNano: string;
  readonly asInt?: string;
  readonly asDouble?: number;
  readonly count: string;
  readonly bucketCounts: readonly string[];
  readonly explicitBounds: readonly number[];
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
}

function numberPoint(point: Raw): NumberPoint {
  return { ...timesOf(point), value: Number(point.asInt ?? point.asDouble) };
}

function histogramPoint(point: Raw): HistogramPoint {
  const bucketCounts = point.bucketCounts.map(Number);
  const explicitBounds = point.explicitBounds;
  const count = Number(point.count);
  // metrics.proto: "the number of elements in bucket_counts array must be by one greater", "sum ... must equal count".
  if (bucketCounts.length !== explicitBounds.length + 1) fail('buckets and bounds do not fit');
  if (bucketCounts.reduce((sum, one) => sum + one, 0) !== count) fail('buckets do not sum to the count');
  if (explicitBounds.some((bound, i) => i > 0 && bound <= explicitBounds[i - 1]!)) fail('bounds are not in order');
  return {
    ...timesOf(point),
    count,
    sum: point.sum ?? null,
    min: point.min ?? null,
    max: point.max ?? null,
    bucketCounts,
    explicitBounds,
  };
}

function timesOf(point: Raw): Pick<NumberPoint, 'attributes' | 'startNs' | 'timeNs'> {
  const start = point.startTimeUnixNano;
  return {
    attributes: attributesOf(point),
    startNs: start === undefined ? null : BigInt(start),
    timeNs: BigInt(point.timeUnixNano),
  };
}

function attributesOf(holder: Pick<Raw, 'attributes'>): Record<string, string> {
  const made: Record<string, string> = {};
  for (const { key, value } of holder.attributes) {
    // common.proto: "Attribute keys MUST be unique".
    if (key in made || key === '') fail(`attribute ${key}`);
    made[key] = value.stringValue;
  }
  return made;
}

function checkMessage(value: unknown, type: keyof typeof MESSAGES, where: string): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(`${where} is no ${type}`);
  const fields: Message = MESSAGES[type];
  const chosen = new Set<string>();
  for (const [key, own] of Object.entries(value as object)) {
    const field = fields[key] ?? fail(`${where}: ${type} has no field ${key}`);
    if (field.oneof !== undefined) {
      if (chosen.has(field.oneof)) fail(`${where}: two of ${field.oneof}`);
      chosen.add(field.oneof);
    }
    if (field.repeated !== true) checkValue(own, field.type, `${where}.${key}`);
    else if (!Array.isArray(own)) fail(`${where}.${key} is no list`);
    else for (const [i, one] of own.entries()) checkValue(one, field.type, `${where}.${key}[${i}]`);
  }
}

function checkValue(value: unknown, type: string, where: string): void {
  if (type in MESSAGES) checkMessage(value, type as keyof typeof MESSAGES, where);
  else if (!SCALARS[type as Scalar](value)) fail(`${where}: ${JSON.stringify(value)} is no ${type}`);
}

const isInteger = (text: RegExp, most: bigint) => (value: unknown) =>
  typeof value === 'string' && text.test(value) && BigInt(value) <= most;

const SCALARS: Readonly<Record<Scalar, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  double: (value) => typeof value === 'number' && Number.isFinite(value),
  fixed64: isInteger(/^\d+$/u, 2n ** 64n - 1n),
  sfixed64: isInteger(/^-?\d+$/u, 2n ** 63n - 1n),
  int64: isInteger(/^-?\d+$/u, 2n ** 63n - 1n),
  uint32: (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32,
  enum: (value) => typeof value === 'number' && Number.isInteger(value),
};

function fail(text: string): never {
  throw new Error(`OTLP: ${text}`);
}
