import { formatDuration, formatRatio } from '../core/format.js';
import type { HostFacts, PlaceFacts } from './facts.js';
import { finding, notChecked, seen, type Outcome } from './outcome.js';

/** One-way delay that is further off says little of a network. */
const USUAL_CLOCK_ERROR_NS = 10e6;
/** A hypervisor that keeps back more is felt in delays. */
const STEAL_NOTED = 0.01;

/** What disturbs measurements, or the network, whichever interface is used. */
export function* hostRules({ clock, processors, environment }: HostFacts): Generator<Outcome> {
  if (!clock.known) yield notChecked('clock', clock);
  else {
    const { synchronised, maximumErrorNs } = clock.value;
    const error = formatDuration(maximumErrorNs);
    const evidence = [
      seen(clock, () => `${synchronised ? 'synchronised' : 'not synchronised'}, error at most ${error}`),
    ];
    const remedy = 'chronyd, ntpd, systemd-timesyncd or ptp4l with phc2sys';
    if (!synchronised) {
      const text = 'the clock is not synchronised: one-way delays between hosts mean nothing';
      yield finding('clock', 'note', text, evidence, remedy);
    } else if (maximumErrorNs > USUAL_CLOCK_ERROR_NS) {
      const text = `the clock is synchronised, but may be ${error} off: so may be one-way delays`;
      yield finding('clock', 'note', text, evidence, remedy);
    } else yield finding('clock', 'ok', `the clock is synchronised, off by ${error} at most`, evidence);
  }
  if (!processors.known) yield notChecked('cpu', processors);
  else yield* cpu(processors.value.governors, processors.value.stealSinceBoot, processors.value.stealNow);
  if (!environment.known) yield notChecked('environment', environment);
  else yield* surroundings(environment.value);
}

function* cpu(governors: readonly string[], sinceBoot: number | null, now: number | null): Generator<Outcome> {
  let told = false;
  const slow = governors.filter((governor) => governor === 'powersave');
  if (slow.length > 0) {
    told = true;
    yield finding(
      'cpu',
      'note',
      `${slow.length} of ${governors.length} processors have the governor powersave: they may wake late`,
      [{ from: '/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor', value: [...new Set(governors)].join(', ') }],
      'cpupower frequency-set -g performance',
    );
  }
  const steal = Math.max(sinceBoot ?? 0, now ?? 0);
  if (steal > STEAL_NOTED) {
    told = true;
    const value = `${formatRatio(sinceBoot)} since the start, ${formatRatio(now)} now`;
    yield finding(
      'cpu',
      'note',
      `the hypervisor keeps back ${formatRatio(steal)} of the processors' time: delays grow by what this host waits`,
      [{ from: '/proc/stat steal', value }],
    );
  }
  if (!told)
    yield finding('cpu', 'ok', 'nothing slows the processors down', [
      { from: '/proc/stat steal', value: formatRatio(steal) },
    ]);
}

function* surroundings({ container, wsl, cloud }: NonNullable<KnownEnvironment>): Generator<Outcome> {
  if (container !== null) {
    yield finding(
      'environment',
      'note',
      `this is a container (${container}): with a network of its own it hears no multicast from outside`,
      [{ from: 'container', value: container }],
      'docker run --network host, or macvlan',
    );
  }
  if (wsl !== null) {
    yield finding(
      'environment',
      'warning',
      `this is WSL ${wsl}, whose network does not carry multicast unless it is mirrored`,
      [{ from: '/proc/sys/kernel/osrelease', value: 'microsoft' }],
      wsl === 2 ? 'in .wslconfig: networkingMode=mirrored' : null,
    );
  }
  if (cloud !== null) {
    yield finding(
      'environment',
      'warning',
      `this is a machine of ${cloud}, whose network carries no multicast of its own: between hosts it needs a service for it, or a tunnel`,
      [{ from: '/sys/class/dmi/id', value: cloud }],
    );
  }
  if (container === null && wsl === null && cloud === null) {
    yield finding('environment', 'ok', 'neither a container nor WSL nor a known cloud');
  }
}

type KnownEnvironment = Extract<HostFacts['environment'], { known: true }>['value'];

/** Who can say when something arrived. */
export function* stampRules({ stamps, interfaceName: name }: PlaceFacts): Generator<Outcome> {
  if (!stamps.known) {
    yield notChecked('timestamps', stamps);
    return;
  }
  const { receiveSoftware, receiveHardware, hardwareAll, clock } = stamps.value;
  const evidence = [
    seen(
      stamps,
      () =>
        `kernel ${yes(receiveSoftware)}, interface ${yes(receiveHardware)}, clock ${clock < 0 ? 'none' : `/dev/ptp${clock}`}`,
    ),
  ];
  if (!receiveSoftware) {
    const text = `the driver of ${name} leaves received datagrams without a stamp of the kernel: times are those of reading`;
    yield finding('timestamps', 'note', text, evidence);
  } else if (receiveHardware && hardwareAll) {
    const text = `${name} can stamp what it receives itself`;
    yield finding('timestamps', 'ok', text, evidence, `hwstamp_ctl -i ${name} -r 1`);
  } else yield finding('timestamps', 'ok', `the kernel stamps what ${name} receives; ${name} itself cannot`, evidence);
}

function yes(value: boolean): string {
  return value ? 'yes' : 'no';
}
