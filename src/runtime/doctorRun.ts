import os from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { formatHostPort } from '../core/format.js';
import { formatRealtime } from '../core/time.js';
import { examine, verdictOf } from '../diagnosis/examine.js';
import { blankPlace } from '../diagnosis/blankPlace.js';
import { known, unknown } from '../diagnosis/fact.js';
import type { PlaceFacts, WantedGroup } from '../diagnosis/facts.js';
import { loadNative, nativeFailure, type NativeAddon } from '../io/addon.js';
import type { Io } from '../io/datagram.js';
import { evidenceGrowth, readHostEvidence } from '../io/hostEvidence.js';
import { listInterfaces } from '../io/interfaces.js';
import { readStampAbilities } from '../io/linux/stampAbilities.js';
import { openIo } from '../io/open.js';
import { readProcessorTime } from '../io/processors.js';
import type { DoctorPlan } from '../profile/doctorPlan.js';
import type { DoctorReport } from '../result/modelDoctor.js';
import { DOCTOR_SCHEMA } from '../result/version.js';
import { doctorPlaces, type DoctorPlace } from './doctorPlaces.js';
import { readHostFacts } from './hostLook.js';
import { readPlaceSettings, readRoutes } from './placeSettings.js';
import { QuerierWatch } from './querierWatch.js';
import { selfTestPlace } from './selfTestPlace.js';

/** A querier that is there answers within milliseconds, and again a second later (RFC 3376 section 8.8). */
const LISTEN_NS = 3e9;
/** From joining to leaving: the join is on its way by then. */
const SETTLE_NS = 250e6;
/** So often it is looked at what came. */
const TURN_MS = 20;
const GROUPS_LISTED = 64;

/** Where it looks; known before it listens. */
export interface DoctorStart {
  /** RFC 3339. */
  readonly time: string;
  readonly io: string;
  readonly interfaces: readonly string[];
  /** Of all of them. */
  readonly loopback: boolean;
}

export interface DoctorControl {
  /** Ends the listening; what is known then is told. */
  stopped: boolean;
  /** Once, before it listens. */
  readonly started: (start: DoctorStart) => void;
  /** A line for people, as it goes. */
  readonly say: (line: string) => void;
}

/** Looks at this host and its networks: joins and asks, sends to itself, reads, and judges. Changes nothing. */
export async function runDoctor(plan: DoctorPlan, control: DoctorControl): Promise<DoctorReport> {
  const io = await openIo('auto');
  const addon = io.name === 'native' ? loadNative() : null;
  const start = io.clock.realNs();
  const before = readHostEvidence();
  const processorsBefore = readProcessorTime();
  let watches: readonly Watched[] = [];
  try {
    const places = await doctorPlaces(plan, addon, listInterfaces());
    control.started({
      time: formatRealtime(io.clock.epoch, start),
      io: io.name,
      interfaces: [...new Set(places.map(({ via }) => via.name))],
      loopback: places.every(({ via }) => via.loopback),
    });
    watches = openWatches(io, addon, places);
    await listen(io, plan, watches, control);
    const growth = evidenceGrowth(before, readHostEvidence());
    const facts: PlaceFacts[] = [];
    for (const watched of watches) {
      const place = lookAt(addon, watched);
      const tested = control.stopped ? null : await selfTestPlace(io, watched.place, plan.receiveBufferOctets);
      facts.push({ ...place, ...tested, growth: known(growth, '/proc/net') });
    }
    const host = await readHostFacts(addon, processorsBefore);
    const { findings, notChecked } = examine(host, facts);
    const listened = watches.flatMap(({ watch }) => {
      const querier = watch?.querier();
      return querier?.known === true ? [querier.value.listenedNs] : [];
    });
    return {
      schema: DOCTOR_SCHEMA,
      complete: !control.stopped,
      verdict: verdictOf(findings),
      host: os.hostname(),
      system: `${os.type()} ${os.release()}`,
      start: formatRealtime(io.clock.epoch, start),
      end: formatRealtime(io.clock.epoch, io.clock.realNs()),
      places: places.map(describePlace),
      listened_ns: listened.length === 0 ? null : Math.max(...listened),
      is_root: process.geteuid?.() === 0,
      findings: [...findings],
      not_checked: [...notChecked],
    };
  } finally {
    for (const { watch } of watches) watch?.close();
    io.close();
  }
}

