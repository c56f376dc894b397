import { formatAddress, parseAddress } from '../core/address.js';
import { ethernetAddress, isControlEthernetAddress } from './ethernetAddress.js';
import type { PlaceFacts } from './facts.js';
import { rangeRemarks, type RangeRemark } from './groupRanges.js';
import { finding, listed, type Evidence, type Outcome } from './outcome.js';

/** Ethernet addresses of which each is told by itself. */
const OVERLAPS_TOLD = 4;

/** Whether the groups are fit for use, each by itself and beside the others. */
export function* addressRules(place: PlaceFacts): Generator<Outcome> {
  if (place.groups.length === 0 || place.unicast) return;
  yield* ranges(place);
  if (place.interface?.loopback !== true) yield* overlaps(place);
}

function* ranges({ groups, interface: iface }: PlaceFacts): Generator<Outcome> {
  const leavesHost = iface?.loopback !== true;
  // Of a thousand neighbours one line tells.
  const told = new Map<string, { remark: RangeRemark; groups: string[] }>();
  for (const { group, sources } of groups) {
    for (const remark of rangeRemarks(group, sources, leavesHost)) {
      const before = told.get(remark.text);
      if (before === undefined) told.set(remark.text, { remark, groups: [group] });
      else before.groups.push(group);
    }
  }
  for (const { remark, groups: those } of told.values()) {
    yield finding('address-range', remark.severity, `${listed(those)} ${remark.text}`, [
      { from: remark.reference, value: those[0]! },
    ]);
  }
  if (told.size === 0) yield finding('address-range', 'ok', `${listed(groups.map(({ group }) => group))}: fit for use`);
}

function* overlaps({ groups }: PlaceFacts): Generator<Outcome> {
  const shared = new Map<string, string[]>();
  for (const group of new Set(groups.map((wanted) => wanted.group))) {
    const address = parseAddress(group);
    if (address === null) continue;
    const ethernet = ethernetAddress(address);
    const before = shared.get(ethernet);
    if (before === undefined) shared.set(ethernet, [formatAddress(address)]);
    else before.push(formatAddress(address));
  }
  const together = [...shared].filter(([, those]) => those.length > 1);
  for (const [ethernet, those] of together.slice(0, OVERLAPS_TOLD)) {
    yield finding(
      'address-overlap',
      'warning',
      `${listed(those)} share the Ethernet address ${ethernet}: who joins one gets the frames of all, and many switches cannot tell them apart`,
      evidence(ethernet),
      'choose groups that differ in their last 23 bits (IPv6: 32)',
    );
  }
  const further = together.length - OVERLAPS_TOLD;
  if (further > 0) {
    const text = `${further} further Ethernet addresses are shared by several of the groups`;
    yield finding('address-overlap', 'warning', text, evidence(together[OVERLAPS_TOLD]![0]));
  }
  const flooded = [...shared].filter(
    ([ethernet, [group]]) => isControlEthernetAddress(ethernet) && !isControlGroup(group!),
  );
  if (flooded.length > 0) {
    yield finding(
      'address-overlap',
      'warning',
      `of ${listed(flooded.flatMap(([, those]) => those))} the Ethernet address is that of a control group: switches flood it to every host`,
      evidence(listed(flooded.map(([ethernet]) => ethernet))),
      'choose groups that end in other bits',
    );
  }
  if (together.length + flooded.length === 0) {
    yield finding('address-overlap', 'ok', 'no two groups share an Ethernet address');
  }
}

function evidence(ethernet: string): Evidence {
  return [{ from: 'RFC 1112 section 6.4, RFC 2464 section 7', value: ethernet }];
}

/** What the Ethernet address was made for. */
function isControlGroup(group: string): boolean {
  return /^224\.0\.0\.\d+$/.test(group) || /^ff0[0-9a-f]::(1|2|16)$/.test(group);
}
