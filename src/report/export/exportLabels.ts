/** Labels of exported figures: which one it is of several. */
import { printable } from '../../core/printable.js';
import { BURST_WINDOWS } from '../../metrics/burstFigures.js';
import type { BenchClass, RunResult } from '../../result/model.js';

export type Labels = readonly (readonly [name: string, value: string])[];

/** Longer ones, which only a stranger sends, are cut. */
const LONGEST = 256;

/** A text for a label: names that came from the network are read in terminals and browsers. */
export function harmless(text: string): string {
  return printable(text.slice(0, LONGEST));
}

/** Those that there are: a label without a value is none. */
export function labelsOf(values: Readonly<Record<string, string | number | null | undefined>>): Labels {
  const labels: [string, string][] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === '') continue;
    labels.push([name, harmless(String(value))]);
  }
  return labels;
}

/** Entries of an array of the document. */
export interface ExportScope {
  readonly labels: (entry: never) => Labels;
  /** Further entries are not exported: what is monitored must not grow without bounds. */
  readonly most: number;
}

type Entry<Key extends keyof RunResult> = RunResult[Key] extends readonly (infer T)[] ? T : never;
type StreamEntry = Entry<'streams'>;
type Transport = NonNullable<StreamEntry['transport']>;
type Sender = NonNullable<RunResult['sender']>;
type Pair = NonNullable<RunResult['arbitration']>['streams'][number];
type TapEntry = NonNullable<RunResult['taps']>['streams'][number];
type Channel = NonNullable<RunResult['zap']>['channels'][number];

function scope<T>(most: number, labels: (entry: T) => Labels): ExportScope {
  return { labels: labels as (entry: never) => Labels, most };
}

const window = scope(BURST_WINDOWS.length, ({ window_ns }: { readonly window_ns: number }) =>
  labelsOf({ window: BURST_WINDOWS.find(({ ns }) => ns === window_ns)?.id ?? `${window_ns}ns` }),
);
const leg = scope(2, (entry: { readonly leg: string }) => labelsOf({ leg: entry.leg }));

/** By path. */
export const EXPORT_SCOPES: Readonly<Record<string, ExportScope>> = {
  'streams[]': scope(512, ({ id, name, group, port, source, interface: via, role, leg: of }: StreamEntry) =>
    labelsOf({ stream: id, name, group, port, source, interface: via, role, leg: of }),
  ),
  'streams[].bursts.windows[]': window,
  'aggregate.bursts.windows[]': window,
  'streams[].transport.services[]': scope(64, (service: Transport['services'][number]) =>
    labelsOf({ service: service.program_number, service_name: service.name }),
  ),
  'streams[].transport.pids[]': scope(64, ({ pid, kind }: Transport['pids'][number]) => labelsOf({ pid, kind })),
  'streams[].transport.pcr[]': scope(64, ({ pid }: Transport['pcr'][number]) => labelsOf({ pid })),
  'sockets[]': scope(512, ({ index, direction, group, port, interface: via }: Entry<'sockets'>) =>
    labelsOf({ socket: index, direction, group, port: group === null ? null : port, interface: via }),
  ),
  'evidence.threads[]': scope(64, ({ id, role }: RunResult['evidence']['threads'][number]) =>
    labelsOf({ thread: id, role }),
  ),
  'limits[]': scope(256, ({ expression, stream }: Entry<'limits'>) => labelsOf({ expression, stream })),
  'outputs[]': scope(256, ({ name, stream }: Entry<'outputs'>) => labelsOf({ output: name, stream })),
  'links[]': scope(64, ({ name, direction }: Entry<'links'>) => labelsOf({ link: name, direction })),
  'arbitration.legs[]': leg,
  'arbitration.streams[]': scope(256, ({ name, legs }: Pair) =>
    labelsOf({ name, stream: legs.find(({ stream }) => stream !== null)?.stream }),
  ),
  'arbitration.streams[].legs[]': leg,
  'taps.streams[]': scope(256, ({ format, group, port, flow, sender_run: run }: TapEntry) =>
    labelsOf({ format, group, port, flow, sender_run: run }),
  ),
  'zap.channels[]': scope(512, ({ endpoint, name, group, port }: Channel) => labelsOf({ endpoint, name, group, port })),
  // Of two of one DSCP one was sent with it, and of the other it is known only that it came with it.
  'bench.classes.classes[]': scope(64, ({ name, from }: BenchClass) => labelsOf({ class: name, mark: from })),
  'sender.streams[]': scope(
    512,
    ({ id, name, group, port, source, interface: via, leg: of }: Sender['streams'][number]) =>
      labelsOf({ stream: id, name, group, port, source, interface: via, leg: of }),
  ),
  'clock.offsets[]': scope(256, ({ sender, run }: RunResult['clock']['offsets'][number]) =>
    labelsOf({ sender, sender_run: run }),
  ),
  'capacity.searches[]': scope(64, ({ size_octets }: NonNullable<RunResult['capacity']>['searches'][number]) =>
    labelsOf({ size_octets }),
  ),
  'sender.loss_location.single[]': scope(512, ({ receiver }: NonNullable<Sender['loss_location']>['single'][number]) =>
    labelsOf({ receiver }),
  ),
  'sender.inputs[]': scope(256, ({ stream, name }: Sender['inputs'][number]) => labelsOf({ stream, input: name })),
};
