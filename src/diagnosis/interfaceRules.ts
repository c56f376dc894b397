import type { PlaceFacts } from './facts.js';
import { finding, notChecked, seen, type Outcome } from './outcome.js';

/** Whether the interface is fit to carry anything. */
export function* interfaceRules(place: PlaceFacts): Generator<Outcome> {
  const { interface: iface, interfaceName: name } = place;
  if (iface === null) {
    yield finding('interface-up', 'broken', `the interface ${name} has gone`);
    return;
  }
  const flags = [{ from: `flags of ${name}`, value: flagsText(iface.up, iface.multicast) }];
  if (!iface.up) {
    yield finding('interface-up', 'broken', `${name} is down`, flags, `ip link set ${name} up`);
    return;
  }
  if (iface.loopback) {
    yield finding(
      'interface-up',
      // Nobody asked for it: there is nothing else.
      place.isNamed ? 'note' : 'warning',
      `${name} is loopback: nothing leaves this host, and nothing comes from elsewhere`,
    );
    return;
  }
  yield finding('interface-up', 'ok', `${name} is up`, flags);
  yield* carrier(place);
  if (place.unicast) return;
  if (iface.multicast === null) {
    yield notChecked('interface-multicast', { why: `the flags of ${name} cannot be read`, wantsRoot: false });
  } else if (iface.multicast) yield finding('interface-multicast', 'ok', `${name} has the MULTICAST flag`, flags);
  else {
    const remedy = `ip link set ${name} multicast on`;
    yield finding('interface-multicast', 'broken', `${name} lacks the MULTICAST flag`, flags, remedy);
  }
  // Of an interface without a carrier the system lists no addresses.
  if (iface.carrier !== false) yield* addresses(place);
  yield* port(place);
}

function flagsText(up: boolean, multicast: boolean | null): string {
  return `${up ? 'UP' : 'not UP'}${multicast === null ? '' : multicast ? ', MULTICAST' : ', no MULTICAST'}`;
}

function* carrier({ interface: iface, interfaceName: name }: PlaceFacts): Generator<Outcome> {
  if (iface === null) return;
  const { carrier: hasCarrier } = iface;
  if (hasCarrier === null) {
    yield notChecked('interface-carrier', { why: `the carrier of ${name} cannot be read`, wantsRoot: false });
    return;
  }
  const evidence = [{ from: `carrier of ${name}`, value: hasCarrier ? '1' : '0' }];
  if (hasCarrier) yield finding('interface-carrier', 'ok', `${name} has a carrier`, evidence);
  else
    yield finding(
      'interface-carrier',
      'broken',
      `${name} has no carrier: no cable, or nobody at its other end`,
      evidence,
    );
}

/** Without an address no source can be written into what is sent, and IPv6 needs a link-local one for MLD. */
function* addresses({ family, interface: iface, interfaceName: name, ipv6Enabled }: PlaceFacts): Generator<Outcome> {
  if (iface === null) return;
  if (family === 6 && ipv6Enabled.known && !ipv6Enabled.value) {
    const evidence = [seen(ipv6Enabled, () => 'IPv6 is off')];
    const low = iface.mtuOctets !== null && iface.mtuOctets < 1280;
    yield low
      ? finding(
          'interface-address',
          'broken',
          `IPv6 is off on ${name}: its MTU of ${iface.mtuOctets} is below the 1280 that IPv6 demands (RFC 8200 section 5)`,
          evidence,
          `ip link set ${name} mtu 1500`,
        )
      : finding(
          'interface-address',
          'broken',
          `IPv6 is off on ${name}`,
          evidence,
          `sysctl -w net.ipv6.conf.${name}.disable_ipv6=0`,
        );
    return;
  }
  const own = iface.addresses.filter((address) => address.family === family);
  const evidence = [{ from: `addresses of ${name}`, value: own.map(({ address }) => address).join(', ') || 'none' }];
  if (own.length > 0) {
    yield finding('interface-address', 'ok', `${name} has an IPv${family} address`, evidence);
    return;
  }
  yield finding(
    'interface-address',
    'warning',
    `${name} has no IPv${family} address: what is sent there has no source, or another interface's`,
    evidence,
    family === 4 ? `ip address add <address>/<prefix> dev ${name}` : `ip -6 address add <address>/<prefix> dev ${name}`,
  );
}

/** What a bridge or bond has taken over hands what it receives to that one. */
function* port({ interfaceName: name, master }: PlaceFacts): Generator<Outcome> {
  if (!master.known) {
    yield notChecked('interface-port', master);
    return;
  }
  if (master.value === null) {
    yield finding('interface-port', 'ok', `${name} is no part of another interface`);
    return;
  }
  const { name: whole, kind } = master.value;
  yield finding(
    'interface-port',
    'broken',
    `${name} is a part of the ${kind ?? 'interface'} ${whole}, which takes what it receives: join and send on ${whole}`,
    [seen(master, () => `master ${whole}`)],
    `--iface ${whole}`,
  );
}
