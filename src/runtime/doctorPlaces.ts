import { needsZone, parseAddress } from '../core/address.js';
import { McastError } from '../core/errors.js';
import type { NativeAddon } from '../io/addon.js';
import type { NetworkInterface } from '../io/interfaces.js';
import { lookUpRoute } from '../io/linux/routeLookup.js';
import { candidates, findInterface, resolveInterface, withoutZone } from '../io/resolveInterface.js';
import type { DoctorGroup, DoctorPlan } from '../profile/doctorPlan.js';

/** Stand for any group where none is wanted in particular. */
const ANY_GROUP = { 4: '239.255.0.1', 6: 'ff15::8000:1' } as const;

/** Groups whose routes are asked for; further ones go where the first of them does. */
const ROUTES_ASKED = 256;

/** An interface that is looked at, for one IP version. */
export interface DoctorPlace {
  readonly via: NetworkInterface;
  readonly family: 4 | 6;
  readonly reason: string;
  /** It was asked for. */
  readonly isNamed: boolean;
  /** Without zones. */
  readonly groups: DoctorGroup[];
}

/** Where to look: at the interface of each group, or where there is none at that of any group. Throws ERR_INTERFACE. */
export async function doctorPlaces(
  plan: DoctorPlan,
  addon: NativeAddon | null,
  interfaces: readonly NetworkInterface[],
): Promise<DoctorPlace[]> {
  const places = new Map<string, DoctorPlace>();
  const at = (chosen: Chosen, family: 4 | 6): DoctorPlace => {
    const key = `${chosen.via.name} ${family}`;
    const place = places.get(key) ?? { ...chosen, family, groups: [] };
    places.set(key, place);
    return place;
  };
  const chooser = new Chooser(addon, interfaces);
  for (const wanted of plan.groups) {
    const { family, group, iface } = wanted.address;
    for (const chosen of await chooser.choose(iface, family, group)) {
      const address = { ...wanted.address, group: withoutZone(group, chosen.via) };
      at(chosen, family).groups.push({ ...wanted, address });
    }
  }
  if (plan.groups.length === 0) {
    const asked = plan.ipv6Only ? 6 : 4;
    for (const chosen of await chooser.choose(plan.iface, asked, ANY_GROUP[asked])) {
      for (const family of versionsOf(chosen.via, plan.ipv6Only)) {
        at(family === asked ? chosen : { ...chosen, reason: `it has IPv${family} addresses too` }, family);
      }
    }
  }
  return [...places.values()];
}

/** Those that it has addresses of; the one asked for in any case. */
function versionsOf({ addresses, loopback }: NetworkInterface, ipv6Only: boolean): (4 | 6)[] {
  if (ipv6Only) return [6];
  const hasSix = addresses.some(({ family }) => family === 6) && !loopback;
  const hasFour = addresses.some(({ family }) => family === 4);
  return hasSix ? (hasFour ? [4, 6] : [6]) : [4];
}

type Chosen = Pick<DoctorPlace, 'via' | 'reason' | 'isNamed'>;

class Chooser {
  readonly #addon: NativeAddon | null;
  readonly #interfaces: readonly NetworkInterface[];
  readonly #routed = new Map<string, Chosen>();

  constructor(addon: NativeAddon | null, interfaces: readonly NetworkInterface[]) {
    this.#addon = addon;
    this.#interfaces = interfaces;
  }

  async choose(text: string | null, family: 4 | 6, group: string): Promise<Chosen[]> {
    if (text === 'all' && !this.#interfaces.some(({ name }) => name === 'all')) {
      const all = candidates(this.#interfaces);
      const reason = 'all interfaces were asked for';
      return all.length > 0 ? all.map((via) => ({ via, reason, isNamed: true })) : [this.#likeliest(family)];
    }
    if (text !== null) {
      const { interface: via, reason } = findInterface(text, this.#interfaces);
      return [{ via, reason, isNamed: true }];
    }
    const key = `${family} ${this.#routed.size < ROUTES_ASKED ? group : ''}`;
    const chosen = this.#routed.get(key) ?? (await this.#route(family, group));
    this.#routed.set(key, chosen);
    return [chosen];
  }

  /** Where the kernel would go; without a route the likeliest. */
  async #route(family: 4 | 6, group: string): Promise<Chosen> {
    const address = parseAddress(group);
    if (this.#addon !== null && address !== null && !needsZone(address)) {
      const answer = lookUpRoute(this.#addon, family, group);
      if (answer === 'none') return this.#likeliest(family);
      const via = answer === null ? undefined : this.#interfaces.find(({ index }) => index === answer.interfaceIndex);
      if (via !== undefined) return { via, reason: `the route to ${group} leads there`, isNamed: false };
    }
    try {
      const { interface: via, reason } = await resolveInterface(null, family, group, this.#interfaces);
      return { via, reason, isNamed: false };
    } catch (error) {
      if (!(error instanceof McastError)) throw error;
      return this.#likeliest(family);
    }
  }

  /** One that is up and has an address of the version, else that is up, else any but loopback. */
  #likeliest(family: 4 | 6): Chosen {
    const up = candidates(this.#interfaces);
    const via =
      up.find(({ addresses }) => addresses.some((own) => own.family === family)) ??
      up[0] ??
      this.#interfaces.find(({ loopback }) => !loopback) ??
      this.#interfaces[0];
    if (via === undefined) throw new McastError('ERR_INTERFACE', 'this host has no network interface');
    return { via, reason: 'no route leads anywhere; it is the likeliest', isNamed: false };
  }
}
