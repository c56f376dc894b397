/** What an exported figure is, and how its name and unit follow from those of the document. */

/** Units of the document, and what else its values may be. */
export type ExportUnit =
  | 'ns'
  | 'octets'
  | 'bit/s'
  | 'packets/s'
  | 'ratio'
  | 'ppm'
  | 'hz'
  | 's'
  | 'packets'
  | 'messages'
  | 'none'
  /** A truth: 1 or 0. */
  | 'truth'
  /** An RFC 3339 time: seconds since 1970. */
  | 'instant';

/**
 * `counter` never goes back within a run. `distribution` has buckets whose counts never do; those of a
 * `shifting` one may, because its values count from a minimum that falls. `state`: one of several words.
 */
export type ExportKind = 'counter' | 'gauge' | 'distribution' | 'shifting' | 'state';

interface UnitRule {
  /** What the document's name says of the unit. */
  readonly written: RegExp | null;
  /** Behind the exported name (Prometheus: base units); `null`: nothing. */
  readonly suffix: string | null;
  /** UCUM, as OpenTelemetry has it. */
  readonly ucum: string;
  /** Value of the document over this is the exported one. A quotient of two numbers is rounded once. */
  readonly divisor: number;
}

function rule(suffix: string | null, ucum: string, divisor: number, written: RegExp | null): UnitRule {
  return { suffix, ucum, divisor, written };
}

export const UNIT_RULES: Readonly<Record<ExportUnit, UnitRule>> = {
  ns: rule('seconds', 's', 1e9, /_?ns$/u),
  octets: rule('bytes', 'By', 1, /^octets$|_octets$|octets_/u),
  'bit/s': rule('bytes_per_second', 'By/s', 8, /_?bit_per_second$/u),
  'packets/s': rule('per_second', '{packet}/s', 1, /_?per_second$/u),
  ratio: rule('ratio', '1', 1, /_?ratio$/u),
  ppm: rule('ratio', '1', 1e6, /_?ppm$/u),
  hz: rule('hertz', 'Hz', 1, /_?hz$/u),
  s: rule('seconds', 's', 1, /_?seconds$/u),
  packets: rule(null, '{packet}', 1, null),
  messages: rule(null, '{message}', 1, null),
  none: rule(null, '', 1, null),
  truth: rule(null, '', 1, null),
  instant: rule('seconds', 's', 1, null),
};

/** Whether its exported values are whole numbers: a count, and not a time that adds up. */
export function isWhole({ kind, unit }: Pick<ExportedFigure, 'kind' | 'unit'>): boolean {
  return kind === 'counter' && UNIT_RULES[unit].divisor === 1;
}

/** Before all names. */
const NAMESPACE = 'mcast';

export interface ExportedFigure {
  /**
   * Where the document has it. `streams[]`: of each entry; `malformed{reason}`: of each key, which becomes that
   * label; `windows[]` and the like give their own labels, see `exportScopes.ts`.
   */
  readonly path: string;
  /** What it is a figure of: `stream`, `sender`; the measurement of InfluxDB. */
  readonly subject: string;
  /** Its name without subject and unit. */
  readonly base: string;
  readonly kind: ExportKind;
  readonly unit: ExportUnit;
  /** The words of a `state`. */
  readonly states: readonly string[];
  /** Of a distribution: its values may be negative, being differences of two clocks' times or of two delays. */
  readonly signed: boolean;
  /** Labels that tell it from its siblings in the document, as the reason why datagrams were not sent. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly help: string;
}

/** Name with its unit, as all formats have it: `jitter_seconds`, `received_bytes`. */
export function fieldName({ base, unit }: Pick<ExportedFigure, 'base' | 'unit'>): string {
  const { suffix } = UNIT_RULES[unit];
  return suffix === null ? base : base === '' ? suffix : `${base}_${suffix}`;
}

/** Prometheus' name of its family: `mcast_stream_jitter_seconds`; counters have `_total` behind it. */
export function familyName(figure: Pick<ExportedFigure, 'subject' | 'base' | 'unit'>): string {
  return `${NAMESPACE}_${figure.subject}_${fieldName(figure)}`;
}

/** InfluxDB's measurement: `mcast_stream`. What has further labels has one of its own: a stream is one point. */
export function measurementName({ subject, base, path, labels }: ExportedFigure): string {
  const isKeyed = labels.length > 0 || path.endsWith('}');
  return isKeyed ? `${NAMESPACE}_${subject}_${base}` : `${NAMESPACE}_${subject}`;
}

/** OpenTelemetry's name, which has its unit beside it: `mcast.stream.jitter`. */
export function instrumentName({ subject, base }: Pick<ExportedFigure, 'subject' | 'base'>): string {
  return `${NAMESPACE}.${subject}.${base}`;
}

/** The document's name of a figure without its unit. */
export function baseOf(key: string, unit: ExportUnit): string {
  const { written } = UNIT_RULES[unit];
  return written === null ? key : key.replace(written, '');
}

/** Kind, unit, what it is; its base and labels where the document's own name does not serve. */
export type FigureRow = readonly [
  kind: ExportKind,
  unit: ExportUnit,
  help: string,
  as?: {
    readonly base?: string;
    readonly subject?: string;
    readonly labels?: ExportedFigure['labels'];
    readonly states?: readonly string[];
    readonly signed?: boolean;
  },
];

/** Figures below one place of the document, by their name there. */
export function figuresOf(
  path: string,
  subject: string,
  rows: Readonly<Record<string, FigureRow>>,
): readonly ExportedFigure[] {
  return Object.entries(rows).map(([key, [kind, unit, help, as = {}]]) => ({
    path: path === '' ? key : `${path}.${key}`,
    subject: as.subject ?? subject,
    base: as.base ?? baseOf(key.replace(/\{\w+\}$/u, '').replace(/^.*\./u, ''), unit),
    kind,
    unit,
    states: as.states ?? [],
    signed: as.signed === true,
    labels: as.labels ?? [],
    help,
  }));
}