interface Watched {
  readonly place: DoctorPlace;
  readonly settings: ReturnType<typeof readPlaceSettings>;
  /** `null`: nothing can be heard there. */
  readonly watch: QuerierWatch | null;
}

function openWatches(io: Io, addon: NativeAddon | null, places: readonly DoctorPlace[]): Watched[] {
  return places.map((place) => {
    const { via, family, groups } = place;
    const sources = groups.flatMap(({ address }) => address.sources);
    const settings = readPlaceSettings(addon, family, via, sources);
    const watch = via.up && via.carrier !== false && !via.loopback ? new QuerierWatch(io, addon, family, via) : null;
    return { place, settings, watch };
  });
}

async function listen(io: Io, plan: DoctorPlan, watched: readonly Watched[], control: DoctorControl): Promise<void> {
  const { clock } = io;
  const watches = watched.flatMap(({ watch }) => watch ?? []);
  if (watches.length === 0) return;
  for (const { watch, settings } of watched) await watch?.join(settings.protocol, settings.forcedVersion);
  const beganNs = clock.monoNs();
  const untilNs = beganNs + (plan.listenNs ?? LISTEN_NS);
  const names = [...new Set(watched.flatMap(({ watch, place }) => (watch === null ? [] : [place.via.name])))];
  control.say(`listening on ${names.join(', ')} for queriers and members`);
  let asked = false;
  while (!control.stopped && clock.monoNs() < untilNs) {
    await delay(TURN_MS);
    if (!asked && clock.monoNs() - beganNs >= SETTLE_NS) {
      asked = true;
      for (const watch of watches) watch.ask();
    }
    for (const watch of watches) watch.look();
    if (plan.listenNs === null && asked && watches.every((watch) => watch.isDone)) break;
  }
}

/** All facts of a place but the self-test. */
function lookAt(addon: NativeAddon | null, { place, settings, watch }: Watched): PlaceFacts {
  const { via, family, isNamed } = place;
  const groups: WantedGroup[] = place.groups.map(({ address, ttl, sizeOctets, packetsPerSecond }) => ({
    group: address.group,
    port: address.port,
    sources: address.sources,
    ttl,
    sizeOctets,
    packetsPerSecond,
  }));
  const silent = unknown(via.up ? `nothing is heard on ${via.name}` : `${via.name} is down`);
  const addresses = groups.map(({ group }) => group);
  const stamps = addon === null ? null : readStampAbilities(addon, via.name);
  const mld = watch?.mldVersion() ?? null;
  return blankPlace({
    ...settings,
    family,
    interfaceName: via.name,
    isNamed,
    interface: via,
    groups,
    // A route through an interface that is down is no route: that is told already.
    routes: via.up ? readRoutes(addon, family, addresses) : new Map(),
    routesHere: via.up ? readRoutes(addon, family, addresses, via.index) : new Map(),
    protocol: mld === null ? settings.protocol : known(mld, `/proc/net/dev_snmp6/${via.name}`),
    querier: watch?.querier() ?? silent,
    members: watch?.members() ?? silent,
    selfTests: unknown(via.up ? 'it was cut short' : `${via.name} is down`),
    buffer: unknown(via.up ? 'it was cut short' : `${via.name} is down`),
    stamps:
      stamps === null
        ? unknown(addon === null ? nativeFailure() : `${via.name} does not tell (ethtool)`)
        : known(stamps, `ethtool -T ${via.name}`),
  });
}

function describePlace({ via, family, reason, groups }: DoctorPlace): DoctorReport['places'][number] {
  const texts = groups.slice(0, GROUPS_LISTED).map(({ address: { group, port, sources } }) => {
    const from = sources.length === 0 ? '' : `${sources.join(',')}@`;
    return `${from}${formatHostPort(group, port)}`;
  });
  return { interface: via.name, family, reason, groups: texts, groups_total: groups.length };
}
